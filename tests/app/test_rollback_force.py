"""Putting back what somebody changed since is asked for, host by host."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from runner.app import rollback_force
from runner.app.rollback_force import Forcing
from runner.engine.undoing.undo import Undo


@pytest.fixture(autouse=True)
def values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollback_force, "three_values", lambda _undo, found: f"now {found}")


def conflict(host: str) -> Undo:
    return cast(Undo, SimpleNamespace(record=SimpleNamespace(where=host, subject="key k")))


@pytest.mark.parametrize(
    ("answers", "given", "asked"),
    [
        (["y", "n", "yes"], [True, False, True], 3),
        (["", None, "what"], [False, False, False], 3),
        (["a", "n"], [True, True, False], 2),
        (["none", "a"], [False, False, True], 2),
    ],
)
def test_the_answer_counts(answers: list[str | None], given: list[bool], asked: int) -> None:
    questions: list[str] = []
    left = iter(answers)

    def ask(question: str, _unwanted: Callable[[], bool]) -> str | None:
        questions.append(question)
        return next(left)

    force = Forcing(ask)
    found: list[Any] = [force(conflict(host), 7) for host in ("a", "a", "b")]
    assert found == given
    assert len(questions) == asked
    assert "a: key k was changed by somebody since" in questions[0]
    assert "now 7" in questions[0]


def test_nobody_is_asked_when_it_was_agreed_to() -> None:
    assert Forcing(None)(conflict("a"), 7)


def test_after_ctrl_c_nobody_is_asked_and_nothing_is_put_back() -> None:
    def ask(question: str, _unwanted: Callable[[], bool]) -> str | None:
        raise AssertionError(question)

    assert not Forcing(ask, lambda: True)(conflict("a"), 7)
