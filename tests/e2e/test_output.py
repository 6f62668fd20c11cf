"""``run -v`` shows what a long task prints while it runs; without it nothing is different."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.e2e.fleet import PASSWORD, jobs_of
from tests.e2e.troubled import Make

SECRET = "Zq8-stapler-Zq8"

LOCAL = """
- hosts: all
  gather_facts: false
  tasks:
    - id: long
      shell: "echo first; printf 'it is Zq8-sta'; sleep 1.3; echo pler-Zq8; printf '\\\\033[2Jred\\\\n'; sleep 0.3; echo last >&2"
    - {id: hidden, shell: "echo unseen; sleep 1.3; echo unseen", no_log: true}
    - {id: quick, shell: "echo at once"}
"""  # noqa: E501 - a command line


def play(home: Path, *words: str) -> tuple[str, list[tuple[float, str]]]:
    """Everything that ``runner run`` wrote, and each line with when it came."""
    playbook, inventory = home / "play.yml", home / "inventory.yml"
    playbook.write_text(LOCAL)
    variables = {"ansible_connection": "local", "ansible_become_password": SECRET}
    inventory.write_text(json.dumps({"all": {"hosts": {"here": variables}}}))
    command = [sys.executable, "-m", "runner", "run", str(playbook), "-i", str(inventory), *words]
    environment = {**os.environ, "RUNNER_HOME": str(home / "state"), "PYTHONUNBUFFERED": "1"}
    begun = time.monotonic()
    lines: list[tuple[float, str]] = []
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as child:
        assert child.stdout is not None
        for line in child.stdout:
            lines.append((time.monotonic() - begun, line.rstrip("\n")))
    assert child.returncode == 0, lines
    return "\n".join(line for _, line in lines), lines


def test_lines_come_while_the_task_runs_and_secrets_never(tmp_path: Path) -> None:
    text, lines = play(tmp_path, "-v")
    shown = [(at, line) for at, line in lines if line.startswith("here | ")]
    assert [line for _, line in shown] == [
        "here | first", "here | it is ********", "here | red", "here | last",
    ]  # fmt: skip
    ended = next(at for at, line in lines if " changed " in line)
    assert ended - shown[0][0] > 0.3, "the first line was there before the task ended"
    assert SECRET not in text
    assert "stapler" not in text
    assert "unseen" not in text
    assert "\x1b" not in text
    assert "here | at once" not in text, "what ends at once is in its result"


def test_without_v_nothing_of_it_is_shown(tmp_path: Path) -> None:
    text, _ = play(tmp_path)
    assert "here |" not in text


def without_times(value: Any) -> Any:
    """A report without what differs from run to run."""
    if isinstance(value, Mapping):
        gone = {"seconds", "time", "start", "end", "delta", "started", "finished", "run", "id"}
        return {key: without_times(item) for key, item in value.items() if key not in gone}
    return [without_times(item) for item in value] if isinstance(value, list) else value


def test_exchanges_results_and_the_journal_are_as_without_it(make: Make) -> None:
    fleet = make({"zh": {"lab_os": "2012r2", "lab_state": {"language": "chs"}}})
    playbook = fleet.write(
        "- hosts: all\n  gather_facts: false\n  tasks:\n"
        "    - {id: long, win_shell: 'ping -n 3 127.0.0.1&chcp&echo " + PASSWORD + "', "
        "args: {executable: cmd}}\n"
    )
    quiet = fleet.play(playbook, "--json", "-")
    loud = fleet.play(playbook, "--json", "-", "-v")
    assert quiet.code == loud.code == 0, loud.err
    first, second = json.loads(quiet.out), json.loads(loud.out)
    assert first["exchanges"] == second["exchanges"]
    assert without_times(jobs_of(first)["long", "zh"]) == without_times(
        jobs_of(second)["long", "zh"]
    )
    shown = [line for line in loud.err.splitlines() if line.startswith("zh | ")]
    assert shown[-2:] == ["zh | 活动代码页: 65001", "zh | ********"]
    assert PASSWORD not in loud.err + loud.out
    kept = fleet.run("show", second["run"], "--all")
    assert kept.code == 0
    assert "活动代码页" not in kept.out


def test_the_journal_has_nothing_of_a_task_with_no_log(tmp_path: Path) -> None:
    text, _ = play(tmp_path, "-vv")
    assert "unseen" not in text
    found = b"".join(path.read_bytes() for path in (tmp_path / "state").glob("journal.db*"))
    assert b"at once" in found, "that is what the journal looks like"
    assert b"unseen" not in found
