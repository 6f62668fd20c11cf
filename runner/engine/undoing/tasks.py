"""``undo:``: how to take back what no module can know how to take back, in the user's words.

The tasks are rendered and checked before the change that they are for is sent, and stand in the
journal with it: a rollback needs neither the playbook nor the run's variables. They run in the
order in which they are written, each with the care that a run takes (look, journal, do, look
again); the first that fails ends it. A rollback that comes after it goes on there: a command that
ran is not run again, and one of which nobody saw the end stays in doubt until a person says.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from runner.engine.hosts.session import Reader, Writer
from runner.engine.runtime import Runtime
from runner.engine.tasks.facts_keeper import facts_for
from runner.engine.tasks.preview import Preview
from runner.engine.tasks.work import Work
from runner.engine.undoing.attempts import Attempts, is_done
from runner.engine.undoing.decoded import setting_of
from runner.engine.undoing.undo import Doubt, lost
from runner.engine.variables.arguments import arguments
from runner.errors import ModuleError, PlaybookError, TransportError
from runner.interfaces.codec import from_json, to_json
from runner.interfaces.module import CommandState, Effect, Module
from runner.interfaces.params import parse
from runner.interfaces.setting import Setting
from runner.journal.records import ChangeRecord
from runner.model.job import Outcome, Status
from runner.model.state import UNKNOWN, Change, differences
from runner.model.task import Task, tasks_in

_NO_ATTEMPTS: Final = Attempts()


@dataclass(frozen=True, slots=True)
class UndoStep:
    """One task of ``undo:`` as the journal keeps it; ``params`` as JSON."""

    task: str
    module: str
    params: Any

    def json(self) -> dict[str, Any]:
        """As it is recorded."""
        return {"task": self.task, "module": self.module, "params": self.params}


def undo_steps(work: Work, runtime: Runtime) -> tuple[UndoStep, ...]:
    """The tasks of ``undo:`` that apply here, rendered and checked. Raises InputError."""
    steps = []
    for task in tasks_in(work.task.undo):
        variables = {**work.variables, **runtime.templates.render(dict(task.vars), work.variables)}
        if all(runtime.templates.condition(c, variables, task.source) for c in task.conditions):
            steps.append(_step(task, variables, runtime))
    return tuple(steps)


def _step(task: Task, variables: Mapping[str, Any], runtime: Runtime) -> UndoStep:
    if task.include is not None or task.loop is not None or task.register is not None:
        raise PlaybookError(
            "an undo task is a module with its arguments, 'when' and 'vars'", source=task.source
        )
    module = runtime.modules(task.module)
    if module.effect in (Effect.LOCAL, Effect.READ):
        raise PlaybookError(f"'{task.module}' changes no host", source=task.source)
    given = arguments(task, runtime.templates, variables)
    params = parse(module, given.values, given.sources, task.source)
    return UndoStep(task.name, task.module, to_json(params))


def steps_of(recorded: Any) -> tuple[UndoStep, ...]:
    """The steps out of a record of the journal."""
    return tuple(UndoStep(s["task"], s["module"], s["params"]) for s in recorded or ())


class StepLedger(Protocol):
    """What taking back by tasks needs of the journal."""

    def intend(self, record: ChangeRecord, before: Any, after: Any) -> int:
        """Make the intent of one undo durable."""

    def settle_step(self, change: int, status: Status, found: Any) -> None:
        """Say what became of one of the tasks that take a change back."""

    def undone(self, record: ChangeRecord) -> None:
        """Mark a change as taken back."""


class RollbackLedger(StepLedger, Protocol):
    """What a rollback needs of the journal."""

    def settle(self, change: int, status: Status, found: Any, record: ChangeRecord) -> None:
        """Say what became of it; a change that is back is marked as undone."""


class WrittenUndo:
    """Takes one recorded change back by its tasks; without a ledger it only previews."""

    def __init__(
        self,
        runtime: Runtime,
        ledger: StepLedger | None,
        setting: Setting,
        attempts: Attempts = _NO_ATTEMPTS,
    ) -> None:
        self._runtime = runtime
        self._ledger = ledger
        self._setting = setting
        self._attempts = attempts
        self._commands: list[str] = []
        self._said: list[str] = []
        self._changed = False

    def run(self, record: ChangeRecord) -> Outcome:
        """All of them, in order. Raises HostError when one fails."""
        so_far = self._attempts.of(record)
        for step in steps_of(record.undo):
            ended = self._step(record, step, so_far.take(step))
            if ended is not None:
                return dataclasses.replace(
                    ended,
                    subject=record.subject,
                    commands=tuple(self._commands),
                    warnings=tuple(self._said),
                )
        if self._ledger is not None:
            self._ledger.undone(record)
        if not self._changed:
            return Outcome(
                Status.OK,
                "its undo: finds nothing to do",
                subject=record.subject,
                warnings=tuple(self._said),
            )
        return Outcome(
            Status.WOULD_CHANGE if self._ledger is None else Status.CHANGED,
            "by its undo:",
            subject=record.subject,
            commands=tuple(self._commands),
            result={"changed": True},
            warnings=tuple(self._said),
        )

    def _is_over(
        self, record: ChangeRecord, step: UndoStep, attempt: ChangeRecord, before: CommandState
    ) -> bool | Outcome:
        """Whether a command that an earlier rollback sent needs not run; or that it is in doubt."""
        name = step.task or step.module
        if is_done(attempt):
            self._said.append(f"'{name}' of its undo: ran in rollback {attempt.run}")
            return True
        if before.done is False or self._attempts.doubt is Doubt.RETRY:
            self._said.append(f"'{name}' of its undo: was in doubt; runs again")
            return False
        if before.done or self._attempts.doubt is Doubt.DONE:
            why = f"the host says that it ran: {before.because}" if before.done else "taken as run"
            self._said.append(f"'{name}' of its undo: was in doubt; {why}")
            if self._ledger is not None:
                self._ledger.settle_step(attempt.id, Status.CHANGED, None)
            return True
        message = (
            f"'{name}' of its undo: was sent by rollback {attempt.run}, and nobody saw its end; "
            "nothing on the host can tell"
        )
        advice = f"look at the host; then {_again(record)} with --retry-in-doubt or --mark-done"
        return Outcome(Status.IN_DOUBT, message, advice, category="in doubt")

    def _step(
        self, record: ChangeRecord, step: UndoStep, attempt: ChangeRecord | None
    ) -> Outcome | None:
        """One task; gives an outcome where it ends the whole."""
        module, link = self._runtime.modules(step.module), self._runtime.links.get(record.where)
        params, facts = (
            from_json(module.params, step.params),
            facts_for(self._runtime, module, link),
        )
        before = Reader(link, setting=self._setting).drive(module.probe(params, facts))
        if attempt is not None and module.effect is Effect.COMMAND:
            over = self._is_over(record, step, attempt, before)
            if over is not False:
                return None if over is True else over
        change = planned(module, params, before, facts)
        if change is None:
            return None
        self._changed = True
        if self._ledger is None:
            preview = Preview(link.shell_of, self._setting)
            self._commands += preview.drive(module.apply(params, change, facts))
            return None
        as_step = dataclasses.replace(
            record,
            task=step.task,
            module=step.module,
            params=step.params,
            subject=change.subject,
            irreversible=_why_not(module, params, change, facts),
        )
        link.hold(self._setting)
        intent = self._ledger.intend(as_step, change.before, change.after)
        writer, status, found = Writer(link, setting=self._setting), Status.FAILED, None
        try:
            applied = writer.drive(module.apply(params, change, facts)) or {}
            found = Reader(link, setting=self._setting).drive(module.probe(params, facts))
            require_done(module, change, found, applied)
            status = Status.CHANGED
        except TransportError as error:
            outcome = lost(error, writer.answered)
            status = outcome.status
            return _advised(outcome, record, step)
        finally:
            self._ledger.settle_step(intent, status, found)
            self._commands += writer.sent
        return None


@dataclass(frozen=True, slots=True)
class WrittenUndos:
    """Takes changes back by their ``undo:``, going on where earlier rollbacks ended."""

    attempts: Attempts = _NO_ATTEMPTS

    def take_back(
        self, runtime: Runtime, ledger: StepLedger | None, record: ChangeRecord
    ) -> Outcome:
        """One of them; see ``WrittenUndo``."""
        setting = setting_of(runtime, record)
        return WrittenUndo(runtime, ledger, setting, self.attempts).run(record)


def _advised(outcome: Outcome, record: ChangeRecord, step: UndoStep) -> Outcome:
    """With what to do about it, where it is in doubt."""
    if outcome.status is not Status.IN_DOUBT:
        return outcome
    return dataclasses.replace(
        outcome,
        message=f"'{step.task or step.module}' of its undo: {outcome.message}",
        advice=f"{_again(record)} looks at it; where the host cannot tell, look there yourself, "
        "and add --retry-in-doubt or --mark-done",
    )


def _again(record: ChangeRecord) -> str:
    return f"runner rollback {record.run}"


def planned(module: Module[Any, Any], params: Any, before: Any, facts: Any) -> Change[Any] | None:
    """The change that a step makes; None when there is nothing to do."""
    if module.effect is Effect.COMMAND:
        if before.done:
            return None
        after: Any = CommandState(done=True, because=before.because)
    else:
        after = module.plan(params, before, facts)
    change = Change(module.subject(params), before, after)
    return change if change.differences() else None


def _why_not(module: Module[Any, Any], params: Any, change: Change[Any], facts: Any) -> str:
    """Why what a step does cannot be taken back in its turn; an empty string when it can."""
    if module.effect is Effect.COMMAND:
        return "a command of undo: has no way back of its own"
    return module.irreversible(params, change, facts)


def require_done(
    module: Module[Any, Any], change: Change[Any], found: Any, applied: Mapping[str, Any]
) -> None:
    """Raises ModuleError when a step said that it failed, or did nothing."""
    if applied.get("failed"):
        raise ModuleError(f"its undo: {module.failure(applied)}")
    if module.effect is Effect.COMMAND:
        return
    wrong: Iterable[Any] = [d for d in differences(change.after, found) if d.before is not UNKNOWN]
    if wrong:
        what = "; ".join(f"{d.field} is {d.after!r}, wanted {d.before!r}" for d in wrong)
        raise ModuleError(f"its undo: ran, but {change.subject} says: {what}")
