"""The walk: visits every job of a graph as soon as what it waits for is done.

It knows neither modules nor hosts nor verbs: a visit says what became of a job, the walk decides
what that sets free or blocks. Jobs of one host run one after another on one worker at a time, so
a connection is never shared; hosts run in parallel. A host that fails blocks what depends on it,
and nothing else. The first word of trouble is handed on, so a blocked job names the root cause.
"""

from __future__ import annotations

import threading
from array import array
from collections import deque
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Protocol

from runner.engine.graph import JobGraph, Link, LinkKind, Step, StepKind, holds
from runner.engine.stop import Stop, StopLevel
from runner.model.job import JobId, Outcome


class Visit(Protocol):
    """What a verb does at each job. Called from worker threads, never twice for one job."""

    def visit(self, step: Step, host: str) -> Outcome:
        """Do the job. Turns every failure into an outcome."""

    def blocked(self, step: Step, host: str, by: JobId) -> Outcome:
        """The job cannot run because of ``by``. Quick."""

    def cancelled(self, step: Step, host: str, in_flight: bool) -> Outcome:
        """The walk was stopped before the job began, or (``in_flight``) while it ran. Quick."""

    def host_done(self, host: str) -> None:
        """No job of this host is left."""


@dataclass(slots=True)
class _Lane:
    """The ready jobs of one host, and whether a worker has them."""

    ready: deque[int]
    busy: bool = False
    left: int = 0
    running: int | None = None
    closed: bool = False


class Walk:
    """One walk over one graph. ``run`` blocks until every job has an outcome."""

    def __init__(self, graph: JobGraph, visit: Visit, workers: int, stop: Stop) -> None:
        self._graph = graph
        self._visit = visit
        self._workers = max(1, workers)
        self._stop = stop
        self._steps = graph.steps
        self._number = {s.name: i for i, s in enumerate(self._steps)}
        self._links = [
            [(self._number[later.name], links) for later, links in graph.successors(s)]
            for s in self._steps
        ]
        self._waiting = [array("H", bytes(2 * len(graph.hosts))) for _ in self._steps]
        self._missing: dict[tuple[int, int, Link], int] = {}
        self._done = [bytearray(len(graph.hosts)) for _ in self._steps]
        self._blockers: dict[tuple[int, int], JobId] = {}
        self._lanes: dict[int, _Lane] = {}
        self._queue: SimpleQueue[int | None] = SimpleQueue()
        self._lock = threading.Condition()
        self._open = 0
        self._closed = False
        self._broken: BaseException | None = None

    def run(self) -> None:
        """Visit every job; returns when each has an outcome, or at once after StopLevel.NOW.

        What a visit raises, against its promise, stops the walk and is raised here.
        """
        self._prepare()
        threads = [
            threading.Thread(target=self._work, name=f"worker-{i}", daemon=True)
            for i in range(min(self._workers, max(1, len(self._lanes))))
        ]
        with self._lock:
            self._start_roots()
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

    # -- set-up -----------------------------------------------------------------------------

    def _prepare(self) -> None:
        for number, step in enumerate(self._steps):
            self._open += len(step.members)
            for host in step.members:
                self._lanes.setdefault(host, _Lane(deque())).left += 1
            for later, links in self._links[number]:
                for link in links:
                    self._count(number, step, later, link)

    def _count(self, number: int, step: Step, later: int, link: Link) -> None:
        target = self._steps[later]
        waiting = self._waiting[later]
        if link.kind is LinkKind.SAME:
            for host in step.members & target.members:
                waiting[host] += 1
            return
        scope = step.members if link.hosts is None else step.members & link.hosts
        if scope:
            self._missing[number, later, link] = len(scope)
            for host in target.members:
                waiting[host] += 1

    def _start_roots(self) -> None:
        roots = [
            (number, host)
            for number, step in enumerate(self._steps)
            for host in sorted(step.members)
            if not self._waiting[number][host]
        ]
        self._settle_all(roots)

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
            with self._lock:
                lane.running = None
                if self._closed:
                    return
                self._finish(number, host)
                self._settle_all(self._release(number, host, outcome.is_good))
                if not self._open or self._stop.level:
                    self._lock.notify_all()
        if self._leave(lane):
            self._visit.host_done(self._graph.hosts[host])

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

    def _finish(self, number: int, host: int) -> None:
        self._done[number][host] = 1
        self._open -= 1
        lane = self._lanes[host]
        lane.left -= 1
        if lane.left == 0 and not lane.busy:
            # Saying goodbye to a host can take a moment: that is a worker's business.
            lane.busy = True
            self._queue.put(host)

    def _settle_all(self, ready: list[tuple[int, int]]) -> None:
        """Queue what can run; settle gates and blocked jobs here, with all that follows."""
        pending = deque(ready)
        while pending:
            number, host = pending.popleft()
            step = self._steps[number]
            blocker = self._blockers.pop((number, host), None)
            if blocker is None and step.kind is not StepKind.GATE:
                self._enqueue(number, host)
                continue
            good = blocker is None
            if blocker is not None and step.kind is not StepKind.GATE:
                good = self._visit.blocked(step, self._graph.hosts[host], blocker).is_good
            self._finish(number, host)
            pending.extend(self._release(number, host, good, blocker))

    def _enqueue(self, number: int, host: int) -> None:
        lane = self._lanes[host]
        lane.ready.append(number)
        if not lane.busy:
            lane.busy = True
            self._queue.put(host)

    def _release(
        self, number: int, host: int, good: bool, cause: JobId | None = None
    ) -> list[tuple[int, int]]:
        me = cause or JobId(self._steps[number].name, self._graph.hosts[host])
        ready: list[tuple[int, int]] = []
        for later, links in self._links[number]:
            for link in links:
                blocker = None if holds(link.state, good=good) else me
                ready += self._follow(number, host, later, link, blocker)
        return ready

    def _follow(
        self, number: int, host: int, later: int, link: Link, blocker: JobId | None
    ) -> list[tuple[int, int]]:
        members = self._steps[later].members
        if link.kind is LinkKind.SAME:
            return self._arrive(later, host, blocker) if host in members else []
        if link.hosts is not None and host not in link.hosts:
            return []
        if blocker is not None:
            for other in members:
                self._blockers.setdefault((later, other), blocker)
        self._missing[number, later, link] -= 1
        if self._missing[number, later, link]:
            return []
        return [job for other in sorted(members) for job in self._arrive(later, other, None)]

    def _arrive(self, number: int, host: int, blocker: JobId | None) -> list[tuple[int, int]]:
        if blocker is not None:
            self._blockers.setdefault((number, host), blocker)
        self._waiting[number][host] -= 1
        return [] if self._waiting[number][host] else [(number, host)]

    # -- stopping ---------------------------------------------------------------------------

    def _should_end(self) -> bool:
        if self._stop.level is StopLevel.NOW:
            return True
        in_flight = any(lane.running is not None for lane in self._lanes.values())
        return self._stop.level is StopLevel.FINISH and not in_flight

    def _finish_stopped(self) -> None:
        """Give every job that is still open its outcome."""
        if not self._open:
            return
        for number, step in enumerate(self._steps):
            if step.kind is StepKind.GATE:
                continue
            for host in sorted(step.members):
                if not self._done[number][host]:
                    in_flight = self._lanes[host].running == number
                    self._visit.cancelled(step, self._graph.hosts[host], in_flight)
