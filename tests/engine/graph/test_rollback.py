"""The reversed graph: what was done last is undone first, whatever made it be done."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.engine.graph.circles import require_acyclic
from runner.engine.graph.graph import JobGraph, StepKind
from runner.engine.graph.rollback import SETTLE_STEP, graph_to_json, rollback_graph
from runner.errors import JournalError
from runner.model.job import JobId, Status
from runner.model.playbook import Entry, NeedState, tasks_in
from tests.engine.graph.test_blocks import plays
from tests.engine.makers import block, build, inventory, need, play, task
from tests.engine.recorder import Recorder, walk

TWO = inventory("a", "b")


def jobs(*names: str) -> list[JobId]:
    return [JobId(*name.rsplit("@", 1)) for name in names]


def back(graph: JobGraph, changes: Sequence[JobId], *failing: str, settle: Sequence[str] = (),
         only: frozenset[str] | None = None) -> Recorder:  # fmt: skip
    """Through JSON, as the journal keeps it."""
    steps, edges = json.loads(json.dumps(graph_to_json(graph)))
    reverse = rollback_graph(steps, edges, changes, frozenset(settle), only)
    require_acyclic(reverse)
    return walk(reverse, *failing)


def done(graph: JobGraph, *failing: str) -> list[JobId]:
    """The jobs of a run that changed something: all that were visited, also those that failed."""
    return jobs(*walk(graph, *failing).ran())


def test_a_rescue_is_undone_before_what_it_rescued() -> None:
    body = block(task("one"), task("two"), rescue=[task("rescue")], always=[task("always")])
    graph = build(TWO, play(task("before"), body, task("after")))
    recorder = back(graph, done(graph, "two@a"))
    assert recorder.ran("a") == ["after", "always", "rescue", "two", "one", "before"]
    assert recorder.ran("b") == ["after", "always", "two", "one", "before"]


@pytest.mark.parametrize("broken", ["always", "rescue"])
def test_an_undo_that_fails_blocks_all_that_the_host_did_before_it(broken: str) -> None:
    body = block(task("one"), rescue=[task("rescue")], always=[task("always")])
    graph = build(TWO, play(task("before"), body))
    recorder = back(graph, done(graph, "one@a", "one@b"), f"{broken}@a")
    assert recorder.reason("one@a") == f"{broken}@a"
    assert recorder.reason("before@a") == f"{broken}@a"
    assert recorder.ran("b") == ["always", "rescue", "one", "before"]


@settings(max_examples=25, deadline=None)
@given(plays(), st.data(), st.sampled_from([{}, {"serial": (1, 2)}, {"linear": True}]))
def test_any_run_is_undone_in_the_reverse_order_on_each_host(
    entries: tuple[Entry, ...], data: st.DataObject, fields: dict[str, Any]
) -> None:
    names = [t.name for t in tasks_in(entries)]
    hosts = ("a", "b", "c")
    failing = [f"{n}@{h}" for h in hosts for n in data.draw(st.frozensets(st.sampled_from(names)))]
    graph = build(inventory(*hosts), play(*entries, **fields))
    forward = walk(graph, *failing)
    recorder = back(graph, jobs(*forward.ran()))
    for host in hosts:
        assert recorder.ran(host) == forward.ran(host)[::-1]
    only = back(graph, jobs(*forward.ran()), only=frozenset("b"))
    assert only.ran() == [f"{name}@b" for name in forward.ran("b")[::-1]]


def test_batches_come_back_last_first_and_do_not_hold_each_other_up() -> None:
    graph = build(inventory(*"abcd"), play(task("one"), canary=(1,), serial=(2,)))
    changes = done(graph)
    assert back(graph, changes).ran()[0] == "one@d"
    assert back(graph, changes).ran()[-1] == "one@a"
    recorder = back(graph, changes, "one@d", "one@b", "one@c")
    assert recorder.status("one@a") is Status.OK


def test_a_barrier_is_one_on_the_way_back() -> None:
    graph = build(inventory(*"abcd"), play(task("one"), task("two"), serial=(2,), linear=True))
    found = back(graph, done(graph)).ran()
    assert [set(found[i : i + 2]) for i in range(0, 8, 2)] == [
        {"two@c", "two@d"}, {"one@c", "one@d"}, {"two@a", "two@b"}, {"one@a", "one@b"},
    ]  # fmt: skip


def test_what_was_needed_to_be_ok_is_undone_when_all_that_rests_on_it_is_gone() -> None:
    graph = build(
        inventory("a", "b", "c", clients=["a", "b"]),
        play(task("one", id="one"), hosts="clients", name="c"),
        play(task("two", needs=(need("one", hosts="clients"),)), hosts="c", name="s", needs=()),
    )
    assert back(graph, done(graph)).ran()[0] == "two@c"
    assert back(graph, done(graph), "two@c").reason("one@a") == "two@c"


@pytest.mark.parametrize("state", [NeedState.FAILED, NeedState.FINISHED])
def test_what_waited_for_a_failure_elsewhere_blocks_nobody_there(state: NeedState) -> None:
    graph = build(
        TWO,
        play(task("one", id="one"), hosts="a", name="o"),
        play(task("two", needs=(need("one", hosts="a", state=state),)), hosts="b", needs=()),
    )
    changes = done(graph, "one@a")
    assert changes == jobs("one@a", "two@b")
    assert back(graph, changes).ran() == ["two@b", "one@a"]
    assert back(graph, changes, "two@b").status("one@a") is Status.OK


def test_what_an_include_brought_in_is_undone_where_it_stands() -> None:
    graph = build(TWO, play(task("first"), task("include-x"), task("last")))
    changes = jobs("first@a", "include-x/one@a", "include-x/two@a", "include-x/one@b", "last@a",
                   "include-x/two@b", "last@b")  # fmt: skip
    recorder = back(graph, changes)
    assert recorder.ran("a") == ["last", "include-x/two", "include-x/one", "first"]
    assert recorder.ran("b") == ["last", "include-x/two", "include-x/one"]
    recorder = back(graph, changes, "include-x/two@a")
    assert recorder.reason("include-x/one@a") == "include-x/two@a"
    assert recorder.reason("first@a") == "include-x/two@a"


def test_hosts_may_have_taken_what_was_included_in_different_orders() -> None:
    graph = build(TWO, play(task("include")))
    changes = jobs("include/two@a", "include/one@b", "include/two@b", "include/deep/one@b",
                   "include/one@a", "include/three@a")  # fmt: skip
    recorder = back(graph, changes)
    assert recorder.ran("a") == ["include/three", "include/one", "include/two"]
    assert recorder.ran("b") == ["include/deep/one", "include/two", "include/one"]


def test_a_step_that_is_not_on_record_stops_the_rollback() -> None:
    graph = build(TWO, play(task("one")))
    with pytest.raises(JournalError, match="no step 'other/one'"):
        back(graph, jobs("one@a", "other/one@a"))


def test_the_restart_comes_last_even_after_a_failure() -> None:
    graph = build(TWO, play(task("one"), task("two")))
    recorder = back(graph, done(graph), "two@a", settle=("a",))
    assert recorder.ran("a") == ["two", SETTLE_STEP]


def test_a_record_without_batches_can_be_read() -> None:
    """Runs that were recorded before there were batches."""
    steps, edges = graph_to_json(build(TWO, play(task("one"), task("two"))))
    del steps["batches"]
    for step in steps["steps"]:
        del step["batches"]
    reverse = rollback_graph(steps, [e[:5] for e in edges], jobs("one@a", "two@a"), frozenset())
    assert walk(reverse).ran() == ["two@a", "one@a"]


def test_many_batches_are_stored_once() -> None:
    names = [f"h{i}" for i in range(1000)]
    graph = build(inventory(*names), play(*(task(f"t{i}") for i in range(20)), serial=(1,)))
    steps, edges = graph_to_json(graph)
    assert len(json.dumps([steps, edges])) < 200_000
    reverse = rollback_graph(steps, edges, jobs("t0@h7", "t1@h7", "t1@h999"), frozenset())
    assert walk(reverse).ran() == ["t1@h999", "t1@h7", "t0@h7"]


def test_all_tasks_of_a_graph_are_gates_on_the_way_back_unless_they_changed_something() -> None:
    steps, edges = graph_to_json(build(TWO, play(task("one"), task("two"))))
    reverse = rollback_graph(steps, edges, jobs("two@b"), frozenset())
    assert [s.name for s in reverse.steps if s.kind is not StepKind.GATE] == ["two"]
    assert reverse.step("two").members == {1}


def test_what_came_again_in_a_loop_counts_where_it_came_last() -> None:
    graph = build(TWO, play(task("include")))
    changes = jobs("include/one@a", "include/two@a", "include/one@a")
    assert back(graph, changes).ran() == ["include/one@a", "include/two@a"]
