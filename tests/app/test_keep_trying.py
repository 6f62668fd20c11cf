"""Which hosts another sweep is about, and what stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.app.keep_trying import _rest, _stands, left
from runner.app.wiring.options import RunOptions
from runner.model.job import JobId, Outcome, Status
from runner.model.secret import MASK


def test_hosts_that_were_silent_and_those_that_wait_for_them() -> None:
    outcomes = {
        JobId("x", "gone"): Outcome(Status.UNREACHABLE),
        JobId("y", "gone"): Outcome(Status.BLOCKED, blocked_by=JobId("x", "gone")),
        JobId("x", "looped"): Outcome(Status.FAILED, items=(Outcome(Status.UNREACHABLE),)),
        JobId("x", "let-be"): Outcome(Status.UNREACHABLE, ignored=True),
        JobId("x", "bad"): Outcome(Status.FAILED),
        JobId("y", "bad"): Outcome(Status.BLOCKED, blocked_by=JobId("x", "bad")),
        JobId("y", "waits"): Outcome(Status.BLOCKED, blocked_by=JobId("x", "gone")),
        JobId("y", "fine"): Outcome(Status.OK),
    }
    assert left(outcomes) == (frozenset({"gone", "looped"}), frozenset({"waits"}))


@pytest.mark.parametrize(
    ("outcome", "stands"),
    [
        (Outcome(Status.FAILED), True),
        (Outcome(Status.IN_DOUBT), True),
        (Outcome(Status.FAILED, result={"stdout": MASK}), False),
        (Outcome(Status.FAILED, items=(Outcome(Status.UNREACHABLE),)), False),
        (Outcome(Status.UNREACHABLE), False),
        (Outcome(Status.BLOCKED), False),
        (Outcome(Status.OK), False),
    ],
)
def test_what_is_not_tried_again(outcome: Outcome, stands: bool) -> None:
    assert _stands(outcome) is stands


def test_the_deadline_is_for_all_sweeps() -> None:
    options = RunOptions(Path("p"), (), deadline=10.0)
    rest = _rest(options, 4.0)
    assert rest is not None
    assert rest.deadline == 6.0
    assert _rest(options, 10.0) is None
    assert _rest(RunOptions(Path("p"), ()), 10.0) is not None
