"""A change that is made on another host than its job's; and hosts that a run takes on its way."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from runner.errors import HostsBusy, JournalError
from runner.journal import Journal
from runner.journal.schema import MIGRATIONS, migrate
from tests.journal.support import a_run, an_intent


def test_the_host_of_a_delegated_change_is_kept(journal: Journal) -> None:
    run = a_run("web01")
    journal.begin(run)
    journal.claim(run.id, "dc")
    journal.intend(run.id, an_intent(target="dc"))
    journal.intend(run.id, an_intent())
    delegated, own = journal.changes(run.id)
    assert (delegated.target, delegated.where) == ("dc", "dc")
    assert (own.target, own.where) == ("", "web01")


def test_a_change_on_a_host_that_the_run_does_not_hold_is_not_recorded(journal: Journal) -> None:
    run = a_run("web01")
    journal.begin(run)
    with pytest.raises(JournalError, match="does not hold dc"):
        journal.intend(run.id, an_intent(target="dc"))


def test_a_claimed_host_is_busy_until_the_run_ends(path: Path, journal: Journal) -> None:
    run, other = a_run("web01"), a_run("web02")
    journal.begin(run)
    journal.claim(run.id, "DC")
    journal.claim(run.id, "dc")
    with Journal.open(path) as second:
        second.begin(other)
        with pytest.raises(HostsBusy, match="run " + run.id):
            second.claim(other.id, "dc")
        with pytest.raises(HostsBusy):
            second.claim(other.id, "web01")
        journal.finish(run.id, "finished", 0)
        second.claim(other.id, "dc")


def test_a_run_that_has_ended_takes_no_host(journal: Journal) -> None:
    run = a_run("web01")
    journal.begin(run)
    journal.finish(run.id, "finished", 0)
    with pytest.raises(JournalError, match="is not running"):
        journal.claim(run.id, "dc")


def test_changes_of_an_older_journal_have_no_other_host(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    with sqlite3.connect(path, isolation_level=None) as connection:
        migrate(connection, path, MIGRATIONS[:1])
        connection.execute("PRAGMA foreign_keys = OFF")
        columns = [row[1] for row in connection.execute("PRAGMA table_info(changes)")]
        values = dict.fromkeys(columns, "") | {"id": 1, "sequence": 1, "rollback": 1}
        names = ", ".join(values)
        marks = ", ".join(f":{name}" for name in values)
        connection.execute(f"INSERT INTO changes ({names}) VALUES ({marks})", values)
        migrate(connection, path)
        assert connection.execute("SELECT target FROM changes").fetchall() == [("",)]
