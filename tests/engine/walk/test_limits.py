"""Limits: tokens are never exceeded, always given back, and waiting for one holds up no worker."""

from __future__ import annotations

import threading
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from runner.engine.graph.graph import JobGraph, Limit, Link, LinkKind, Step, StepKind
from runner.engine.stop import Stop, StopLevel
from runner.engine.walk.walk import Walk
from runner.model.job import JobId, Outcome, Status
from runner.model.playbook import NeedState
from tests.engine.makers import build, inventory, play, task
from tests.engine.recorder import Recorder, walk

SIX = inventory(*"abcdef")


class Watching(Recorder):
    """Notes how many hosts were in a step, or between two steps, at once."""

    def __init__(self, *failing: str) -> None:
        super().__init__(lambda job: str(job) in failing)
        self.most: Counter[str] = Counter()
        self._now: Counter[str] = Counter()
        self._gathered = threading.Semaphore(0)

    def work(self, job: JobId) -> Outcome:
        with self.lock:
            self._now[job.step] += 1
            self.most[job.step] = max(self.most[job.step], self._now[job.step])
        self._gathered.acquire(timeout=0.005)  # let the others come, too
        with self.lock:
            self._now[job.step] -= 1
        return super().work(job)


def test_throttle_lets_so_many_hosts_in_and_no_more() -> None:
    recorder = Watching()
    graph = build(SIX, play(task("one"), task("two", throttle=2)))
    Walk(graph, recorder, 6, Stop()).run()
    assert len(recorder.statuses) == 12
    assert recorder.most["two"] <= 2
    assert recorder.most["one"] > 2


def test_a_throttled_task_gives_its_token_back_when_it_fails() -> None:
    recorder = Watching("two@a", "two@b", "one@c")
    Walk(build(SIX, play(task("one"), task("two", throttle=1))), recorder, 6, Stop()).run()
    assert len(recorder.ran()) == 11
    assert recorder.most["two"] == 1


def test_who_waits_for_a_token_holds_no_worker() -> None:
    """With two workers and one token, the second worker does what needs none."""
    entered, others = threading.Event(), threading.Event()

    class Slow(Recorder):
        def work(self, job: JobId) -> Outcome:
            if job == JobId("slow", "a"):
                entered.set()
                assert others.wait(10)
            if job.step == "free" and entered.is_set() and len(self.ran()) >= 6:
                others.set()
            return super().work(job)

    graph = build(SIX, play(task("slow", throttle=1), task("free", needs=())))
    recorder = Slow()
    Walk(graph, recorder, 2, Stop()).run()
    assert len(recorder.statuses) == 12


def clustered(count: int = 1) -> JobGraph:
    variables = {h: {"cluster": c} for h, c in zip("abcde", "xxxyy", strict=True)}
    inv = inventory(*"abcdef", variables=variables)
    return build(inv, play(task("one"), task("two"), max_in_flight={"cluster": count}))


def spans(recorder: Recorder) -> dict[str, tuple[int, int]]:
    """From the first to the last thing that happened on each host."""
    found: dict[str, tuple[int, int]] = {}
    for i, (_, job) in enumerate(recorder.order):
        found[job.host] = (found.get(job.host, (i, i))[0], i)
    return found


def at_once(recorder: Recorder, hosts: str) -> int:
    """How many of these hosts were under way at the same time, at most."""
    span = {h: s for h, s in spans(recorder).items() if h in hosts}
    return max(sum(a <= i <= b for a, b in span.values()) for i in range(len(recorder.order)))


def test_so_many_hosts_of_each_value_are_in_the_play_at_once() -> None:
    for count in (1, 2):
        recorder = walk(clustered(count), workers=6)
        assert at_once(recorder, "abc") <= count
        assert at_once(recorder, "de") <= count
        assert recorder.ran("f") == ["one", "two"]


def test_a_host_that_failed_lets_the_next_one_in() -> None:
    recorder = walk(clustered(), "one@a", "two@d", workers=6)
    assert [recorder.ran(h) for h in "abcde"] == [["one"], *[["one", "two"]] * 4]


def test_a_host_that_failed_before_the_play_takes_no_token() -> None:
    inv = inventory("a", "b", variables={h: {"cluster": 1} for h in "ab"})
    second = play(task("one"), name="q", max_in_flight={"cluster": 1})
    recorder = walk(build(inv, play(task("first")), second), "first@a")
    assert recorder.status("one@a") is Status.BLOCKED
    assert recorder.status("one@b") is Status.OK


