"""What of a logon is tried again, and after what pause."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from runner.errors import AuthenticationFailed
from runner.interfaces.backoff import full_jitter
from runner.transports.winrm.clock import Deadline
from runner.transports.winrm.failure import LinkFailure
from runner.transports.winrm.faults import Remedy

TRIES: Final = 3
"""How often a logon, or the opening of a shell, is tried that broke off and is safe to repeat."""
RETRY_PAUSE: float = 0.5
RETRY_MOST: Final = 4.0


def repeated(renew: Callable[[Deadline], None], deadline: Deadline) -> None:
    """Log on anew, or open a shell, as often as that breaks off. Raises LinkFailure."""
    for attempt in range(TRIES):
        try:
            renew(deadline)
            return
        except LinkFailure as failure:
            if attempt == TRIES - 1 or deadline.passed or not may_be_repeated(failure):
                raise
            pause_before(attempt, deadline)


def may_be_repeated(failure: LinkFailure) -> bool:
    """Whether a logon that failed so may be tried again at once."""
    return failure.remedy is Remedy.LOGON and not is_refusal(failure)


def is_refusal(failure: LinkFailure) -> bool:
    """Whether the host did not let us in: nobody knocks there again with the same password."""
    return isinstance(failure.error, AuthenticationFailed)


def pause_before(attempt: int, deadline: Deadline) -> None:
    """Wait before the next try: many connections may have broken at the same moment."""
    pause = full_jitter(attempt, RETRY_PAUSE, RETRY_MOST)
    time.sleep(max(0.0, min(pause, deadline.remaining)))
