"""The dry run's visit: probe and plan. It holds only Readers: there is no way to a mutation here.

An overlay carries the predicted state of a subject to later tasks on the same subject, so that
"disable, then start" is previewed as it would go.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from runner.engine.graph.graph import Step
from runner.engine.runtime import Runtime
from runner.engine.tasks.foretold import Foretold
from runner.engine.tasks.preview import Preview
from runner.engine.tasks.unkept import unkept
from runner.engine.tasks.work import Work
from runner.engine.visits.visit import TaskVisit
from runner.errors import DependsOnUnknown, ModuleError, Refused
from runner.interfaces.module import CommandState, Effect
from runner.model.job import JobId, Outcome, Status
from runner.model.state import UNKNOWN, Change

Foresee: TypeAlias = Callable[[Work, Change[Any]], None]
"""Is told what a task would do."""


class CheckVisit(TaskVisit):
    """Predicts each task; see ``TaskVisit`` for everything around it."""

    dry = True

    def __init__(self, runtime: Runtime, foresee: Foresee | None = None) -> None:
        """``foresee`` is told each change that it predicts, and each that is not needed."""
        super().__init__(runtime)
        self._foresee = foresee
        self._overlay: dict[tuple[str, str, str], Any] = {}
        self._foretold = Foretold()
        self._restarts: dict[str, str] = {}
        """Hosts that a task would, or might, restart: what was predicted or refused before may
        be otherwise afterwards."""

    def after(self, step: Step, job: JobId, outcome: Outcome) -> None:
        """Note where a restart would come between, and what cannot be known of the inventory."""
        if step.task is not None and outcome.status is Status.NOT_PREDICTABLE:
            self.roster.doubt(step.task)
        if (
            step.task is not None
            and step.task.include is None
            and step.task.delegate_to is None
            and outcome.status in (Status.WOULD_CHANGE, Status.NOT_PREDICTABLE)
            and self.runtime.modules(step.task.module).settles
        ):
            self._restarts.setdefault(job.host, step.title)

    def perform(self, work: Work) -> Outcome:
        """What the task would do."""
        if work.keywords.check_mode is False:
            return Outcome(
                Status.NOT_PREDICTABLE, "'check_mode: false': a dry run never runs it anyway"
            )
        changes: list[Change[Any]] = []

        def foresee(work: Work, change: Change[Any]) -> None:
            changes.append(change)
            if self._foresee is not None:
                self._foresee(work, change)

        try:
            outcome = predict(work, self._before(work), self._keep, foresee)
        except ModuleError as error:
            # What is wrong now may be right by then: the folder is made, the feature installed.
            restart = self._restarts.get(work.host) if isinstance(error, Refused) else None
            by = restart or self._foretold.by(work.host, work.subject)
            if not by:
                raise
            raise DependsOnUnknown(f"'{by}'") from None
        if outcome.status is Status.WOULD_CHANGE and not outcome.irreversible:
            why = unkept(work, changes[-1], self.runtime.redactor)
            outcome = dataclasses.replace(outcome, irreversible=why)
        return outcome

    def carry_out(self, work: Work, seconds: float, prompt: str | None) -> Mapping[str, Any]:
        """A dry run neither waits nor asks; nobody knows what would be answered."""
        if seconds or prompt is not None:
            self.detail(work, "a dry run does not wait")
        return {} if prompt is None else {"user_input": UNKNOWN}

    def _before(self, work: Work) -> Any:
        key = _key(work)
        if key in self._overlay:
            if work.host in self._restarts:
                raise DependsOnUnknown(f"'{self._restarts[work.host]}'")
            return self._overlay[key]
        if by := self._foretold.same(work.host, work.subject):
            # Another module would change the very same thing, into a state that it alone knows.
            raise DependsOnUnknown(f"'{by}'")
        return self.before(work)

    def _keep(self, work: Work, after: Any) -> None:
        self._overlay[_key(work)] = after
        self._foretold.note(work.host, work.subject, work.task.name)

    def _look(self, work: Work) -> Outcome:
        """What is there now is no answer where a former task would have changed it."""
        by = self._foretold.by(work.host, work.subject)
        if by:
            raise DependsOnUnknown(f"'{by}'")
        return super()._look(work)


def _key(work: Work) -> tuple[str, str, str]:
    """Under which a predicted state is kept: for its module, or those that share it."""
    return work.host, work.module.shares or work.task.module, work.subject


def predict(work: Work, before: Any, keep: Any = None, foresee: Foresee | None = None) -> Outcome:
    """The outcome that applying this work to ``before`` would have."""
    if work.module.effect is Effect.COMMAND:
        return _predict_command(work, before, foresee)
    after = work.module.plan(work.params, before, work.facts)
    change = Change(work.subject, before, after)
    if foresee is not None:
        foresee(work, change)
    differences = change.differences()
    if not differences:
        return already_so(work, change)
    message = work.module.message(work.params, change, work.facts)
    result = dict(work.module.result(work.params, change, work.facts, {}))
    if keep is not None:
        keep(work, after)
    return Outcome(
        Status.WOULD_CHANGE,
        message,
        subject=change.subject,
        differences=differences,
        commands=_commands(work, change),
        irreversible=irreversible(work, change),
        result={"changed": True, "failed": False, **result},
    )


def already_so(work: Work, change: Change[Any]) -> Outcome:
    """The outcome of a task whose subject is as it should be."""
    message = work.module.message(work.params, change, work.facts)
    result = work.module.result(work.params, change, work.facts, {})
    return Outcome(Status.OK, message, subject=change.subject, result={"changed": False, **result})


def irreversible(work: Work, change: Change[Any]) -> str:
    """Why this change cannot be taken back; empty when it can, or when it is never made."""
    if work.keywords.check_mode:
        return ""
    if not work.task.rollback:
        return "the task says 'rollback: false'"
    if work.task.undo:
        return ""
    if work.module.effect is Effect.COMMAND:
        return "nobody can know how to take back what a command did"
    return work.module.irreversible(work.params, change, work.facts)


def _predict_command(work: Work, before: CommandState, foresee: Foresee | None = None) -> Outcome:
    if before.done:
        same = Change(work.subject, before, before)
        result = work.module.result(work.params, same, work.facts, {})
        return Outcome(
            Status.OK,
            f"already done: {before.because}",
            subject=work.subject,
            result={"changed": False, "failed": False, **result},
        )
    change = Change(work.subject, before, CommandState(done=True, because=before.because))
    if foresee is not None:
        foresee(work, change)
    commands = _commands(work, change)
    if before.done is False:
        return Outcome(
            Status.WOULD_CHANGE,
            before.because,
            subject=work.subject,
            commands=commands,
            irreversible=irreversible(work, change),
            result={
                "changed": True,
                **dict.fromkeys(
                    ("rc", "stdout", "stderr", "stdout_lines", "stderr_lines", "failed"), UNKNOWN
                ),
            },
        )
    return Outcome(
        Status.NOT_PREDICTABLE,
        "runs a command whose effect nobody can know beforehand",
        "give the task 'creates', 'removes' or 'check'",
        subject=work.subject,
        commands=commands,
        irreversible=irreversible(work, change),
    )


def _commands(work: Work, change: Change[Any]) -> tuple[str, ...]:
    generator = work.module.apply(work.params, change, work.facts)
    return Preview(work.link.shell_of, work.setting).drive(generator)
