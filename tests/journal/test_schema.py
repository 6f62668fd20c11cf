"""Files of other versions, other programs, and files that are broken."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from runner.errors import JournalError
from runner.journal import Journal
from runner.journal.schema import MIGRATIONS, migrate
from runner.journal.store import connect, explain, reading
from tests.journal.support import a_run


def _execute(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def test_a_newer_file_is_left_alone(path: Path) -> None:
    Journal.open(path).close()
    _execute(path, "PRAGMA user_version = 99")
    with pytest.raises(JournalError, match="written by a newer runner") as caught:
        Journal.open(path)
    assert f"its format is 99, this one knows up to {len(MIGRATIONS)}" in str(caught.value)


def test_somebody_elses_database_is_left_alone(path: Path) -> None:
    path.parent.mkdir(mode=0o700)
    _execute(path, "CREATE TABLE theirs (x)")
    with pytest.raises(JournalError, match="not a journal of runner"):
        Journal.open(path)
    _execute(path, "SELECT * FROM theirs")


@pytest.mark.parametrize("content", [b"not a database" * 100, b"\0" * 4096])
def test_something_else_entirely(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700)
    path.write_bytes(content)
    with pytest.raises(JournalError, match="not a journal, or it is damaged") as caught:
        Journal.open(path)
    assert "Move the file away" in str(caught.value)
    assert path.read_bytes() == content


def test_an_older_file_is_brought_up_to_date(path: Path) -> None:
    with Journal.open(path) as journal:
        run = a_run()
        journal.begin(run)
    newer = (*MIGRATIONS, ("ALTER TABLE changes ADD COLUMN hash TEXT",), ("CREATE TABLE x (y)",))
    with closing(connect(path)) as connection:
        migrate(connection, path, newer)
        assert connection.execute("PRAGMA user_version").fetchone() == (len(newer),)
        assert connection.execute("SELECT hash FROM changes").fetchall() == []
        assert connection.execute("SELECT id FROM runs").fetchall() == [(run.id,)]
        migrate(connection, path, newer)  # nothing left to do


def test_a_step_that_fails_leaves_the_older_file(path: Path) -> None:
    Journal.open(path).close()
    broken = (*MIGRATIONS, ("CREATE TABLE x (y)", "CREATE TABLE x (y)"))
    with closing(connect(path)) as connection:
        with pytest.raises(sqlite3.Error, match="already exists"):
            migrate(connection, path, broken)
        assert not connection.in_transaction
    Journal.open(path).close()
    with reading(path) as connection, pytest.raises(sqlite3.Error, match="no such table"):
        connection.execute("SELECT * FROM x")


def test_settings_that_durability_rests_on(path: Path) -> None:
    with closing(connect(path.parent.parent / "journal.db")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
        assert connection.execute("PRAGMA foreign_keys").fetchone() == (1,)


def test_readers_cannot_write(path: Path) -> None:
    Journal.open(path).close()
    with pytest.raises(JournalError, match="read-only"), reading(path) as connection:
        connection.execute("DELETE FROM runs")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("SQLITE_FULL", "the disk is full"),
        ("SQLITE_IOERR_FSYNC", "does not take or give the data"),
        ("SQLITE_READONLY_DBMOVED", "read-only"),
        ("SQLITE_BUSY_SNAPSHOT", "another process has held it for 30 s"),
        ("SQLITE_SOMETHING_NEW", "cannot be used: what sqlite said"),
    ],
)
def test_errors_say_what_to_do(name: str, expected: str) -> None:
    error = sqlite3.OperationalError("what sqlite said")
    error.sqlite_errorname = name
    explained = explain(error, Path("/j.db"))
    assert expected in explained.message
    assert explained.hint
