"""Waiting for a host that restarts: it may go away at any moment, and come back to the old boot."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from typing import Final

from runner.errors import ModuleError, TransportError
from runner.interfaces.exchange import Command, Output, Poll, Reconnect, Reply, Request

PAUSE: Final = 2.0
"""Seconds between two looks."""
_MOST_LOSSES: Final = 20


def persist(
    command: Command,
    done: Callable[[Output], bool],
    what: str,
    *,
    timeout: float,
    connect_timeout: float,
) -> Generator[Request, Reply, None]:
    """Ask until it is done, for ``timeout`` seconds; a host that goes away meanwhile is awaited.

    Raises ModuleError with ``what`` when time is up, Unreachable when it does not come back.
    """
    end = time.monotonic() + timeout
    for _ in range(_MOST_LOSSES):
        left = max(end - time.monotonic(), 1.0)
        try:
            yield Poll((command,), lambda reply: done(reply[0]), left, what, PAUSE)
            return
        except TransportError as error:
            if not error.unreachable:
                raise
        yield Reconnect(left, PAUSE, PAUSE, connect_timeout)
    raise ModuleError(
        f"{what}: the connection was lost {_MOST_LOSSES} times",
        hint="look at the host's console: it may be restarting over and over",
    )
