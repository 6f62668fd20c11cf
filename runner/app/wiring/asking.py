"""Questions that a worker puts to the person at the terminal while hosts are being worked on.

Ctrl-C reaches the main thread only: a worker that does nothing but wait for a line would wait on,
and the run with it. So it looks now and then whether its question is still wanted.
"""

from __future__ import annotations

import os
import select
import sys
import termios
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Lock
from typing import Final

from runner.engine.stop import Stop, StopLevel
from runner.errors import ModuleError
from runner.model.playbook import Task

_LOOK_SECONDS: Final = 0.2
"""How often a question looks whether it is still wanted."""

_TERMINAL: Final = Lock()
"""One question at a time."""


def ask_line(question: str, unwanted: Callable[[], bool], *, echo: bool = True) -> str | None:
    """One line from the terminal, without its end; ``echo``: what is typed is shown.

    None when ``unwanted`` said so before it came, or when the terminal was closed. What was typed
    before the question was shown is no answer to it. Needs a terminal as standard input.
    """
    with _TERMINAL:
        if unwanted():
            return None
        terminal = sys.stdin.fileno()
        with _echo(terminal, echo):
            termios.tcflush(terminal, termios.TCIFLUSH)
            # What goes to a file or a pipe is a report: the question is for the person.
            shown = sys.stdout if sys.stdout.isatty() else sys.stderr
            shown.write(f"\n{question} ")
            shown.flush()
            while not select.select([terminal], [], [], _LOOK_SECONDS)[0]:
                if unwanted():
                    return None
            try:
                data = os.read(terminal, 4096)
            except OSError:  # it hung up
                return None
    return data.decode(errors="replace").rstrip("\r\n") if data else None


@contextmanager
def _echo(terminal: int, wanted: bool) -> Iterator[None]:
    """Whether the terminal shows what is typed."""
    before = termios.tcgetattr(terminal)
    if not wanted:
        hidden = list(before)
        hidden[3] &= ~termios.ECHO
        hidden[3] |= termios.ECHONL
        termios.tcsetattr(terminal, termios.TCSANOW, hidden)
    try:
        yield
    finally:
        if not wanted:
            with suppress(termios.error):  # it hung up
                termios.tcsetattr(terminal, termios.TCSANOW, before)


def asking(stop: Stop) -> Callable[[str, bool], str | None]:
    """What ``pause`` asks with: a question, and whether the answer is shown while it is typed.

    It gives None without a terminal, where there is nobody to ask, and once ``stop`` is asked
    for. It raises ModuleError when the terminal was closed: that is nobody's consent.
    """

    def stopped() -> bool:
        return stop.level is not StopLevel.GO_ON

    def ask(question: str, echo: bool) -> str | None:
        if not sys.stdin.isatty():
            return None
        answer = ask_line(question, stopped, echo=echo)
        if answer is None and not stopped():
            raise ModuleError(
                f"the terminal was closed before this was answered: {question}",
                hint="run it at a terminal, or go on with 'runner resume'",
            )
        return answer

    return ask


def asks(task: Task) -> bool:
    """Whether the task may put a question to a person."""
    return task.module == "pause" and not {"seconds", "minutes"} & task.args.keys()
