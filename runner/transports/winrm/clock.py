"""Our own wall clock: how long something may take in all, whatever the host does."""

from __future__ import annotations

import time
from typing import Final

CONNECT_SECONDS: Final = 5.0
"""How long a TCP connection may take; a host that is off is noticed by this."""
GRACE_SECONDS: float = 1.0
"""How much longer than our deadline an answer may be on its way."""


class Deadline:
    """A moment in the future, ``seconds`` from its making."""

    __slots__ = ("_end", "seconds")

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    @property
    def remaining(self) -> float:
        """Seconds left; negative when it has passed."""
        return self._end - time.monotonic()

    @property
    def passed(self) -> bool:
        """Whether there is no time left."""
        return self.remaining <= 0
