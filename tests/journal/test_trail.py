"""Who went on with a run, who broke a lock, and why; and for how long a lease stood unchanged."""

from __future__ import annotations

import os
import socket
import sqlite3
from contextlib import closing

import pytest

from runner.errors import HostsBusy
from runner.journal import Journal, RunRecord
from runner.journal.trail import Breaking
from tests.journal.support import DEAD_PID, a_run


def kinds(journal: Journal, run: RunRecord) -> list[tuple[str, str]]:
    return [(note.kind, note.user) for note in journal.trail.of(run.id)]


@pytest.fixture
def away(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> RunRecord:
    """A run whose process is on a machine that cannot be seen."""
    run = a_run("web01", "web02")
    with monkeypatch.context() as patch:
        patch.setattr(socket, "gethostname", lambda: "ctl2")
        journal.begin(run)
    return run


def test_going_on_is_on_record_each_time(journal: Journal) -> None:
    run = a_run()
    journal.begin(run)
    for user, status in (("kim", "interrupted"), ("bob", "failed")):
        journal.finish(run.id, status, 1)
        journal.reopen(run.id, os.getpid(), user=user, why="runner resume")
    first, second = journal.trail.of(run.id)
    assert (first.kind, first.user, first.text) == (
        "reopened", "kim", "runner resume; it was interrupted",
    )  # fmt: skip
    assert str(second).startswith("reopened 20")
    assert str(second).endswith("by bob: runner resume; it was failed")


def test_one_that_could_not_go_on_is_not(journal: Journal) -> None:
    run, other = a_run("a"), a_run("a")
    journal.begin(run)
    journal.finish(run.id, "failed", 2)
    journal.begin(other)
    with pytest.raises(HostsBusy):
        journal.reopen(run.id, os.getpid(), user="kim", why="runner resume")
    assert journal.trail.of(run.id) == []


@pytest.mark.parametrize("hosts", [None, frozenset({"web01"})])
def test_a_lock_whose_process_cannot_be_seen_is_broken_with_a_reason(
    journal: Journal, away: RunRecord, hosts: frozenset[str] | None
) -> None:
    run = a_run("WEB01")
    with pytest.raises(HostsBusy, match="--break-lock HOST"):
        journal.begin(run)
    journal.breaking = Breaking(hosts, "ctl2 burnt down", "kim")
    journal.begin(run)
    assert kinds(journal, run) == [("lock broken", "kim")]
    (note,) = journal.trail.of(run.id)
    assert note.text.startswith(f"ctl2 burnt down (was held by WEB01: run {away.id}")
    assert journal.find(away.id).status == "crashed"
    assert journal.audit().wrong == ()


def test_only_of_the_hosts_that_were_named(journal: Journal, away: RunRecord) -> None:
    journal.breaking = Breaking(frozenset({"web01"}), "ctl2 burnt down", "kim")
    with pytest.raises(HostsBusy, match=away.id):
        journal.begin(a_run("web01", "web02"))
    assert journal.find(away.id).status == "running"


def test_a_process_that_is_seen_alive_keeps_its_hosts(journal: Journal) -> None:
    journal.begin(a_run("web01"))
    journal.breaking = Breaking(None, "I am in a hurry", "kim")
    with pytest.raises(HostsBusy, match="kill -INT"):
        journal.begin(a_run("web01"))


def test_a_host_that_is_claimed_later_is_broken_likewise(journal: Journal, away: RunRecord) -> None:
    run = a_run("db01")
    journal.breaking = Breaking(frozenset({"web02"}), "ctl2 burnt down", "kim")
    journal.begin(run)
    journal.claim(run.id, "web02")
    assert kinds(journal, run) == [("lock broken", "kim")]


def test_an_altered_note_is_found(journal: Journal) -> None:
    run = a_run()
    journal.begin(run)
    journal.trail.note(run.id, "lease broken", "kim", "because", "web01")
    assert journal.audit().wrong == ()
    with closing(sqlite3.connect(journal.path)) as connection:
        connection.execute("DROP TRIGGER chain_trail_update")
        connection.execute("UPDATE trail SET user = 'bob'")
        connection.commit()
    assert journal.audit().wrong == (
        f"note 1 about run {run.id}: lease broken was altered by something else",
    )


class TestSightings:
    def test_the_time_counts_while_nothing_changes(self, journal: Journal) -> None:
        def seen(text: str, boot: str, counted: float, host: str = "web01") -> float:
            return journal.trail.unchanged(host, "run.1", text, boot, counted)

        assert seen("a", "boot1", 100.0) == 0.0
        assert seen("a", "boot1", 150.0, "WEB01") == 50.0
        assert seen("b", "boot1", 160.0) == 0.0, "it was renewed"
        assert seen("b", "boot1", 170.0) == 10.0
        assert seen("b", "boot2", 5.0) == 0.0, "this machine was started anew"
        assert seen("b", "boot2", 9.0) == 4.0
        assert seen("b", "boot2", 9.0, "web02") == 0.0

    def test_one_that_is_gone_is_forgotten(self, journal: Journal) -> None:
        journal.trail.unchanged("web01", "run.1", "a", "boot1", 100.0)
        journal.trail.forget("web01", "run.1")
        assert journal.trail.unchanged("web01", "run.1", "a", "boot1", 200.0) == 0.0

    def test_how_a_run_of_this_journal_stands(self, journal: Journal) -> None:
        run = a_run(pid=DEAD_PID)
        journal.begin(run)
        assert journal.trail.status(run.id) == "running"
        journal.finish(run.id, "failed", 2)
        assert journal.trail.status(run.id) == "failed"
        assert journal.trail.status("20260513-0700-wxyz") is None
