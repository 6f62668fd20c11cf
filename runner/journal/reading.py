"""What is asked of the journal; nothing here writes."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from runner.journal import applied, chain, holdings, plans, search
from runner.journal.applied import Applied
from runner.journal.chain import Audit
from runner.journal.holdings import LeftRecord
from runner.journal.locks import key
from runner.journal.records import ChangeRecord, OutcomeRecord, PlanGraph, RunRecord
from runner.journal.rows import change_record, load, outcome_record, run_record
from runner.journal.store import reading
from runner.journal.writer import Writer


class JournalReading:
    """The questions; the answers know all that was recorded before. Any thread may ask.

    Everything raises JournalError when the file cannot be read.
    """

    path: Path
    _writer: Writer

    def runs(self, limit: int | None = None) -> list[RunRecord]:
        """The runs, latest first."""
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT * FROM runs ORDER BY number DESC LIMIT ?", [-1 if limit is None else limit]
            )
            return [run_record(row) for row in rows]

    def find(self, word: str, *, for_rollback: bool = False) -> RunRecord:
        """The run that a person means: an id, a unique beginning, the last four letters, ``last``.

        With ``for_rollback``, ``last`` is the latest run that is not yet taken back. Raises
        RunNotFound, which names what could have been meant.
        """
        with self._reading() as connection:
            return search.find(connection, word, self.path, for_rollback=for_rollback)

    def changes(self, run: str) -> list[ChangeRecord]:
        """The changes of a run in the order in which they were recorded."""
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT * FROM changes WHERE run = ? ORDER BY sequence", [run]
            )
            return [change_record(row) for row in rows]

    def outcomes(self, run: str) -> list[OutcomeRecord]:
        """The outcomes of a run in the order in which they were recorded."""
        with self._reading() as connection:
            rows = connection.execute("SELECT * FROM outcomes WHERE run = ? ORDER BY id", [run])
            return [outcome_record(row) for row in rows]

    def left(self, host: str, place: str, going_on: str = "") -> list[LeftRecord]:
        """What runs that are over left on this host, where and as whom ``place`` says; and all
        that the run ``going_on`` has there."""
        return self._writer.call(lambda c: holdings.left(c, host, place, going_on))

    def hosts_left(self, runs: Iterable[str]) -> Callable[[str], bool]:
        """Whether one of these runs was on a host, when its controller died."""
        found = self._writer.call(lambda c: holdings.hosts(c, runs))
        return lambda host: key(host) in found

    def leases_left(self, runs: Iterable[str]) -> Callable[[str], str]:
        """As whom one of these runs wrote the lease that it left on a host, in JSON; nothing where
        that is not known."""
        with self._reading() as connection:
            found = holdings.leases(connection, runs)
        return lambda host: found.get(key(host), "")

    def graph(self, run: str) -> PlanGraph:
        """The steps and edges of a run as planned; empty when none were kept."""
        with self._reading() as connection:
            question = "SELECT steps, edges FROM graphs WHERE run = ?"
            row = connection.execute(question, [run]).fetchone()
            return PlanGraph([], []) if row is None else PlanGraph(*map(load, row))

    def plan(self, run: str) -> bytes | None:
        """The plan that the run applied; None when it was not an apply."""
        with self._reading() as connection:
            return plans.kept(connection, run)

    def applied(self, digest: str) -> list[Applied]:
        """The runs that applied the plan with this digest, latest first."""
        with self._reading() as connection:
            return applied.applied(connection, digest)

    def audit(self, expected: str | None = None) -> Audit:
        """Whether every record is as it was written, and the chain has the ``expected`` link."""
        with self._reading() as connection:
            return chain.audit(connection, expected)

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        self._writer.flush()
        with reading(self.path) as connection:
            yield connection
