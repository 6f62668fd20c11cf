"""One command on its channel: both streams drained together, its input fed meanwhile."""

from __future__ import annotations

import contextlib
import select
import time
from typing import Final

import paramiko

from runner.interfaces.listening import Listener, Stream

_CHUNK: Final = 32768
_POLL: Final = 0.05
_LINGER: Final = 2.0
"""Seconds for output that comes after the exit status: a background process may hold it open."""
_GOODBYE: Final = 0.5


class TimeUp(Exception):
    """Our own clock ran out."""


class Call:
    """One command on its channel: both streams drained while the input is fed."""

    def __init__(
        self,
        channel: paramiko.Channel,
        stdin: bytes | None,
        end: float,
        listener: Listener | None = None,
    ) -> None:
        self._listener = listener
        self._channel = channel
        self._stdin = memoryview(stdin or b"")
        self._end = end
        self._out: list[bytes] = []
        self._err: list[bytes] = []

    def drain(self) -> tuple[bytes, bytes]:
        """Everything it printed. Raises TimeUp."""
        channel = self._channel
        channel.settimeout(_POLL)
        events = select.poll()  # select() takes no descriptor above 1023
        events.register(channel.fileno(), select.POLLIN)
        fed = False
        while True:
            if not fed:
                fed = self._feed()
            busy = self._read()
            if channel.exit_status_ready() or channel.closed:
                self._rest()
                return b"".join(self._out), b"".join(self._err)
            left = self._end - time.monotonic()
            if left <= 0:
                raise TimeUp
            if not busy:
                if self._listener is not None:
                    self._listener("stdout", b"")
                events.poll(1000 * min(left, _POLL if not fed else 0.5))

    def _feed(self) -> bool:
        """Send what the window takes; says whether all of it is sent."""
        while self._stdin:
            if not self._channel.send_ready():
                return False
            try:
                sent = self._channel.send(self._stdin[:_CHUNK].tobytes())
            except TimeoutError:
                return False
            except OSError:
                sent = len(self._stdin)  # it ended without reading all of it
            self._stdin = self._stdin[sent:]
        with contextlib.suppress(OSError, EOFError):
            self._channel.shutdown_write()
        return True

    def _read(self) -> bool:
        busy = False
        if self._channel.recv_ready():
            self._take("stdout", self._channel.recv(_CHUNK))
            busy = True
        if self._channel.recv_stderr_ready():
            self._take("stderr", self._channel.recv_stderr(_CHUNK))
            busy = True
        return busy

    def _take(self, stream: Stream, data: bytes) -> None:
        (self._out if stream == "stdout" else self._err).append(data)
        if self._listener is not None:
            self._listener(stream, data)

    def _rest(self) -> None:
        """What is still on its way after the exit status: until both streams end.

        A background process may hold them open, and even go on printing: no longer than the
        command's own time.
        """
        channel = self._channel
        channel.settimeout(max(0.1, min(_LINGER, self._end - time.monotonic())))
        last = max(self._end, time.monotonic() + _LINGER)
        with contextlib.suppress(TimeoutError):
            while time.monotonic() < last and (data := channel.recv(_CHUNK)):
                self._take("stdout", data)
            while time.monotonic() < last and (data := channel.recv_stderr(_CHUNK)):
                self._take("stderr", data)
            # The host counts the session until it has closed it: with MaxSessions 1 the next
            # command would be refused before that.
            end = time.monotonic() + _GOODBYE
            while not channel.closed and time.monotonic() < end:
                time.sleep(0.001)
