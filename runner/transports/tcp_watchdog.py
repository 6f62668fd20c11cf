"""Cuts connections that are too slow in all.

A socket's timeout starts anew with every byte, so a host that sends one now and then would hold
us for ever. One thread for all connections shuts down those whose time is up.
"""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count


class Watchdog:
    """Calls back what was not done in time. Safe for many threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: list[tuple[float, int, list[Callable[[], None]]]] = []
        self._numbers = count()
        self._thread: threading.Thread | None = None

    @contextmanager
    def limit(self, seconds: float, cut: Callable[[], None]) -> Iterator[None]:
        """Have ``cut`` called, on another thread, if the body takes longer."""
        pending = [cut]
        entry = (time.monotonic() + seconds, next(self._numbers), pending)
        with self._changed:
            heapq.heappush(self._waiting, entry)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._watch, name="winrm watchdog", daemon=True
                )
                self._thread.start()
            elif self._waiting[0] is entry:
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:  # after this, cut is not called any more
                pending.clear()

    def _watch(self) -> None:
        with self._changed:
            while True:
                now = time.monotonic()
                while self._waiting and self._waiting[0][0] <= now:
                    for cut in heapq.heappop(self._waiting)[2]:
                        cut()
                self._changed.wait(self._waiting[0][0] - now if self._waiting else None)


WATCHDOG = Watchdog()
"""The one of this process."""
