"""The hash chain: each record that is written or changed adds a link that seals all before it.

Triggers add the links, so that nothing is written past the chain. Whoever alters the file by other
means leaves links that do not fit the rows, or rows without links; ``audit`` finds and names them.
A chain that was cut off at its end, or made anew, looks whole: that shows only by its last link,
the head, when somebody kept it elsewhere.

The digest of a row covers the columns that hold a value. So a later format may add columns, if
they are NULL in the rows that exist.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

FIRST: Final = "0" * 64
"""What the first link seals."""

SEALED: Final[dict[str, tuple[str, str]]] = {
    "runs": ("id", "run {id}"),
    "graphs": ("run", "the steps of run {run}"),
    "plans": ("run", "the plan of run {run}"),
    "changes": ("id", "change {sequence} of run {run}: {step}@{host}"),
    "outcomes": ("id", "the outcome of {step}@{host} in run {run}"),
    "trail": ("id", "note {id} about run {run}: {kind}"),
}
"""The tables whose rows are sealed: the column that names a row, and how to call it."""

_ENCODER: Final = json.JSONEncoder(check_circular=False)
"""What ``json.dumps`` does, without looking for circles where there are none."""
_EVENTS: Final = {"INSERT": "NEW", "UPDATE": "NEW", "DELETE": "OLD"}


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit found. ``head`` is the last link; ``wrong`` has a line for each fault."""

    links: int
    rows: int
    head: str
    wrong: tuple[str, ...] = ()


def register(connection: sqlite3.Connection) -> None:
    """Give the connection the functions that the triggers call."""
    connection.create_function("runner_digest", -1, _digest, deterministic=True)
    connection.create_function("runner_link", 4, link, deterministic=True)


def statements(columns: dict[str, Sequence[str]]) -> tuple[str, ...]:
    """What makes the chain, and enters the rows that are there already."""
    return (
        """
        CREATE TABLE chain (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            kind   TEXT NOT NULL,
            ref    TEXT NOT NULL,
            digest TEXT NOT NULL,
            link   TEXT NOT NULL
        )
        """,
        *(one for table in columns for one in triggers(table, columns[table])),
        *(f"UPDATE {table} SET {SEALED[table][0]} = {SEALED[table][0]}" for table in columns),
    )


def triggers(table: str, columns: Sequence[str]) -> tuple[str, ...]:
    """What seals all that is written to a table."""
    return tuple(trigger(table, columns, event) for event in _EVENTS)


def trigger(table: str, columns: Sequence[str], event: str) -> str:
    """A trigger that adds a link when a row is inserted, updated or deleted."""
    row = _EVENTS[event]
    key = SEALED[table][0]
    fields = ", ".join(f"'{name}', {row}.\"{name}\"" for name in sorted(columns))
    digest = "''" if event == "DELETE" else f"runner_digest({fields})"
    return f"""
        CREATE TRIGGER chain_{table}_{event.lower()} AFTER {event} ON {table} BEGIN
            INSERT INTO chain (kind, ref, digest, link)
            SELECT '{table}', {row}.{key}, d, runner_link(before, '{table}', {row}.{key}, d)
            FROM (SELECT {digest} AS d, coalesce(
                (SELECT link FROM chain ORDER BY number DESC LIMIT 1), '{FIRST}') AS before);
        END
    """


def _digest(*fields: object) -> str:
    """SHA-256 of the names and values of a row, without those that are NULL."""
    kept: list[object] = []
    for name, value in zip(fields[::2], fields[1::2], strict=True):
        if value is not None:
            kept += (name, [value.hex()] if type(value) is bytes else value)
    return hashlib.sha256(_ENCODER.encode(kept).encode()).hexdigest()


def link(before: str, kind: str, ref: object, digest: str) -> str:
    """The link that seals this entry and all before it."""
    return hashlib.sha256(f"{before}\n{kind}\n{ref}\n{digest}".encode()).hexdigest()


def audit(connection: sqlite3.Connection, expected: str | None = None) -> Audit:
    """Compare every row with the chain, and every link with the one before it.

    ``expected`` is a head that was kept elsewhere: the chain must still go through it.
    """
    wrong: list[str] = []
    last: dict[tuple[str, str], str] = {}
    head, links, seen = FIRST, 0, expected is None
    for number, kind, ref, digest, said in connection.execute(
        "SELECT number, kind, ref, digest, link FROM chain ORDER BY number"
    ):
        links += 1
        seen = seen or said == expected
        if number != links:
            wrong.append(f"links {links} to {number - 1} of the chain are gone")
            links = number
        elif link(head, kind, ref, digest) != said:
            wrong.append(f"link {number} of the chain ({kind} {ref}) does not fit the one before")
        head = said
        last[kind, ref] = digest
    rows = 0
    for table in SEALED:
        for ref, name, digest in _rows(connection, table):
            rows += 1
            known = last.pop((table, ref), None)
            if known is None or known == "":
                wrong.append(f"{name} was added by something else")
            elif known != digest:
                wrong.append(f"{name} was altered by something else")
    gone = [f"{kind} {ref} was removed by something else" for (kind, ref), d in last.items() if d]
    if not seen:
        gone.append(f"the chain does not contain {expected}: it was cut off, or made anew")
    return Audit(links, rows, head, (*wrong, *gone))


def _rows(connection: sqlite3.Connection, table: str) -> Iterator[tuple[str, str, str]]:
    """Each row: what names it in the chain, what people call it, its digest now."""
    key, name = SEALED[table]
    cursor = connection.execute(f"SELECT * FROM {table}")
    columns = [column[0] for column in cursor.description]
    order = sorted(range(len(columns)), key=columns.__getitem__)
    for values in cursor:
        row = dict(zip(columns, values, strict=True))
        fields = [part for i in order for part in (columns[i], values[i])]
        yield str(row[key]), name.format_map(row), _digest(*fields)
