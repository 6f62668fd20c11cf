"""Connections to the journal's file, and what SQLite's errors mean to people."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from runner.errors import JournalError
from runner.journal import chain

BUSY_SECONDS: Final = 30.0
"""How long to wait for another process that writes to the same journal."""

_FULL: Final = 65536
"""Fewer bytes than that are free on a full disk."""

_NOTHING_SENT = "Nothing is sent to a host that is not recorded first."
_WHY: Final = {
    "FULL": ("the disk is full", f"Free some space. {_NOTHING_SENT}"),
    "IOERR": ("the disk does not take or give the data", f"Look at the disk. {_NOTHING_SENT}"),
    "READONLY": ("it is read-only", f"Make it writable, or set RUNNER_HOME. {_NOTHING_SENT}"),
    "PERM": ("permission denied", "Look at its owner and mode, or set RUNNER_HOME."),
    "CANTOPEN": ("it cannot be opened", "Look at its owner and mode, or set RUNNER_HOME."),
    "CORRUPT": (
        "it is damaged",
        """Keep a copy, then salvage what is readable: sqlite3 journal.db .recover
  Or move it away: the next run starts a new one.""",
    ),
    "NOTADB": (
        "it is not a journal, or it is damaged",
        "Move the file away, or set RUNNER_HOME: the next run starts a new journal.",
    ),
    "BUSY": (
        f"another process has held it for {BUSY_SECONDS:.0f} s",
        "Look for a runner that hangs, or for a tool that has the file open.",
    ),
    "LOCKED": ("it is locked", "Look for a tool that has the file open."),
}


def connect(path: Path) -> sqlite3.Connection:
    """The writing connection: every commit is on the disk when it returns.

    It may be handed to another thread, but only one may use it. Raises JournalError.
    """
    try:
        connection = sqlite3.connect(
            path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
    except sqlite3.Error as error:
        raise explain(error, path) from error
    try:
        _configure(connection, path)
    except sqlite3.Error as error:
        connection.close()
        raise explain(error, path) from error
    except JournalError:
        connection.close()
        raise
    return connection


def _configure(connection: sqlite3.Connection, path: Path) -> None:
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        # SQLite answers with the mode it kept: its write-ahead log needs shared memory,
        # which network file systems do not offer (sqlite.org/wal.html, "Disadvantages").
        raise JournalError(
            f"the journal {path} lies on a file system without write-ahead logging",
            hint="Set RUNNER_HOME to a directory on a local disk.",
        )
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA fullfsync = ON")  # macOS: fsync alone stops at the drive's cache
    connection.execute("PRAGMA foreign_keys = ON")
    chain.register(connection)


_ENDS: Final = (
    "SELECT * FROM runs ORDER BY number DESC LIMIT 1",
    "SELECT max(id) FROM runs",
    "SELECT count(*) FROM runs WHERE status = 'running'",
    "SELECT max(of) FROM runs WHERE of IS NOT NULL",
    "SELECT count(*) FROM locks",
    "SELECT max(run) FROM locks",
    "SELECT * FROM changes ORDER BY id DESC LIMIT 1",
    "SELECT max(run) FROM changes",
    "SELECT * FROM outcomes ORDER BY id DESC LIMIT 1",
    "SELECT max(run) FROM outcomes",
    "SELECT * FROM graphs ORDER BY rowid DESC LIMIT 1",
    "SELECT max(run) FROM graphs",
    "SELECT * FROM plans ORDER BY rowid DESC LIMIT 1",
    "SELECT max(run) FROM plans",
    "SELECT * FROM trail ORDER BY id DESC LIMIT 1",
    "SELECT max(run) FROM trail",
    "SELECT * FROM holdings ORDER BY id DESC LIMIT 1",
    "SELECT max(host) FROM holdings",
    "SELECT * FROM chain ORDER BY number DESC LIMIT 1",
    "SELECT * FROM sqlite_sequence",
)


def sound(connection: sqlite3.Connection) -> None:
    """Read the ends of all tables and indexes, where the next records will go.

    So a damaged page shows before a run begins, not when hosts are half-way changed. Raises
    sqlite3.DatabaseError.
    """
    for question in _ENDS:
        connection.execute(question).fetchall()


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection of one's own that cannot write, and sees one state of the file throughout."""
    try:
        connection = sqlite3.connect(
            f"{path.as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS, isolation_level=None
        )
    except sqlite3.Error as error:
        raise explain(error, path) from error
    try:
        connection.row_factory = sqlite3.Row
        chain.register(connection)
        connection.execute("BEGIN")
        yield connection
    except sqlite3.Error as error:
        raise explain(error, path) from error
    finally:
        connection.close()


def explain(error: sqlite3.Error, path: Path) -> JournalError:
    """What this error means, and what to do about it."""
    name = str(getattr(error, "sqlite_errorname", "")).removeprefix("SQLITE_")
    if name.startswith("IOERR") and _is_full(path):
        name = "FULL"  # what memory shared through a file needs, a full disk refuses so
    for word in (name, name.partition("_")[0]):
        if word in _WHY:
            why, hint = _WHY[word]
            return JournalError(f"the journal {path} cannot be used: {why} ({error})", hint=hint)
    return JournalError(f"the journal {path} cannot be used: {error}", hint=_NOTHING_SENT)


def _is_full(path: Path) -> bool:
    try:
        return shutil.disk_usage(path.parent).free < _FULL
    except OSError:
        return False
