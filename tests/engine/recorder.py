"""A visit that fails where it is told to, and writes down what happened in which order."""

from __future__ import annotations

import threading
from collections.abc import Callable

from runner.engine.graph.graph import JobGraph, Step, StepKind
from runner.engine.stop import Stop
from runner.engine.walk.walk import Walk
from runner.model.job import JobId, Outcome, Status


class Recorder:
    """Implements ``walk.Visit``; every call for a job is counted, so that none comes twice."""

    def __init__(self, fails: Callable[[JobId], bool] = lambda _job: False) -> None:
        self.fails = fails
        self.order: list[tuple[str, JobId]] = []
        self.statuses: dict[JobId, Status] = {}
        self.reasons: dict[JobId, JobId] = {}
        """By what a job is blocked, or passed over."""
        self.led: dict[JobId, str] = {}
        """The leader of each job that followed one."""
        self.goodbyes: list[str] = []
        self.overlaps: list[str] = []
        self.twice: list[JobId] = []
        self._busy: set[str] = set()
        self.lock = threading.Lock()

    def work(self, job: JobId) -> Outcome:
        """What a visit comes to; for subclasses to change."""
        return Outcome(Status.FAILED if self.fails(job) else Status.OK)

    def visit(self, step: Step, host: str) -> Outcome:
        job = JobId(step.name, host)
        with self.lock:
            if host in self._busy:
                self.overlaps.append(host)
            self._busy.add(host)
            self.order.append(("begin", job))
        outcome = self.work(job)
        with self.lock:
            self._busy.discard(host)
        return self._end(step, job, outcome)

    def follow(self, step: Step, host: str, leader: str, outcome: Outcome) -> Outcome:
        self.led[JobId(step.name, host)] = leader
        return self._end(step, JobId(step.name, host), outcome)

    def blocked(self, step: Step, host: str, by: JobId) -> Outcome:
        self.reasons[JobId(step.name, host)] = by
        return self._end(step, JobId(step.name, host), Outcome(Status.BLOCKED, blocked_by=by))

    def passed_over(self, step: Step, host: str, by: JobId) -> Outcome:
        self.reasons[JobId(step.name, host)] = by
        return self._end(step, JobId(step.name, host), Outcome(Status.SKIPPED))

    def cancelled(self, step: Step, host: str, in_flight: bool) -> Outcome:
        status = Status.IN_DOUBT if in_flight else Status.CANCELLED
        return self._end(step, JobId(step.name, host), Outcome(status))

    def host_done(self, host: str) -> None:
        self.goodbyes.append(host)

    def _end(self, step: Step, job: JobId, outcome: Outcome) -> Outcome:
        assert step.kind is not StepKind.GATE
        with self.lock:
            if job in self.statuses:
                self.twice.append(job)
            self.statuses[job] = outcome.status
            self.order.append(("end", job))
        return outcome

    # -- what tests ask ---------------------------------------------------------------------

    def ran(self, host: str | None = None) -> list[str]:
        """The steps that were visited, in order, on one host or on all (``step@host``)."""
        begun = [job for what, job in self.order if what == "begin"]
        if host is None:
            return [str(job) for job in begun]
        return [job.step for job in begun if job.host == host]

    def status(self, job: str) -> Status:
        """What became of ``step@host``."""
        step, _, host = job.rpartition("@")
        return self.statuses[JobId(step, host)]

    def reason(self, job: str) -> str:
        """By what ``step@host`` was blocked or passed over."""
        step, _, host = job.rpartition("@")
        return str(self.reasons[JobId(step, host)])


def walk(graph: JobGraph, *failing: str, workers: int = 2) -> Recorder:
    """Walk a graph in which these jobs (``step@host``) fail; every job must have ended once."""
    recorder = Recorder(lambda job: str(job) in failing)
    Walk(graph, recorder, workers, Stop()).run()
    assert not recorder.twice
    assert not recorder.overlaps
    jobs = {
        JobId(s.name, graph.hosts[h])
        for s in graph.steps
        if s.kind is not StepKind.GATE
        for h in s.members
    }
    assert recorder.statuses.keys() == jobs
    return recorder
