"""What hosts hold for a run that outlives its connections: remote shells, until they are deleted,
and leases, where no shell tells that the run was there.

A run that dies leaves them behind. Shells take up the quota of its user, and what ran in them goes
on; so the next run on that host gives them back first. These functions run inside the writer's
transaction.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from runner.journal.locks import key
from runner.journal.records import RUNNING

LEASE: Final = "lease"
"""The place of a lease; ``held`` is then its name, and as whom it was written, in JSON."""
KEPT_SECONDS: Final = 7 * 86400.0
"""After this nobody looks for them any more: a host ends an idle shell after hours at most."""


@dataclass(frozen=True, slots=True)
class LeftRecord:
    """Something that a run which is over left on a host; ``held`` is the host's id of it."""

    id: int
    run: str
    held: str


def opened(connection: sqlite3.Connection, run: str, host: str, place: str, held: str) -> None:
    """The host holds something for this run. ``place`` says where and as whom."""
    connection.execute("DELETE FROM holdings WHERE opened < ?", [time.time() - KEPT_SECONDS])
    connection.execute(
        "INSERT INTO holdings (run, host, place, held, opened) VALUES (?, ?, ?, ?, ?)",
        [run, key(host), place, held, time.time()],
    )


def closed(connection: sqlite3.Connection, run: str, host: str, held: str) -> None:
    """It does not any more."""
    connection.execute(
        "DELETE FROM holdings WHERE run = ? AND host = ? AND held = ?", [run, key(host), held]
    )


def gone(connection: sqlite3.Connection, ids: list[int]) -> None:
    """These were given back by somebody else."""
    connection.executemany("DELETE FROM holdings WHERE id = ?", [(each,) for each in ids])


def hosts(connection: sqlite3.Connection, runs: Iterable[str]) -> frozenset[str]:
    """The keys of the hosts (``locks.key``) that hold something for one of these runs."""
    found = connection.execute(
        "SELECT DISTINCT host FROM holdings WHERE opened > ?"
        " AND run IN (SELECT value FROM json_each(?))",
        [time.time() - KEPT_SECONDS, json.dumps(list(runs))],
    )
    return frozenset(row[0] for row in found)


def leases(connection: sqlite3.Connection, runs: Iterable[str]) -> dict[str, str]:
    """By the key of its host, as whom the lease of one of these runs was written, in JSON."""
    found = connection.execute(
        "SELECT host, held FROM holdings WHERE place = ? AND opened > ?"
        " AND run IN (SELECT value FROM json_each(?)) ORDER BY id",
        [LEASE, time.time() - KEPT_SECONDS, json.dumps(list(runs))],
    )
    return {host: held.partition(" ")[2] for host, held in found}


def left(
    connection: sqlite3.Connection, host: str, place: str, going_on: str = ""
) -> list[LeftRecord]:
    """What runs that are over left on this host, latest first; and what the run ``going_on`` has
    there, from before it was gone on with."""
    rows = connection.execute(
        "SELECT holdings.id, run, held FROM holdings JOIN runs ON runs.id = run"
        " WHERE host = ? AND place = ? AND (status != ? OR run = ?) AND opened > ?"
        " ORDER BY holdings.id DESC",
        [key(host), place, RUNNING, going_on, time.time() - KEPT_SECONDS],
    )
    return [LeftRecord(*row) for row in rows.fetchall()]
