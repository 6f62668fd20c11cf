"""A small clock: calls a function again and again on a thread of its own, until stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Ticker:
    """Calls ``tick`` and waits as many seconds as it returns; None ends it."""

    def __init__(self, tick: Callable[[], float | None], *, first: float, name: str) -> None:
        self._tick = tick
        self._wait = first
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin; the first call comes after the first wait."""
        self._thread.start()

    def stop(self) -> None:
        """End and wait for a call under way. May be repeated, and called before ``start``."""
        self._stop.set()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join()

    def _run(self) -> None:
        wait: float | None = self._wait
        while wait is not None and not self._stop.wait(wait):
            wait = self._tick()
