"""The audit trail: what people and runs did beside their changes, who it was, and why.

With it, what this controller saw of the leases of others. The functions that take a connection run
inside the writer's transaction.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final

from runner.journal.locks import key
from runner.journal.rows import as_text
from runner.journal.writer import Writer

REOPENED: Final = "reopened"
LOCK_BROKEN: Final = "lock broken"
LEASE_BROKEN: Final = "lease broken"
LEASE_TAKEN_OVER: Final = "lease taken over"
APPLIED_AGAIN: Final = "applied again"


@dataclass(frozen=True, slots=True)
class Note:
    """One entry of the trail; ``time`` in seconds since the epoch, ``host`` empty for the run."""

    run: str
    time: float
    kind: str
    user: str
    host: str
    text: str

    def __str__(self) -> str:
        """For people: without the run."""
        return f"{self.kind} {self.said}"

    @property
    def said(self) -> str:
        """When, where, by whom and why."""
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self.time))
        where = f" on {self.host}" if self.host else ""
        return f"{when}{where} by {self.user}: {self.text}"


@dataclass(frozen=True, slots=True)
class Breaking:
    """A person's word that locks and leases on these hosts (None: all) count no more, and why."""

    hosts: frozenset[str] | None
    reason: str
    user: str

    def has(self, host: str) -> bool:
        """Whether it is about this host; names do not differ by case."""
        return self.hosts is None or key(host) in self.hosts


class Trail:
    """The trail of one journal. Any thread may call any method; all raise JournalError."""

    def __init__(
        self, writer: Writer, reading: Callable[[], AbstractContextManager[sqlite3.Connection]]
    ) -> None:
        self._writer = writer
        self._reading = reading

    def note(self, run: str, kind: str, user: str, text: str, host: str = "") -> None:
        """Write it down, durably."""
        self._writer.call(lambda connection: add(connection, run, kind, user, text, host))

    def of(self, run: str) -> list[Note]:
        """What is written about a run, oldest first."""
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT run, time, kind, user, host, text FROM trail WHERE run = ? ORDER BY id",
                [run],
            )
            return [Note(*row) for row in rows]

    def status(self, run: str) -> str | None:
        """How a run of this journal ended, or that it runs; None for somebody else's."""

        def work(connection: sqlite3.Connection) -> str | None:
            row = connection.execute("SELECT status FROM runs WHERE id = ?", [run]).fetchone()
            return None if row is None else str(row[0])

        return self._writer.call(work)

    def unchanged(self, host: str, name: str, text: str, boot: str, counted: float) -> float:
        """For how many seconds a lease was seen on a host with exactly this text.

        ``counted`` are the seconds since this machine's start ``boot``: only within one start do
        they tell anything, so after another one the waiting begins anew.
        """
        return self._writer.call(
            lambda connection: _seen(connection, key(host), name, text, boot, counted)
        )

    def forget(self, host: str, name: str) -> None:
        """That lease is gone."""
        statement = "DELETE FROM sightings WHERE host = ? AND name = ?"
        self._writer.post(lambda connection: connection.execute(statement, [key(host), name]))


def add(
    connection: sqlite3.Connection, run: str, kind: str, user: str, text: str, host: str = ""
) -> None:
    """Write a note."""
    connection.execute(
        "INSERT INTO trail (run, time, kind, user, host, text) VALUES (?, ?, ?, ?, ?, ?)",
        [run, time.time(), kind, as_text(user), as_text(host), as_text(text)],
    )


def _seen(
    connection: sqlite3.Connection, host: str, name: str, text: str, boot: str, counted: float
) -> float:
    row = connection.execute(
        "SELECT counted FROM sightings WHERE host = ? AND name = ? AND text = ? AND boot = ?",
        [host, name, as_text(text), boot],
    ).fetchone()
    if row is not None:
        return max(0.0, counted - float(row[0]))
    connection.execute(
        "INSERT OR REPLACE INTO sightings (host, name, text, boot, counted) VALUES (?, ?, ?, ?, ?)",
        [host, as_text(name), as_text(text), boot, counted],
    )
    return 0.0
