"""What the exit code says."""

from __future__ import annotations

from typing import Any

import pytest

from runner.app.wiring.conduct import Tally
from runner.events import JobFinished
from runner.model.job import JobId, Outcome, Status


@pytest.mark.parametrize(
    ("status", "marks", "code"),
    [
        (Status.FAILED, {}, 2),
        (Status.FAILED, {"rescued": True}, 0),
        (Status.FAILED, {"ignored": True}, 0),
        (Status.UNREACHABLE, {}, 4),
        (Status.UNREACHABLE, {"rescued": True}, 0),
        (Status.IN_DOUBT, {"rescued": True}, 2),
        (Status.IN_DOUBT, {"ignored": True}, 2),
        (Status.OK, {}, 0),
    ],
)
def test_what_was_rescued_is_no_trouble_but_what_is_in_doubt_is(
    status: Status, marks: dict[str, Any], code: int
) -> None:
    tally = Tally()
    tally.add(JobFinished(JobId("t", "a"), Outcome(status, **marks), 0.0))
    assert tally.exit_code(interrupted=False, detailed=False) == code
