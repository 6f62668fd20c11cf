"""Includes on several hosts: what runs once, what is held back, and what a dry run makes of it."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

import pytest

from runner.engine.stop import StopLevel
from runner.engine.visits.check import CheckVisit
from runner.engine.visits.run import RunVisit
from runner.errors import InputErrors, PlaybookError
from runner.model.job import JobId, Status
from tests.engine.toys import HERE, block, include, task
from tests.engine.visits.test_visit_includes import REST, fleet_with, say
from tests.engine.visits.visiting import SET, Book, check, run


@pytest.mark.parametrize("once", [True, "{{ true }}"])
def test_what_runs_once_in_an_include_is_done_by_one_host_and_shared(once: Any) -> None:
    one = task("once", "key", SET, run_once=once, register="r")
    fleet = fleet_with({"f": [one, say("show", "{{ r.value }}")]}, hosts=6)
    fleet.workers = 3
    for host in fleet.hosts.values():
        host.slow = 0.05
    run(fleet, include("in", "f"))
    assert sum(host.keys == {"k": "new"} for host in fleet.hosts.values()) == 1
    statuses = Counter(fleet.status("in/once", host) for host in fleet.hosts)
    assert statuses == {Status.CHANGED: 1, Status.OK: 5}
    assert all(fleet.outcomes[JobId("in/show", h)].message == "new" for h in fleet.hosts)


def test_what_fails_once_has_failed_for_all() -> None:
    files = {"f": [block(say("bad", "fail", run_once=True), rescue=[say("mend")]), say("after")]}
    fleet = fleet_with(files, hosts=3)
    run(fleet, include("in", "f"))
    assert all(fleet.status("in/mend", host) is Status.OK for host in fleet.hosts)
    assert all(fleet.status("in/after", host) is Status.OK for host in fleet.hosts)
    alone = fleet_with({"f": [say("bad", "fail", run_once=True), say("after")]}, hosts=3)
    run(alone, include("in", "f"))
    assert all(alone.status("in/after", host) is Status.BLOCKED for host in alone.hosts)


def test_a_throttle_inside_an_include_holds() -> None:
    busy: list[int] = []
    most: list[int] = []
    lock = threading.Lock()

    class Counting(RunVisit):
        def perform(self, work: Any) -> Any:
            with lock:
                busy.append(1)
                most.append(len(busy))
            outcome = super().perform(work)
            with lock:
                busy.pop()
            return outcome

    fleet = fleet_with({"f": [task("t", "key", SET, throttle=2)]}, hosts=6)
    fleet.workers = 6
    for host in fleet.hosts.values():
        host.slow = 0.05
    fleet.walk(lambda r: Counting(r, Book(fleet)), include("in", "f"))
    assert max(most) <= 2
    assert all(host.keys for host in fleet.hosts.values())


def test_an_interrupt_ends_an_include_after_the_task_in_flight() -> None:
    fleet = fleet_with({"f": [say("one"), say("two"), say("three")]})

    class Interrupted(RunVisit):
        def after(self, step: Any, job: JobId, outcome: Any) -> None:
            if job.step == "in/one":
                self.runtime.stop.ask(StopLevel.FINISH)

    outcomes = fleet.walk(lambda r: Interrupted(r, Book(fleet)), include("in", "f"), REST)
    assert outcomes["in/one"].status is Status.OK
    assert outcomes["in/two"].status is Status.CANCELLED
    assert outcomes["in/three"].status is Status.CANCELLED
    assert outcomes["rest"].status is Status.CANCELLED


def test_a_dry_run_follows_includes_and_does_not_guess_names() -> None:
    fleet = fleet_with({"f": [task("one", "key", SET)]})
    shout = task("shout", "shout", {"text": "f"}, register="said")
    outcomes = check(
        fleet, include("in", "f"), shout, include("name", "{{ said.stdout }}"),
        include("when", "f", conditions=("said.rc == 0",)), REST,
    )  # fmt: skip
    assert outcomes["in/one"].status is Status.WOULD_CHANGE
    assert outcomes["name"].status is Status.NOT_PREDICTABLE
    assert "'shout'" in outcomes["when"].message
    assert fleet.hosts["a"].keys == {}


def test_hosts_that_include_different_files_have_different_steps() -> None:
    fleet = fleet_with({"f-a": [say("t", "of a")], "f-b": [task("t", "key", SET)]}, hosts=2)
    other = task("t", "key", SET)
    fleet.files["f-b"] = [type(other)("t", "key", SET, type(HERE)("other.yml", 1, 1))]
    fleet.walk(CheckVisit, include("in", "f-{{ inventory_hostname }}"), check=True)
    assert sorted(fleet.steps) == ["in/t", "in/t-2"]


def test_needs_in_an_include_are_refused() -> None:
    fleet = fleet_with({"f": [say("one", needs=())]})
    outcomes, _ = run(fleet, include("in", "f"))
    assert outcomes["in/one"].status is Status.FAILED
    assert "'needs' is not possible in an include" in outcomes["in/one"].message


def test_all_mistakes_of_a_file_are_told() -> None:
    errors = InputErrors([PlaybookError("first", source=HERE), PlaybookError("second")])
    outcomes, _ = run(fleet_with({"f": errors}), include("in", "f"))
    assert outcomes["in"].message == "play.yml:1:1: first; second"
