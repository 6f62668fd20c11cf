"""One commit of the journal: works that are written together.

A group is written straight through. Only when a work of it is wrong in itself, which is rare, it is
begun again with a savepoint around each work: so works may be called twice.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias, TypeVar

from runner.errors import JournalError

T = TypeVar("T")
Work: TypeAlias = Callable[[sqlite3.Connection], T]
Result: TypeAlias = tuple[Any, Exception | None]
"""What a work gave, or what is wrong with it."""

_WRONG_RECORD: Final = (
    sqlite3.IntegrityError,
    sqlite3.DataError,
    sqlite3.ProgrammingError,
    sqlite3.InterfaceError,
)
"""What SQLite says of a record; everything else it says of the file."""


class _WrongWork(Exception):
    """A work of the group is wrong in itself: the others must go on without it."""


def write_group(connection: sqlite3.Connection, works: Sequence[Work[Any]]) -> list[Result]:
    """Do them in one transaction. Raises sqlite3.Error when the file takes nothing of them."""
    try:
        try:
            return _commit(connection, works, _do_straight)
        except _WrongWork:
            _roll_back(connection)
            return _commit(connection, works, _do)
    except sqlite3.Error:
        _roll_back(connection)
        raise


def _commit(
    connection: sqlite3.Connection,
    works: Sequence[Work[Any]],
    do: Callable[[sqlite3.Connection, Work[Any]], Result],
) -> list[Result]:
    connection.execute("BEGIN IMMEDIATE")
    results = [do(connection, work) for work in works]
    connection.execute("COMMIT")
    return results


def _do_straight(connection: sqlite3.Connection, work: Work[Any]) -> Result:
    """One work of the group. If it is wrong in itself, all are begun again with ``_do``: a
    savepoint around each of them would be two of three statements."""
    try:
        return work(connection), None
    except _WRONG_RECORD as error:
        raise _WrongWork from error
    except sqlite3.Error:
        raise  # the file, not this record
    except Exception as error:
        raise _WrongWork from error


def _do(connection: sqlite3.Connection, work: Work[Any]) -> Result:
    """One work of the group. If it is wrong in itself, the others go on without it."""
    connection.execute("SAVEPOINT entry")
    value: Any = None
    failure: Exception | None = None
    try:
        value = work(connection)
    except _WRONG_RECORD as error:
        failure = JournalError(f"the journal refuses a record: {error}")
    except sqlite3.Error:
        raise  # the file, not this record
    except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to who waits for it
        failure = error
    if failure is not None:
        connection.execute("ROLLBACK TO entry")
    connection.execute("RELEASE entry")
    return value, failure


def _roll_back(connection: sqlite3.Connection) -> None:
    try:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    except sqlite3.Error:
        pass  # SQLite has rolled back by itself, or will when the file is opened again
