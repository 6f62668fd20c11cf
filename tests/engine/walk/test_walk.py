"""The walk, over random graphs: order, parallelism, blocking, stopping."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.engine.graph.graph import Health, JobGraph, Link, LinkKind, Step, StepKind, holds
from runner.engine.stop import Stop, StopLevel
from runner.engine.walk.walk import Walk
from runner.errors import GraphError, JournalError
from runner.model.job import JobId, Outcome, Status
from runner.model.playbook import NeedState
from tests.engine.makers import block, build, inventory, play, task
from tests.engine.recorder import Recorder, walk


@st.composite
def graphs(draw: st.DrawFn) -> JobGraph:
    """Up to six steps on up to four hosts; links only go forward, of every kind."""
    hosts = [f"h{i}" for i in range(draw(st.integers(1, 4)))]
    graph = JobGraph(hosts)
    subsets = st.frozensets(st.integers(0, len(hosts) - 1))
    row = draw(st.permutations(range(len(hosts))))
    cut = draw(st.integers(0, len(hosts)))
    groups = draw(st.sampled_from([(), (tuple(row[:cut]), tuple(row[cut:]))]))
    steps: list[Step] = []
    for i in range(draw(st.integers(1, 6))):
        kind = draw(st.sampled_from([StepKind.TASK, StepKind.TASK, StepKind.GATE]))
        block = draw(st.sampled_from(["", "b"])) if kind is StepKind.GATE else ""
        step = graph.add(Step(f"s{i}", kind, f"s{i}", draw(subsets), groups=groups, block=block))
        for earlier in steps:
            if draw(st.booleans()):
                graph.link(earlier, step, draw(links(subsets)))
        steps.append(step)
    return graph


@st.composite
def links(draw: st.DrawFn, subsets: st.SearchStrategy[frozenset[int]]) -> Link:
    kind = draw(st.sampled_from(list(LinkKind)))
    state = draw(st.sampled_from(list(NeedState)))
    only = draw(st.none() | subsets)
    if kind is not LinkKind.ALL:
        return Link(kind, state, only=only, skips=draw(st.booleans()))
    health = draw(st.sampled_from([None, *Health]))
    return Link(kind, state, draw(st.none() | subsets), only, draw(st.booleans()), health)


class Model:
    """What becomes of each job, worked out the slow and plain way."""

    def __init__(self, graph: JobGraph, failing: set[JobId]) -> None:
        self.status: dict[JobId, Status] = {}
        for step in graph.steps:
            for host in step.members:
                job = JobId(step.name, graph.hosts[host])
                links = [
                    (link, [a for a, b in graph.expand(earlier, step, link) if b == job])
                    for earlier, found in graph.predecessors(step)
                    for link in found
                ]
                self.status[job] = self.judge(step, job in failing, links)

    def judge(self, step: Step, fails: bool, links: list[tuple[Link, list[JobId]]]) -> Status:
        unmet = [link for link, jobs in links for a in jobs if not self.holds(link, a)]
        sick = [link for link, jobs in links if jobs and not self.is_healthy(link, jobs)]
        blocked = bool(sick) or any(not link.skips for link in unmet)
        skipped = any(link.skips for link in unmet)
        if skipped and (step.block or not blocked):
            return Status.SKIPPED
        if blocked:
            return Status.BLOCKED
        return Status.FAILED if fails and step.kind is not StepKind.GATE else Status.OK

    def holds(self, link: Link, job: JobId) -> bool:
        return holds(link.state, good=self.status[job].is_good)

    def is_healthy(self, link: Link, jobs: list[JobId]) -> bool:
        good = [self.status[job].is_good for job in jobs]
        return {None: True, Health.SOME: any(good), Health.EVERY: all(good)}[link.health]


@settings(max_examples=150, deadline=None)
@given(graphs(), st.integers(1, 4), st.sets(st.integers(0, 23)))
def test_every_job_ends_once_in_order_and_is_blocked_only_by_need(
    graph: JobGraph, workers: int, failures: set[int]
) -> None:
    gates = {s.name for s in graph.steps if s.kind is StepKind.GATE}
    jobs = [JobId(s.name, graph.hosts[h]) for s in graph.steps for h in sorted(s.members)]
    failing = {job for i, job in enumerate(jobs) if i in failures}
    recorder = walk(graph, *map(str, failing), workers=workers)
    expected = Model(graph, failing).status
    assert recorder.statuses == {j: s for j, s in expected.items() if j.step not in gates}
    begun = {job: i for i, (what, job) in enumerate(recorder.order) if what == "begin"}
    ended = {job: i for i, (what, job) in enumerate(recorder.order) if what == "end"}
    for earlier, later, link in graph.edges():
        for a, b in graph.expand(earlier, later, link):
            if a in ended and b in begun:
                assert ended[a] < begun[b]
    for job, by in recorder.reasons.items():
        # A root cause: what failed, or did not fail where that was asked; nothing in between.
        assert expected[job] is Status.SKIPPED or expected[by] is not Status.BLOCKED
    assert sorted(recorder.goodbyes) == sorted({job.host for job in jobs})


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
    assert recorder.reason("s3@h0") == "s1@h0"
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


def test_a_job_that_failed_because_of_another_hands_that_one_on() -> None:
    """An include fails by a task that it brought in: this is the cause that people look for."""
    inner = JobId("s0/inner", "h0")

    class Including(Recorder):
        def work(self, job: JobId) -> Outcome:
            failed = job == JobId("s0", "h0")
            return Outcome(Status.FAILED, blocked_by=inner) if failed else super().work(job)

    recorder = Including()
    Walk(chain(1, 3), recorder, 1, Stop()).run()
    assert [recorder.reasons[JobId(s, "h0")] for s in ("s1", "s2")] == [inner, inner]


def test_an_ignored_failure_blocks_nobody() -> None:
    class Ignoring(Recorder):
        def work(self, job: JobId) -> Outcome:
            return Outcome(Status.FAILED, ignored=job.step == "s0")

    recorder = Ignoring()
    Walk(chain(1, 3), recorder, 1, Stop()).run()
    found = [recorder.status(f"s{i}@h0") for i in range(3)]
    assert found == [Status.FAILED, Status.FAILED, Status.BLOCKED]


def test_a_graph_that_closes_a_circle_does_not_hang() -> None:
    graph = chain(1, 3)
    graph.link(graph.step("s2"), graph.step("s1"), Link(LinkKind.SAME))
    with pytest.raises(GraphError, match="wait for each other"):
        Walk(graph, Recorder(), 1, Stop()).run()


@pytest.mark.parametrize("fields", [{}, {"linear": True}])
def test_a_large_fleet_walks_in_batches(fields: dict[str, Any]) -> None:
    inv = inventory(*(f"h{i}" for i in range(1000)))
    graph = build(inv, play(*(task(f"t{i}") for i in range(10)), serial=(50,), **fields))
    recorder = walk(graph, workers=32)
    assert set(recorder.statuses.values()) == {Status.OK}
    row = [int(job.host[1:]) // 50 for _, job in recorder.order]
    assert row == sorted(row)


def test_a_blocked_job_that_is_shown_as_skipped_blocks_all_the_same() -> None:
    """In a block with a rescue, what a failure leaves out is shown so, and the rescue runs."""

    class Lenient(Recorder):
        def blocked(self, step: Step, host: str, by: JobId) -> Outcome:
            super().blocked(step, host, by)
            return Outcome(Status.SKIPPED, blocked_by=by)

    body = block(task("body"), task("rest"), rescue=[task("rescue")])
    recorder = Lenient(lambda job: job.step == "body")
    Walk(build(inventory("a"), play(body)), recorder, 1, Stop()).run()
    assert recorder.ran() == ["body@a", "rescue@a"]
