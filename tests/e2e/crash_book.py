"""What the journal of a controller that keeps dying says of its runs."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from runner.journal.journal import Journal
from runner.journal.records import ChangeRecord
from tests.e2e.crash_play import ONCE


class Book:
    """Opened anew for each question: the controller writes in between, and dies."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._head: str | None = None

    def runs(self) -> list[str]:
        """The runs on record."""
        with closing(Journal.open(self._path)) as journal:
            return [run.id for run in journal.runs()]

    def changes(self, run: str) -> list[ChangeRecord]:
        """The changes of a run."""
        with closing(Journal.open(self._path)) as journal:
            return journal.changes(run)

    def cut_rollbacks(self, run: str) -> list[str]:
        """The rollbacks of a run that did not come to their end."""
        with closing(Journal.open(self._path)) as journal:
            journal.recover()
            return [r.id for r in journal.runs() if r.of == run and r.status != "finished"]

    def doubtful(self, run: str) -> list[ChangeRecord]:
        """Commands of which nobody saw the end, and no later one of the same job settles it."""
        latest = {record.job: record for record in self.changes(run) if record.job.step in ONCE}
        return [record for record in latest.values() if record.status == "in doubt"]

    def undo_doubtful(self, run: str) -> list[ChangeRecord]:
        """Commands that take such ones back, of which nobody saw the end, and nobody settled it."""
        with closing(Journal.open(self._path)) as journal:
            journal.recover()
            backs = [r.id for r in journal.runs() if r.of == run]
            records = [record for back in backs for record in journal.changes(back)]
        records = [record for record in records if record.job.step in ONCE]
        latest = {record.job: record for record in sorted(records, key=lambda each: each.id)}
        return [record for record in latest.values() if record.status == "in doubt"]

    def odd(self) -> str:
        """What is wrong with the chain of records, or is still said to run; empty if nothing."""
        with closing(Journal.open(self._path)) as journal:
            audit = journal.audit(self._head)
            self._head = audit.head
            unfinished = [run.id for run in journal.runs() if run.status == "running"]
        return f"{audit.wrong}, unfinished {unfinished}" if audit.wrong or unfinished else ""
