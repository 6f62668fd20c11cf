"""``--processes``: the same run in several processes, and what becomes of it when one dies."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from runner.journal.journal import Journal
from tests.e2e.fleet import TestFleet, jobs_of
from tests.e2e.forked import Command, started
from tests.e2e.troubled import SLOW, STOP, Make, shells, until_no_shell

PLAY = """
- hosts: all
  gather_facts: false
  vars: {base: 'HKLM:\\SOFTWARE\\Test'}
  tasks:
    - name: service
      win_service: {name: Spooler, state: stopped, start_mode: disabled}
      notify: told
    - name: value on {{ inventory_hostname }}
      win_regedit: {path: '{{ base }}', name: a, data: b}
      register: value
    - {name: said, debug: {msg: '{{ inventory_hostname }} {{ value.changed }}'}}
    - {name: only, win_regedit: {path: '{{ base }}', name: c}, when: inventory_hostname == 'web02'}
    - name: block
      block:
        - {name: fails, win_command: cmd /c exit 3, when: inventory_hostname == 'web01'}
      rescue:
        - {name: rescued, win_regedit: {path: '{{ base }}', name: d}}
    - {name: lost, win_command: cmd /c exit 4, when: inventory_hostname == 'web03'}
    - {name: last, include_tasks: more.yml}
  handlers:
    - {name: told, win_regedit: {path: '{{ base }}', name: e}}
"""
MORE = """
- {name: 'more {{ value.changed }}', win_regedit: {path: '{{ base }}', name: f}}
- {name: end, debug: {msg: "{{ lookup('template', 'seen.j2') }}"}}
"""


@pytest.fixture(name="four")
def _four(make: Make) -> TestFleet:
    return make({f"web{number:02}": {"lab_os": "2012r2"} for number in range(1, 5)})


Begin = Callable[..., Command]


@pytest.fixture(name="begin")
def _begin(four: TestFleet) -> Iterator[Begin]:
    with started(four.environment) as start:
        yield start


def told(fleet: TestFleet, *words: str) -> tuple[int, dict[Any, Any], list[str]]:
    """What a run in so many processes came to, without what a clock says."""
    fleet.write(MORE, "more.yml")
    fleet.write("{{ value.changed }} {{ hostvars[inventory_hostname].value.changed }}", "seen.j2")
    done = fleet.play(PLAY, "--json", "-", *words)
    jobs = jobs_of(done.report())
    lines = re.findall(r"^\d\d:\d\d:\d\d  (\w.*  web.*)", done.err, re.MULTILINE)
    same = sorted(re.sub(r"value on web\d\d", "value", line) for line in lines)
    return done.code, {key: timeless(job) for key, job in jobs.items()}, same


def timeless(value: Any) -> Any:
    """Without times, and the titles that the first host gives."""
    if isinstance(value, dict):
        clock = ("seconds", "start", "end", "delta", "task", "started", "finished")
        return {key: timeless(one) for key, one in value.items() if key not in clock}
    return [timeless(one) for one in value] if isinstance(value, list) else value


def recorded(fleet: TestFleet) -> tuple[set[Any], set[Any]]:
    """The changes and outcomes of the last run, in no order."""
    with Journal.open(fleet.home / "state" / "journal.db") as journal:
        assert not journal.audit().wrong
        run = journal.find("last").id
        changes = {
            (
                c.job,
                c.status,
                repr(c.before),
                repr(c.after),
                repr(c.found),
                c.item,
                c.task,
                repr(c.undo),
            )
            for c in journal.changes(run)
        }
        return changes, {(o.job, o.status) for o in journal.outcomes(run)}


def test_it_comes_to_the_same_in_any_number_of_processes(four: TestFleet) -> None:
    before = four.states()
    preview = told(four, "--check")
    assert told(four, "--check", "--processes", "2") == preview
    several = told(four, "--processes", "3")
    changes, state = recorded(four), four.states()
    assert several[0] == 2
    assert shells(four) == 0
    assert four.run("rollback", "last", "-i", str(four.inventory)).code == 0
    assert four.states() == before
    assert told(four) == several
    assert recorded(four) == changes
    assert four.states() == state


def mates_of(process: Command) -> list[int]:
    """The processes that a run has forked."""
    found = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii")
    return [int(pid) for pid in found.split()]


HELD = """
- hosts: all
  gather_facts: false
  tasks:
    - id: slow
      win_shell: ping -n 600 127.0.0.1
      args: {executable: cmd}
      when: inventory_hostname in slow
    - id: held
      win_ping:
      until: lookup('file', 'go') == 'yes'
      retries: 5000
      delay: 0.1
    - {id: change, win_regedit: {path: 'HKLM:\\SOFTWARE\\Test', name: a, data: b}}
