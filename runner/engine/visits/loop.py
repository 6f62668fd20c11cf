"""One task's turn on a host: its conditions, the elements of its loop, ``until``.

Source: Ansible, "Loops", "Conditionals", "Error handling in playbooks"; where they are silent,
what ansible-core 2.19 does.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, Final

from runner.engine.runtime import Runtime
from runner.engine.tasks import outcomes
from runner.engine.tasks.loop_control import Control, collision, joined
from runner.engine.tasks.results import Results
from runner.engine.tasks.work import Branch, Done, Turn, Work
from runner.engine.variables.keywords import Keywords, Renderer, keywords_in_trouble, keywords_of
from runner.engine.variables.unknown import require_known
from runner.errors import DependsOnUnknown, InputError, ModuleError, PlaybookError, TemplateError
from runner.model.job import Outcome, Status
from runner.model.task import Loop

Prepare = Callable[[Turn, Keywords, Mapping[str, Any], Mapping[str, Any], str], Work]
"""Renders a task: turn, keywords, its variables, those of the element, the element's label."""

_TRIES: Final = 3
"""How often ``until`` repeats a task that does not say ``retries``."""
_DEEPEST: Final = 40
"""How many includes may lead to one another."""
_FINAL: Final = (Status.SKIPPED, Status.UNREACHABLE, Status.IN_DOUBT, Status.NOT_PREDICTABLE)
"""After these a task is not tried again."""


