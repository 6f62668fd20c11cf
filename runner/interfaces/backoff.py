"""How long to wait before something is tried again."""

from __future__ import annotations

import random
from collections.abc import Callable


def full_jitter(
    attempt: int, base: float, most: float, draw: Callable[[], float] = random.random
) -> float:
    """Seconds before the next try: anything up to ``base`` * 2^``attempt``, at most ``most``.

    ``attempt`` counts from 0. The whole span is random, so that many who failed together do not
    come back together (Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog).
    """
    return draw() * min(most, base * 2.0 ** min(attempt, 60))
