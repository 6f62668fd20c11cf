"""The journal as the visits see it: states encoded, secrets kept out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runner.app.wiring.fleet import Fleet
from runner.app.wiring.seals import Seals
from runner.engine.tasks.becoming import setting_to_json
from runner.engine.tasks.outcomes import HIDDEN, plain
from runner.engine.tasks.unkept import NO_LOG, SECRET
from runner.engine.tasks.work import Work
from runner.engine.undoing.tasks import UndoStep
from runner.interfaces.codec import to_json
from runner.journal.journal import Journal
from runner.journal.records import ChangeRecord, Intent
from runner.model.job import JobId, Outcome, Status
from runner.model.secret import Redactor
from runner.model.state import Change


class RunLedger:
    """Records the changes of a run. A value that is a secret is not kept: without it the change
    cannot be taken back, and its record says so."""

    def __init__(
        self, journal: Journal, run: str, redactor: Redactor, seals: Seals | None = None
    ) -> None:
        """``seals`` keeps the secrets that taking back needs; without it they are not kept."""
        self._journal = journal
        self._run = run
        self._redactor = redactor
        self._seals = seals
        self._hidden: set[int] = set()
        """Changes of tasks with ``no_log`` that are not settled yet."""

    def intend(
        self,
        work: Work,
        change: Change[Any],
        irreversible: str,
        undo: Sequence[UndoStep] = (),
    ) -> int:
        """Make the intent durable; returns only when it is on disk."""
        change_id = self._journal.intend(self._run, self._intent(work, change, irreversible, undo))
        if work.keywords.no_log:
            self._hidden.add(change_id)
        return change_id

    def intend_all(self, changes: Sequence[tuple[Work, Change[Any], str]]) -> list[int]:
        """Make several intents durable in one step, each with why it is irreversible, if so."""
        intents = [self._intent(work, change, why, ()) for work, change, why in changes]
        found = self._journal.intend_all(self._run, intents)
        hidden = (work.keywords.no_log for work, _, _ in changes)
        self._hidden.update(one for one, hides in zip(found, hidden, strict=True) if hides)
        return found

    def _intent(
        self, work: Work, change: Change[Any], irreversible: str, undo: Sequence[UndoStep]
    ) -> Intent:
        data = {
            "params": to_json(work.params),
            "before": to_json(change.before),
            "after": to_json(change.after),
            "undo": [step.json() for step in undo],
            "setting": setting_to_json(work.setting),
        }
        hidden = work.keywords.no_log
        if hidden:
            data = dict.fromkeys(data)
            irreversible = irreversible or NO_LOG
        elif (shown := self._redactor.value(data)) is not data and shown != data:
            data = dict.fromkeys(data)
            irreversible = irreversible or SECRET
        facts = {"setting": data["setting"]} if data["setting"] else {}
        if not irreversible and (kept := work.params.secrets_for_undo()):
            if self._seals is None:
                irreversible = SECRET
            else:
                facts["sealed"] = self._seals.seal(kept)
        return Intent(
            job=work.job,
            item=HIDDEN if hidden and work.item else self._redactor.text(work.item),
            task=work.task.name,
            module=work.task.module,
            params=data["params"],
            subject=HIDDEN if hidden else self._redactor.text(change.subject),
            before=data["before"],
            after=data["after"],
            irreversible=irreversible,
            rollback=work.task.rollback,
            place=str(work.task.source),
            undo=data["undo"],
            facts=facts or None,
            target=work.target,
        )

    def settle(
        self, change: int, status: Status, found: Any, applied: Mapping[str, Any] | None
    ) -> None:
        """Say what became of it."""
        if change in self._hidden:
            self._hidden.discard(change)
            found = applied = None
        state = None if found is None else to_json(found)
        if (shown := self._redactor.value(state)) is not state and shown != state:
            state = None
        self._journal.settle(
            change, str(status), found=state, applied=self._redactor.value(plain(applied or {}))
        )


def run_ledger(journal: Journal, run: str, fleet: Fleet) -> RunLedger:
    """The ledger of a run on this fleet, with whose vault passwords it seals."""
    seals = Seals(fleet.keys, journal.path.parent, fleet.redactor.add)
    return RunLedger(journal, run, fleet.redactor, seals)


class UndoLedger:
    """Records what a rollback changes, and marks what is back as undone."""

    def __init__(self, journal: Journal, run: str) -> None:
        self._journal = journal
        self._run = run

    def intend(self, record: ChangeRecord, before: Any, after: Any) -> int:
        """Make the intent of one undo durable; ``record.irreversible`` is why not even that undo
        can be taken back, if so."""
        return self._journal.intend(self._run, _undoing(record, before, after))

    def intend_all(self, undos: Sequence[tuple[ChangeRecord, Any, Any]]) -> list[int]:
        """Make the intents of several undos durable in one step."""
        return self._journal.intend_all(self._run, [_undoing(*undo) for undo in undos])

    def settle(self, change: int, status: Status, found: Any, record: ChangeRecord) -> None:
        """Say what became of it; a change that is back is marked as undone."""
        state = None if found is None else to_json(found)
        self._journal.settle(change, str(status), found=state)
        if status is Status.CHANGED:
            self.undone(record)

    def undone(self, record: ChangeRecord) -> None:
        """Mark a change as taken back."""
        self._journal.undone(record.id, self._run)

    def settle_step(self, change: int, status: Status, found: Any) -> None:
        """Say what became of one of the tasks that take a change back."""
        state = None if found is None else to_json(found)
        self._journal.settle(change, str(status), found=state)


def _undoing(record: ChangeRecord, before: Any, after: Any) -> Intent:
    return Intent(
        job=record.job,
        item=record.item,
        task=record.task,
        module=record.module,
        params=record.params,
        subject=record.subject,
        before=to_json(before),
        after=to_json(after),
        irreversible=record.irreversible,
        place=record.place,
        facts=record.facts,
        target=record.target,
    )


def record_outcome(
    journal: Journal, run: str, job: JobId, outcome: Outcome, task: str = ""
) -> None:
    """Keep what became of a job, as it was shown; ``task`` is its name where the graph, which is
    kept too, does not say how it was shown."""
    data = outcome_to_json(outcome)
    journal.outcome(run, job, "", str(outcome.status), {**data, "task": task} if task else data)


def outcome_to_json(outcome: Outcome) -> Any:
    """An outcome as the journal keeps it; ``outcome_from_json`` reads it back."""
    return {
        "status": str(outcome.status),
        "message": outcome.message,
        "advice": outcome.advice,
        "subject": outcome.subject,
        "differences": [[d.field, plain(d.before), plain(d.after)] for d in outcome.differences],
        "commands": list(outcome.commands),
        "items": [outcome_to_json(item) for item in outcome.items],
        "item": outcome.item,
        "blocked_by": list(outcome.blocked_by) if outcome.blocked_by else None,
        "category": outcome.category,
        "irreversible": outcome.irreversible,
        "ignored": outcome.ignored,
        "rescued": outcome.rescued,
        "warnings": list(outcome.warnings),
        "said": outcome.said,
        "seconds": outcome.seconds,
        "result": plain(outcome.result),
    }


def outcome_from_json(data: Mapping[str, Any]) -> Outcome:
    """The outcome that ``outcome_to_json`` wrote."""
    from runner.model.state import Difference

    blocked_by = data["blocked_by"]
    return Outcome(
        status=Status(data["status"]),
        message=data["message"],
        advice=data["advice"],
        subject=data["subject"],
        differences=tuple(Difference(*d) for d in data["differences"]),
        commands=tuple(data["commands"]),
        result=data["result"],
        items=tuple(outcome_from_json(item) for item in data["items"]),
        item=data["item"],
        blocked_by=JobId(*blocked_by) if blocked_by else None,
        category=data["category"],
        irreversible=data["irreversible"],
        ignored=data["ignored"],
        rescued=data.get("rescued", False),
        warnings=tuple(data["warnings"]),
        said=data.get("said", False),
        seconds=data["seconds"],
    )