class Items:
    """Runs tasks with their loops. ``do`` does one rendered task; ``dry`` waits for nothing."""

    def __init__(
        self,
        runtime: Runtime,
        prepare: Prepare,
        do: Callable[[Turn, Work], Outcome],
        notifications: Callable[[Turn, Mapping[str, Any]], tuple[str, ...]],
        *,
        dry: bool,
    ) -> None:
        self._runtime = runtime
        self._prepare = prepare
        self._do = do
        self._notifications = notifications
        self._dry = dry
        self._results = Results(runtime)

    def run(self, turn: Turn) -> Done:
        """The whole turn."""
        if turn.task.loop is None:
            return self._element(turn, {}, "")
        return self._loop(turn, turn.task.loop)

    def variables(self, turn: Turn, loop: Mapping[str, Any]) -> Mapping[str, Any]:
        """What the task sees."""
        return self._runtime.variables.of_task(
            turn.job.host, turn.play, turn.task, loop, turn.given
        )

    # -- loops ------------------------------------------------------------------------------

    def _loop(self, turn: Turn, over: Loop) -> Done:
        variables = self.variables(turn, {})
        try:
            items = self._runtime.templates.loop_items(
                over.kind, over.terms, variables, over.source, module=turn.task.module
            )
        except TemplateError as error:
            return self._loop_over_nothing(turn, variables, error)
        require_known(items)
        items = self._runtime.templates.as_data(list(items))
        control = Control(Renderer(self._runtime.templates, variables, over.source), over)
        done: list[Done] = []
        for index, item in enumerate(items):
            if index and control.pause and not self._pause(control.pause):
                done.append(Done(outcomes.interrupted(str(item))))
                break
            loop = control.variables(items, index)
            label = self._label_before(turn, over, loop)
            one = self._labelled(turn, loop, self._element(turn, loop, label))
            result = {**one.outcome.result, **loop}
            one = dataclasses.replace(one, outcome=dataclasses.replace(one.outcome, result=result))
            done.append(one)
            # As in Ansible, the next element may look at what became of this one.
            self._results.remember(turn.task, turn.job.host, one.outcome, stays=True)
            if one.outcome.status in (Status.UNREACHABLE, Status.IN_DOUBT):
                break
            if over.break_when and self._breaks(turn, over, loop, done):
                break
        return joined(done, collision(over, variables))

    def _loop_over_nothing(
        self, turn: Turn, variables: Mapping[str, Any], error: TemplateError
    ) -> Done:
        """As in Ansible: no mistake where the task is not wanted anyway."""
        for condition in turn.task.conditions:
            try:
                holds = self._runtime.templates.condition(condition, variables, turn.task.source)
            except TemplateError:
                raise error from None
            if not holds:
                return Done(outcomes.condition_false(condition))
        raise error

    def _breaks(self, turn: Turn, over: Loop, loop: Mapping[str, Any], done: list[Done]) -> bool:
        """Whether ``break_when`` ends the loop after its latest element."""
        try:
            return self._results.holds(over.break_when, turn, loop, done[-1].outcome)
        except InputError as error:
            done[-1] = dataclasses.replace(done[-1], outcome=outcomes.of_error(error))
            return True

    def _label_before(self, turn: Turn, over: Loop, loop: Mapping[str, Any]) -> str:
        """The element's name in the journal and in plans. They are written before its end is
        known: a label that needs that end is no name yet."""
        if over.label is None:
            return str(loop[over.var])
        try:
            variables = self.variables(turn, loop)
            if turn.task.register in variables:  # what became of the element before this one
                variables = {k: v for k, v in variables.items() if k != turn.task.register}
            return str(self._runtime.templates.render(over.label, variables, over.source))
        except (DependsOnUnknown, InputError):  # said by _labelled, if it stays so
            return str(loop[over.var])

    def _labelled(self, turn: Turn, loop: Mapping[str, Any], done: Done) -> Done:
        """With the element's name for people, which may depend on what became of it."""
        over = turn.task.loop
        assert over is not None
        try:
            label = loop[over.var]
            if over.label is not None:
                known = {**loop, **self._results.registered(turn.task, done.outcome)}
                label = self._runtime.templates.render(
                    over.label, self.variables(turn, known), over.source
                )
            outcome = dataclasses.replace(done.outcome, item=str(label))
        except DependsOnUnknown:
            outcome = dataclasses.replace(done.outcome, item=str(loop[over.var]))
        except InputError as error:
            outcome = outcomes.of_error(error)
        return dataclasses.replace(done, outcome=outcome)

    # -- one element ------------------------------------------------------------------------

    def _element(self, turn: Turn, loop: Mapping[str, Any], label: str) -> Done:
        """The task for one element, or the task that has no loop."""
        variables = self.variables(turn, loop)
        keywords: Keywords | None = None
        try:
            for condition in turn.task.conditions:
                if not self._runtime.templates.condition(condition, variables, turn.task.source):
                    return Done(outcomes.condition_false(condition))
            keywords = keywords_of(turn.task, self._runtime.templates, variables)
            if turn.task.include is not None:
                return self._include(turn, keywords, variables, loop)
            notify = self._notifications(turn, variables)
            work = self._prepare(turn, keywords, variables, loop, label)
            outcome = self._attempts(turn, work, loop)
            return Done(_excused(outcome, keywords), keywords, notify)
        except Exception as error:  # noqa: BLE001 - one element's failure must not lose the others'
            outcome = outcomes.of_error(error)
        if keywords is None:
            keywords = keywords_in_trouble(turn.task, self._runtime.templates, variables)
        return Done(_excused(outcome, keywords), keywords)

    def foreseen(self, turn: Turn, keywords: Keywords, notify: tuple[str, ...], work: Work) -> Done:
        """A task without a loop that was evaluated before its turn."""
        try:
            outcome = self._attempts(turn, work, {})
            return Done(_excused(outcome, keywords), keywords, notify)
        except Exception as error:  # noqa: BLE001 - an exception becomes this job's outcome
            return Done(_excused(outcomes.of_error(error), keywords), keywords)

    def _include(
        self, turn: Turn, keywords: Keywords, variables: Mapping[str, Any], loop: Mapping[str, Any]
    ) -> Done:
        """What an include stands for; its tasks run afterwards."""
        task = turn.task
        name = turn.step.name
        if name.count("/") - name.count("/[") >= _DEEPEST:
            text = f"includes go deeper than {_DEEPEST} levels: does one include itself?"
            raise PlaybookError(text, source=task.source)
        args = self._runtime.templates.render(dict(task.args), variables, task.source)
        require_known(args)
        included = self._runtime.includes.tasks(task, args, variables)
        given = {**turn.given, **task.vars, **loop}
        result = {"changed": False, "failed": False, "include": included.title}
        return Done(
            Outcome(Status.OK, f"included: {included.title}", result=result),
            keywords,
            branches=(Branch(included, given),),
        )

    def _attempts(self, turn: Turn, work: Work, loop: Mapping[str, Any]) -> Outcome:
        """Do it, and repeat it while ``until`` does not hold."""
        task = turn.task
        tries = 1 if self._dry else _tries(task.until, work.keywords.retries)
        for attempt in range(1, tries + 1):
            outcome = self._once(turn, work)
            if tries > 1:
                result = {**outcome.result, "attempts": attempt}
                outcome = dataclasses.replace(outcome, result=result)
            outcome = self._results.judge(turn, loop, outcome)
            if outcome.status in _FINAL or self._suffices(turn, loop, outcome, tries):
                return outcome
            if attempt < tries and not self._pause(_delay(work.keywords)):
                break
        return self._gave_up(turn, outcome, attempt)

    def _once(self, turn: Turn, work: Work) -> Outcome:
        try:
            return self._do(turn, work)
        except ModuleError as error:
            # The host said no: that is a result, which failed_when and until may see otherwise.
            return outcomes.of_error(error)

    def _suffices(self, turn: Turn, loop: Mapping[str, Any], outcome: Outcome, tries: int) -> bool:
        if self._dry and outcome.status is Status.WOULD_CHANGE:
            return True
        if turn.task.until:
            return self._results.holds(turn.task.until, turn, loop, outcome)
        return tries == 1 or outcome.status is not Status.FAILED

    def _gave_up(self, turn: Turn, outcome: Outcome, tries: int) -> Outcome:
        until = " and ".join(turn.task.until or ())
        if self._dry:
            hint = "the run tries again until it holds"
            return Outcome(Status.NOT_PREDICTABLE, f"'until' does not hold yet: {until}", hint)
        # Ansible counts the repetitions here, not the tries.
        result = {**outcome.result, "attempts": tries - 1, "failed": True}
        if not until:
            return dataclasses.replace(outcome, result=result)
        message = f"'until' did not hold after {tries} tries: {until}"
        result.setdefault("msg", message)
        return dataclasses.replace(outcome, status=Status.FAILED, message=message, result=result)

    def _pause(self, seconds: float) -> bool:
        return self._dry or not self._runtime.stop.sleep(seconds)


def _tries(until: tuple[str, ...] | None, retries: int | None) -> int:
    """How often to try in all: once, and as often again as ``retries`` says (Ansible 2.19)."""
    if retries is not None:
        return 1 + max(0, retries)
    return 1 + _TRIES if until else 1


def _delay(keywords: Keywords) -> float:
    return keywords.delay if keywords.delay >= 0 else 1.0


def _excused(outcome: Outcome, keywords: Keywords) -> Outcome:
    return outcomes.with_ignores(
        outcome, errors=keywords.ignore_errors, unreachable=keywords.ignore_unreachable
    )
