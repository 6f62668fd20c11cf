"""Handlers at the end of a play: force_handlers, order, what blocks them."""

from __future__ import annotations

from typing import Any

import pytest

from runner.engine.graph.graph import JobGraph
from runner.errors import GraphError
from runner.model.job import Status
from tests.engine.makers import build, flush, inventory, need, play, task
from tests.engine.recorder import walk

TWO = inventory("a", "b")
HANDLERS = (task("h1"), task("h2"))


def made(force: bool = False, **fields: Any) -> JobGraph:
    first = play(task("one"), task("two"), handlers=HANDLERS, **fields)
    return build(TWO, first, play(task("next"), name="q"), force_handlers=force)


def test_handlers_do_not_run_on_a_host_that_failed() -> None:
    recorder = walk(made(), "two@a")
    assert recorder.ran("a") == ["one", "two"]
    assert recorder.ran("b") == ["one", "two", "h1", "h2", "next"]


@pytest.mark.parametrize("graph", [made(force_handlers=True), made(force=True)])
def test_with_force_they_do_and_the_host_is_still_a_failed_one(graph: JobGraph) -> None:
    recorder = walk(graph, "one@a")
    assert recorder.ran("a") == ["one", "h1", "h2"]
    assert recorder.reason("next@a") == "one@a"


def test_a_handler_that_fails_is_the_last_one_even_with_force() -> None:
    recorder = walk(made(force=True), "h1@a")
    assert recorder.ran("a") == ["one", "two", "h1"]
    assert recorder.reason("next@a") == "h1@a"


def test_force_does_not_reach_a_host_that_failed_before_the_play() -> None:
    later = play(task("one"), name="q", handlers=HANDLERS, force_handlers=True)
    recorder = walk(build(TWO, play(task("first")), later), "first@a")
    assert recorder.ran("a") == ["first"]
    assert recorder.status("h1@a") is Status.BLOCKED


def test_force_is_for_the_end_of_the_play_and_not_for_a_flush() -> None:
    entries = (task("one"), flush(), task("two"))
    graph = build(TWO, play(*entries, handlers=(task("h"),), force_handlers=True))
    assert walk(graph, "one@a").ran("a") == ["one", "h-2"]


def test_a_play_of_handlers_alone() -> None:
    for force in (False, True):
        graph = build(TWO, play(handlers=HANDLERS), force_handlers=force)
        assert walk(graph).ran("a") == ["h1", "h2"]


def test_handlers_obey_their_needs() -> None:
    handler = task("h", needs=(need("slow", hosts="b"),))
    graph = build(TWO, play(task("slow", id="slow"), handlers=(handler,)))
    assert walk(graph, "slow@b").reason("h@a") == "slow@b"


def test_force_must_be_known_before_the_run() -> None:
    with pytest.raises(GraphError, match="force_handlers takes yes or no"):
        made(force_handlers="{{ x }}")
