"""What one host's front counts, and the faults that a test asked it to commit."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Final

FAULT_KINDS: Final = {
    "reset_on_command": "the command runs, its answer is dropped by a reset",
    "reset_before_command": "the connection is reset, the command never runs",
    "drop_receive": "the answer to Receive, with the output in it, is dropped by a reset",
    "hang_receive": "Receive is never answered",
    "refuse_logon": "the next logon is refused, as if the host did not know its users yet",
    "asks_first": "a logon is not looked at until somebody asks without one, as IIS may do",
    "http_503": "the next request is answered 503 with an empty body",
    "http_400_sealed": "the next sealed message is answered 400, as if it could not be opened",
    "garbage_200": "the next request is answered 200 with a web page",
    "quota_shells": "Create is refused: too many shells",
    "quota_operations": "Command is refused: too many operations",
    "idle_close": "the connection is closed silently after the next envelope is answered",
    "expire_shell": "the next request that names a shell finds it expired",
}
"""Every kind of fault that can be asked for, and what it does."""

COUNTED: Final = (
    "connections",
    "requests",
    "logons",
    "failed_logons",
    "delegations",
    "clear_bodies",
    "identifies",
    "creates",
    "commands",
    "receives",
    "sends",
    "signals",
    "deletes",
    "gets",
    "enumerates",
    "soap_faults",
    "quota_refusals",
    "shells_expired",
    "resets",
    "injected",
)
"""What is counted, from the start of the front on."""


class UnknownFault(ValueError):
    """A kind of fault that does not exist."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"unknown fault {kind!r}; there are: {', '.join(FAULT_KINDS)}")


class Books:
    """Counters and pending faults of one host. Every method may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counters = Counter(dict.fromkeys(COUNTED, 0))
        self._faults: Counter[str] = Counter()

    def count(self, what: str) -> None:
        """One more of ``what``, a word of COUNTED."""
        if what not in self._counters:
            raise KeyError(what)
        with self._lock:
            self._counters[what] += 1

    def counters(self) -> dict[str, int]:
        """All counters as they are now."""
        with self._lock:
            return dict(self._counters)

    def inject(self, kind: str, count: int = 1) -> None:
        """Have the next ``count`` occasions for this fault be used; 0 takes it back.

        Raises UnknownFault, and ValueError for a negative count.
        """
        if kind not in FAULT_KINDS:
            raise UnknownFault(kind)
        if count < 0:
            raise ValueError(f"a fault cannot be asked for {count} times")
        with self._lock:
            self._faults[kind] = count

    def awaits(self, kind: str) -> bool:
        """Whether an occasion for this fault is still to come."""
        return self._faults[kind] > 0

    def take(self, kind: str) -> bool:
        """Whether this occasion is to be used for that fault; counts it down."""
        if not self._faults:  # nearly always; saves the lock on every request
            return False
        with self._lock:
            if self._faults[kind] <= 0:
                return False
            self._faults[kind] -= 1
            self._counters["injected"] += 1
            return True
