"""A simulated machine's time, and what it counts."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field

__all__ = ["Clock", "Counters"]


class Clock:
    """The machine's time: that of the real world, or so many seconds before or after it.

    `boot` is when the machine started.
    """

    def __init__(self, offset: float = 0.0) -> None:
        self._offset = offset
        self.boot = self.now() - 30 * 86400

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time() + self._offset


@dataclass(slots=True)
class Counters:
    """What a machine did: operations that could change it, and the lines that it was given."""

    writes: int = 0
    runs: int = 0
    commands: deque[str] = field(default_factory=lambda: deque(maxlen=2000))
