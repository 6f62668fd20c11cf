"""Questions at a terminal: what counts as an answer, and what ends the waiting."""

from __future__ import annotations

import os
import pty
import sys
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import click
import pytest

from runner.app.wiring.asking import ask_line, asking
from runner.cli.common import ask_person
from runner.engine.stop import Stop, StopLevel
from runner.errors import ModuleError

END = "\x04"


@contextmanager
def somebody(monkeypatch: pytest.MonkeyPatch, *answers: str) -> Iterator[list[str]]:
    """A terminal as standard input and output, and somebody who types one answer to each
    question there. What was shown is in the list in the end."""
    outside, inside = pty.openpty()
    shown: list[str] = []

    def types() -> None:
        for answer in answers:
            heard = ""
            while not heard.endswith(("? ", ": ")):
                heard += os.read(outside, 1024).decode()
            shown.append(heard)
            os.write(outside, answer.encode() if answer == END else f"{answer}\n".encode())

    person = threading.Thread(target=types, daemon=True)
    with (
        os.fdopen(inside, "r", closefd=False) as stdin,
        Path(os.ttyname(inside)).open("w") as stdout,
    ):
        monkeypatch.setattr(sys, "stdin", stdin)
        monkeypatch.setattr(sys, "stdout", stdout)
        person.start()
        try:
            yield shown
            person.join(30)
        finally:
            monkeypatch.undo()
    os.close(inside)
    os.set_blocking(outside, False)
    with suppress(OSError):  # nothing is left
        shown.append(os.read(outside, 4096).decode())
    os.close(outside)


def echoes(terminal: int) -> bool:
    return bool(termios.tcgetattr(terminal)[3] & termios.ECHO)


@pytest.mark.parametrize("typed", ["", "yes", "  two words "])
def test_a_line_is_the_answer_without_its_end(typed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with somebody(monkeypatch, typed):
        assert ask_line("Go on?", lambda: False) == typed


def test_what_is_hidden_is_not_shown_and_the_terminal_is_as_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with somebody(monkeypatch, "Correct-Horse-7") as shown:
        assert ask_line("Go on?", lambda: False, echo=False) == "Correct-Horse-7"
        assert echoes(sys.stdin.fileno())
    assert "Horse" not in "".join(shown)


def test_nobody_waits_for_an_answer_that_is_not_wanted_any_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks = iter([False, False, True])
    with somebody(monkeypatch):
        assert ask_line("Go on?", lambda: next(looks)) is None


def test_a_pause_takes_neither_silence_nor_the_end_of_a_run_for_an_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stop = Stop()
    with somebody(monkeypatch, END), pytest.raises(ModuleError, match="closed before"):
        asking(stop)("Go on?", True)
    stop.ask(StopLevel.FINISH)
    with somebody(monkeypatch):
        assert asking(stop)("Go on?", True) is None


def test_without_a_terminal_there_is_nobody_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path(os.devnull).open() as nobody:
        monkeypatch.setattr(sys, "stdin", nobody)
        assert asking(Stop())("Go on?", True) is None
        assert ask_person("Who?", False, None, False) is None


@pytest.mark.parametrize(
    ("answers", "default", "confirm", "found"),
    [
        (["me"], None, False, "me"),
        ([""], "you", False, "you"),
        (["", "me"], None, False, "me"),
        (["me", "you", "me", "me"], None, True, "me"),
    ],
    ids=["an answer", "the default", "asked again", "confirmed"],
)
def test_a_variable_is_asked_for_until_it_is_said(
    answers: list[str],
    default: str | None,
    confirm: bool,
    found: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with somebody(monkeypatch, *answers):
        assert ask_person("Who? ", False, default, confirm) == found


def test_a_closed_terminal_says_no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    with somebody(monkeypatch, END), pytest.raises(click.Abort):
        ask_person("Who? ", False, "you", False)
