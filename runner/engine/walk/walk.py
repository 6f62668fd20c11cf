"""The walk: visits every job of a graph as soon as what it waits for is done.

It knows neither modules nor hosts nor verbs: a visit says what became of a job, the walk decides
what that sets free, blocks or passes over. Jobs of one host run one after another on one worker
at a time, so a connection is never shared; hosts run in parallel. A host that fails blocks what
depends on it, and nothing else. The first word of trouble is handed on, so a blocked job names
the root cause.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TypeAlias

from runner.engine.graph.graph import JobGraph, Step, StepKind
from runner.engine.stop import Stop, StopLevel
from runner.engine.walk.limits import Job
from runner.engine.walk.state import Decision, State, Way
from runner.engine.walk.visit import Visit
from runner.errors import GraphError
from runner.model.job import JobId, Outcome, Status

__all__ = ["Over", "Visit", "Walk"]


@dataclass(slots=True)
class _Lane:
    """The ready jobs of one host, and whether a worker has them."""

    ready: deque[int]
    busy: bool = False
    left: int = 0
    running: int | None = None
    closed: bool = False


Over: TypeAlias = dict[Job, JobId | None]
"""What became of jobs: None, or the cause of what was bad. In the order in which they ended."""


class Walk:
    """One walk over one graph. ``run`` blocks until every job has an outcome.

    With ``until`` it ends when the plays up to that one are over, before which nothing in later
    ones may begin. ``over`` then says what became of them: given to the walk over the next graph,
    it makes that one go on from there.
    """

    def __init__(
        self,
        graph: JobGraph,
        visit: Visit,
        workers: int,
        stop: Stop,
        *,
        until: int | None = None,
        over: Over | None = None,
    ) -> None:
        self.over: Over = dict(over or {})
        self.stopped = False
        """Whether it ended before its time, and every job that was left was told."""
        self._until = until
        self._graph = graph
        self._visit = visit
        self._workers = max(1, workers)
        self._stop = stop
        self._steps = graph.steps
        self._state = State(graph, self.over)
        self._done = [bytearray(len(graph.hosts)) for _ in self._steps]
        self._lanes: dict[int, _Lane] = {}
        self._queue: SimpleQueue[int | None] = SimpleQueue()
        self._lock = threading.Condition()
        self._open = 0
        self._live = 0
        """Jobs that a worker has, or will have as soon as one is free."""
        self._closed = False
        self._broken: BaseException | None = None
        for number, step in enumerate(self._steps):
            done = self._done[number]
            for host in step.members:
                lane = self._lanes.setdefault(host, _Lane(deque()))
                if (number, host) in self.over:
                    done[host] = 1
                    continue
                lane.left += 1
                self._open += self._is_now(step)
        for lane in self._lanes.values():
            lane.closed = not lane.left

    def run(self) -> None:
        """Visit every job; returns when each has an outcome, or at once after StopLevel.NOW.

        What a visit raises, against its promise, stops the walk and is raised here.
        """
        threads = [
            threading.Thread(target=self._work, name=f"worker-{i}", daemon=True)
            for i in range(min(self._workers, max(1, len(self._lanes))))
        ]
        with self._lock:
            self._settle()
        for thread in threads:
            thread.start()
        with self._lock:
            while self._open and not self._should_end():
                # A bounded wait, so that the main thread sees signals on every platform.
                self._lock.wait(0.5)
            self._closed = True
            if self._broken is None:
                self._finish_stopped()
        for _ in threads:
            self._queue.put(None)
        if self._stop.level < StopLevel.NOW:
            for thread in threads:
                thread.join()
        if self._broken is not None:
            raise self._broken

    # -- workers ----------------------------------------------------------------------------

    def _work(self) -> None:
        while (host := self._queue.get()) is not None:
            try:
                self._serve(host)
            except BaseException as error:  # noqa: BLE001 - a dead worker must not hang the walk
                self._give_up(host, error)
                return

    def _serve(self, host: int) -> None:
        """Run the ready jobs of one host."""
        lane = self._lanes[host]
        while (number := self._next(lane)) is not None:
            step = self._steps[number]
            outcome = self._visit.visit(step, self._graph.hosts[host])
            shared = self._share(step, (number, host), outcome) if step.once else []
            with self._lock:
                lane.running = None
                if self._closed:
                    return
                self._live -= 1
                self._finish((number, host), outcome)
                for follower, theirs in shared:
                    self._finish((number, follower), theirs)
                self._settle()
                if not self._open or self._stop.level:
                    self._lock.notify_all()
        if self._leave(lane):
            self._visit.host_done(self._graph.hosts[host])

    def _share(self, step: Step, job: Job, outcome: Outcome) -> list[tuple[int, Outcome]]:
        """What a job that is done once comes to on the hosts that follow its leader."""
        number, host = job
        with self._lock:
            if self._closed:
                return []
            if step.kind is StepKind.HANDLER and outcome.status is Status.SKIPPED:
                self._state.lead_on(job)
                return []
            followers = self._state.followers(job)
            if not outcome.is_good:
                by = outcome.blocked_by or self._state.name(job)
                for follower in followers:
                    self._state.block((number, follower), by)
                return []
        leader = self._graph.hosts[host]
        return [
            (other, self._visit.follow(step, self._graph.hosts[other], leader, outcome))
            for other in followers
        ]

    def _give_up(self, host: int, error: BaseException) -> None:
        """A visit broke its promise (the journal cannot be written): begin nothing more."""
        with self._lock:
            self._broken = self._broken or error
            self._lanes[host].running = None
            self._stop.ask(StopLevel.FINISH)
            self._lock.notify_all()

    def _next(self, lane: _Lane) -> int | None:
        with self._lock:
            if not lane.ready or self._stop.level is not StopLevel.GO_ON:
                lane.busy = False
                return None
            lane.running = lane.ready.popleft()
            return lane.running

    def _leave(self, lane: _Lane) -> bool:
        """Whether this worker is the one to say that the host is done."""
        with self._lock:
            last = lane.left == 0 and not lane.closed
            lane.closed = lane.closed or last
            return last

    # -- what a finished job sets free (all under the lock) ---------------------------------

    def _settle(self) -> None:
        """Queue what can run; settle gates and blocked jobs here, with all that follows."""
        while True:
            while (decision := self._state.decide()) is not None:
                self._carry_out(decision)
            if self._live or not self._open:
                return
            if not self._state.unstick():
                raise GraphError("jobs are left that wait for each other")

    def _is_now(self, step: Step) -> bool:
        return self._until is None or step.play <= self._until

    def _carry_out(self, decision: Decision) -> None:
        number, host = decision.job
        step, name = self._steps[number], self._graph.hosts[host]
        if not self._is_now(step):
            return  # the walk over the next graph comes to it
        match decision.way, decision.by:
            case Way.RUN, _ if step.kind is not StepKind.GATE:
                self._enqueue(number, host)
            case Way.BLOCKED, JobId() as by:
                if step.kind is not StepKind.GATE:
                    self._visit.blocked(step, name, by)
                self._close(decision.job, by)
            case Way.PASSED_OVER, JobId() as by:
                if step.kind is not StepKind.GATE:
                    self._visit.passed_over(step, name, by)
                self._close(decision.job, None)
            case _:
                self._close(decision.job, None)

    def _enqueue(self, number: int, host: int) -> None:
        self._live += 1
        lane = self._lanes[host]
        lane.ready.append(number)
        if not lane.busy:
            lane.busy = True
            self._queue.put(host)

    def _finish(self, job: Job, outcome: Outcome) -> None:
        bad = outcome.blocked_by or self._state.name(job)
        self._close(job, None if outcome.is_good else bad)

    def _close(self, job: Job, cause: JobId | None) -> None:
        number, host = job
        self._done[number][host] = 1
        if self._until is not None:
            self.over[job] = cause
        self._open -= 1
        lane = self._lanes[host]
        lane.left -= 1
        if lane.left == 0 and not lane.busy:
            # Saying goodbye to a host can take a moment: that is a worker's business.
            lane.busy = True
            self._queue.put(host)
        self._state.finished(job, cause)

    # -- stopping ---------------------------------------------------------------------------

    def _should_end(self) -> bool:
        if self._stop.level is StopLevel.NOW:
            return True
        in_flight = any(lane.running is not None for lane in self._lanes.values())
        return self._stop.level is StopLevel.FINISH and not in_flight

    def _finish_stopped(self) -> None:
        """Give every job that is still open its outcome."""
        if not self._open and (self._until is None or self._stop.level is StopLevel.GO_ON):
            return
        self.stopped = True
        for number, step in enumerate(self._steps):
            if step.kind is StepKind.GATE:
                continue
            for host in sorted(step.members):
                if not self._done[number][host]:
                    in_flight = self._lanes[host].running == number
                    self._visit.cancelled(step, self._graph.hosts[host], in_flight)
