"""More hosts than this process may have files open: it makes do with what there is, and says so."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

from tests.e2e.fleet import Done, TestFleet, jobs_of

HOSTS = 24
PLAY = """
- hosts: all
  gather_facts: false
  strategy: linear
  tasks:
    - {name: first, id: first, win_ping: {}}
    - {name: change, id: change, win_service: {name: Spooler, state: stopped, start_mode: disabled}}
    - {name: last, id: last, win_shell: 'echo last>>C:\\few.txt', args: {executable: cmd}}
"""


def limited(fleet: TestFleet, files: int, *words: str) -> Done:
    """The command in a process of its own that may have only so many files open."""
    line = shlex.join([sys.executable, "-m", "runner", *words])
    done = subprocess.run(
        ["sh", "-c", f"ulimit -n {files}; exec {line}"],
        env=fleet.environment, capture_output=True, text=True, timeout=280, check=False,
    )  # fmt: skip
    return Done(done.returncode, done.stdout, done.stderr)


def test_a_fleet_larger_than_the_hard_limit_of_open_files(tmp_path: Path) -> None:
    with TestFleet(tmp_path, {f"web{n:02}": {"lab_os": "2019"} for n in range(HOSTS)}) as fleet:
        play, where = str(fleet.write(PLAY)), str(fleet.inventory)
        refused = limited(fleet, 40, "run", play, "-i", where)
        assert refused.code == 5
        assert "not enough to reach any host" in refused.err
        assert "ulimit -n 1024" in refused.err
        assert not any(fleet.lab.counters(name)["connections"] for name in fleet.names)

        done = limited(fleet, 72, "run", play, "-i", where, "--json", "-")
        assert done.code == 0, done.out + done.err
        report = done.report()
        assert {job["status"] for job in jobs_of(report).values()} <= {"ok", "changed"}
        (notice,) = [text for text in map(str, report["notices"]) if "files open" in text]
        assert f"of {HOSTS} (others are made anew when needed)" in notice
        assert "ulimit -n 256" in notice
        for name in fleet.names:
            assert fleet.lab.exec(name, "type C:\\few.txt")[1] == b"last\r\n"
            assert fleet.lab.counters(name)["open_shells"] == 0
