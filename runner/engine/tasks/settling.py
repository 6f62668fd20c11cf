"""Settling: what follows from an outcome, for its host, its play, and those who watch."""

from __future__ import annotations

import dataclasses
import time
from typing import Final

from runner.engine.graph.graph import Step
from runner.engine.runtime import Runtime
from runner.engine.tasks import outcomes
from runner.engine.tasks.budget import Budgets
from runner.engine.tasks.handlers import Handlers
from runner.engine.tasks.results import Results
from runner.engine.tasks.shields import Shields
from runner.engine.tasks.telling import Teller
from runner.engine.tasks.work import Done
from runner.model.job import JobId, Outcome, Status
from runner.model.playbook import Play
from runner.model.task import Task

_LOST: Final = (Status.FAILED, Status.UNREACHABLE, Status.IN_DOUBT)


class Settling:
    """Draws the consequences of outcomes, and tells them. Thread-safe."""

    def __init__(self, runtime: Runtime, handlers: Handlers, budgets: Budgets) -> None:
        self._runtime = runtime
        self._handlers = handlers
        self._budgets = budgets
        self._results = Results(runtime)
        self._lost: dict[tuple[int, str], tuple[JobId, Status]] = {}
        self._failed_once: dict[JobId, Outcome] = {}
        self.shields = Shields()
        self.teller = Teller(runtime)

    def lost(self, step: Step, host: str) -> tuple[JobId, Status] | None:
        """By which job the host failed in the step's play, and how; None when it is well."""
        return self._lost.get((step.play, host))

    def settle(self, step: Step, job: JobId, play: Play, done: Done, begun: float) -> Outcome:
        """The outcome of a job that had its turn at the time ``begun``."""
        outcome = done.outcome.having(seconds=max(0.0, time.time() - begun))
        if outcome.status in _LOST and not outcome.ignored:
            if step.shields:
                outcome = dataclasses.replace(outcome, rescued=True)
            else:
                self._budgets.note(step, job, done.keywords.any_errors_fatal)
            self._lose(step, job, play, outcome, done.keywords.no_log)
            if step.once:
                self._failed_once[job] = outcome
        if step.task is not None:
            self._results.remember(step.task, job.host, outcome, stays=done.keywords.no_log)
            if outcome.status is Status.NOT_PREDICTABLE:
                self._results.forget(step.task, job.host)
            self._notify(step.task, play, job, done, outcome)
        return self.teller.finished(job, outcome, done.keywords.no_log, done.keywords.diff)

    def share(self, step: Step, job: JobId, leader: str, outcome: Outcome) -> Outcome:
        """The outcome of a job that another host did for all (``run_once``)."""
        if step.task is not None:
            self._results.share(step.task, job.host, outcome)
        shared = outcomes.of_leader(outcome, leader)
        return self.teller.finished(job, shared, bool(step.task and step.task.no_log))

    def shares_failure(self, step: Step, job: JobId, by: JobId) -> bool:
        """Whether ``by`` is the same job, which failed on another host for all (``run_once``).

        As in Ansible, it has failed on each of them then.
        """
        outcome = self._failed_once.get(by) if by.step == step.name else None
        if outcome is None:
            return False
        no_log = bool(step.task and step.task.no_log)
        self._lose(step, job, self._runtime.plays[step.play], outcome, no_log)
        return True

    def _lose(self, step: Step, job: JobId, play: Play, outcome: Outcome, no_log: bool) -> None:
        """A job failed: on to its block's rescue, or the host is out of the play."""
        if not step.shields:
            self._lost.setdefault((step.play, job.host), (job, outcome.status))
            self._runtime.variables.leave(play, job.host)
            return
        self.shields.note(job, step.shields)
        if step.task is not None:
            self._results.remember_failure(step.task, job.host, outcome, no_log)

    def _notify(self, task: Task, play: Play, job: JobId, done: Done, outcome: Outcome) -> None:
        if outcome.status is Status.NOT_PREDICTABLE:
            fixed = (n for n in task.notify if not self._runtime.templates.is_template(n))
            self._handlers.notify(play, job.host, done.notify or fixed, perhaps=task.name)
        elif outcome.result.get("changed") is True and not outcome.status.is_trouble:
            self._handlers.notify(play, job.host, done.notify)
