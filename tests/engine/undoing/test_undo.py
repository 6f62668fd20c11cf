"""What of a found state is ours, after a change that ended well and after one in doubt."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import pytest

from runner.engine.undoing.undo import Undo
from runner.interfaces.module import NoParams
from runner.journal.records import ChangeRecord
from runner.model.job import JobId
from tests.engine.hosts.test_session import link_to
from tests.engine.toy_modules import MODULES
from tests.engine.toys import ToyHost


@dataclass(frozen=True)
class Service:
    state: str
    start: str
    note: str = ""


BEFORE = Service("running", "auto")
AFTER = Service("stopped", "disabled")
HALF = Service("stopped", "auto")
THEIRS = Service("stopped", "manual")


def undo(status: str, after: Service = AFTER) -> Undo:
    record = ChangeRecord(
        id=1, run="r", sequence=1, started=0.0, job=JobId("s", "a"), item="", task="t",
        module="key", params=None, subject="service x", before=None, after=None, status=status,
    )  # fmt: skip
    link = link_to(ToyHost())
    return Undo(record.job, record, MODULES["key"], NoParams(), BEFORE, after, AFTER, link, {})


CASES: list[tuple[str, Service, Service, list[str]]] = [
    ("changed", AFTER, AFTER, []),
    ("changed", AFTER, HALF, ["start"]),
    ("changed", AFTER, THEIRS, ["start"]),
    # Killed between two commands, nothing probed: half of it is ours all the same.
    ("in doubt", AFTER, HALF, []),
    ("intended", AFTER, HALF, []),
    ("in doubt", AFTER, THEIRS, ["start"]),
    # Probed while the command was still running, which then went on to its end.
    ("in doubt", HALF, AFTER, []),
    ("in doubt", HALF, THEIRS, ["start"]),
]


@pytest.mark.parametrize(("status", "left", "found", "foreign"), CASES)
def test_what_is_foreign(status: str, left: Service, found: Service, foreign: list[str]) -> None:
    assert [d.field for d in undo(status, left).foreign(found)] == foreign


@pytest.mark.parametrize("found", [HALF, AFTER])
def test_all_of_it_goes_back_and_what_was_not_touched_stays(found: Any) -> None:
    found = dataclasses.replace(found, note="theirs")
    assert undo("in doubt").target(found) == dataclasses.replace(BEFORE, note="theirs")
