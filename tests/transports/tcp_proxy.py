"""A TCP proxy that gets in the way: cuts, resets, stalls, loses, swallows, at a chosen byte."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Self

_CHUNK = 65536


class Kind(StrEnum):
    """What happens when the byte is reached."""

    CUT = "cut"
    """Both ends see the connection closed in good order."""
    RESET = "reset"
    """Both ends see it reset."""
    DELAY = "delay"
    """Nothing passes for ``seconds``; then everything goes on."""
    TRUNCATE = "truncate"
    """The rest of this piece is lost, and the connection goes on as if nothing had been."""
    SWALLOW = "swallow"
    """From here on nothing passes in this direction, and nobody is told."""
    BLACK_HOLE = "black hole"
    """From here on nothing passes in either direction, and nobody is told."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """``byte`` counts from 0 in one direction: ``up`` is from client to host."""

    kind: Kind
    up: bool
    byte: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        return f"{self.kind} {'up' if self.up else 'down'} at {self.byte}"


class Proxy:
    """Listens on a port of its own and passes on to another. A context manager."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._lock = threading.Lock()
        self._pairs: list[_Pair] = []
        self._plan: list[Trouble] = []
        self._since = {True: 0, False: 0}
        self._total = {True: 0, False: 0}
        self._alarm: tuple[bool, int, Callable[[], None]] | None = None
        self._closed = False
        self.connections = 0
        self.happened: list[Trouble] = []
        """The troubles that came to pass."""
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, name="proxy", daemon=True)
        self._thread.start()

    def plan(self, *troubles: Trouble) -> None:
        """What is to happen, one after the other. Bytes count from now, over all connections; of
        the next trouble from when the one before it came to pass."""
        with self._lock:
            self._plan = list(troubles)
            self._since = {True: 0, False: 0}
            self._alarm = None

    def alarm(self, up: bool, byte: int, call: Callable[[], None]) -> None:
        """Call that, from another thread, when so many more bytes went up or down on all
        connections: before the piece with that byte is passed on. The next ``plan`` forgets it."""
        with self._lock:
            self._alarm = (up, self._total[up] + byte, call)

    def drop(self) -> None:
        """End the connections that there are; what was held back is lost."""
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            pair.close()
        for pair in pairs:
            pair.join()

    def meet(self, up: bool, size: int) -> tuple[Trouble, int] | None:
        """Count a piece; the trouble that it meets, and at which of its bytes."""
        self._sound(up, size)
        with self._lock:
            begun = self._since[up]
            self._since[up] += size
            self._total[up] += size
            if not self._plan or self._plan[0].up is not up:
                return None
            at = self._plan[0].byte - begun
            if at >= size:
                return None
            trouble = self._plan.pop(0)
            self._since = {True: 0, False: 0}
            self.happened.append(trouble)
            return trouble, max(0, at)

    def _sound(self, up: bool, size: int) -> None:
        with self._lock:
            alarm = self._alarm
            if alarm is None or alarm[0] is not up or self._total[up] + size <= alarm[1]:
                return
            self._alarm = None
        alarm[2]()

    @property
    def passed(self) -> tuple[int, int]:
        """Bytes that went up and down on all connections so far."""
        with self._lock:
            return self._total[True], self._total[False]

    def close(self) -> None:
        """End everything."""
        self._closed = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            pairs = list(self._pairs)
        for pair in pairs:
            pair.close()
        self._thread.join(5)
        for pair in pairs:
            pair.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _accept(self) -> None:
        while not self._closed:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                host = socket.create_connection(("127.0.0.1", self._target), 5)
            except OSError:
                _reset_when_closed(client)
                client.close()
                continue
            with self._lock:
                pair = _Pair(client, host, self.meet)
                self.connections += 1
                pair.start()  # before anybody can ask for its end
                self._pairs.append(pair)


class _Pair:
    """One connection through the proxy: two sockets, a thread for each direction."""

    def __init__(
        self,
        client: socket.socket,
        host: socket.socket,
        meet: Callable[[bool, int], tuple[Trouble, int] | None],
    ) -> None:
        self._client = client
        self._host = host
        self._meet = meet
        self._lock = threading.Lock()
        self._gone = threading.Event()
        self._live = 2
        self._swallow = {True: False, False: False}
        for sock in (client, host):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._threads = [
            threading.Thread(target=self._pump, args=(up,), name="proxy pump", daemon=True)
            for up in (True, False)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        self._gone.set()
        for sock in (self._client, self._host):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def join(self) -> None:
        for thread in self._threads:
            thread.join(5)

    def _pump(self, up: bool) -> None:
        try:
            self._carry(up)
        finally:
            with self._lock:
                self._live -= 1
                last = not self._live
            if last:
                self._client.close()
                self._host.close()

    def _carry(self, up: bool) -> None:
        source, sink = (self._client, self._host) if up else (self._host, self._client)
        while not self._gone.is_set():
            try:
                data = source.recv(_CHUNK)
            except OSError:
                data = b""
            if not data:
                break
            try:
                if not self._pass_on(data, sink, up):
                    return
            except OSError:
                break
        if not any(self._swallow.values()):
            # One end is gone: the other one is told, as without a proxy.
            self.close()

    def _pass_on(self, data: bytes, sink: socket.socket, up: bool) -> bool:
        """Send it on; whether the connection lives."""
        met = self._meet(up, len(data))
        if self._swallow[up]:
            return True
        if met is None:
            sink.sendall(data)
            return True
        trouble, at = met
        sink.sendall(data[:at])
        return self._commit(trouble, data[at:], sink)

    def _commit(self, trouble: Trouble, tail: bytes, sink: socket.socket) -> bool:
        match trouble.kind:
            case Kind.DELAY:
                self._gone.wait(trouble.seconds)
                sink.sendall(tail)
            case Kind.CUT:
                self.close()
                return False
            case Kind.RESET:
                for sock in (self._client, self._host):
                    _reset_when_closed(sock)
                self._gone.set()
                for sock in (self._client, self._host):
                    with contextlib.suppress(OSError):
                        sock.shutdown(socket.SHUT_RD)  # wakes the other thread, says nothing
                return False
            case Kind.TRUNCATE:
                pass
            case Kind.SWALLOW:
                self._swallow[trouble.up] = True
            case Kind.BLACK_HOLE:
                self._swallow = {True: True, False: True}
        return True


def _reset_when_closed(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
