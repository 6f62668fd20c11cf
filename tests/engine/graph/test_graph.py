"""The job graph: order, needs, circles, and what a vertex costs."""

from __future__ import annotations

import dataclasses
import time
import tracemalloc
from typing import Any

import pytest

from runner.engine.graph.graph import JobGraph, LinkKind, StepKind
from runner.errors import GraphError
from runner.model.playbook import NeedState
from tests.engine.makers import HERE, build, flush, inventory, need, play, task


def waits_for(graph: JobGraph, step: str) -> set[tuple[str, LinkKind]]:
    return {
        (a.name, link.kind)
        for a, b, link in graph.edges()
        if b.name == step and a.kind is not StepKind.GATE
    }


def test_tasks_follow_one_another_on_the_same_host() -> None:
    graph = build(inventory("a", "b"), play(task("one"), task("two"), task("three")))
    assert waits_for(graph, "two") == {("one", LinkKind.SAME)}
    assert waits_for(graph, "three") == {("two", LinkKind.SAME)}


def test_needs_replace_the_task_before() -> None:
    graph = build(
        inventory("a", "b"),
        play(task("one", id="one"), task("two"), task("three", needs=(need("one"),))),
    )
    assert waits_for(graph, "three") == {("one", LinkKind.SAME)}


def test_needs_on_other_hosts_wait_for_all_of_them() -> None:
    inv = inventory("a", "b", "c", clients=["a", "b"])
    last = task("last", needs=(need("first", hosts="clients"),))
    graph = build(inv, play(task("first", id="first"), last))
    [(_, _, link)] = [e for e in graph.edges() if e[1].name == "last" and e[0].name == "first"]
    assert link.kind is LinkKind.ALL
    assert link.hosts == frozenset({0, 1})


def test_linear_strategy_is_a_barrier_after_every_task() -> None:
    graph = build(inventory("a", "b"), play(task("one"), task("two"), linear=True))
    assert waits_for(graph, "two") == {("one", LinkKind.SAME), ("one", LinkKind.BATCH)}


def test_handlers_come_last_and_flush_brings_them_forward() -> None:
    graph = build(
        inventory("a"),
        play(task("one"), flush(), task("two"), handlers=(task("restart"),)),
    )
    assert [s.name for s in graph.steps if s.kind is not StepKind.GATE] == [
        "one",
        "restart",
        "two",
        "restart-2",
    ]
    assert waits_for(graph, "two") == {("restart", LinkKind.SAME)}


def test_plays_run_in_order_unless_they_say_what_they_need() -> None:
    inv = inventory("a", "b")
    first = play(task("one", id="one"), name="first")
    plain = build(inv, first, play(task("two"), name="second"))
    kinds = {link.kind for a, b, link in plain.edges() if b.name == "second:begin"}
    assert kinds == {LinkKind.SAME, LinkKind.ALL}
    needing = build(inv, first, play(task("two"), name="second", needs=(need("one"),)))
    kinds = {link.kind for a, b, link in needing.edges() if b.name == "second:begin"}
    assert kinds == {LinkKind.SAME}


def test_facts_come_before_every_task_even_with_needs() -> None:
    later = task("two", needs=(need("one"),))
    graph = build(inventory("a"), play(task("one", id="one"), later, gather_facts=True))
    assert ("gather-facts", LinkKind.SAME) in waits_for(graph, "two")


def test_a_circle_is_reported_with_names_and_lines() -> None:
    one = task("one", id="one", needs=(need("two"),))
    two = task("two", id="two", needs=(need("one"),))
    with pytest.raises(GraphError) as caught:
        build(inventory("a"), play(one, two))
    text = str(caught.value)
    assert "one@a (play.yml:3:5)" in text
    assert "two@a" in text
    assert caught.value.source == HERE


def test_a_circle_of_steps_that_does_not_close_on_hosts_is_none() -> None:
    """File servers wait for the same task on the clients: a circle of tasks, not of jobs."""
    inv = inventory("a", "b", clients=["a"], servers=["b"])
    one = task("one", id="one", needs=(need("two", hosts="servers"),))
    two = task("two", id="two", needs=())
    graph = build(inv, play(one, hosts="clients", name="c"), play(two, hosts="servers", name="s",
                  needs=()))  # fmt: skip
    assert ("two", LinkKind.ALL) in waits_for(graph, "one")


def test_an_unknown_need_names_the_nearest() -> None:
    with pytest.raises(GraphError, match="did you mean 'stop-smb'"):
        build(
            inventory("a"),
            play(task("one", id="stop-smb"), task("two", needs=(need("stop-smp"),))),
        )


def test_the_same_id_twice_is_an_error() -> None:
    with pytest.raises(GraphError, match="used twice"):
        build(inventory("a"), play(task("x", id="one"), task("y", id="one")))


def test_a_need_may_ask_for_failure() -> None:
    wanted = need("one", state=NeedState.FAILED)
    graph = build(inventory("a"), play(task("one", id="one"), task("two", needs=(wanted,))))
    [link] = [x for a, b, x in graph.edges() if (a.name, b.name) == ("one", "two")]
    assert link.state is NeedState.FAILED
    assert link.skips


def test_a_limit_leaves_hosts_out() -> None:
    graph = build(inventory("a", "b"), play(task("one")), limit=frozenset({"b"}))
    assert graph.step("one").members == {1}


def test_a_flush_is_no_task_that_others_could_wait_for() -> None:
    with pytest.raises(GraphError, match="neither 'needs' nor 'id'"):
        build(inventory("a"), play(dataclasses.replace(flush(), id="now")))


def test_a_failure_is_not_made_good_by_what_runs_because_of_it() -> None:
    """The play's end needs the task that failed, and what was only needed to be over."""
    after = task("two", needs=(need("one", state=NeedState.FINISHED),))
    graph = build(inventory("a"), play(task("one", id="one"), after))
    ends = {a.name for a, b, _ in graph.edges() if b.name == "p:end"}
    assert ends == {"one", "two"}


@pytest.mark.parametrize("fields", [{}, {"serial": (50,), "linear": True}])
def test_ten_thousand_hosts_and_twenty_tasks_stay_small(fields: dict[str, Any]) -> None:
    inv = inventory(*(f"h{i}" for i in range(10_000)))
    begun = time.process_time()
    tracemalloc.start()
    tasks = (task(f"t{i}", id=f"t{i}") for i in range(20))
    graph = build(inv, play(*tasks, gather_facts=True, **fields))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert graph.job_count() == 210_000
    assert peak < 150_000_000
    assert time.process_time() - begun < 20  # about a tenth of that, without the tracing
