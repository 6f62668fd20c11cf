"""Waiting for a host that restarts: asked again and again, not too often, and never locked out."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from runner.errors import AuthenticationFailed, TransportError, Unreachable
from runner.interfaces.backoff import full_jitter
from runner.interfaces.exchange import Reconnect

if TYPE_CHECKING:
    from runner.engine.hosts.link import Link

MOST_PAUSES: Final = 4.0
"""How much longer than its first pause the wait between two tries may get."""
REFUSALS: Final = 3
REFUSAL_PAUSE: Final = 10.0
"""A host that starts up may not know its users yet. So often, and so many seconds apart, it is
asked with a password that it refused: below any usual lock-out limit."""


def reconnect(link: Link, request: Reconnect, sleep: Callable[[float], None]) -> None:
    """Drop the connection and wait until there is another. Raises Unreachable when time is up.

    ``sleep`` raises when the run is stopped meanwhile.
    """
    link.drop()
    link.facts = None  # another boot may be another build
    end = time.monotonic() + request.timeout
    sleep(request.delay)
    last: TransportError | None = None
    tries = refusals = 0
    while time.monotonic() < end:
        try:
            link.open(request.connect_timeout, knock=True)
            return
        except TransportError as error:
            refusals += isinstance(error, AuthenticationFailed)
            if not error.unreachable or refusals >= REFUSALS:
                raise
            last = error
        pause = _pause(request, tries, last)
        if isinstance(last, AuthenticationFailed):
            link.forgive()
        sleep(max(0.0, min(pause, end - time.monotonic())))
        tries += 1
    reason = f"; last: {last.message}" if last else ""
    raise Unreachable(f"not back within {request.timeout:g} s{reason}")


def _pause(request: Reconnect, tries: int, last: TransportError) -> float:
    """Seconds until the next try. All hosts of a fleet may be starting up at this moment."""
    if isinstance(last, AuthenticationFailed):
        return max(REFUSAL_PAUSE, request.pause)
    return full_jitter(tries, request.pause, request.pause * MOST_PAUSES)
