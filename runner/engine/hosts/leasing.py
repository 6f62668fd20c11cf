"""Two controllers never change one host at once: each leaves an entry there, and reads all.

A host cannot compare and swap, so the rule needs writes and reads only. Who wants the host writes
an entry of its own, then lists all entries. **It has the host when the listing shows its own entry
once and no entry of another run, and its own is there behind the listing, too** (who gives the host
back may take along what others have just written). Of two contenders, one writes later; its listing
comes after both writes and shows the other entry, unless that one was withdrawn or given back. So
two never both have it. When both see each other, the one whose name is lower waits for the other to
withdraw, and the other withdraws: so one gets it.

Who has it may go on after the listing shows others: they withdraw. Its entry is good for so many
seconds after it was written, by the clock of who wrote it, which counts without jumps and goes on
while the machine sleeps. Before a command that may take longer than what is left, it is written
anew; a run whose time is over must win the host again. Another controller takes an entry for dead
when it saw it unchanged for longer than it is good for, by such a clock of its own. So no clock
that shows the wrong time, on a host or a controller, can break a lease.

Writing and listing travel at the head of the first script that changes the host, where there is
one: the host itself compares, and the script stops before its first change unless the listing shows
the one entry and nothing else. All other cases are decided here, by the rule. The entry is removed
with the last look at the host, where that is known to be the last. Whoever comes in between then
comes after all changes.

Only who has the host can remove what is left of the place itself (``Leases.release``): no entry
of anybody else can have won meanwhile. So of several names of one host the last one to leave does
that; and who does not know whether its entry is there (the answer was lost, its time is over) first
wins the host again. When the answer to a removal was lost, nothing under that name is written any
more: the removal may still come.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from runner.engine.hosts.contender import Contender
from runner.engine.hosts.host_lease import HostLease
from runner.engine.hosts.lease_book import LENGTH, LeaseBook, counted

__all__ = ["LENGTH", "HostLease", "Leasing"]


class Leasing(Contender):
    """The leases of one run. Thread-safe; each host's is used under its link's lock."""

    def __init__(
        self,
        run: str,
        owner: str,
        book: LeaseBook,
        takes: Callable[[str], bool] = lambda _host: True,
        clock: Callable[[], float] = counted,
    ) -> None:
        """``takes`` says of a host whether a lease is wanted there at all."""
        super().__init__(run, owner, book, clock)
        self.takes = takes
        self._hosts: dict[str, HostLease | None] = {}
        self._lock = threading.Lock()

    def of(self, host: str) -> HostLease | None:
        """The lease of this host, whether it is taken or not; None where none is wanted."""
        with self._lock:
            if host not in self._hosts:
                self._hosts[host] = HostLease(self, host) if self.takes(host) else None
            return self._hosts[host]

    def has(self, host: str) -> bool:
        """Whether the host has an entry of this run, or may have one."""
        with self._lock:
            lease = self._hosts.get(host)
        return lease is not None and lease.is_taken
