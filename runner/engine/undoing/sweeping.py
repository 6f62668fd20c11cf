"""What a change that was cut may have left beside its subject goes, though the subject is back."""

from __future__ import annotations

import dataclasses
from typing import Any, Final

from runner.engine.hosts.session import Writer
from runner.engine.undoing.tasks import RollbackLedger
from runner.engine.undoing.undo import Undo, lost
from runner.errors import TransportError
from runner.model.job import Outcome, Status
from runner.model.state import Change

AS_BEFORE: Final = "already as it was before"
_BESIDE: Final = "; what may be left beside it would be cleared up"


def swept(undo: Undo, found: Any, ledger: RollbackLedger | None) -> Outcome:
    """Clear up beside a subject that is as before, of which nobody saw what was done to it.
    Without a ledger that is only said."""
    if ledger is None:
        return Outcome(Status.OK, f"{AS_BEFORE}{_BESIDE}", subject=undo.record.subject)
    undo.link.hold(undo.setting)
    change: Change[Any] = Change(undo.record.subject, undo.before, undo.planned)
    intent, status = ledger.intend(undo.record, found, undo.before), Status.FAILED
    outcome, writer = Outcome(Status.OK, AS_BEFORE), Writer(undo.link, setting=undo.setting)
    try:
        writer.drive(undo.module.sweep(undo.params, change, undo.facts))
        status = Status.CHANGED
    except TransportError as error:
        outcome = lost(error, writer.answered)
        status = outcome.status
    finally:
        ledger.settle(intent, status, found, undo.record)
    return dataclasses.replace(outcome, subject=change.subject, commands=tuple(writer.sent))
