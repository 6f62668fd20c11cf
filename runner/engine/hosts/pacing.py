"""At what pace a run connects to hosts: so many a second, so many at the same time.

A fleet that is logged on to all at once is hard on its domain controllers, on the network in
between, and, after an outage, on hosts that only just came back.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from runner.engine.stop import Stop, StopLevel
from runner.errors import Unreachable

RATE: Final = 20.0
"""New connections a second."""
BURST: Final = 10
"""How many may be made at once before the rate counts."""
AT_ONCE: Final = 30
"""Logons under way at the same time."""


@dataclass(frozen=True, slots=True)
class PaceSettings:
    """``rate`` in connections a second; 0 is without limit, and then nothing else limits either."""

    rate: float = RATE
    burst: int = BURST
    at_once: int = AT_ONCE


UNPACED: Final = PaceSettings(rate=0)


class Pace:
    """Lets connections through one after the other, in the order in which they came. Thread-safe.

    ``clock`` in seconds; ``sleep`` waits so many and says whether the run was stopped meanwhile.
    """

    def __init__(
        self,
        stop: Stop,
        settings: PaceSettings = UNPACED,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], bool] | None = None,
    ) -> None:
        self.settings = settings
        self._clock = clock
        self._sleep = sleep or (lambda seconds: stop.sleep(seconds, StopLevel.NOW))
        self._lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(settings.at_once) if settings.rate else None
        self._due = float("-inf")
        """When the next connection would be due if none had come early."""

    def admit(self, most: float = math.inf) -> float:
        """Wait for a turn, at most so many seconds; gives the seconds waited.

        Raises Unreachable when the run is stopped meanwhile.
        """
        if not self.settings.rate:
            return 0.0
        wait = min(self._reserve(), most)
        if wait > 0 and self._sleep(wait):
            raise stopped()
        return max(0.0, wait)

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Hold one of the places for logons."""
        if self._slots is None:
            yield
            return
        with self._slots:
            yield

    def _reserve(self) -> float:
        """Take the next turn; gives the seconds until it comes.

        The generic cell rate algorithm (ITU-T I.371, annex A): turns are ``1 / rate`` apart, and
        may be taken early by as much as a burst has room.
        """
        step = 1.0 / self.settings.rate
        early = step * (self.settings.burst - 1)
        with self._lock:
            now = self._clock()
            due = max(self._due, now)
            self._due = due + step
            return due - early - now


def stopped() -> Unreachable:
    """For a connection that is not made any more."""
    return Unreachable("not connected: the run was stopped")
