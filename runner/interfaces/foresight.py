"""Foresight: templates are evaluated for a task whose turn has not come, and may never come.

Meanwhile a lookup that does something, or asks another program, is not made: it would be made
twice, or for nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _Ahead(threading.local):
    depth = 0


_ahead = _Ahead()


@contextmanager
def foreseeing() -> Iterator[None]:
    """What this thread evaluates inside is only foreseen."""
    _ahead.depth += 1
    try:
        yield
    finally:
        _ahead.depth -= 1


def is_foreseen() -> bool:
    """Whether what is evaluated now is only foreseen."""
    return _ahead.depth > 0
