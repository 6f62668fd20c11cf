"""Outcomes that differ in some fields from others."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from runner.model.job import JobId, Outcome, Status
from runner.model.state import Difference

FULL = Outcome(
    Status.FAILED,
    "message",
    "advice",
    "subject",
    (Difference("field", 1, 2),),
    ("command",),
    {"rc": 1},
    (Outcome(Status.OK),),
    "item",
    JobId("step", "host"),
    "category",
    "irreversible",
    True,
    True,
    ("warning",),
    True,
    1.5,
)
OTHER: dict[str, Any] = {
    f.name: getattr(FULL, f.name) for f in dataclasses.fields(Outcome) if f.name != "status"
}


def test_nothing_is_lost() -> None:
    assert all(value for value in OTHER.values())
    assert FULL.having() == FULL
    assert FULL.having() is not FULL


@pytest.mark.parametrize("name", OTHER)
def test_it_does_what_replace_does(name: str) -> None:
    plain = Outcome(Status.OK)
    changed = plain.having(**{name: OTHER[name]})
    assert changed == dataclasses.replace(plain, **{name: OTHER[name]})
    assert plain == Outcome(Status.OK)


def test_another_field_is_an_error() -> None:
    with pytest.raises(KeyError):
        FULL.having(colour="red")
