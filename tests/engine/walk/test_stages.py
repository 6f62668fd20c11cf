"""Plays whose hosts are known only when earlier ones are over."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from runner.engine.graph.build import GraphBuilder, Growth
from runner.engine.graph.graph import JobGraph, LinkKind, Step
from runner.engine.stop import Stop, StopLevel
from runner.engine.tasks.roster import stages
from runner.engine.walk.walk import Over, Walk
from runner.errors import GraphError
from runner.model.inventory import Inventory
from runner.model.job import JobId, Outcome, Status
from runner.model.playbook import Play, Playbook
from runner.model.source import Source
from tests.engine.makers import inventory, need, play, select, task

FIRST, LATER = inventory("a", "b"), inventory("a", "b", "c", new=["c", "a"])


def lenient(inv: Inventory, pattern: str, source: Source | None) -> Sequence[str]:
    return select(inv, pattern, source) if pattern in inv.groups or pattern in inv.hosts else ()


def built(inv: Inventory, *plays: Play, past: JobGraph | None = None) -> JobGraph:
    growth = Growth((0,), lenient, past, 0 if past is not None else -1)
    return GraphBuilder(inv, select, None, growth=growth).build(Playbook("p", plays, ""))


class Visits:
    """Notes who was visited; ``bad`` jobs fail."""

    def __init__(self, *bad: str, stop: Stop | None = None) -> None:
        self.bad = bad
        self.stop = stop
        self.said: dict[str, str] = {}
        self.done: list[str] = []

    def visit(self, step: Step, host: str) -> Outcome:
        job = f"{step.name}@{host}"
        self.said[job] = "visited"
        if self.stop is not None:
            self.stop.ask(StopLevel.FINISH)
        return Outcome(Status.FAILED if job in self.bad else Status.OK)

    def follow(self, step: Step, host: str, leader: str, outcome: Outcome) -> Outcome:
        return outcome

    def blocked(self, step: Step, host: str, by: JobId) -> Outcome:
        self.said[f"{step.name}@{host}"] = f"blocked by {by}"
        return Outcome(Status.BLOCKED)

    def passed_over(self, step: Step, host: str, by: JobId) -> Outcome:
        return Outcome(Status.SKIPPED)

    def cancelled(self, step: Step, host: str, in_flight: bool) -> Outcome:
        self.said[f"{step.name}@{host}"] = "cancelled"
        return Outcome(Status.CANCELLED)

    def host_done(self, host: str) -> None:
        self.done.append(host)


def in_two_stages(visits: Visits, *plays: Play) -> tuple[Walk, Walk]:
    stop = visits.stop or Stop()
    graph = built(FIRST, *plays)
    first = Walk(graph, visits, 2, stop, until=0)
    first.run()
    again = built(LATER, *plays, past=graph)
    assert [s.name for s in again.steps] == [s.name for s in graph.steps]
    second = Walk(again, visits, 2, stop, over=first.over)
    second.run()
    return first, second


ONE, TWO = play(task("one"), name="first"), play(task("two"), hosts="new", name="second")


def test_hosts_of_a_later_play_are_those_of_the_inventory_by_then() -> None:
    visits = Visits()
    in_two_stages(visits, ONE, TWO)
    assert set(visits.said) == {"one@a", "one@b", "two@a", "two@c"}
    assert set(visits.said.values()) == {"visited"}


def test_nothing_of_a_later_play_begins_in_the_first_stage() -> None:
    visits = Visits()
    both = (ONE, play(task("two"), name="second", needs=()))
    first = Walk(built(FIRST, *both), visits, 2, Stop(), until=0)
    first.run()
    assert set(visits.said) == {"one@a", "one@b"}
    assert visits.done == []
    assert not first.stopped


def test_who_failed_before_takes_no_part() -> None:
    visits = Visits("one@a")
    in_two_stages(visits, ONE, TWO)
    assert visits.said["two@a"] == "blocked by one@a"
    assert visits.said["two@c"] == "visited"


def test_an_error_that_was_cleared_counts_no_more() -> None:
    visits = Visits("one@a")
    graph = built(FIRST, ONE, TWO)
    first = Walk(graph, visits, 2, Stop(), until=0)
    first.run()
    over: Over = dict.fromkeys(first.over)
    Walk(built(LATER, ONE, TWO, past=graph), visits, 2, Stop(), over=over).run()
    assert visits.said["two@a"] == "visited"


def test_a_walk_that_is_stopped_tells_the_later_plays_too() -> None:
    visits = Visits(stop=Stop())
    plays = (ONE, play(task("two"), name="second"))
    walk = Walk(built(FIRST, *plays), visits, 1, visits.stop or Stop(), until=0)
    walk.run()
    assert walk.stopped
    assert {visits.said[f"two@{host}"] for host in "ab"} == {"cancelled"}


def test_tokens_of_a_play_that_is_over_hold_nobody_up() -> None:
    hosts = inventory("a", "b", variables={n: {"cluster": "x"} for n in "ab"})
    first = play(task("one"), name="first", max_in_flight={"cluster": 1})
    second = play(task("two"), name="second", max_in_flight={"cluster": 1})
    graph = built(hosts, first, second)
    visits = Visits()
    walk = Walk(graph, visits, 2, Stop(), until=0)
    walk.run()
    Walk(built(hosts, first, second, past=graph), visits, 2, Stop(), over=walk.over).run()
    assert list(visits.said.values()) == ["visited"] * 4


def test_a_play_that_needs_a_later_one_cannot_wait_for_its_hosts() -> None:
    first = play(task("one", needs=(need("two"),)), name="first")
    with pytest.raises(GraphError):
        built(FIRST, first, play(task("two", id="two"), name="second", needs=()))


def test_stages_are_the_plays_that_may_add_something() -> None:
    grows = play(task("g", module="group_by", args={"key": "x"}))
    clears = play(task("m", module="meta", args={"free_form": "clear_host_errors"}))
    plain = play(task("d"))
    book = Playbook("p", (plain, grows, clears, plain, grows), "")
    assert stages(book) == (1, 2)


def test_a_play_without_hosts_does_not_part_the_plays_around_it() -> None:
    """With a limit, say: the third play still follows the first."""
    inv = inventory("a", "b")
    plays = (play(task("one"), name="1"), play(task("x"), hosts="b", name="2"),
             play(task("three"), name="3"))  # fmt: skip
    graph = GraphBuilder(inv, select, frozenset({"a"})).build(Playbook("p", plays, ""))
    kinds = {link.kind for a, b, link in graph.edges() if (a.name, b.name) == ("1:end", "3:begin")}
    assert kinds == {LinkKind.SAME, LinkKind.ALL}


def test_who_failed_takes_no_part_behind_a_play_of_others() -> None:
    inv = inventory("a", "b")
    plays = (play(task("one"), name="1"), play(task("x"), hosts="b", name="2"),
             play(task("three"), name="3"))  # fmt: skip
    visits = Visits("one@a")
    Walk(GraphBuilder(inv, select, None).build(Playbook("p", plays, "")), visits, 2, Stop()).run()
    assert visits.said["three@a"] == "blocked by one@a"
    assert visits.said["three@b"] == "visited"
