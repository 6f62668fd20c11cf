"""The ``runner`` command on a terminal of its own, with somebody who answers."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
from collections.abc import Callable, Mapping

INTERRUPT = "\x03"
"""Ctrl-C."""
END = "\x04"
"""Ctrl-D."""


def at_a_terminal(
    environment: Mapping[str, str],
    *words: str,
    question: re.Pattern[str],
    answer: Callable[[re.Match[str]], str],
) -> tuple[int, str]:
    """Run ``runner`` and type an answer to each question: the exit code and all that was shown.

    Lines about hosts may be shown right behind a question: its pattern must not ask for its end.
    """
    terminal, other_end = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "runner", *words],
        env=dict(environment), stdin=other_end, stdout=other_end, stderr=other_end,
        start_new_session=True, preexec_fn=_own_terminal,
    )  # fmt: skip
    os.close(other_end)
    said, heard = "", ""
    try:
        while True:
            assert select.select([terminal], [], [], 60)[0], said
            try:
                data = os.read(terminal, 4096).decode(errors="replace")
            except OSError:  # the other end is closed
                break
            said, heard = said + data, heard + data
            if found := question.search(heard):
                heard = ""
                typed = answer(found)
                line = typed if typed in (INTERRUPT, END) else f"{typed}\n"
                os.write(terminal, line.encode())
        return process.wait(timeout=60), said
    finally:
        process.kill()
        process.wait()
        os.close(terminal)


def _own_terminal() -> None:
    """Ctrl-C typed there is for this process."""
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
