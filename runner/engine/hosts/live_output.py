"""What a command prints, as lines for people, while it runs.

Bytes come in as the network cut them. They are decoded incrementally, put together to lines and
masked before anything is handed on. It costs the same however much a host prints: of a flood only
the end is looked at.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TypeAlias

from runner.engine.hosts.live_decoding import LiveDecoder
from runner.interfaces.listening import Stream
from runner.interfaces.shell import Shell
from runner.interfaces.transport import Connection
from runner.model.secret import Redactor

_WINDOW: Final = 65_536
"""Bytes of a stream that wait; what came before them is not shown."""
_RATE: Final = 65_536
"""Bytes a second that are decoded; as many may come at once."""
_LEAST_COST: Final = 1024
"""What a call costs at least, in bytes: many small pieces are many events."""
_MOST_LINES: Final = 50
"""Lines of one event."""
_LONGEST: Final = 500
"""Characters of a line that are shown."""
_LONGEST_HELD: Final = 4096
"""Characters of a line without end that are kept."""

_SEQUENCE: Final = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]P^_X][^\x07\x1b]{0,4096}(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]"
)
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


class LiveOutput:
    """The listener of one command; ``publish`` is given lines, joined, masked and without control
    characters. Used by one thread.

    ``encoding`` says how the link's programs print, ``shell`` what of it is not the command's.
    """

    def __init__(
        self,
        shell: Shell,
        encoding: Callable[[], str],
        redactor: Redactor,
        publish: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._publish = publish
        self._redactor = redactor
        self._clock = clock
        self._left = float(_RATE)
        self._last = clock()
        self._streams: dict[Stream, _Lines] = {
            "stdout": _Lines(shell, LiveDecoder(shell.encoding, encoding), redactor, "stdout"),
            "stderr": _Lines(shell, LiveDecoder(shell.encoding, encoding), redactor, "stderr"),
        }

    def __call__(self, stream: Stream, data: bytes) -> None:
        """Take in bytes; see Listener."""
        now = self._clock()
        self._left = min(float(_RATE), self._left + (now - self._last) * _RATE)
        self._last = now
        if data:
            self._streams[stream].add(data)
        if self._left > 0 and any(lines.waiting for lines in self._streams.values()):
            self._flush(final=False)

    def end(self) -> None:
        """The command is over: what was held back is shown now."""
        self._flush(final=True)

    def _flush(self, *, final: bool) -> None:
        for lines in self._streams.values():
            self._left -= max(_LEAST_COST, lines.waiting) if lines.waiting else 0
            skipped = lines.skipped
            text = self._redactor.text("\n".join(lines.take(final=final)))
            shown = [line[:_LONGEST].rstrip() for line in text.split("\n") if line.strip()]
            left_out = len(shown) - _MOST_LINES
            if skipped:
                shown = [f"… {skipped:,} bytes left out", *shown[-_MOST_LINES:]]
            elif left_out > 0:
                shown = [f"… {left_out:,} lines left out", *shown[-_MOST_LINES:]]
            if shown:
                self._publish("\n".join(shown))


Watch: TypeAlias = Callable[[Shell, Connection], LiveOutput]
"""Makes the listener of a command that is about to run."""


@contextmanager
def watched(watch: Watch | None, shell: Shell, connection: Connection) -> Iterator[None]:
    """While a command runs on this connection; without ``watch`` nobody listens."""
    if watch is None:
        yield
        return
    output = watch(shell, connection)
    connection.listener = output
    try:
        yield
    finally:
        connection.listener = None
        output.end()


class _Lines:
    """One stream: bytes in, whole lines out."""

    def __init__(
        self, shell: Shell, decoder: LiveDecoder, redactor: Redactor, stream: Stream
    ) -> None:
        self.skipped = 0
        """Bytes that nobody looked at since the last ``take``."""
        self._shell = shell
        self._stream = stream
        self._decoder = decoder
        self._redactor = redactor
        self._bytes = bytearray()
        self._held = ""
        self._to_next_line = False
        """Whether the rest of a line is on its way of which the beginning was given out or lost."""

    @property
    def waiting(self) -> int:
        """Bytes that were not looked at yet."""
        return len(self._bytes)

    def add(self, data: bytes) -> None:
        """Keep bytes, the newest ones if they are too many."""
        self._bytes += data
        if (over := len(self._bytes) - _WINDOW) > 0:
            del self._bytes[: over + over % 2]  # UTF-16 stays in step
            self.skipped += over + over % 2
            self._held, self._to_next_line = "", True
            self._decoder.restart()

    def take(self, *, final: bool) -> list[str]:
        """The lines that are whole; with ``final`` also the one that never ended."""
        self.skipped = 0
        data, self._bytes = bytes(self._bytes), bytearray()
        text = self._held + _harmless(self._decoder.decode(data, final=final))
        text = text.replace("\r\n", "\n")
        if self._to_next_line:
            _, end, text = text.partition("\n")
            self._to_next_line = not end
        at = len(text) if final else self._redactor.unfinished(text, _end_of_lines(text))
        whole, self._held = text[:at], text[at:]
        lines = list(self._shown(whole))
        most = max(_LONGEST_HELD, _LONGEST + self._redactor.longest)
        if len(self._held) > most and "\n" not in self._held:
            # A secret that begins in what is shown ends in what is held: it is masked as a whole.
            lines.append(self._redactor.text(self._held)[:_LONGEST])
            self._held, self._to_next_line = "", True
        return lines

    def _shown(self, text: str) -> Iterator[str]:
        for line in text.split("\n"):
            # A program that writes over its line shows how far it is: the last of it counts.
            parts = [part for part in line.split("\r") if part.strip()]
            if parts and self._shell.shows(self._stream, parts[-1]):
                yield parts[-1]


def _end_of_lines(text: str) -> int:
    """Where the last line, or what was written over it last, ends.

    A carriage return at the very end stays: a line feed may be behind it.
    """
    if text.endswith("\r"):
        return len(text) - 1
    return max(text.rfind("\n"), text.rfind("\r")) + 1


def _harmless(text: str) -> str:
    """Without escape sequences and control characters: a secret must not hide behind them."""
    if text.isprintable():
        return text
    return _CONTROL.sub("", _SEQUENCE.sub("", text))
