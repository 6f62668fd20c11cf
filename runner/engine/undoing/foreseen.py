"""What the preview of a rollback foresees of a subject that several changes are about.

What was done last goes back first; so what was done before it is looked at as it will be then, not
as it is now: else a preview would speak of conflicts that a rollback does not have.
"""

from __future__ import annotations

import dataclasses
from typing import Any, cast

from runner.engine.undoing.undo import Undo
from runner.journal.records import ChangeRecord
from runner.model.job import Outcome, Status
from runner.model.state import UNKNOWN, differences


class Foreseen:
    """By host and subject the fields that would be back. A host's are used by one worker."""

    def __init__(self) -> None:
        self._back: dict[tuple[str, str], tuple[type, dict[str, Any]] | None] = {}
        """None: nobody can know what would be there."""

    def found(self, undo: Undo, found: Any) -> Any:
        """What would be found, where this is there now."""
        known = self._back.get(_key(undo.record))
        if known is None or type(found) is not known[0]:
            return found
        return dataclasses.replace(cast(Any, found), **known[1])

    def put_back(self, undo: Undo, found: Any, target: Any) -> None:
        """A change would be taken back, from this state to that one."""
        key = _key(undo.record)
        fields = {one.field: one.after for one in differences(found, target)}
        known = self._back.get(key, (type(target), {}))
        if known is None or known[0] is not type(target) or UNKNOWN in fields.values():
            self._back[key] = None
        else:
            self._back[key] = known[0], {**known[1], **fields}

    def lose(self, record: ChangeRecord) -> None:
        """It would be taken back by tasks of ``undo:``, which may do anything to the subject."""
        self._back[_key(record)] = None

    def doubt(self, undo: Undo, found: Any) -> Outcome | None:
        """Why it cannot be said whether this state is what a rollback would find; None if it is."""
        key = _key(undo.record)
        if key not in self._back:
            return None
        known = self._back[key]
        if known is not None and type(found) is known[0]:
            return None
        why = f"depends on what is there when what was done to {key[1]} later is back"
        return Outcome(Status.NOT_PREDICTABLE, why, subject=key[1])


def _key(record: ChangeRecord) -> tuple[str, str]:
    return record.where, record.subject
