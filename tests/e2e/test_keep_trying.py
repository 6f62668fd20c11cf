"""Hosts that did not answer are swept again in the same run, until they did or time is over."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.fleet import TestFleet, jobs_of

pytestmark = [pytest.mark.xdist_group("keep_trying"), pytest.mark.timeout(300)]

PLAY = """
- hosts: windows
  gather_facts: false
  tasks:
    - name: count
      id: count
      win_shell: echo x>>C:\\count.txt
      args: {executable: cmd}
    - name: fails
      win_shell: echo y>>C:\\fails.txt & exit 3
      args: {executable: cmd}
      when: inventory_hostname == 'b'
- hosts: a
  gather_facts: false
  tasks:
    - name: when all are there
      needs: [{task: count, hosts: all}]
      win_regedit: {path: 'HKLM:\\SOFTWARE\\Acme', name: all, data: '1'}
"""
STATE = """
- hosts: windows
  gather_facts: false
  tasks:
    - win_regedit: {path: 'HKLM:\\SOFTWARE\\Acme', name: one, data: '1'}
"""


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[TestFleet]:
    hosts = {name: {"lab_os": "2012r2"} for name in ("a", "b", "c")}
    with TestFleet(tmp_path, hosts) as fleet:
        fleet.lab.power("c", "off")
        yield fleet


def lines_of(fleet: TestFleet, host: str, name: str) -> int:
    """How often the command ran that writes there."""
    said = fleet.run("lab", "exec", host, rf"type C:\{name}.txt")
    return len(said.out.split())


def until_waiting(process: subprocess.Popen[str]) -> str:
    """What was said when it began to wait."""
    assert process.stderr is not None
    for line in process.stderr:
        if "tried again" in line:
            return line
    raise AssertionError("it never waited")


def test_a_host_that_comes_back_is_done_and_nothing_is_done_twice(fleet: TestFleet) -> None:
    report = fleet.home / "report.json"
    words = ["--keep-trying", "2m", "--json", str(report)]
    process = fleet.start("run", str(fleet.write(PLAY)), "-i", str(fleet.inventory), *words)
    assert until_waiting(process).startswith("c did not answer")
    fleet.lab.power("c", "on")
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 2, out  # b's failure stands
    for host in fleet.names:
        assert lines_of(fleet, host, "count") == 1, out
    assert lines_of(fleet, "b", "fails") == 1, "a failure is not tried again"
    jobs = jobs_of(json.loads(report.read_text(encoding="utf-8")))
    assert {job["status"] for (step, _), job in jobs.items() if step == "count"} == {"changed"}
    again = out[out.index("count") :].rpartition("start  ")[2]
    assert "changed          c  count" in again
    assert "b  count" not in again.partition("finish")[0], "lines are about the hosts swept"
    assert "all" in fleet.state("a")["registry"].__repr__()
    assert jobs["when-all-are-there", "a"]["status"] == "changed", "it was blocked by c"
    assert len(fleet.run("runs").out.splitlines()) == 2, "one run"


def test_when_the_time_is_over_it_ends_as_before(fleet: TestFleet) -> None:
    done = fleet.play(STATE, "--keep-trying", "1s")
    assert done.code == 4
    assert "c did not answer: tried again in 1 s" in done.err
    assert "c did not answer in 1 s of trying" in done.err
    assert "Acme" in str(fleet.state("a"))


def test_ctrl_c_while_it_waits_leaves_a_run_that_can_be_resumed(fleet: TestFleet) -> None:
    path = str(fleet.write(STATE))
    process = fleet.start("run", path, "-i", str(fleet.inventory), "--keep-trying", "5m")
    until_waiting(process)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "runner resume" in said
    fleet.lab.power("c", "on")
    assert fleet.run("resume", "last", "--keep-trying", "1s").code == 0
    assert all("Acme" in str(state) for state in fleet.states().values())


def test_a_plan_is_applied_to_late_hosts_too(fleet: TestFleet) -> None:
    fleet.lab.power("c", "on")
    plan, path = fleet.home / "p.plan", fleet.write(STATE)
    made = fleet.run("plan", str(path), "-i", str(fleet.inventory), "-o", str(plan))
    assert made.code == 0, made.err
    fleet.lab.power("c", "off")
    process = fleet.start("apply", str(plan), "--keep-trying", "2m")
    until_waiting(process)
    fleet.lab.power("c", "on")
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 0, out
    assert "3 of 3 jobs came as foreseen" in out
    assert all("Acme" in str(state) for state in fleet.states().values())


@pytest.mark.parametrize("words", [["--check"], ["--json", "-"]])
def test_what_it_does_not_go_with(fleet: TestFleet, words: list[str]) -> None:
    done = fleet.play(STATE, "--keep-trying", "1s", *words)
    assert done.code == 5
    assert "--keep-trying does not go with" in done.err
