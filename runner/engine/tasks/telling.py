"""Telling: what a visit says to the listeners and writes to the journal, with secrets masked."""

from __future__ import annotations

import time

from runner.engine.runtime import Runtime
from runner.engine.tasks import outcomes
from runner.events import JobDetail, JobFinished, JobOutput, JobStarted
from runner.model.job import JobId, Outcome


class Teller:
    """Publishes and records; nothing that it is given leaves it unmasked."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def started(self, job: JobId, begun: float) -> None:
        """A job begins."""
        self._runtime.publish(JobStarted(job, begun))

    def detail(self, job: JobId, text: str) -> None:
        """A line about a job in progress."""
        clean = self._runtime.redactor.text(text)
        self._runtime.publish(JobDetail(job, clean, time.time()))

    def output(self, job: JobId, text: str) -> None:
        """Lines that a command of a job has just printed, masked already."""
        self._runtime.publish(JobOutput(job, text, time.time()))

    def finished(
        self, job: JobId, outcome: Outcome, no_log: bool = False, diff: bool | None = None
    ) -> Outcome:
        """What became of a job; gives the outcome back as it was."""
        public = outcomes.shown(outcome, self._runtime.redactor, no_log, diff)
        self._runtime.record(job, public)
        self._runtime.publish(JobFinished(job, public, time.time()))
        return outcome
