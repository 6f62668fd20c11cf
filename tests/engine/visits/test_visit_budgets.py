"""Budgets: ``any_errors_fatal``, ``max_fail_percentage``, ``on_failure: stop``."""

from __future__ import annotations

from typing import Any

import pytest

from runner.engine.visits.run import RunVisit
from runner.model.job import JobId, Status
from runner.model.playbook import OnFailure, Play
from runner.model.source import Source
from tests.engine.toys import HERE, Fleet, ToyHost, block, include, task
from tests.engine.visits.visiting import SET, Book, check, run

REST = task("rest", "say", {"text": "x"})


def hosts(count: int, bad: int = 1) -> Fleet:
    """So many hosts; on the first ones the variable ``bad`` is true."""
    fleet = Fleet({f"h{n}": ToyHost() for n in range(count)})
    fleet.of_host = {name: {"bad": n < bad} for n, name in enumerate(fleet.hosts)}
    return fleet


def fails(name: str = "t", **fields: Any) -> Any:
    return task(name, "say", {"text": "{{ 'fail' if bad else 'x' }}"}, **fields)


@pytest.mark.parametrize(
    "how",
    [
        {"tasks": {"any_errors_fatal": True}},
        {"tasks": {"any_errors_fatal": "{{ bad }}"}},
        {"play": {"on_failure": OnFailure.STOP}},
        {"play": {"max_fail_percentage": 20.0}},
    ],
)
def test_one_failure_too_many_stops_the_play_on_every_host(how: dict[str, Any]) -> None:
    fleet = hosts(4)
    run(fleet, fails(**how.get("tasks", {})), REST, linear=True, **how.get("play", {}))
    assert {fleet.status("rest", host) for host in fleet.hosts} == {Status.BLOCKED}
    stopped = fleet.outcomes[JobId("rest", "h1")]
    assert stopped.message.startswith("play stopped: 't@h0' failed, ")
    assert stopped.blocked_by == JobId("t", "h0")


@pytest.mark.parametrize(("percentage", "stops"), [(50.0, False), (49.0, True), (0.0, True)])
def test_the_percentage_must_be_exceeded(percentage: float, stops: bool) -> None:
    fleet = hosts(4, bad=2)
    run(fleet, fails(), REST, linear=True, max_fail_percentage=percentage)
    assert fleet.status("rest", "h3") is (Status.BLOCKED if stops else Status.OK)
    if stops and percentage:
        message = fleet.outcomes[JobId("rest", "h3")].message
        assert "with it 2 of 4 hosts of the play, more than 49 %" in message


def test_unreachable_hosts_count_and_ignored_and_rescued_ones_do_not() -> None:
    fleet = hosts(2)
    fleet.hosts["h0"].down = True
    run(fleet, task("t", "key", SET), REST, linear=True, max_fail_percentage=40.0)
    assert fleet.status("rest", "h1") is Status.BLOCKED
    fleet = hosts(2)
    run(
        fleet, fails("ignored", ignore_errors=True, any_errors_fatal=True),
        block(fails("rescued", any_errors_fatal=True), rescue=[task("mend", "say", {"text": "x"})]),
        REST, linear=True,
    )  # fmt: skip
    assert fleet.status("rest", "h0") is Status.OK
    assert fleet.status("rest", "h1") is Status.OK


def test_a_host_gets_the_rescue_and_always_of_the_block_that_it_is_in() -> None:
    fleet = hosts(2)
    inside = [
        task("first", "say", {"text": "x"}),
        fails(any_errors_fatal=True, conditions=("bad",)),
        task("more", "say", {"text": "x"}),
    ]
    clean = [task("clean", "say", {"text": "x"})]
    later = block(REST, always=[task("other-clean", "say", {"text": "x"})])
    run(fleet, block(*inside, always=clean), later, linear=True)
    for host in fleet.hosts:
        assert fleet.status("more", host) is Status.BLOCKED
        assert fleet.status("clean", host) is Status.OK
        assert fleet.status("rest", host) is Status.BLOCKED
        assert fleet.status("other-clean", host) is Status.BLOCKED


def test_the_play_after_a_stopped_one_does_not_begin_and_one_with_needs_does() -> None:
    fleet = hosts(2)
    plays = [
        Play("one", "all", Source("p", 1, 1), HERE, tasks=(fails(any_errors_fatal=True),),
             gather_facts=False),
        Play("two", "all", Source("p", 2, 1), HERE, tasks=(task("two", "say", {"text": "x"}),),
             gather_facts=False),
        Play("three", "all", Source("p", 3, 1), HERE, needs=(),
             tasks=(task("three", "say", {"text": "x"}),), gather_facts=False),
    ]  # fmt: skip
    fleet.walk_plays(lambda r: RunVisit(r, Book(fleet)), *plays)
    assert fleet.status("two", "h1") is Status.BLOCKED
    assert fleet.status("three", "h1") is Status.OK


@pytest.mark.parametrize("forced", [False, True])
def test_handlers_run_in_a_stopped_play_only_when_forced(forced: bool) -> None:
    fleet = hosts(3)
    fleet.hosts["h2"].keys["name"] = "x"
    calls = task("calls", "say", {"text": "changed"}, notify=("restart",))
    gone = task("gone", "key", SET, conditions=("inventory_hostname == 'h2'",))
    fleet.hosts["h2"].down = True
    run(
        fleet, calls, gone, fails(any_errors_fatal=True), linear=True,
        handlers=(task("restart", "say", {"text": "x"}),), force_handlers=forced,
    )  # fmt: skip
    wanted = Status.OK if forced else Status.BLOCKED
    assert fleet.status("restart", "h0") is wanted
    assert fleet.status("restart", "h1") is wanted
    assert fleet.status("restart", "h2") is Status.BLOCKED


def test_a_failure_in_an_include_counts() -> None:
    fleet = hosts(2)
    fleet.files = {"f": [fails(any_errors_fatal=True), task("after", "say", {"text": "x"})]}
    run(fleet, include("in", "f"), REST, linear=True)
    assert fleet.status("rest", "h1") is Status.BLOCKED
    assert "'in/t@h0' failed" in fleet.outcomes[JobId("rest", "h1")].message


def test_what_a_dry_run_only_predicts_stops_nothing() -> None:
    fleet = hosts(2)
    shout = task("shout", "shout", {"text": "x"}, any_errors_fatal=True)
    check(fleet, shout, task("t", "key", SET, any_errors_fatal=True), REST, linear=True)
    assert fleet.status("rest", "h0") is Status.OK
    assert fleet.status("rest", "h1") is Status.OK


def test_facts_that_cannot_be_gathered_count() -> None:
    fleet = hosts(2)
    fleet.hosts["h0"].down = True
    run(fleet, REST, gather_facts=True, linear=True, any_errors_fatal=True)
    assert fleet.status("gather-facts", "h0") is Status.UNREACHABLE
    assert fleet.status("rest", "h1") is Status.BLOCKED
