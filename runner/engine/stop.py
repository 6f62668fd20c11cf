"""How a run is asked to stop: by Ctrl-C once, and by Ctrl-C twice."""

from __future__ import annotations

import threading
from enum import IntEnum


class StopLevel(IntEnum):
    """How urgently the walk was asked to stop."""

    GO_ON = 0
    FINISH = 1
    """Start nothing new; wait for what is in flight."""
    NOW = 2
    """Do not wait either: what is in flight is in doubt."""


class Stop:
    """Asked by a signal handler, watched by the walk and by sleeping jobs. Thread-safe."""

    def __init__(self) -> None:
        self._level = StopLevel.GO_ON
        self._events = {level: threading.Event() for level in StopLevel}

    @property
    def level(self) -> StopLevel:
        """The highest level that was asked for."""
        return self._level

    def ask(self, level: StopLevel) -> None:
        """Ask to stop; a lower level than before changes nothing."""
        if level > self._level:
            self._level = level
            for lower in StopLevel:
                if lower <= level:
                    self._events[lower].set()

    def sleep(self, seconds: float, level: StopLevel = StopLevel.FINISH) -> bool:
        """Wait; returns early, with True, when asked to stop at this level or a higher one."""
        return self._events[level].wait(seconds)
