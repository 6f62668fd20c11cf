"""Includes: the tasks that a file or role brings in while the run goes on, on one host.

They run where the include stands, one after another as they are written, blocks with their
``rescue`` and ``always``; includes inside are run in the same way. The first failure that is not
rescued stops the rest, which are told as blocked. Source: Ansible, "Re-using Ansible artifacts".
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from runner.engine.graph.blocks import is_once
from runner.engine.graph.graph import Step, StepKind
from runner.engine.runtime import Runtime
from runner.engine.stop import StopLevel
from runner.engine.tasks.budget import parts_of
from runner.engine.tasks.endings import Endings
from runner.engine.tasks.handlers import Handlers
from runner.engine.tasks.once import Once
from runner.engine.tasks.work import Branch, Place, Turn
from runner.engine.variables.keywords import Renderer
from runner.engine.visits.nested_steps import NestedSteps, path_of
from runner.errors import DependsOnUnknown, InputError, PlaybookError
from runner.model.job import JobId, Outcome, Status
from runner.model.task import Block, Entry, IncludeKind, Task


class Visitor(Protocol):
    """What the jobs of an include need of the visit."""

    endings: Endings
    handlers: Handlers

    def turn(
        self, step: Step, host: str, given: Mapping[str, Any], places: tuple[Place, ...]
    ) -> Outcome:
        """Do one job."""

    def blocked(self, step: Step, host: str, by: JobId) -> Outcome:
        """Tell that a job cannot run."""

    def passed_over(self, step: Step, host: str, by: JobId) -> Outcome:
        """Tell that a rescue is not needed."""

    def follow(self, step: Step, host: str, leader: str, outcome: Outcome) -> Outcome:
        """Share what another host did well for all."""

    def cancelled(self, step: Step, host: str, in_flight: bool) -> Outcome:
        """Tell that the run was stopped before a job."""

    def fail(self, step: Step, host: str, error: Exception) -> Outcome:
        """Tell that a job failed before its turn."""


@dataclass(frozen=True, slots=True)
class _Level:
    """Where in an include we are: what all tasks there have in common."""

    turn: Turn
    path: str
    given: Mapping[str, Any]
    shields: tuple[str, ...]
    places: tuple[Place, ...]
    used: set[str] = field(default_factory=set)

    def inside(self, block: Block, part: str) -> _Level:
        """One of the parts of a block."""
        shields = self.shields
        if part == "block" and block.rescue:
            shields = (f"{self.path}:{id(block)}", *shields)
        places = (*self.places, (id(block), part))
        return dataclasses.replace(self, shields=shields, places=places)


class Nested:
    """Runs what includes bring in."""

    def __init__(self, runtime: Runtime, visitor: Visitor) -> None:
        self._runtime = runtime
        self._visitor = visitor
        self._steps = NestedSteps(runtime)
        self._once = Once(runtime.stop)

    def run(self, turn: Turn, branches: Sequence[Branch]) -> Outcome:
        """The outcome of an include for the walk: that of what it brought in.

        It names the job that failed, if one did.
        """
        by: JobId | None = None
        for branch in branches:
            if by is None:
                self._begin_role(turn, branch)
            level = _Level(
                turn, path_of(turn.step, branch), branch.given, turn.step.shields, turn.places
            )
            by = self._entries(branch.included.tasks, level, by)
        if by is None:
            return Outcome(Status.OK)
        return Outcome(Status.BLOCKED, f"blocked by {by}", blocked_by=by)

    def _begin_role(self, turn: Turn, branch: Branch) -> None:
        """A role; with ``public`` its variables are there for the rest of the play."""
        role, include = branch.included.role, turn.task.include
        if role is None or include is None or include.kind is not IncludeKind.ROLE:
            return
        self._visitor.endings.begin_role(turn.job.host, role)
        if not branch.included.public:
            return
        state = self._runtime.variables.state(turn.job.host)
        for kept, shown in ((state.role_defaults, role.defaults), (state.role_vars, role.vars)):
            kept[turn.play.source] = {**kept.get(turn.play.source, {}), **shown}

    # -- the tree ---------------------------------------------------------------------------
    # Each gives the job that failed, if one did and nobody rescued it; ``by`` is one that failed
    # before, so that nothing may begin any more.

    def _entries(self, entries: Sequence[Entry], level: _Level, by: JobId | None) -> JobId | None:
        for entry in entries:
            if isinstance(entry, Block):
                by = self._block(entry, level, by)
            else:
                by = self._task(entry, level, by)
        return by

    def _block(self, block: Block, level: _Level, by: JobId | None) -> JobId | None:
        if by is not None:
            for part, entries in parts_of(block):
                self._entries(entries, level.inside(block, part), by)
            return by
        failed = self._entries(block.block, level.inside(block, "block"), None)
        rescue = level.inside(block, "rescue")
        if failed is None:
            self._pass_over(block.rescue, rescue)
        elif block.rescue:
            failed = self._entries(block.rescue, rescue, None)
        last = self._entries(block.always, level.inside(block, "always"), None)
        return failed or last

    def _pass_over(self, entries: Sequence[Entry], level: _Level) -> None:
        for entry in entries:
            if isinstance(entry, Block):
                for part, inside in parts_of(entry):
                    self._pass_over(inside, level.inside(entry, part))
            else:
                self._visitor.passed_over(
                    self._step(entry, level), level.turn.job.host, level.turn.job
                )

    def _task(self, task: Task, level: _Level, by: JobId | None) -> JobId | None:
        step, host = self._step(task, level), level.turn.job.host
        if by is not None:
            if self._runtime.stop.level is StopLevel.GO_ON:
                self._visitor.blocked(step, host, by)
            else:
                self._visitor.cancelled(step, host, False)
            return by
        outcome = self._outcome(step, task, level)
        if not outcome.is_good:
            return outcome.blocked_by or JobId(step.name, host)
        if _flushes(task) and outcome.status is Status.OK:
            return self._flush(level)
        return None

    def _flush(self, level: _Level) -> JobId | None:
        """``meta: flush_handlers`` inside an include: the handlers that were called so far."""
        host, play = level.turn.job.host, level.turn.play
        by: JobId | None = None
        for handler in play.handlers:
            if by is None and self._visitor.handlers.is_called(play, host, handler):
                step = self._step(handler, level, StepKind.HANDLER)
                outcome = self._visitor.turn(step, host, {}, level.places)
                if not outcome.is_good:
                    by = outcome.blocked_by or JobId(step.name, host)
        return by

    # -- one job ----------------------------------------------------------------------------

    def _step(self, task: Task, level: _Level, kind: StepKind = StepKind.TASK) -> Step:
        return self._steps.add(level.turn.step, level.path, task, level.used, level.shields, kind)

    def _outcome(self, step: Step, task: Task, level: _Level) -> Outcome:
        host = level.turn.job.host
        if self._runtime.stop.level is not StopLevel.GO_ON:
            return self._visitor.cancelled(step, host, False)

        def lead() -> Outcome:
            with self._once.throttled(step.name, task.throttle):
                return self._visitor.turn(step, host, level.given, level.places)

        try:
            if task.needs is not None:
                raise PlaybookError("'needs' is not possible in an include", source=task.source)
            if not self._runs_once(task, level):
                return lead()
        except (InputError, DependsOnUnknown) as error:
            return self._visitor.fail(step, host, error)
        shared = self._once.run(
            JobId(step.name, host),
            self._visitor.endings.batch(step, host),
            lead,
            lambda leader, outcome: self._visitor.follow(step, host, leader, outcome),
            lambda by: self._visitor.blocked(step, host, by),
        )
        return shared or self._visitor.cancelled(step, host, False)

    def _runs_once(self, task: Task, level: _Level) -> bool:
        if isinstance(task.run_once, bool):
            return task.run_once or is_once(task)
        variables = self._runtime.variables.of_task(
            level.turn.job.host, level.turn.play, task, None, level.given
        )
        return Renderer(self._runtime.templates, variables, task.source).flag(
            "run_once", task.run_once
        )


def _flushes(task: Task) -> bool:
    return task.module == "meta" and "flush_handlers" in task.args.values()
