"""The tables of the journal, and how an older file becomes a newer one."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from runner.errors import JournalError
from runner.journal import chain


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


APPLICATION_ID: Final = 0x72756E72
"""``runr``: tells our file from anybody else's SQLite database."""

_FIRST = (
    """
    CREATE TABLE runs (
        number    INTEGER PRIMARY KEY AUTOINCREMENT,
        id        TEXT NOT NULL UNIQUE,
        verb      TEXT NOT NULL,
        title     TEXT NOT NULL,
        playbook  TEXT NOT NULL,
        inventory TEXT NOT NULL,
        digest    TEXT NOT NULL,
        options   TEXT NOT NULL,
        hosts     TEXT NOT NULL,
        started   REAL NOT NULL,
        finished  REAL,
        status    TEXT NOT NULL,
        user      TEXT NOT NULL,
        of        TEXT REFERENCES runs (id),
        pid       INTEGER NOT NULL,
        machine   TEXT NOT NULL,
        birth     TEXT NOT NULL,
        version   TEXT NOT NULL,
        exit_code INTEGER
    )
    """,
    "CREATE INDEX runs_by_status ON runs (status)",
    "CREATE INDEX runs_by_of ON runs (of) WHERE of IS NOT NULL",
    """
    CREATE TABLE locks (
        host TEXT PRIMARY KEY,
        run  TEXT NOT NULL REFERENCES runs (id)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX locks_by_run ON locks (run)",
    """
    CREATE TABLE graphs (
        run   TEXT PRIMARY KEY REFERENCES runs (id),
        steps TEXT NOT NULL,
        edges TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE changes (
        id           INTEGER PRIMARY KEY AUTOINCREMENT,
        run          TEXT NOT NULL REFERENCES runs (id),
        sequence     INTEGER NOT NULL,
        step         TEXT NOT NULL,
        host         TEXT NOT NULL,
        item         TEXT NOT NULL,
        task         TEXT NOT NULL,
        module       TEXT NOT NULL,
        params       TEXT NOT NULL,
        subject      TEXT NOT NULL,
        before       TEXT NOT NULL,
        after        TEXT NOT NULL,
        irreversible TEXT NOT NULL,
        rollback     INTEGER NOT NULL,
        place        TEXT NOT NULL,
        undo         TEXT NOT NULL,
        facts        TEXT NOT NULL,
        status       TEXT NOT NULL,
        found        TEXT,
        applied      TEXT,
        started      REAL NOT NULL,
        settled      REAL,
        undone_by    TEXT REFERENCES runs (id),
        UNIQUE (run, sequence)
    )
    """,
    """
    CREATE TABLE outcomes (
        id     INTEGER PRIMARY KEY AUTOINCREMENT,
        run    TEXT NOT NULL REFERENCES runs (id),
        step   TEXT NOT NULL,
        host   TEXT NOT NULL,
        item   TEXT NOT NULL,
        status TEXT NOT NULL,
        data   TEXT NOT NULL,
        time   REAL NOT NULL
    )
    """,
    "CREATE INDEX outcomes_by_run ON outcomes (run)",
)

_TARGETS = ("ALTER TABLE changes ADD COLUMN target TEXT NOT NULL DEFAULT ''",)
"""A change may be made on another host than its job's (``delegate_to``)."""

_HOLDINGS = (
    """
    CREATE TABLE holdings (
        id     INTEGER PRIMARY KEY AUTOINCREMENT,
        run    TEXT NOT NULL REFERENCES runs (id),
        host   TEXT NOT NULL,
        place  TEXT NOT NULL,
        held   TEXT NOT NULL,
        opened REAL NOT NULL
    )
    """,
    "CREATE INDEX holdings_by_host ON holdings (host)",
)
"""What a host holds for a run outlives its connections (remote shells), and the run itself."""

_PLANS = (
    """
    CREATE TABLE plans (
        run     TEXT PRIMARY KEY REFERENCES runs (id),
        content BLOB NOT NULL
    )
    """,
)
"""The plan that a run applied, compressed: to compare what was foreseen with what happened."""

_CHAIN = chain.statements(
    {
        "runs": _words(
            "number id verb title playbook inventory digest options hosts started finished status"
            " user of pid machine birth version exit_code"
        ),
        "graphs": _words("run steps edges"),
        "plans": _words("run content"),
        "changes": _words(
            "id run sequence step host item task module params subject before after irreversible"
            " rollback place undo facts status found applied started settled undone_by target"
        ),
        "outcomes": _words("id run step host item status data time"),
    }
)
"""From here on a column that is added must be NULL in the rows that exist, and its table's
triggers must be made anew."""

_UNDOING = (
    "CREATE INDEX changes_by_undoing ON changes (undone_by, host) WHERE undone_by IS NOT NULL",
)
"""A rollback that is itself taken back looks up each change that it took back."""

_TRAIL = (
    """
    CREATE TABLE trail (
        id   INTEGER PRIMARY KEY AUTOINCREMENT,
        run  TEXT NOT NULL REFERENCES runs (id),
        time REAL NOT NULL,
        kind TEXT NOT NULL,
        user TEXT NOT NULL,
        host TEXT NOT NULL,
        text TEXT NOT NULL
    )
    """,
    "CREATE INDEX trail_by_run ON trail (run)",
    *chain.triggers("trail", _words("id run time kind user host text")),
    """
    CREATE TABLE sightings (
        host    TEXT NOT NULL,
        name    TEXT NOT NULL,
        text    TEXT NOT NULL,
        boot    TEXT NOT NULL,
        counted REAL NOT NULL,
        PRIMARY KEY (host, name)
    ) WITHOUT ROWID
    """,
)
"""What people did to runs beside them (going on, breaking a lock), and the leases of other
controllers that were seen on hosts."""

MIGRATIONS: Final[tuple[tuple[str, ...], ...]] = (
    _FIRST,
    _TARGETS,
    _HOLDINGS,
    _PLANS,
    _CHAIN,
    _UNDOING,
    _TRAIL,
)
"""Statements that lead from version N (the index) to N + 1. Only ever append to it: what is
released stays as it is, because files of that version exist."""


def migrate(
    connection: sqlite3.Connection,
    path: Path,
    migrations: tuple[tuple[str, ...], ...] = MIGRATIONS,
) -> None:
    """Bring the file to the newest version, whole or not at all.

    Raises JournalError for a file of a newer runner, or one that is not a journal; sqlite3.Error
    when it cannot be read or written.
    """
    if _version(connection, path, len(migrations)) == len(migrations):
        return
    chain.register(connection)
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Read again: another process may have been faster.
        version = _version(connection, path, len(migrations))
        for statement in (s for step in migrations[version:] for s in step):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(migrations)}")
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _version(connection: sqlite3.Connection, path: Path, newest: int) -> int:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    owner = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if owner != APPLICATION_ID and (tables or version or owner):
        raise JournalError(
            f"{path} is a database, but not a journal of runner",
            hint="Move the file away, or set RUNNER_HOME to a directory of its own.",
        )
    if version > newest:
        raise JournalError(
            f"the journal {path} was written by a newer runner"
            f" (its format is {version}, this one knows up to {newest})",
            hint="Upgrade this runner, or set RUNNER_HOME to keep a journal of its own.",
        )
    return version
