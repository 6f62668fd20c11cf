"""The journal as visits see it, in memory."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping
from typing import Any

from runner.engine.tasks.work import Work
from runner.interfaces.codec import to_json
from runner.journal.records import ChangeRecord
from runner.model.job import Status
from runner.model.state import Change


class ToyLedger:
    """Keeps the changes of a run as the journal would; one that nobody settled is in doubt."""

    def __init__(self) -> None:
        self.records: dict[int, ChangeRecord] = {}
        self._numbers = itertools.count(1)  # workers ask at the same time

    def intend(self, work: Work, change: Change[Any], irreversible: str, undo: Any = ()) -> int:
        """Keep one."""
        number = next(self._numbers)
        self.records[number] = ChangeRecord(
            work.job, work.item, work.task.name, work.task.module, to_json(work.params),
            change.subject, to_json(change.before), to_json(change.after), irreversible,
            target=work.target, id=number, run="r", sequence=number, started=0.0,
            status="in doubt",
        )  # fmt: skip
        return number

    def settle(
        self, change: int, status: Status, found: Any, applied: Mapping[str, Any] | None
    ) -> None:
        """Say what became of it."""
        state = self.records[change].found if found is None else to_json(found)
        self.records[change] = dataclasses.replace(
            self.records[change], status=str(status), found=state, applied=applied
        )


class ToyUndoLedger:
    """Notes what a rollback does."""

    def __init__(self) -> None:
        self.settled: list[tuple[str, Status]] = []
        self.steps: list[Status] = []
        self.back: list[str] = []

    def intend(self, record: ChangeRecord, before: Any, after: Any) -> int:
        """The way back has the number of the change."""
        return record.id

    def settle(self, change: int, status: Status, found: Any, record: ChangeRecord) -> None:
        """What became of an undo, by the subject of the change."""
        self.settled.append((record.subject, status))

    def settle_step(self, change: int, status: Status, found: Any) -> None:
        """What became of a task that takes something back."""
        self.steps.append(status)

    def undone(self, record: ChangeRecord) -> None:
        """A change is taken back."""
        self.back.append(record.subject)
