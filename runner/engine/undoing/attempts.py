"""What earlier rollbacks did of the tasks of ``undo:``, so that none of their commands runs twice
without anybody saying so."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from runner.engine.undoing.undo import IN_DOUBT, Doubt
from runner.journal.records import UNDONE, ChangeRecord
from runner.model.job import JobId, Status

_DONE: Final = frozenset({str(Status.CHANGED), str(Status.OK)})
_BEGUN: Final = IN_DOUBT | {str(Status.FAILED)}


class Step(Protocol):
    """One task of ``undo:`` as the journal keeps it."""

    @property
    def task(self) -> str: ...
    @property
    def module(self) -> str: ...
    @property
    def params(self) -> Any: ...


@dataclass(frozen=True, slots=True)
class Attempts:
    """What rollbacks recorded so far of the tasks of ``undo:``, by job and item; and what a person
    said to do about commands of which nobody saw the end."""

    records: Mapping[tuple[JobId, str], Sequence[ChangeRecord]] = field(default_factory=dict)
    doubt: Doubt = Doubt.LEAVE

    def of(self, record: ChangeRecord) -> SoFar:
        """Those at taking this change back, since it was made."""
        same = self.records.get((record.job, record.item), ())
        later = [each for each in same if each.id > record.id and each.target == record.target]
        # A rollback that was itself taken back left the change standing.
        gone = {each.run for each in later if each.status == UNDONE}
        return SoFar(each for each in later if each.run not in gone)


class SoFar:
    """How far the tasks of one ``undo:`` are, asked for in their order."""

    def __init__(self, attempts: Iterable[ChangeRecord]) -> None:
        self._of: dict[str, list[ChangeRecord]] = defaultdict(list)
        for each in sorted(attempts, key=lambda each: each.id):
            self._of[_key(each)].append(each)

    def take(self, step: Step) -> ChangeRecord | None:
        """The attempt that this task of ``undo:`` came to a good end by, or of which nobody saw the
        end; None when it is to run (again). Each task takes its own: two may be the same."""
        attempts = self._of[_key(step)]
        while attempts:
            attempt = attempts.pop(0)
            if attempt.status in _DONE or (attempt.status in IN_DOUBT and not attempts):
                return attempt
        return None


def is_done(attempt: ChangeRecord) -> bool:
    """Whether it came to a good end."""
    return attempt.status in _DONE


def collected(records: Iterable[ChangeRecord], doubt: Doubt = Doubt.LEAVE) -> Attempts:
    """The changes that rollbacks of a run made so far, sorted for ``Attempts.of``."""
    found: dict[tuple[JobId, str], list[ChangeRecord]] = defaultdict(list)
    for record in records:
        found[record.job, record.item].append(record)
    return Attempts(found, doubt)


def last_tries(records: Sequence[ChangeRecord]) -> list[ChangeRecord]:
    """The changes of one job without those that came to no good end and were tried again later: an
    ``undo:`` is for all tries together."""
    later: set[str] = set()
    found = []
    for record in reversed(records):
        key = json.dumps([record.item, record.module, record.target, record.params], sort_keys=True)
        if record.undo and key in later and record.status in _BEGUN:
            continue
        found.append(record)
        later.add(key)
    return found[::-1]


def _key(step: Step) -> str:
    return json.dumps([step.task, step.module, step.params], sort_keys=True)
