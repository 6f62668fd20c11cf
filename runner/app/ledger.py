"""The journal as the visits see it: states encoded, secrets kept out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runner.engine.becoming import setting_to_json
from runner.engine.outcomes import HIDDEN, plain
from runner.engine.undo_tasks import UndoStep
from runner.engine.work import Work
from runner.interfaces.codec import to_json
from runner.journal.journal import Journal
from runner.journal.records import ChangeRecord, Intent
from runner.model.job import JobId, Outcome, Status
from runner.model.secret import Redactor
from runner.model.state import Change


class RunLedger:
    """Records the changes of a run. A value that is a secret is not kept: without it the change
    cannot be taken back, and its record says so."""

    def __init__(self, journal: Journal, run: str, redactor: Redactor) -> None:
        self._journal = journal
        self._run = run
        self._redactor = redactor
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
            irreversible = irreversible or "no_log: its values are not recorded"
        elif self._redactor.value(data) != data:
            data = dict.fromkeys(data)
            irreversible = irreversible or "it holds a secret, which is not recorded"
        intent = Intent(
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
            facts={"setting": data["setting"]} if data["setting"] else None,
            target=work.target,
        )
        change_id = self._journal.intend(self._run, intent)
        if hidden:
            self._hidden.add(change_id)
        return change_id

    def settle(
        self, change: int, status: Status, found: Any, applied: Mapping[str, Any] | None
    ) -> None:
        """Say what became of it."""
        if change in self._hidden:
            self._hidden.discard(change)
            found = applied = None
        state = None if found is None else to_json(found)
        if self._redactor.value(state) != state:
            state = None
        self._journal.settle(
            change, str(status), found=state, applied=self._redactor.value(plain(applied or {}))
        )


class UndoLedger:
    """Records what a rollback changes, and marks what is back as undone."""

    def __init__(self, journal: Journal, run: str) -> None:
        self._journal = journal
        self._run = run

    def intend(self, record: ChangeRecord, before: Any, after: Any) -> int:
        """Make the intent of one undo durable; ``record.irreversible`` is why not even that undo
        can be taken back, if so."""
        intent = Intent(
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
        return self._journal.intend(self._run, intent)

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
        seconds=data["seconds"],
    )
