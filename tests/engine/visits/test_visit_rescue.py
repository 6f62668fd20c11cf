"""Blocks on a host: what is rescued, what is left out, what a rescue can see."""

from __future__ import annotations

import pytest

from runner.events import JobFinished
from runner.model.job import JobId, Status
from tests.engine.toys import Fleet, ToyHost, block, task
from tests.engine.visits.visiting import SET, check, run

FAIL = task("bad", "say", {"text": "fail"}, register="r")
LATER = task("later", "say", {"text": "x"})
REST = task("rest", "say", {"text": "x"})


def test_a_rescued_failure_is_marked_and_the_host_goes_on() -> None:
    outcomes, _ = run(Fleet(), block(FAIL, LATER, rescue=[task("mend", "key", SET)]), REST)
    assert outcomes["bad"].status is Status.FAILED
    assert outcomes["bad"].rescued
    assert outcomes["later"].status is Status.SKIPPED
    assert outcomes["later"].message == "left out: 'bad@a' failed, its block is rescued"
    assert outcomes["mend"].status is Status.CHANGED
    assert outcomes["rest"].status is Status.OK


def test_a_rescue_is_passed_over_when_nothing_failed() -> None:
    outcomes, _ = run(Fleet(), block(LATER, rescue=[task("mend", "key", SET)]), REST)
    assert outcomes["mend"].status is Status.SKIPPED
    assert outcomes["mend"].message == "nothing failed in its block"
    assert outcomes["rest"].status is Status.OK


def test_an_unreachable_host_is_rescued_too() -> None:
    fleet = Fleet({"a": ToyHost(down=True)})
    outcomes, _ = run(fleet, block(task("t", "key", SET), rescue=[LATER]), REST)
    assert outcomes["t"].status is Status.UNREACHABLE
    assert outcomes["t"].rescued
    assert outcomes["rest"].status is Status.OK


def test_what_is_in_doubt_is_rescued_and_stays_in_doubt() -> None:
    fleet = Fleet({"a": ToyHost({"k": "old"}, lose_answer_of="set", deaf={"k"})})
    outcomes, _ = run(fleet, block(task("t", "key", SET), rescue=[LATER]), REST)
    assert outcomes["t"].status is Status.IN_DOUBT
    assert outcomes["rest"].status is Status.OK


@pytest.mark.parametrize("hidden", [False, True])
def test_a_rescue_sees_what_failed(hidden: bool) -> None:
    bad = task("bad", "key", {"key": "k", "value": "{{ 'hunter2' }}"}, no_log=hidden)
    said = "{{ ansible_failed_task.name }} {{ ansible_failed_task.action }}"
    outcomes, _ = run(
        Fleet({"a": ToyHost(deaf={"k"})}),
        block(
            bad,
            rescue=[
                task("name", "say", {"text": said}),
                task("why", "say", {"text": "{{ ansible_failed_result.msg }}"}),
                task("args", "say", {"text": "{{ ansible_failed_task.args | to_json }}"}),
            ],
        ),
    )
    assert outcomes["name"].message == "bad key"
    assert "reported success" in outcomes["why"].message
    assert ("hunter2" in outcomes["args"].message) is not hidden


def test_an_ignored_failure_needs_no_rescue() -> None:
    bad = task("bad", "say", {"text": "fail"}, ignore_errors=True)
    outcomes, _ = run(Fleet(), block(bad, rescue=[LATER]))
    assert not outcomes["bad"].rescued
    assert outcomes["later"].message == "nothing failed in its block"


def test_a_failing_rescue_of_an_inner_block_is_rescued_by_the_outer_one() -> None:
    inner = block(FAIL, rescue=[task("worse", "say", {"text": "fail"})])
    outer = block(inner, LATER, rescue=[task("mend", "say", {"text": "x"})])
    outcomes, _ = run(Fleet(), outer, REST)
    assert outcomes["worse"].rescued
    assert outcomes["later"].status is Status.SKIPPED
    assert outcomes["mend"].status is Status.OK
    assert outcomes["rest"].status is Status.OK


def test_what_a_failing_rescue_blocks_is_blocked() -> None:
    failing = block(FAIL, rescue=[task("worse", "say", {"text": "fail"}), LATER])
    outcomes, _ = run(Fleet(), failing, REST)
    assert not outcomes["worse"].rescued
    assert outcomes["later"].status is Status.BLOCKED
    assert outcomes["rest"].status is Status.BLOCKED
    assert outcomes["rest"].blocked_by == JobId("worse", "a")


def test_a_failure_that_all_hosts_share_is_rescued_on_each_of_them() -> None:
    fleet = Fleet({"a": ToyHost(), "b": ToyHost()})
    once = task("once", "say", {"text": "fail"}, run_once=True)
    why = task("why", "say", {"text": "{{ ansible_failed_task.name }}"})
    run(fleet, block(once, rescue=[why]), REST)
    assert fleet.outcomes[JobId("why", "b")].message == "once"
    assert fleet.status("rest", "a") is Status.OK
    assert fleet.status("rest", "b") is Status.OK


def test_every_job_is_told_once_in_a_dry_run_too() -> None:
    fleet = Fleet()
    check(fleet, block(FAIL, LATER, rescue=[task("mend", "key", SET)]), REST)
    told = [event.job.step for event in fleet.events if isinstance(event, JobFinished)]
    assert sorted(told) == ["bad", "later", "mend", "rest"]
    assert fleet.status("mend", "a") is Status.WOULD_CHANGE
