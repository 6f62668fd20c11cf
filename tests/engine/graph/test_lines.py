"""Which jobs surely follow one another on a host, by the graph alone."""

from __future__ import annotations

from typing import Any

import pytest

from runner.engine.graph.graph import JobGraph
from runner.engine.graph.lines import LONGEST, Lines
from tests.engine.makers import block, build, inventory, need, play, task

HOSTS = inventory("a", "b")


def line(graph: JobGraph, first: str, host: str = "a") -> list[str]:
    return [step.name for step in Lines(graph).after(graph.step(first), host)]


def tasks(*names: str, **fields: Any) -> list[Any]:
    return [task(name, **fields) for name in names]


def test_tasks_of_a_play_follow_one_another() -> None:
    graph = build(HOSTS, play(*tasks("x", "y", "z")), play(*tasks("next")))
    assert line(graph, "x") == ["y", "z"]
    assert line(graph, "y") == ["z"]
    assert line(graph, "z") == []


def test_gates_of_a_block_are_passed_but_not_the_end_of_one_that_rescues() -> None:
    inner = block(*tasks("b1", "b2"))
    graph = build(HOSTS, play(task("x"), inner, task("y")))
    assert line(graph, "x") == ["b1", "b2", "y"]
    assert line(graph, "b1") == ["b2", "y"]
    rescued = block(*tasks("b1", "b2"), rescue=tasks("r"))
    graph = build(HOSTS, play(task("x"), rescued, task("y")))
    assert line(graph, "x") == ["b1", "b2"]
    assert line(graph, "r") == []


@pytest.mark.parametrize(
    ("second", "fields"),
    [
        (task("y", run_once=True), {}),
        (task("y", throttle=1), {}),
        (task("y", needs=(need("x", hosts="b"),)), {}),
        (task("y", needs=(need("x", state="failed"),)), {}),
        (task("y", needs=()), {}),
        (task("y"), {"strategy": "linear"}),
    ],
    ids=["run_once", "throttle", "another host", "a failure", "nothing", "linear"],
)
def test_what_waits_for_others_or_lets_them_go_first_ends_a_line(second: Any, fields: Any) -> None:
    if "strategy" in fields:
        fields = {"linear": True}
    graph = build(HOSTS, play(task("x", id="x"), second, task("z"), **fields))
    assert line(graph, "x") == []


def test_handlers_and_other_batches_are_no_part_of_it() -> None:
    graph = build(HOSTS, play(*tasks("x", "y"), handlers=tuple(tasks("h"))))
    assert line(graph, "x") == ["y"]


def test_a_line_has_an_end() -> None:
    graph = build(HOSTS, play(*tasks(*(f"t{n}" for n in range(LONGEST + 9)))))
    assert len(line(graph, "t0")) == LONGEST


def test_of_a_step_or_host_that_is_not_there_nothing_is_known() -> None:
    graph = build(HOSTS, play(*tasks("x", "y")))
    other = build(HOSTS, play(*tasks("x", "y")))
    assert Lines(graph).after(other.step("x"), "a") == ()
    assert Lines(graph).after(graph.step("x"), "nobody") == ()
    assert Lines(graph).after(graph.step("x"), "b") == (graph.step("y"),)
