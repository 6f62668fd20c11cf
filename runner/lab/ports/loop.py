"""One thread that accepts connections for every host of a process and keeps its timers."""

from __future__ import annotations

import contextlib
import heapq
import itertools
import logging
import selectors
import socket
import threading
import time
from collections.abc import Callable

_log = logging.getLogger(__name__)

Accepted = Callable[[socket.socket, tuple[str, int]], None]


class Loop:
    """Waits on all listening sockets at once; sleeps when nothing happens.

    Functions given to it must return quickly: they run on its thread.
    """

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._lock = threading.Lock()
        self._todo: list[Callable[[], None]] = []
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._stopped = False
        self._inner, self._outer = socket.socketpair()
        self._inner.setblocking(False)
        self._selector.register(self._inner, selectors.EVENT_READ, None)
        self._thread = threading.Thread(target=self._work, name="lab loop", daemon=True)
        self._thread.start()

    def listen(self, listener: socket.socket, accepted: Accepted) -> None:
        """Call ``accepted`` with every connection to this socket from now on."""
        listener.setblocking(False)

        def watch() -> None:
            self._selector.register(listener, selectors.EVENT_READ, accepted)

        self._do(watch)

    def close(self, listener: socket.socket) -> None:
        """Stop accepting there and close the socket; returns when that is done."""

        def forget() -> None:
            with contextlib.suppress(KeyError):
                self._selector.unregister(listener)
            listener.close()

        self._do(forget)

    def call_later(self, seconds: float, function: Callable[[], None]) -> None:
        """Call ``function`` on the loop's thread after so many seconds."""
        with self._lock:
            entry = (time.monotonic() + seconds, next(self._numbers), function)
            heapq.heappush(self._timers, entry)
            first = self._timers[0] is entry
        if first:
            self._wake()

    def stop(self) -> None:
        """End the thread. Listening sockets are the business of those who opened them."""
        with self._lock:
            if self._stopped:
                return
            self._stopped = True
        self._wake()
        if threading.current_thread() is not self._thread:
            self._thread.join()
        self._selector.close()
        self._inner.close()
        self._outer.close()

    def _do(self, function: Callable[[], None]) -> None:
        """Run on the loop's thread and wait for it; directly if this is that thread."""
        if threading.current_thread() is self._thread:
            function()
            return
        done = threading.Event()

        def work() -> None:
            try:
                function()
            finally:
                done.set()

        with self._lock:
            if self._stopped:
                raise RuntimeError("the loop has been stopped")
            self._todo.append(work)
        self._wake()
        done.wait()

    def _wake(self) -> None:
        with contextlib.suppress(OSError):
            self._outer.send(b"x")

    def _work(self) -> None:
        while not self._stopped:
            for key, _ in self._selector.select(self._patience()):
                if key.data is None:
                    with contextlib.suppress(BlockingIOError):
                        self._inner.recv(4096)
                elif isinstance(key.fileobj, socket.socket):
                    self._accept(key.fileobj, key.data)
            self._run_due()

    def _patience(self) -> float | None:
        with self._lock:
            if self._todo or self._stopped:
                return 0
            if not self._timers:
                return None
            return max(self._timers[0][0] - time.monotonic(), 0)

    def _run_due(self) -> None:
        with self._lock:
            due, self._todo = self._todo, []
            now = time.monotonic()
            while self._timers and self._timers[0][0] <= now:
                due.append(heapq.heappop(self._timers)[2])
        for function in due:
            try:
                function()
            except Exception:  # noqa: BLE001 - the loop serves all hosts
                _log.exception("a timer of the lab failed")

    def _accept(self, listener: socket.socket, accepted: Accepted) -> None:
        try:
            connection, address = listener.accept()
        except OSError:  # gone again, or closed while this event was on its way
            return
        try:
            accepted(connection, address[:2])
        except Exception:  # noqa: BLE001 - the loop serves all hosts
            connection.close()
            _log.exception("a connection could not be served")
