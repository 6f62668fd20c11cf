"""Batches: how the hosts of a play are cut, and what a later batch asks of the one before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from runner.engine.graph.batches import cut
from runner.errors import GraphError
from runner.model.job import Status
from runner.model.playbook import BatchSize, Order
from tests.engine.makers import build, inventory, need, play, task
from tests.engine.recorder import walk


@pytest.mark.parametrize(
    ("hosts", "serial", "canary", "sizes"),
    [
        (5, (), (), [5]),
        (5, (2,), (), [2, 2, 1]),
        (10, (1, 3), (), [1, 3, 3, 3]),
        (10, (0.3,), (), [3, 3, 3, 1]),
        (10, (0.01,), (), [1] * 10),  # a share is at least one host
        (10, (0.29,), (), [2, 2, 2, 2, 2]),  # and is rounded down
        (100, (29 / 100,), (), [28, 28, 28, 16]),  # in binary, as Ansible does
        (4, (1.0,), (), [4]),
        (4, (0,), (), [4]),
        (4, (1, 0), (), [1, 3]),
        (4, (9,), (), [4]),
        (10, (), (2,), [2, 8]),
        (30, (), (2, 0.1), [2, 3, 25]),
        (30, (10,), (2, 0.1), [2, 3, 10, 10, 5]),
        (2, (5,), (1, 2, 3), [1, 1]),
        (0, (5,), (1,), []),
    ],
)
def test_batches_are_cut_as_ansible_cuts_them(
    hosts: int, serial: Sequence[BatchSize], canary: Sequence[BatchSize], sizes: list[int]
) -> None:
    batches, canaries = cut(play(serial=tuple(serial), canary=tuple(canary)), range(hosts))
    assert [len(batch) for batch in batches] == sizes
    assert [host for batch in batches for host in batch] == list(range(hosts))
    assert canaries == min(len(canary), len(sizes))


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (Order.INVENTORY, ["b", "c", "a"]),
        (Order.REVERSE_INVENTORY, ["a", "c", "b"]),
        (Order.SORTED, ["a", "b", "c"]),
        (Order.REVERSE_SORTED, ["c", "b", "a"]),
    ],
)
@pytest.mark.parametrize("serial", [(), (1,), (2,)])
def test_the_order_of_the_play_decides_who_begins(
    order: Order, expected: list[str], serial: tuple[int, ...]
) -> None:
    graph = build(inventory("b", "c", "a"), play(task("one"), order=order, serial=serial))
    assert walk(graph, workers=1).ran() == [f"one@{host}" for host in expected]


def test_shuffled_hosts_are_all_there_and_not_always_in_one_row() -> None:
    inv = inventory(*(f"h{i}" for i in range(8)))
    rows = {build(inv, play(task("one"), order=Order.SHUFFLE)).step("one").groups for _ in range(9)}
    assert len(rows) > 1
    assert {frozenset(group) for groups in rows for group in groups} == {frozenset(range(8))}


def rolling(*failing: str, **fields: Any) -> list[str]:
    """The jobs that ran, of two tasks on six hosts."""
    hosts = inventory(*"abcdef")
    return walk(build(hosts, play(task("one"), task("two"), **fields)), *failing, workers=1).ran()


def both(hosts: str) -> list[str]:
    return [f"{step}@{host}" for host in hosts for step in ("one", "two")]


def test_a_batch_begins_when_the_one_before_it_is_over() -> None:
    found = rolling(serial=(2,))
    assert [set(found[i : i + 4]) for i in (0, 4, 8)] == [set(both(h)) for h in ("ab", "cd", "ef")]


def test_a_batch_goes_on_without_those_that_failed() -> None:
    found = rolling("one@a", "two@c", serial=(2,))
    assert set(found) == {"one@a", *both("bcdef")}


def test_a_lost_batch_is_the_last_one() -> None:
    hosts = inventory(*"abcdef")
    graph = build(hosts, play(task("one"), serial=(2,)), play(task("next"), name="q"))
    recorder = walk(graph, "one@c", "one@d")
    assert set(recorder.ran()) == {"one@a", "one@b", "one@c", "one@d", "next@a", "next@b"}
    assert recorder.reason("one@e") == "one@c"
    assert recorder.status("next@f") is Status.BLOCKED


def test_hosts_that_failed_in_an_earlier_play_lose_no_batch() -> None:
    hosts = inventory(*"abcd")
    graph = build(hosts, play(task("first")), play(task("one"), name="q", serial=(2,)))
    recorder = walk(graph, "first@a", "first@b")
    assert recorder.ran("c") == ["first", "one"]
    recorder = walk(graph, "first@a", "one@b")
    assert recorder.ran("c") == ["first"]


@pytest.mark.parametrize(
    ("failing", "expected"),
    [
        ((), "abcdef"),
        (("one@a",), "b"),  # one canary that fails is enough
        (("one@c",), "abdef"),  # the rest may have failures
        (("one@c", "one@d"), "abef"),  # there is one batch of the rest: nothing comes after it
    ],
)
def test_canaries_must_all_come_through(failing: tuple[str, ...], expected: str) -> None:
    found = {job for job in rolling(*failing, canary=(2,)) if job.startswith("two")}
    assert found == {f"two@{host}" for host in expected}


def test_each_batch_of_canaries_must_come_through() -> None:
    recorder = walk(
        build(inventory(*"abcdef"), play(task("one"), canary=(1, 2), serial=(2,))), "one@c"
    )
    assert set(recorder.ran()) == {"one@a", "one@b", "one@c"}
    assert [recorder.reason(f"one@{h}") for h in "def"] == ["one@c"] * 3


def test_a_canary_that_failed_before_the_play_is_not_sound() -> None:
    graph = build(inventory(*"abc"), play(task("first")), play(task("one"), name="q", canary=(1,)))
    recorder = walk(graph, "first@a")
    assert recorder.reason("one@b") == "first@a"


def test_linear_waits_for_the_batch_only() -> None:
    graph = build(inventory(*"abcd"), play(task("one"), task("two"), serial=(2,), linear=True))
    found = walk(graph, workers=4).ran()
    assert [set(found[i : i + 2]) for i in range(0, 8, 2)] == [
        {"one@a", "one@b"}, {"two@a", "two@b"}, {"one@c", "one@d"}, {"two@c", "two@d"},
    ]  # fmt: skip


def test_needs_that_turn_batches_round_are_a_circle() -> None:
    first = task("one", needs=(need("two", hosts="b"),))
    with pytest.raises(GraphError, match="in a circle"):
        build(inventory("a", "b"), play(first, task("two", id="two", needs=()), serial=(1,)))


def test_a_limited_run_cuts_the_hosts_that_are_left() -> None:
    inv = inventory(*"abcdef")
    graph = build(inv, play(task("one"), serial=(0.5,)), limit=frozenset("bdf"))
    assert graph.step("one").groups == ((1,), (3,), (5,))
