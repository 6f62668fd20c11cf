"""Two controllers, each with a journal of its own, and the same hosts."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from runner.journal import Journal
from tests.e2e.fleet import Done, TestFleet
from tests.e2e.troubled import Make

LEASE = "wxyz.00000000"
HELD = """
- hosts: all
  gather_facts: false
  tasks:
    - name: the lease of somebody else
      win_regedit: {path: 'HKLM:\\SOFTWARE\\Runner', name: '{{ name }}', data: '{{ lease }}'}
"""
STOP = """
- hosts: all
  gather_facts: false
  tasks:
    - name: stop the spooler
      win_service: {name: Spooler, state: stopped}
    - name: and see
      win_service_info: {name: Spooler}
"""
IDLE = """
- hosts: web02
  gather_facts: false
  tasks:
    - name: look at the spooler
      win_service_info: {name: Spooler}
"""
FOREIGN = "v1,1800,ab,1778655600,kim@desk:12"


@pytest.fixture
def fleet(make: Make) -> TestFleet:
    return make(
        {
            "web01": {"lab_os": "2012r2"},
            "web02": {"lab_os": "2012r2", "runner_lease": False},
        }
    )


def other(fleet: TestFleet, *words: str) -> Done:
    """The command line of a controller that has a journal of its own."""
    state = fleet.home / "second"
    state.mkdir(mode=0o700, exist_ok=True)
    mine, fleet.environment = fleet.environment, {**fleet.environment, "RUNNER_HOME": str(state)}
    try:
        return fleet.run(*words)
    finally:
        fleet.environment = mine


def place(fleet: TestFleet, name: str) -> None:
    """The lease of a run that is not there."""
    said = ("--no-lease", "-e", f"lease={FOREIGN}", "-e", f"name={name}")
    assert fleet.play(fleet.write(HELD, "held.yml"), *said).code == 0


def trail(home: Path) -> list[tuple[str, str, str]]:
    with Journal.open(home / "journal.db") as journal:
        (run,) = journal.runs(1)
        return [(note.kind, note.host, note.text) for note in journal.trail.of(run.id)]


def test_a_held_host_is_left_alone_until_a_person_breaks_the_lease(fleet: TestFleet) -> None:
    place(fleet, "20260513-0700-wxyz.00000000")
    before = fleet.states()
    words = ("run", str(fleet.write(STOP, "stop.yml")), "-i", str(fleet.inventory))

    refused = other(fleet, *words)
    assert refused.code == 2
    assert "being worked on by run 20260513-0700-wxyz of kim@desk, process 12" in refused.out
    assert "--break-lock web01 --reason TEXT" in refused.out
    assert fleet.state("web01") == before["web01"]
    assert fleet.state("web02") != before["web02"], "other hosts go on; this one takes no lease"

    broken = other(fleet, *words, "--break-lock", "web01", "--reason", "kim went home")
    assert broken.code == 0, broken.out
    ((kind, host, text),) = trail(fleet.home / "second")
    assert (kind, host) == ("lease broken", "web01")
    assert text.startswith("kim went home (lease of run 20260513-0700-wxyz of kim@desk:12")
    assert "kim went home" in other(fleet, "show", "last").out
    assert LEASE not in json.dumps(fleet.state("web01"))


def test_the_way_there_and_back_leaves_nothing_and_the_dead_are_no_hindrance(
    fleet: TestFleet,
) -> None:
    before = fleet.states()
    path = fleet.write(STOP, "stop.yml")
    assert fleet.play(path).code == 0
    assert fleet.run("rollback", "last", "-i", str(fleet.inventory)).code == 0
    assert fleet.states() == before
    with Journal.open(fleet.home / "state" / "journal.db") as journal:
        (run,) = journal.runs(1)
    place(fleet, f"{run.id}.00000000")
    assert fleet.play(path, "-l", "web01").code == 0
    assert [kind for kind, *_ in trail(fleet.home / "state")] == ["lease taken over"]
    assert LEASE not in json.dumps(fleet.state("web01"))


def test_what_a_dead_controller_left_is_removed_though_nothing_else_is_to_be_done(
    fleet: TestFleet,
) -> None:
    """It died when all its work was done, before it could give the host back."""
    before = fleet.states()
    words = ("-i", str(fleet.inventory))
    assert fleet.play(fleet.write(STOP, "stop.yml")).code == 0
    after = fleet.states()
    assert "v1,1800" not in json.dumps(after)
    journal = fleet.home / "state" / "journal.db"
    run = last_run(journal)
    left_by(fleet, run)
    resumed = fleet.run("resume", run)
    assert resumed.code == 0
    assert fleet.states() == after, resumed.out
    assert fleet.run("rollback", run, *words).code == 0
    left_by(fleet, last_run(journal))
    again = fleet.run("rollback", run, *words)
    assert again.code == 0, again.out
    assert fleet.states() == before


@pytest.mark.parametrize("verb", ["rollback", "resume"])
def test_it_is_removed_where_nothing_at_all_had_begun(fleet: TestFleet, verb: str) -> None:
    """Not even a task was about that host: another one was to be done there."""
    words = ("-i", str(fleet.inventory))
    assert fleet.play(fleet.write(IDLE, "idle.yml")).code == 0
    before = fleet.states()
    run = last_run(fleet.home / "state" / "journal.db")
    left_by(fleet, run)
    assert fleet.states() != before
    elsewhere = fleet.run("rollback", run, *words, "-l", "web02")
    assert elsewhere.code == 0
    assert fleet.states() != before, "that host was not meant"
    done = fleet.run(verb, run, *words)
    assert done.code == 0, done.out
    assert fleet.states() == before
    assert fleet.run("audit", "verify").code == 0


def last_run(journal: Path) -> str:
    with Journal.open(journal) as opened:
        return opened.runs(1)[0].id


def left_by(fleet: TestFleet, run: str) -> None:
    """As if that run had died with a shell and a lease on the host."""
    mark = hashlib.sha256(b"web01").hexdigest()[:8]
    place = rf"HKLM\SOFTWARE\Runner /v {run}.{mark} /t REG_SZ /d {FOREIGN} /f"
    assert fleet.lab.exec("web01", f"reg add {place}")[0] == 0
    with Journal.open(fleet.home / "state" / "journal.db") as journal:
        journal.opened(run, "web01", "elsewhere", "a shell")
