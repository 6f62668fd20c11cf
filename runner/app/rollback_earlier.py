"""What earlier rollbacks of a run did, as far as a later one must know it."""

from __future__ import annotations

from typing import Final

from runner.journal.journal import Journal
from runner.journal.records import IN_DOUBT, ChangeRecord, RunRecord
from runner.model.job import JobId

_BEGUN: Final = frozenset({IN_DOUBT, "intended", "failed"})
"""What became of the way back of a change that may be back by half."""


def earlier(journal: Journal, of: RunRecord) -> list[str]:
    """The rollbacks of a run so far."""
    return [run.id for run in journal.runs() if run.of == of.id]


def undoing(journal: Journal, of: RunRecord) -> list[ChangeRecord]:
    """What they changed."""
    return [record for run in earlier(journal, of) for record in journal.changes(run)]


def key(record: ChangeRecord) -> tuple[JobId, str, str]:
    """What the records of a change and of its way back have in common."""
    return record.job, record.item, record.subject


def begun(journal: Journal, of: RunRecord) -> set[tuple[JobId, str, str]]:
    """What they began to take back and did not end: half of it may be back."""
    return {key(record) for record in undoing(journal, of) if record.status in _BEGUN}
