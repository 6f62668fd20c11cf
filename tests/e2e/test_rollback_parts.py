"""A part of the way back, the way back of a way back, and one that was interrupted."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.journal.journal import Journal
from runner.journal.records import RunRecord
from tests.e2e.fleet import Done, TestFleet, jobs_of
from tests.e2e.forking import Forker

pytestmark = [pytest.mark.xdist_group("rollback_parts"), pytest.mark.timeout(300)]

PLAY = """
- hosts: windows
  gather_facts: false
  tasks:
    - name: Stop the spooler
      win_service: {name: Spooler, state: stopped, start_mode: disabled}
    - name: mark it
      win_regedit: {path: 'HKLM:\\SOFTWARE\\Acme', name: "{{ item }}", data: '1'}
      loop: [one, two]
    - name: tell them
      win_command: cmd /c echo told
"""
HAND = """
- hosts: windows
  gather_facts: false
  tasks:
    - win_service: {name: Spooler, start_mode: manual}
"""


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[TestFleet]:
    with TestFleet(tmp_path, {name: {"lab_os": "2012r2"} for name in ("a", "b")}) as fleet:
        yield fleet


def begun(fleet: TestFleet) -> str:
    """Run the playbook; gives the run's id."""
    assert fleet.play(PLAY).code == 0
    return last(fleet)


def runs(fleet: TestFleet) -> list[RunRecord]:
    with Journal.open(fleet.home / "state" / "journal.db") as journal:
        return journal.runs()


def last(fleet: TestFleet) -> str:
    return runs(fleet)[0].id


def back(fleet: TestFleet, run: str, *words: str) -> Done:
    return fleet.run("rollback", run, *words)


def test_only_some_tasks_then_the_rest(fleet: TestFleet) -> None:
    first = fleet.states()
    run = begun(fleet)
    wrong = back(fleet, run, "--task", "stop teh spooler")
    assert wrong.code == 5
    assert "did you mean 'Stop the spooler'?" in wrong.err
    assert back(fleet, run, "--task", "stop THE spooler").code == 0
    for name in fleet.names:
        assert fleet.state(name)["services"] == first[name]["services"]
        assert "Acme" in str(fleet.state(name))
    assert back(fleet, "last").code == 0, "a part does not count as the whole"
    assert fleet.states() == first


def test_only_what_is_newer_than_a_moment(fleet: TestFleet) -> None:
    run = begun(fleet)
    left = fleet.states()
    time.sleep(1)
    assert "nothing" in (done := back(fleet, run, "--since", "1s")).out.lower(), done.out
    assert fleet.states() == left
    assert back(fleet, run, "--since", "soon").code == 5
    assert back(fleet, run, "--since", "1h").code == 0
    assert "Acme" not in str(fleet.states())


def test_a_rollback_is_a_run_like_any_other(fleet: TestFleet) -> None:
    first = fleet.states()
    run = begun(fleet)
    left = fleet.states()
    done = back(fleet, run)
    assert done.code == 0
    said = [line for line in done.out.splitlines() if "not taken back" in line]
    assert len(said) == 1
    assert "tell them on " in said[0]
    assert done.out.index(said[0]) < done.out.index("Stop the spooler")
    assert fleet.states() == first
    again = last(fleet)
    assert back(fleet, again, "--check").code == 0
    assert fleet.states() == first
    assert back(fleet, again).code == 0
    assert fleet.states() == left
    assert back(fleet, "last").code == 0
    assert runs(fleet)[0].of == run, "what the rollback took back stands again"
    assert fleet.states() == first


