"""max_in_flight and throttle: what is refused before the run, with words that help."""

from __future__ import annotations

from typing import Any

import pytest

from runner.engine.graph.graph import JobGraph
from runner.errors import GraphError
from runner.model.playbook import Entry, Play
from runner.model.secret import Secret
from tests.engine.makers import build, inventory, need, play, task


def made(*entries: Entry, value: Any = "x", count: int = 1, **fields: Any) -> JobGraph:
    inv = inventory("a", "b", "c", variables={"a": {"cluster": value}, "b": {"cluster": "x"}})
    limited: Play = play(*entries, max_in_flight={"cluster": count}, **fields)
    return build(inv, limited)


def test_a_host_without_the_variable_needs_no_token() -> None:
    [limit] = made(task("one")).step("p:begin").takes
    assert limit.keys == {0: "x", 1: "x"}
    assert limit.pool(2) is None


@pytest.mark.parametrize("value", [7, 1.5, True, "north"])
def test_plain_values_tell_pools_apart(value: Any) -> None:
    [limit] = made(task("one"), value=value).step("p:begin").takes
    assert limit.keys == {0: str(value), 1: "x"}


@pytest.mark.parametrize("value", ["{{ x }}", "{% if x %}y{% endif %}", ["x"], None, Secret("x")])
def test_a_value_that_is_not_plain_is_refused(value: Any) -> None:
    with pytest.raises(GraphError, match="no plain value on a"):
        made(task("one"), value=value)


def test_a_variable_that_nobody_has_limits_nobody_and_a_note_says_so() -> None:
    inv = inventory("a", variables={"a": {"cluster": "x"}})
    graph = build(inv, play(task("one"), max_in_flight={"clutser": 1}))
    assert [limit for step in graph.steps for limit in step.takes] == []
    (note,) = graph.notes
    assert "no host has the variable 'clutser'" in note
    assert "did you mean 'cluster'?" in note


def test_hosts_that_come_after_others_of_their_pool_wait_outside() -> None:
    known = {"a": {"cluster": "x"}, "b": {"cluster": "x", "after": "a"}}
    graph = build(
        inventory("a", "b", variables=known), play(task("one"), max_in_flight={"cluster": 1})
    )
    begin = graph.step("p:begin")
    assert [limit.count for limit in begin.takes] == [1]


def test_a_limited_run_may_leave_nobody_with_the_variable() -> None:
    inv = inventory("a", "b", variables={"a": {"cluster": "x"}})
    build(inv, play(task("one"), max_in_flight={"cluster": 1}), limit=frozenset({"b"}))


@pytest.mark.parametrize(
    ("entries", "fields", "message"),
    [
        ([task("one")], {"linear": True}, "strategy: linear"),
        ([task("one", run_once=True)], {}, "run_once waits for all hosts"),
        ([task("one", id="one"), task("two", needs=(need("one", hosts="all"),))], {},
         "this needs 'one' on hosts that max_in_flight keeps out"),
        ([task("one")], {"count": 0}, "lets no host in"),
    ],
)  # fmt: skip
def test_hosts_with_a_token_cannot_wait_for_hosts_without(
    entries: list[Entry], fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(GraphError, match=message):
        made(*entries, **fields)


@pytest.mark.parametrize(("hosts", "count"), [("c", 1), ("all", 2)])
def test_needs_on_hosts_that_are_not_kept_out_are_fine(hosts: str, count: int) -> None:
    last = task("two", needs=(need("one", hosts=hosts),))
    made(task("one", id="one"), last, count=count)


def test_a_throttle_is_taken_and_given_by_the_task() -> None:
    step = build(inventory("a"), play(task("one", throttle=3))).step("one")
    assert [limit.count for limit in step.takes] == [3]
    assert step.gives == step.takes
