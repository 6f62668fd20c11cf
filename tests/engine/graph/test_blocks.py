"""Blocks: rescue and always, against a plain reading of what Ansible does on one host."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.engine.graph.graph import JobGraph, StepKind
from runner.model.job import Status
from runner.model.playbook import Block, Entry, NeedState, Task, tasks_in
from tests.engine.makers import block, build, flush, inventory, need, play, task
from tests.engine.recorder import Recorder, walk

ONE = inventory("a")


class Reading:
    """What Ansible makes of the tasks on one host: which run in which order, and the rest."""

    def __init__(self, failing: frozenset[str]) -> None:
        self.failing = failing
        self.ran: list[str] = []
        self.status: dict[str, Status] = {}

    def entries(self, entries: Sequence[Entry]) -> bool:
        """Whether all of them came through."""
        for number, entry in enumerate(entries):
            good = self.task(entry) if isinstance(entry, Task) else self.block(entry)
            if not good:
                self.leave(entries[number + 1 :], Status.BLOCKED)
                return False
        return True

    def task(self, entry: Task) -> bool:
        self.ran.append(entry.name)
        failed = entry.name in self.failing
        self.status[entry.name] = Status.FAILED if failed else Status.OK
        return not failed

    def block(self, entry: Block) -> bool:
        good = self.entries(entry.block)
        if good:
            self.leave(entry.rescue, Status.SKIPPED)
        elif entry.rescue:
            good = self.entries(entry.rescue)
        return self.entries(entry.always) and good

    def leave(self, entries: Sequence[Entry], status: Status) -> None:
        self.status.update({t.name: status for t in tasks_in(entries)})


@st.composite
def plays(draw: st.DrawFn) -> tuple[Entry, ...]:
    """Blocks within blocks, up to four deep, all tasks with names of their own."""
    names = count()

    def some(depth: int, least: int) -> tuple[Entry, ...]:
        return tuple(one(depth) for _ in range(draw(st.integers(least, 3 if depth < 3 else 2))))

    def one(depth: int) -> Entry:
        if depth == 4 or draw(st.integers(0, 2)) == 0:
            return task(f"t{next(names)}")
        return block(*some(depth + 1, 1), rescue=some(depth + 1, 0), always=some(depth + 1, 0))

    return some(1, 1)


@settings(max_examples=60, deadline=None)
@given(plays(), st.data(), st.booleans())
def test_any_blocks_on_several_hosts_do_what_ansible_does(
    entries: tuple[Entry, ...], data: st.DataObject, linear: bool
) -> None:
    names = [t.name for t in tasks_in(entries)]
    hosts = ("a", "b", "c")
    failing = {h: data.draw(st.frozensets(st.sampled_from(names))) for h in hosts}
    graph = build(inventory(*hosts), play(*entries, linear=linear), play(task("next"), name="q"))
    recorder = walk(graph, *(f"{n}@{h}" for h in hosts for n in failing[h]), workers=3)
    for host in hosts:
        reading = Reading(failing[host])
        good = reading.entries(entries)
        assert recorder.ran(host) == [*reading.ran, *(["next"] if good else [])]
        assert {n: recorder.status(f"{n}@{host}") for n in names} == reading.status


def steps(recorder: Recorder, *names: str) -> list[str]:
    return [str(recorder.status(f"{name}@a")) for name in names]


RESCUED = block(task("body"), task("rest"), rescue=[task("rescue")], always=[task("always")])


@pytest.mark.parametrize(
    ("failing", "expected"),
    [
        ([], ["ok", "ok", "skipped", "ok", "ok"]),
        (["body@a"], ["failed", "blocked", "ok", "ok", "ok"]),
        (["body@a", "rescue@a"], ["failed", "blocked", "failed", "ok", "blocked"]),
        (["always@a"], ["ok", "ok", "skipped", "failed", "blocked"]),
        (["body@a", "always@a"], ["failed", "blocked", "ok", "failed", "blocked"]),
        (["before@a"], ["blocked", "blocked", "blocked", "blocked", "blocked"]),
    ],
)
def test_rescue_and_always(failing: list[str], expected: list[str]) -> None:
    graph = build(ONE, play(task("before"), RESCUED, task("after")))
    recorder = walk(graph, *failing)
    assert steps(recorder, "body", "rest", "rescue", "always", "after") == expected


@pytest.mark.parametrize(
    ("failing", "blocked", "by"),
    [
        (("before@a",), "rescue@a", "before@a"),
        (("before@a",), "always@a", "before@a"),
        (("body@a", "rescue@a"), "after@a", "rescue@a"),
        (("always@a",), "after@a", "always@a"),
        ((), "rescue@a", "block:body@a"),
    ],
)
def test_the_root_cause_goes_through_the_gates(
    failing: tuple[str, ...], blocked: str, by: str
) -> None:
    graph = build(ONE, play(task("before"), RESCUED, task("after")))
    assert walk(graph, *failing).reason(blocked) == by


def test_always_without_rescue_hands_the_failure_of_the_body_on() -> None:
    entries = (block(task("body"), always=[task("always")]), task("after"))
    recorder = walk(build(ONE, play(*entries)), "body@a")
    assert steps(recorder, "always", "after") == ["ok", "blocked"]
    assert recorder.reason("after@a") == "body@a"


def test_a_rescued_host_takes_part_in_the_next_play() -> None:
    graph = build(ONE, play(RESCUED), play(task("next"), name="q"))
    assert walk(graph, "body@a").status("next@a") is Status.OK
    assert walk(graph, "always@a").status("next@a") is Status.BLOCKED


def test_shields_are_the_blocks_whose_rescue_would_act() -> None:
    inner = block(task("deep"), rescue=[task("deep-rescue")], always=[task("deep-always")],
                  name="inner")  # fmt: skip
    graph = build(
        ONE,
        play(
            block(task("body"), inner, block(task("plain"), always=[task("x")]),
                  rescue=[task("rescue")], always=[task("always")], name="outer"),
            task("after"),
        ),
    )  # fmt: skip
    shields = {s.name: s.shields for s in graph.steps if s.kind is not StepKind.GATE}
    assert shields == {
        "body": ("outer",),
        "deep": ("inner", "outer"),
        "deep-rescue": ("outer",),
        "deep-always": ("outer",),
        "plain": ("outer",),
        "x": ("outer",),
        "rescue": (),
        "always": (),
        "after": (),
    }


def test_blocks_of_one_name_have_gates_of_their_own() -> None:
    one, two = (block(task(t), rescue=[task("r")], name="same") for t in ("one", "two"))
    graph = build(ONE, play(one, two))
    gates = {s.name: s.block for s in graph.steps if s.block}
    assert gates == {
        "same:enter": "same", "same:body": "same", "same:leave": "same",
        "same-2:enter": "same-2", "same-2:body": "same-2", "same-2:leave": "same-2",
    }  # fmt: skip


def needing(state: NeedState = NeedState.OK) -> JobGraph:
    fallible = block(task("body"), rescue=[task("rescue")], id="fallible")
    return build(ONE, play(fallible, task("last", needs=(need("fallible", state=state),))))


def test_who_needs_a_block_waits_for_its_end() -> None:
    assert walk(needing(), "body@a").ran() == ["body@a", "rescue@a", "last@a"]
    recorder = walk(needing(), "body@a", "rescue@a")
    assert recorder.reason("last@a") == "rescue@a"


def test_who_needs_the_failure_of_a_block_is_passed_over_without_it() -> None:
    recorder = walk(needing(NeedState.FAILED), "body@a")
    assert recorder.status("last@a") is Status.SKIPPED
    assert recorder.reason("last@a") == "fallible:leave@a"
    recorder = walk(needing(NeedState.FAILED), "body@a", "rescue@a")
    assert recorder.status("last@a") is Status.OK


def test_what_a_block_needs_holds_for_all_that_is_in_it() -> None:
    """It does not wait for the task before it, but for what it names."""
    graph = build(
        inventory("a", "b"),
        play(
            task("first", id="first"),
            task("second"),
            block(task("body"), always=[task("always")], needs=(need("first", hosts="b"),)),
        ),
    )
    assert walk(graph, "second@a").status("body@a") is Status.OK
    recorder = walk(graph, "first@b")
    assert recorder.status("body@a") is Status.BLOCKED
    assert recorder.status("always@a") is Status.BLOCKED


def test_a_task_in_a_block_that_needs_nothing_waits_for_the_block_to_begin() -> None:
    graph = build(
        ONE, play(task("before"), block(task("one"), task("two", needs=()), rescue=[task("r")]))
    )
    recorder = walk(graph, "one@a")
    assert steps(recorder, "two", "r") == ["ok", "ok"]
    assert steps(walk(graph, "before@a"), "two", "r") == ["blocked", "blocked"]


def test_a_rescue_that_is_not_wanted_fails_nobody_though_its_needs_failed() -> None:
    rescue = task("rescue", needs=(need("other", hosts="b"),))
    graph = build(
        inventory("a", "b", rest=("a",)),
        play(task("other", id="other"), hosts="b", name="o"),
        play(block(task("body"), rescue=[rescue]), task("after"), hosts="a", name="p", needs=()),
    )
    recorder = walk(graph, "other@b")
    assert recorder.status("rescue@a") is Status.BLOCKED
    assert recorder.status("after@a") is Status.OK


def test_handlers_flushed_in_a_block_are_rescued_like_its_tasks() -> None:
    handlers = (task("handler"),)
    body = block(task("body"), flush(), task("rest"), rescue=[task("rescue")])
    graph = build(ONE, play(body, task("after"), handlers=handlers))
    recorder = walk(graph, "handler@a")
    assert steps(recorder, "rest", "rescue", "after") == ["blocked", "ok", "ok"]
    assert graph.step("handler").shields == ("block",)
    assert graph.step("handler-2").shields == ()


def test_a_block_that_only_groups_has_two_gates() -> None:
    graph = build(ONE, play(block(task("one"), task("two"), id="both")))
    assert [s.name for s in graph.steps if s.block] == ["both:enter", "both:leave"]
    assert walk(graph, "one@a").status("two@a") is Status.BLOCKED