def test_force_needs_a_person_or_a_word_and_tells_all_three_values(fleet: TestFleet) -> None:
    first = fleet.states()
    run = begun(fleet)
    assert fleet.play(HAND, "-l", "a").code == 0
    refused = back(fleet, run, "--force")
    assert refused.code == 5
    assert "there is no terminal" in refused.err
    changed = fleet.states()
    preview = back(fleet, run, "--force", "--check")
    assert preview.code == 0, preview.out
    assert fleet.states() == changed
    assert back(fleet, run).code == 3
    assert fleet.state("a")["services"] != first["a"]["services"]
    done = back(fleet, run, "--force", "--yes", "--json", "-")
    assert done.code == 0, done.err
    jobs = jobs_of(done.report())
    warned = [job["warnings"] for (_, host), job in jobs.items() if host == "a" and job["warnings"]]
    assert "before 'auto', left by the run 'disabled', now 'manual'" in str(warned)
    assert fleet.states() == first


def test_one_that_was_interrupted_by_half_goes_on(fleet: TestFleet) -> None:
    """Half of an undo is back: the running state, not yet the start mode."""
    first = fleet.states()
    run = begun(fleet)
    half = """
- hosts: windows
  gather_facts: false
  tasks:
    - win_service: {name: Spooler, start_mode: auto}
"""
    assert fleet.play(half, "-l", "a").code == 0
    assert back(fleet, run, "-l", "a").code == 3, "of nobody's doing so far: a conflict"
    with Journal.open(fleet.home / "state" / "journal.db") as journal:
        (spooler,) = [
            c for c in journal.changes(run) if c.job.host == "a" and "spooler" in c.subject
        ]
        record = next(r for r in journal.runs() if r.of == run)
        journal.reopen(record.id, record.pid, user="kim", why="resume")
        journal.intend(record.id, spooler)
        journal.finish(record.id, "interrupted", 130)
    assert back(fleet, run).code == 0
    assert fleet.states() == first


def test_a_rollback_that_was_killed_is_resumed_as_what_it_was(fleet: TestFleet) -> None:
    """Under its own number, with the tasks and hosts that it was about."""
    first = fleet.states()
    run = begun(fleet)
    with Forker(fleet.home, fleet.environment) as forker:
        done = forker.start("rollback", run, "--task", "mark it", "-l", "a", die="after 3").wait()
    assert done is not None
    assert done.code == -9
    cut = last(fleet)
    assert cut != run
    assert fleet.run("resume", cut, "--keep-trying", "1m").code == 5
    done = fleet.run("resume", cut)
    assert done.code == 0, done.out + done.err
    assert (last(fleet), runs(fleet)[0].status) == (cut, "finished")
    assert "Acme" not in str(fleet.state("a"))
    assert "Acme" in str(fleet.state("b"))
    assert fleet.state("a")["services"] != first["a"]["services"], "it was about another task"
    assert fleet.run("resume", cut).code == 0, "nothing is left to do"
    assert "runner resume" in fleet.run("show", cut).out
    assert back(fleet, run).code == 0
    assert fleet.states() == first
    assert fleet.run("audit", "verify").code == 0


def test_a_way_back_that_a_play_asked_for_is_resumed_on_its_hosts(fleet: TestFleet) -> None:
    """Not on those on which nothing failed."""
    text = PLAY.replace("  tasks:", "  on_failure: rollback\n  tasks:", 1) + (
        "    - fail: {msg: no}\n      when: inventory_hostname == 'a'\n"
    )
    first = fleet.states()
    path = fleet.write(text)
    with Forker(fleet.home, fleet.environment) as forker:
        for moment in range(14, 60):
            words = ("run", str(path), "-i", str(fleet.inventory))
            done = forker.start(*words, die=f"before {moment}").wait()
            assert done is not None
            if done.code == -9 and runs(fleet)[0].verb == "rollback":
                break
            assert fleet.run("rollback", "last").code == 0
            assert fleet.states() == first
        else:
            pytest.fail("it never died in the way back")
    cut = runs(fleet)[0]
    done = fleet.run("resume", cut.id)
    assert done.code == 0, done.out + done.err
    assert fleet.state("a") == first["a"]
    assert fleet.state("b") != first["b"], "nothing failed there"
    assert back(fleet, cut.of or "").code == 0
    assert fleet.states() == first
