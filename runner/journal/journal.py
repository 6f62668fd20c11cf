"""The durable record: what is about to be changed is on the disk before it is sent."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from runner.errors import JournalError
from runner.journal import applied, holdings, lifecycle, locks, plans, trail, undoing
from runner.journal.applied import Admit
from runner.journal.holdings import LeftRecord
from runner.journal.place import journal_path, prepare, require_room
from runner.journal.reading import JournalReading
from runner.journal.records import FINAL_STATUSES, JSON, Intent, PlanGraph, RunRecord
from runner.journal.rows import Announced, Ended, announced, ended, insert, outcome_values
from runner.journal.schema import migrate
from runner.journal.store import connect, explain, sound
from runner.journal.trail import Breaking, Trail
from runner.journal.writer import Writer, Written
from runner.model.job import JobId


class Journal(JournalReading):
    """One file of runs and changes. Any thread may call any method.

    Everything raises JournalError when the file cannot be read or written. Secrets must be masked
    by the caller. ``settle``, ``outcome`` and ``undone`` return at once (where the disk is far
    behind, when it has caught up) and are on the disk a moment later, at the latest when ``flush``
    or ``finish`` returns; should they be lost, the change stands as intended, which is what ``in
    doubt`` means. All reads see them.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._writer = Writer(connection, path)
        self.trail = Trail(self._writer, self._reading)
        self.breaking: Breaking | None = None
        """Whose locks a person said to break, for runs that begin or go on from now on."""

    @classmethod
    def open(cls, path: Path | None = None) -> Journal:
        """Open the user's journal, or this file; make it if it is missing.

        Runs whose process is gone are marked crashed and their hosts freed.
        """
        path = (path or journal_path()).absolute()
        prepare(path)
        connection = connect(path)
        try:
            migrate(connection, path)
            dead = locks.dead_runs(connection)
        except sqlite3.Error as error:
            connection.close()
            raise explain(error, path) from error
        except JournalError:
            connection.close()
            raise
        journal = cls(path, connection)
        if dead:
            journal.recover()
        return journal

    def close(self) -> None:
        """Write what is left. A run that was begun and not finished keeps its hosts."""
        self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # Writing

    def begin(
        self,
        run: RunRecord,
        graph: PlanGraph | None = None,
        plan: bytes | None = None,
        admit: Admit | None = None,
    ) -> None:
        """Record a run and take its hosts, durably. Raises HostsBusy, and then took none.

        With its ``graph``, and the ``plan`` that it applies: all of it or nothing is on record, so
        that whoever is killed here leaves no run that has lost its graph or what was approved.
        ``admit`` decides in the same step whether that plan may be applied (again).
        """

        require_room(self.path, len(run.hosts))

        def work(connection: sqlite3.Connection) -> None:
            lifecycle.begin(connection, run, self.breaking)
            if admit is not None and (said := admit(applied.before(connection, run))):
                trail.add(connection, run.id, trail.APPLIED_AGAIN, run.user, said)
            if graph is not None:
                connection.execute(*plans.keep_graph(run.id, graph))
            if plan is not None:
                connection.execute(*plans.keep(run.id, plan))

        self._writer.call(work)

    def require_sound(self, hosts: int) -> None:
        """Raise JournalError where a run on so many hosts could not begin: there is no room, or
        the file is damaged where its records would go. For who looks at hosts first."""
        require_room(self.path, hosts)
        self._writer.call(sound)

    def reopen(self, run: str, pid: int, *, user: str, why: str) -> None:
        """Go on with a run that has ended, durably: it is running again, by this process.

        Its changes keep their states and go on in sequence; the trail says who goes on, and why.
        Raises HostsBusy, RunNotFound.
        """
        require_room(self.path, 0)
        self._writer.call(lambda c: lifecycle.reopen(c, run, pid, user, why, self.breaking))

    def claim(self, run: str, host: str) -> None:
        """Take one more host for this run, durably, until it ends; nothing if it has it already.

        For what is delegated to a host that the run did not name when it began. Raises HostsBusy.
        """
        self._writer.call(lambda connection: lifecycle.claim(connection, run, host, self.breaking))

    def plan_graph(self, run: str, steps: JSON, edges: JSON) -> None:
        """Keep the run's steps and edges, durably, so that a rollback needs no playbook.

        What stands in them is the engine's business; ``graph`` gives them back as they were.
        """
        statement, values = plans.keep_graph(run, PlanGraph(steps, edges))
        self._writer.call(lambda connection: connection.execute(statement, values) and None)

    def keep_plan(self, run: str, content: bytes) -> None:
        """Keep the plan that the run applies, durably; ``plan`` gives it back."""
        statement, values = plans.keep(run, content)
        self._writer.call(lambda connection: connection.execute(statement, values) and None)

    def intend(self, run: str, intent: Intent) -> int:
        """Record a change that is about to be sent; returns its id when that is on the disk.

        Raises JournalError when it is not: then it must not be sent. That is so too when the run
        does not hold the host (any more), because somebody else may be working there.
        """
        return self.intend_all(run, [intent])[0]

    def intend_all(self, run: str, intents: Sequence[Intent]) -> list[int]:
        """The same with several changes that are about to be sent together: all, or none."""
        return self.announce(run, [announced(intent) for intent in intents]).result()

    def announce(self, run: str, intents: Sequence[Announced]) -> Future[list[int]]:
        """The same, for who has them as they are written, and cannot wait here."""
        now = time.time()

        def work(connection: sqlite3.Connection) -> list[int]:
            for intent in intents:
                if not locks.holds(connection, run, intent.held):
                    raise JournalError(
                        f"run {run} does not hold {intent.held}: {intent.job} was not sent",
                        hint="It was finished or given up, or the host was not named when it "
                        "began.",
                    )
            question = "SELECT coalesce(max(sequence), 0) + 1 FROM changes WHERE run = ?"
            first = connection.execute(question, [run]).fetchone()[0]
            ids = []
            for sequence, intent in enumerate(intents, start=first):
                values = {
                    **intent.values,
                    "run": run,
                    "status": "intended",
                    "started": now,
                    "sequence": sequence,
                }
                ids.append(connection.execute(insert("changes", values), values).lastrowid or 0)
            return ids

        return self._writer.submit(work)

    def settle(self, change: int, status: str, *, found: JSON = None, applied: JSON = None) -> None:
        """Record what became of a change. ``None`` leaves what is known already."""
        self.end(ended(change, status, found, applied, time.time()))

    def end(self, change: Ended) -> None:
        """The same, for who has it as it is written."""
        statement = (
            "UPDATE changes SET status = ?, found = coalesce(?, found),"
            " applied = coalesce(?, applied), settled = ? WHERE id = ?"
        )
        values = (change.status, change.found, change.applied, change.time, change.change)

        def work(connection: sqlite3.Connection) -> None:
            if connection.execute(statement, values).rowcount != 1:
                raise JournalError(f"there is no change {change.change} in the journal")

        self._writer.post(work, len(change.found or "") + len(change.applied or ""))

    def undone(self, change: int, by: str) -> None:
        """Mark a change as taken back by the run ``by``; what a rollback took back stands again."""
        self._writer.post(lambda connection: undoing.undone(connection, change, by))

    def outcome(self, run: str, job: JobId, item: str, status: str, data: JSON) -> None:
        """Record what became of a job, or of one item of its loop."""
        self.keep_outcome(outcome_values(run, job, item, status, data, time.time()))

    def keep_outcome(self, values: Mapping[str, Any]) -> None:
        """The same, for who has it as it is written."""
        self._writer.post(
            lambda connection: connection.execute(insert("outcomes", values), values),
            len(values["data"]),
        )

    def opened(self, run: str, host: str, place: str, held: str) -> None:
        """Record, durably, that a host holds something for this run; see ``holdings``."""
        self._writer.call(lambda connection: holdings.opened(connection, run, host, place, held))

    def closed(self, run: str, host: str, held: str) -> None:
        """It does not hold it any more; on the disk a moment later."""
        self._writer.post(lambda connection: holdings.closed(connection, run, host, held))

    def gone(self, left: Sequence[LeftRecord]) -> None:
        """What earlier runs left was given back; on the disk a moment later."""
        ids = [each.id for each in left]
        self._writer.post(lambda connection: holdings.gone(connection, ids))

    def finish(self, run: str, status: str, exit_code: int) -> None:
        """End a run: everything is on the disk, its hosts are free, open changes are in doubt.

        A rollback that left a conflict or failed must not end with exit code 0: a run counts as
        taken back by it otherwise.
        """
        if status not in FINAL_STATUSES:
            raise ValueError(f"{status!r} is not how a run can end")
        self._writer.call(lambda connection: lifecycle.finish(connection, run, status, exit_code))
        self._writer.complain()

    def flush(self) -> None:
        """Return when all that was recorded so far is on the disk."""
        self._writer.flush()

    def recover(self) -> list[str]:
        """Mark the runs whose process is gone as crashed; returns their ids."""
        return self._writer.call(lifecycle.recover)

    def abandon(self, run: str) -> None:
        """Give up a run whose process cannot be seen from here (another machine, a container).

        Its hosts are free and its open changes in doubt; should it be alive after all, it cannot
        record, and so not send, another change. Raises JournalError for a process that is seen to
        be alive, and for a run that has ended.
        """
        self._writer.call(lambda connection: lifecycle.abandon(connection, run))

    @property
    def written(self) -> Written:
        """How many records in how many commits since this journal was opened."""
        return self._writer.written
