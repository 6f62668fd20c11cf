"""The walk, over random graphs: order, parallelism, blocking, stopping."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.engine.graph import JobGraph, Link, LinkKind, Step, StepKind, holds
from runner.engine.stop import Stop, StopLevel
from runner.engine.walk import Walk
from runner.errors import JournalError
from runner.model.job import JobId, Outcome, Status
from runner.model.playbook import NeedState


class Recorder:
    """A visit that fails where it is told to, and writes down what happened in which order."""

    def __init__(self, fails: Callable[[JobId], bool] = lambda _job: False) -> None:
        self.fails = fails
        self.order: list[tuple[str, JobId]] = []
        self.statuses: dict[JobId, Status] = {}
        self.blockers: dict[JobId, JobId] = {}
        self.goodbyes: list[str] = []
        self.overlaps: list[str] = []
        self._busy: set[str] = set()
        self._lock = threading.Lock()

    def visit(self, step: Step, host: str) -> Outcome:
        job = JobId(step.name, host)
        with self._lock:
            if host in self._busy:
                self.overlaps.append(host)
            self._busy.add(host)
            self.order.append(("begin", job))
        status = Status.FAILED if self.fails(job) else Status.OK
        with self._lock:
            self._busy.discard(host)
            self.order.append(("end", job))
            self.statuses[job] = status
        return Outcome(status)

    def blocked(self, step: Step, host: str, by: JobId) -> Outcome:
        job = JobId(step.name, host)
        self.statuses[job] = Status.BLOCKED
        self.blockers[job] = by
        self.order.append(("end", job))
        return Outcome(Status.BLOCKED)

    def cancelled(self, step: Step, host: str, in_flight: bool) -> Outcome:
        job = JobId(step.name, host)
        self.statuses[job] = Status.IN_DOUBT if in_flight else Status.CANCELLED
        return Outcome(self.statuses[job])

    def host_done(self, host: str) -> None:
        self.goodbyes.append(host)


@st.composite
def graphs(draw: st.DrawFn) -> JobGraph:
    """Up to six steps on up to four hosts; links only go forward, of every kind."""
    hosts = [f"h{i}" for i in range(draw(st.integers(1, 4)))]
    graph = JobGraph(hosts)
    subsets = st.frozensets(st.integers(0, len(hosts) - 1))
    steps: list[Step] = []
    for i in range(draw(st.integers(1, 6))):
        kind = draw(st.sampled_from([StepKind.TASK, StepKind.TASK, StepKind.GATE]))
        step = graph.add(Step(f"s{i}", kind, f"s{i}", draw(subsets)))
        for earlier in steps:
            if draw(st.booleans()):
                kinds = draw(st.sampled_from(list(LinkKind)))
                state = draw(st.sampled_from(list(NeedState)))
                scope = draw(st.none() | subsets) if kinds is LinkKind.ALL else None
                graph.link(earlier, step, Link(kinds, state, scope))
        steps.append(step)
    return graph


def pairs(graph: JobGraph) -> list[tuple[JobId, JobId, NeedState]]:
    return [
        (a, b, link.state)
        for earlier, later, link in graph.edges()
        for a, b in graph.expand(earlier, later, link)
    ]


def bad_by_model(graph: JobGraph, failing: set[JobId]) -> dict[JobId, bool]:
    """Job by job, whether it comes out good, worked out the slow and plain way."""
    needs = pairs(graph)
    good: dict[JobId, bool] = {}
    for step in graph.steps:
        for host in sorted(step.members):
            job = JobId(step.name, graph.hosts[host])
            free = all(holds(s, good=good[a]) for a, b, s in needs if b == job)
            fails = step.kind is not StepKind.GATE and job in failing
            good[job] = free and not fails
    return good


@settings(max_examples=150, deadline=None)
@given(graphs(), st.integers(1, 4), st.sets(st.integers(0, 23)))
def test_every_job_ends_once_in_order_and_is_blocked_only_by_need(
    graph: JobGraph, workers: int, failures: set[int]
) -> None:
    jobs = [
        JobId(s.name, graph.hosts[h])
        for s in graph.steps
        if s.kind is not StepKind.GATE
        for h in s.members
    ]
    failing = {job for i, job in enumerate(jobs) if i in failures}
    recorder = Recorder(failing.__contains__)
    Walk(graph, recorder, workers, Stop()).run()
    assert sorted(recorder.statuses) == sorted(jobs)
    good = bad_by_model(graph, failing)
    for job in jobs:
        assert recorder.statuses[job].is_good == good[job]
    begun = {job: i for i, (what, job) in enumerate(recorder.order) if what == "begin"}
    ended = {job: i for i, (what, job) in enumerate(recorder.order) if what == "end"}
    for earlier, later, _state in pairs(graph):
        if earlier in ended and later in begun:
            assert ended[earlier] < begun[later]
    assert not recorder.overlaps
    members = {graph.hosts[h] for s in graph.steps for h in s.members}
    assert sorted(recorder.goodbyes) == sorted(members)


def chain(hosts: int, steps: int) -> JobGraph:
    graph = JobGraph([f"h{i}" for i in range(hosts)])
    members = frozenset(range(hosts))
    previous: Step | None = None
    for i in range(steps):
        step = graph.add(Step(f"s{i}", StepKind.TASK, f"s{i}", members))
        if previous:
            graph.link(previous, step, Link(LinkKind.SAME))
        previous = step
    return graph


def test_a_failed_host_blocks_only_itself_and_names_the_root_cause() -> None:
    recorder = Recorder(lambda job: job == JobId("s1", "h0"))
    Walk(chain(3, 4), recorder, 3, Stop()).run()
    assert recorder.statuses[JobId("s3", "h0")] is Status.BLOCKED
    assert recorder.blockers[JobId("s3", "h0")] == JobId("s1", "h0")
    assert all(recorder.statuses[JobId(f"s{i}", h)].is_good for i in range(4) for h in ("h1", "h2"))


def test_hosts_do_not_wait_for_each_other() -> None:
    slow = threading.Event()

    class Slow(Recorder):
        def visit(self, step: Step, host: str) -> Outcome:
            if host == "h0":
                assert slow.wait(10)
            outcome = super().visit(step, host)
            if JobId(step.name, host) == JobId("s2", "h1"):
                slow.set()
            return outcome

    recorder = Slow()
    Walk(chain(2, 3), recorder, 2, Stop()).run()
    assert len(recorder.statuses) == 6


def test_the_first_stop_finishes_what_is_in_flight_and_cancels_the_rest() -> None:
    stop = Stop()

    class Stopping(Recorder):
        def visit(self, step: Step, host: str) -> Outcome:
            stop.ask(StopLevel.FINISH)
            return super().visit(step, host)

    recorder = Stopping()
    Walk(chain(2, 3), recorder, 1, stop).run()
    found = list(recorder.statuses.values())
    assert found.count(Status.OK) == 1
    assert found.count(Status.CANCELLED) == 5


def test_the_second_stop_does_not_wait_and_leaves_it_in_doubt() -> None:
    stop, release = Stop(), threading.Event()

    class Hanging(Recorder):
        def visit(self, step: Step, host: str) -> Outcome:
            stop.ask(StopLevel.NOW)
            release.wait(20)
            return super().visit(step, host)

    recorder = Hanging()
    begun = time.monotonic()
    Walk(chain(1, 2), recorder, 1, stop).run()
    assert time.monotonic() - begun < 10
    assert recorder.statuses == {
        JobId("s0", "h0"): Status.IN_DOUBT,
        JobId("s1", "h0"): Status.CANCELLED,
    }
    release.set()


def test_a_large_fleet_walks() -> None:
    recorder = Recorder()
    Walk(chain(500, 20), recorder, 32, Stop()).run()
    assert len(recorder.statuses) == 10_000
    assert set(recorder.statuses.values()) == {Status.OK}


def test_a_visit_that_breaks_stops_the_walk_and_is_not_swallowed() -> None:
    class Breaking(Recorder):
        def visit(self, step: Step, host: str) -> Outcome:
            if JobId(step.name, host) == JobId("s1", "h1"):
                raise JournalError("the disk is full")
            return super().visit(step, host)

    with pytest.raises(JournalError, match="the disk is full"):
        Walk(chain(3, 50), Breaking(), 2, Stop()).run()