def test_several_limits_hold_together() -> None:
    variables = {h: {"cluster": i // 2, "rack": i % 2} for i, h in enumerate("abcdef")}
    inv = inventory(*"abcdef", variables=variables)
    graph = build(inv, play(task("one"), task("two"), max_in_flight={"cluster": 1, "rack": 2}))
    recorder = walk(graph, workers=6)
    assert all(at_once(recorder, pair) == 1 for pair in ("ab", "cd", "ef"))
    assert all(at_once(recorder, rack) <= 2 for rack in ("ace", "bdf"))


def test_a_stop_leaves_nobody_in_line() -> None:
    stop = Stop()

    class Stopping(Recorder):
        def work(self, job: JobId) -> Outcome:
            stop.ask(StopLevel.FINISH)
            return super().work(job)

    recorder = Stopping()
    Walk(clustered(), recorder, 1, stop).run()
    assert Counter(recorder.statuses.values()) == {Status.OK: 1, Status.CANCELLED: 11}


@st.composite
def limited(draw: st.DrawFn) -> tuple[JobGraph, dict[str, tuple[Step, Step, Limit]]]:
    """Chains of steps on some hosts with links between hosts, and limits over parts of them."""
    hosts = [f"h{i}" for i in range(draw(st.integers(1, 5)))]
    graph = JobGraph(hosts)
    members = frozenset(range(len(hosts)))
    limits: dict[str, tuple[int, int, Limit]] = {}
    length = draw(st.integers(1, 5))
    for i in range(draw(st.integers(1, 3))):
        first, last = sorted((draw(st.integers(0, length - 1)), draw(st.integers(0, length - 1))))
        keys = draw(st.none() | st.dictionaries(st.sampled_from(sorted(members)),
                                                st.sampled_from("xy")))  # fmt: skip
        limits[f"l{i}"] = (first, last, Limit(f"l{i}", draw(st.integers(1, 2)), keys))
    steps: list[Step] = []
    for i in range(length):
        takes = tuple(limit for first, _, limit in limits.values() if first == i)
        gives = tuple(limit for _, last, limit in limits.values() if last == i)
        kind = draw(st.sampled_from([StepKind.TASK, StepKind.TASK, StepKind.GATE]))
        once = kind is StepKind.TASK and takes == gives and draw(st.integers(0, 4)) == 0
        step = Step(f"s{i}", kind, "", members, once=once, takes=takes, gives=gives)
        steps.append(graph.add(step))
        if i:
            graph.link(steps[i - 1], step, Link(LinkKind.SAME))
            if draw(st.integers(0, 4)) == 0:
                graph.link(steps[i - 1], step, Link(LinkKind.BATCH, NeedState.FINISHED))
    return graph, {n: (steps[a], steps[b], limit) for n, (a, b, limit) in limits.items()}


@settings(max_examples=80, deadline=None)
@given(limited(), st.integers(1, 4), st.sets(st.tuples(st.integers(0, 4), st.integers(0, 4))))
def test_any_walk_with_limits_ends_and_keeps_to_them(
    made: tuple[JobGraph, dict[str, tuple[Step, Step, Limit]]],
    workers: int,
    failures: set[tuple[int, int]],
) -> None:
    """Even where hosts with tokens wait for hosts without: then these give up."""
    graph, limits = made
    recorder = walk(graph, *(f"s{s}@h{h}" for s, h in failures), workers=workers)
    visited = {job for what, job in recorder.order if what == "begin"}
    for first, last, limit in limits.values():
        inside: dict[str, set[str]] = {}
        for what, job in recorder.order:
            number = int(job.step[1:])
            pool = limit.pool(graph.hosts.index(job.host))
            if pool is None or not int(first.name[1:]) <= number <= int(last.name[1:]):
                continue
            if what == "begin" and job in visited:
                inside.setdefault(pool, set()).add(job.host)
                assert len(inside[pool]) <= limit.count
            ends_here = number == _last_task(graph, first, last)
            if what == "end" and (ends_here or recorder.statuses[job] is not Status.OK):
                inside.get(pool, set()).discard(job.host)


def _last_task(graph: JobGraph, first: Step, last: Step) -> int:
    """The last step between these two that is not a gate: there a host is known to be through."""
    span = range(int(first.name[1:]), int(last.name[1:]) + 1)
    return max((i for i in span if graph.steps[i].kind is not StepKind.GATE), default=-1)


def test_a_standstill_ends_with_one_giving_up_for_the_other() -> None:
    """The one with the token waits for the one without: a graph that the builder refuses."""
    graph = JobGraph(["a", "b"])
    limit, members = Limit("l", 1), frozenset({0, 1})
    one = graph.add(Step("one", StepKind.TASK, "", members, takes=(limit,)))
    two = graph.add(Step("two", StepKind.TASK, "", members, gives=(limit,)))
    graph.link(one, two, Link(LinkKind.SAME))
    graph.link(one, two, Link(LinkKind.BATCH, NeedState.FINISHED))
    recorder = walk(graph)
    assert recorder.ran() == ["one@a", "two@a"]
    assert [recorder.reason(f"{step}@b") for step in ("one", "two")] == ["one@a", "one@a"]
