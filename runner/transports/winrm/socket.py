"""A connected socket of which each call has a limit in time, at little cost.

With a timeout Python asks ``poll`` before each ``send`` and ``recv``, and setting it puts the
socket into another mode: three more calls for each exchange, at each of which another thread takes
the interpreter, and this one waits for its turn. Where the kernel keeps the time (``SO_RCVTIMEO``
and ``SO_SNDTIMEO``, socket(7)), none of them is needed. TLS needs Python's timeouts.
"""

from __future__ import annotations

import socket
import struct
import time
from contextlib import suppress
from typing import Final

PIECE: Final = 65536
_SHORTEST: Final = 0.001
"""No time at all would mean no limit."""
_GLANCE: Final = 1.0
"""After so many seconds the kernel lets a call go, to look whether there is still time: so it has
to be told another number only for what is to take less."""
_TIMEVAL: Final = struct.Struct("@ll")


class TimedSocket:
    """Each call takes no longer than until ``end``, on the monotonic clock.

    They raise OSError; TimeoutError when the time is over.
    """

    __slots__ = ("_by_kernel", "_seconds", "_sock")

    def __init__(self, sock: socket.socket, *, tls: bool) -> None:
        self._sock = sock
        self._seconds = _GLANCE
        self._by_kernel = not tls and _kernel_keeps_time(sock)

    def send(self, request: bytes, end: float) -> None:
        """All of it."""
        rest = memoryview(request)
        while rest:
            self._limit(end)
            if self._by_kernel:
                with suppress(BlockingIOError):
                    rest = rest[self._sock.send(rest) :]
            else:
                # Its timeout is for all that it is given, but with TLS for each piece of it.
                self._sock.sendall(rest[:PIECE])
                rest = rest[PIECE:]

    def receive(self, end: float) -> bytes:
        """What is there; nothing when the other side has ended."""
        while True:
            self._limit(end)
            try:
                return self._sock.recv(PIECE)
            except BlockingIOError:
                continue  # it was but a glance

    def _limit(self, end: float) -> None:
        left = end - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        if not self._by_kernel:
            self._sock.settimeout(left)
            return
        seconds = min(left, _GLANCE)
        if seconds != self._seconds:
            _tell(self._sock, max(seconds, _SHORTEST))
            self._seconds = seconds


def _tell(sock: socket.socket, seconds: float) -> bytes:
    """Tell the kernel how long a call may take; gives what it was told."""
    limit = _TIMEVAL.pack(int(seconds), int(seconds % 1 * 1_000_000))
    for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
        sock.setsockopt(socket.SOL_SOCKET, option, limit)
    return limit


def _kernel_keeps_time(sock: socket.socket) -> bool:
    """Have a socket that blocks, of which the kernel limits each call. Whether it can."""
    try:
        limit = _tell(sock, _GLANCE)
        if sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, len(limit)) != limit:
            return False  # a timeval has another shape here
    except OSError:
        return False
    sock.setblocking(True)
    return True