"""
"""Some hosts do something for ten minutes, others wait for the word to go on."""


def until_pinging(fleet: TestFleet, hosts: list[str]) -> None:
    """Wait until the slow command runs on these hosts."""
    end = time.monotonic() + 90
    while not all(
        any("ping" in line for line in fleet.lab.state(name)["volatile"]["commands"])
        for name in hosts
    ):
        assert time.monotonic() < end, "the slow command did not begin everywhere"
        time.sleep(0.1)


def until_gone(pids: list[int]) -> bool:
    """Whether these processes end in time."""
    end = time.monotonic() + 30
    while any(Path(f"/proc/{pid}").exists() for pid in pids) and time.monotonic() < end:
        time.sleep(0.05)
    return not any(Path(f"/proc/{pid}").exists() for pid in pids)


def begun(fleet: TestFleet, begin: Begin, slow: list[str], *words: str) -> Command:
    """A run of HELD in two processes, in which the slow command is under way on these hosts."""
    (fleet.home / "go").write_text("no")
    play = fleet.write(HELD)
    process = begin(
        "run", str(play), "-i", str(fleet.inventory), "--processes", "2",
        "-e", json.dumps({"slow": slow}), *words,
    )  # fmt: skip
    until_pinging(fleet, slow)
    return process


def test_a_process_that_is_killed_takes_its_own_hosts_along_and_no_others(
    four: TestFleet, begin: Begin
) -> None:
    report = four.home / "report.json"
    process = begun(four, begin, ["web01"], "--json", str(report))
    first, second = mates_of(process)
    os.kill(first, signal.SIGKILL)
    (four.home / "go").write_text("yes")
    done = process.wait()
    assert done is not None
    assert done.code == 2, done
    assert "which had 2 of its hosts, was killed by signal 9 (SIGKILL)" in done.out
    jobs = jobs_of(json.loads(report.read_text()))
    found = {name: [jobs[step, name]["status"] for step in ("slow", "held", "change")]
             for name in four.names}  # fmt: skip
    # What a process has begun it tells a moment later: reading is not in doubt, then.
    assert found.pop("web03")[1:] in (["in doubt", "blocked"], ["unreachable", "blocked"])
    assert found == {
        "web01": ["in doubt", "blocked", "blocked"],
        "web02": ["skipped", "ok", "changed"],
        "web04": ["skipped", "ok", "changed"],
    }
    assert "look at the host" in jobs["slow", "web01"]["advice"]
    assert until_gone([first, second])
    with Journal.open(four.home / "state" / "journal.db") as journal:
        assert not journal.audit().wrong
        status = {
            change.job.host: change.status for change in journal.changes(journal.find("last").id)
        }
    assert status == {"web01": "in doubt", "web02": "changed", "web04": "changed"}
    on_record = four.run("rollback", "last", "-i", str(four.inventory), "-l", "web02,web04")
    assert on_record.code == 0, on_record.out + on_record.err


def test_no_process_outlives_the_one_that_forked_it(four: TestFleet, begin: Begin) -> None:
    process = begun(four, begin, ["web01", "web02"])
    mates = mates_of(process)
    assert len(mates) == 2
    process.end()
    assert until_gone(mates)
    assert "crashed" in four.run("runs").out


def test_ctrl_c_twice_ends_all_processes_and_what_runs_on_their_hosts(
    four: TestFleet, begin: Begin
) -> None:
    process = begun(four, begin, ["web01", "web02"])
    mates = mates_of(process)
    process.kill(signal.SIGINT)
    time.sleep(0.3)  # one after the other, as a person does it
    process.kill(signal.SIGINT)
    done = process.wait()
    assert done is not None
    assert done.code == 130, done
    shown = four.run("show", "last", "--all").out
    assert "in doubt" in shown
    assert "cancelled" in shown
    assert until_gone(mates)
    assert until_no_shell(four, 30)
    assert "interrupted" in four.run("runs").out


def test_ctrl_c_once_finishes_what_is_in_flight_in_each_process(
    four: TestFleet, begin: Begin
) -> None:
    play = four.write(SLOW)
    process = begin("run", str(play), "-i", str(four.inventory), "--processes", "2")
    until_pinging(four, ["web01"])
    mates = mates_of(process)
    os.killpg(process.pid, signal.SIGINT)  # a terminal tells all of them
    done = process.wait()
    assert done is not None
    assert done.code == 130, done
    shown = four.run("show", "last", "--all").out
    assert "cancelled" in shown
    assert "in doubt" not in shown
    assert until_gone(mates)
    assert shells(four) == 0


def test_a_deadline_ends_all_processes_and_what_runs_on_their_hosts(four: TestFleet) -> None:
    (four.home / "go").write_text("no")
    slow = json.dumps({"slow": ["web01", "web02"]})
    words = ("--processes", "2", "--deadline", "2s", "-e", slow, "--json", "-")
    done = four.play(HELD, *words)
    assert done.code == 130, done
    assert "in one process" not in done.err
    assert "the deadline of 2 s has passed" in done.err
    jobs = jobs_of(done.report())
    assert len(jobs) == 12
    found = {job["status"] for (step, _), job in jobs.items() if step == "change"}
    assert found <= {"cancelled", "blocked"}
    assert {jobs["slow", name]["status"] for name in four.names} <= {
        "in doubt", "cancelled", "skipped",
    }  # fmt: skip
    assert until_no_shell(four, 30)
    assert "interrupted" in four.run("runs").out


def test_a_wrong_password_is_shown_to_one_host_of_all_processes(four: TestFleet) -> None:
    words = ("-e", "ansible_password=wrong-password", "--processes", "3", "--json", "-")
    done = four.play(STOP, *words)
    assert done.code == 4, done.err
    assert "in one process" not in done.err
    assert sum(four.lab.counters(name)["failed_logons"] for name in four.names) == 1
    jobs = jobs_of(done.report())
    messages = [jobs["stop", name]["message"] for name in four.names]
    assert sum("was refused by" in message for message in messages) == 3
    assert "wrong-password" not in done.out + done.err


def test_two_names_of_one_host_may_be_in_two_processes(make: Make) -> None:
    fleet = make({"web01": {"lab_os": "2012r2"}})
    data = yaml.safe_load(fleet.inventory.read_text())
    windows = data["all"]["children"]["windows"]["hosts"]
    windows["alias"] = dict(windows["web01"])
    fleet.inventory = fleet.home / "both.yml"
    fleet.inventory.write_text(yaml.safe_dump(data))
    play = PLAY.split("    - name: block")[0].replace(
        "name: a,", "name: '{{ inventory_hostname }}',"
    )
    play = play.replace("      notify: told\n", "")
    done = fleet.play(play, "--processes", "2")
    assert done.code == 0, done.out + done.err
    assert "in one process" not in done.out
    assert "Runner" not in json.dumps(fleet.state("web01")), "no lease is left"
