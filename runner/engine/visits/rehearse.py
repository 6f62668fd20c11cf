"""The visit of a rehearsal: a run on twins that leaves the controller and everybody else alone."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from runner.engine.graph.graph import Step, StepKind
from runner.engine.runtime import Runtime
from runner.engine.tasks import outcomes
from runner.engine.tasks.work import Done, Place, Turn, Work
from runner.engine.variables.keywords import Renderer
from runner.engine.visits.run import Ledger, RunVisit
from runner.interfaces.module import LocalModule
from runner.model.job import JobId, Outcome
from runner.model.playbook import Play

Before = Callable[[str, int], None]
"""Is told of a host that its next job begins, and which one that is, counted from 1."""


class RehearseVisit(RunVisit):
    """Carries each task out on the twins.

    ``withheld`` says of a host and a link's transport why nothing is done there, or nothing;
    ``before`` is where faults come from. Nobody waits or is asked: ``asked`` are the questions.
    """

    def __init__(
        self,
        runtime: Runtime,
        ledger: Ledger,
        withheld: Callable[[Any], str],
        before: Before = lambda _host, _number: None,
    ) -> None:
        super().__init__(runtime, ledger)
        self._withheld = withheld
        self._before_job = before
        self._begun: Counter[str] = Counter()
        self._lock = threading.Lock()
        self.asked: list[tuple[str, str]] = []

    def turn(
        self, step: Step, host: str, given: Mapping[str, Any], places: tuple[Place, ...]
    ) -> Outcome:
        """A job's turn, and whatever goes wrong with the host just then."""
        with self._lock:
            self._begun[host] += 1
            number = self._begun[host]
        self._before_job(host, number)
        return super().turn(step, host, given, places)

    def carry_out(self, work: Work, seconds: float, prompt: str | None) -> Mapping[str, Any]:
        """A rehearsal does not wait, and nobody is asked: the answer is empty."""
        if prompt is not None:
            with self._lock:
                self.asked.append((work.job.host, prompt))
            self.detail(work, f"would ask: {prompt}")
            return {"user_input": ""}
        if seconds:
            self.detail(work, f"would wait {seconds:g} s")
        return {}

    def _job(
        self,
        step: Step,
        job: JobId,
        play: Play,
        given: Mapping[str, Any],
        places: tuple[Place, ...],
    ) -> Done:
        if step.kind is StepKind.FACTS:
            variables = self.runtime.variables.of_task(job.host, play, None)
            render = Renderer(self.runtime.templates, variables, play.source)
            link = self.runtime.links.get(job.host, render.way(play.way))
            if why := self._withheld(link.transport):
                return Done(outcomes.skipped(f"not rehearsed: {why}"))
        return super()._job(step, job, play, given, places)

    def _do(self, turn: Turn, work: Work) -> Outcome:
        if not isinstance(work.module, LocalModule) and (
            why := self._withheld(work.link.transport)
        ):
            return outcomes.skipped(
                f"shown, not run: on {why}: {work.task.module}: {work.subject}",
                {"changed": False, "skipped": True},
            )
        return super()._do(turn, work)
