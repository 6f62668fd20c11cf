"""Every status has its look."""

from __future__ import annotations

from runner.model.job import Outcome, Status
from runner.reporting.statuses import COLUMNS, LOOKS, WORD_WIDTH, gravity, is_cause, word, worst


def test_every_status_is_there_once() -> None:
    assert set(LOOKS) == set(Status)
    assert sorted(COLUMNS) == sorted(Status)
    for names in ([x.short for x in LOOKS.values()], [x.tiny for x in LOOKS.values()]):
        assert len(set(names)) == len(names)
    assert all(look.word == look.status.value for look in LOOKS.values())
    assert max(len(status) for status in Status) == WORD_WIDTH


def test_gravity() -> None:
    assert worst([Status.OK, Status.FAILED, Status.CHANGED]) is Status.FAILED
    assert worst([]) is None
    assert max(gravity(s) for s in Status if s.is_trouble) < min(
        gravity(s) for s in Status if not s.is_trouble
    )


def test_causes() -> None:
    assert is_cause(Outcome(Status.FAILED))
    assert not is_cause(Outcome(Status.FAILED, ignored=True))
    assert not is_cause(Outcome(Status.BLOCKED))
    assert not is_cause(Outcome(Status.CHANGED))
    assert word(Outcome(Status.FAILED, ignored=True)) == "ignored"
