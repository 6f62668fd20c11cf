"""Host order: the inventory variable ``after``."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from runner.errors import GraphError, PatternError
from runner.model.job import Status
from runner.model.playbook import Order
from tests.engine.makers import build, inventory, play, task
from tests.engine.recorder import Recorder, walk

CLIENTS = ["web", "mail"]


def order(*failing: str, hosts: str = "all", limit: frozenset[str] | None = None,
          after: Any = "clients", **fields: Any) -> Recorder:  # fmt: skip
    inv = inventory(
        "dc", "web", "mail", clients=CLIENTS, servers=["dc"], variables={"dc": {"after": after}}
    )
    graph = build(inv, play(task("one"), task("two"), hosts=hosts, **fields), limit=limit)
    return walk(graph, *failing)


@pytest.mark.parametrize("after", ["clients", ["web", "mail"], ["all"], ["clients", "dc"]])
def test_a_host_begins_when_those_before_it_are_through(after: Any) -> None:
    found = order(after=after).ran()
    assert found[-2:] == ["one@dc", "two@dc"]
    assert len(found) == 6


def test_it_is_blocked_when_one_of_them_failed() -> None:
    recorder = order("two@web")
    assert recorder.reason("one@dc") == "two@web"
    assert recorder.status("two@mail") is Status.OK


@pytest.mark.parametrize(("hosts", "limit"), [("servers", None), ("all", frozenset({"dc"}))])
def test_hosts_that_are_not_in_the_play_do_not_count(
    hosts: str, limit: frozenset[str] | None
) -> None:
    assert order(hosts=hosts, limit=limit).ran() == ["one@dc", "two@dc"]


def test_each_play_is_ordered_for_itself() -> None:
    inv = inventory("dc", "web", clients=["web"], variables={"dc": {"after": "clients"}})
    recorder = walk(build(inv, play(task("one")), play(task("two"), name="q")))
    assert recorder.ran() == ["one@web", "one@dc", "two@web", "two@dc"]


def test_circles_name_the_hosts() -> None:
    variables: dict[str, Any] = {"a": {"after": "b"}, "b": {"after": "c"}, "c": {"after": ["a"]}}
    inv = inventory("a", "b", "c", "d", variables=variables)
    with pytest.raises(GraphError) as caught:
        build(inv, play(task("one")))
    circle = caught.value.message.partition("circle: ")[2].split(" before ")
    assert set(circle) == {"a", "b", "c"}
    assert circle[0] == circle[-1]
    pairs = set(pairwise(circle))
    assert pairs == {("b", "a"), ("c", "b"), ("a", "c")}


@pytest.mark.parametrize("after", [7, "{{ x }}", ["web", None], {"hosts": "web"}])
def test_what_is_no_pattern_is_refused(after: Any) -> None:
    with pytest.raises(GraphError, match="'after' of dc is no host pattern"):
        order(after=after)


def test_a_pattern_that_matches_nobody_names_the_host() -> None:
    with pytest.raises(PatternError, match="'after' of dc: the pattern 'webb' matches no host"):
        order(after="webb")


def test_batches_must_agree_with_the_order_of_hosts() -> None:
    with pytest.raises(GraphError, match=r"dc comes after (web|mail), but stands in an earlier"):
        order(serial=(1,))
    found = order(serial=(1,), order=Order.REVERSE_INVENTORY).ran()
    assert found == [f"{step}@{host}" for host in ("mail", "web", "dc") for step in ("one", "two")]
