"""Two controllers never change one host at once: each leaves an entry there, and reads all.

A host cannot compare and swap, so the rule needs writes and reads only. Who wants the host writes
an entry of its own, then lists all entries. **It has the host when the listing shows its own entry
once and no entry of another run.** Of two contenders, one writes later; its listing comes after
both writes and shows the other entry, unless that one was withdrawn or given back. So two never
both have it. When both see each other, the one whose name is lower waits for the other to
withdraw, and the other withdraws: so one gets it.

Who has it may go on after the listing shows others: they withdraw. Its entry is good for so many
seconds after it was written, by the clock of who wrote it, which counts without jumps and goes on
while the machine sleeps. Before a command that may take longer than what is left, it is written
anew; a run whose time is over must win the host again. Another controller takes an entry for dead
when it saw it unchanged for longer than it is good for, by such a clock of its own. So no clock
that shows the wrong time, on a host or a controller, can break a lease.
"""

from __future__ import annotations

import hashlib
import math
import secrets
import threading
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from typing import Final

from runner.engine.lease_book import MARGIN, LeaseBook, counted, said, verdict
from runner.engine.link import Link
from runner.engine.session import Reader
from runner.errors import HostError, LeaseHeld, TransportError
from runner.interfaces.exchange import Query, Reply, Sleep, read
from runner.interfaces.lease import Lease, Leased, Leases
from runner.interfaces.shell import Setting

LENGTH: Final = 1800
"""Seconds for which an entry is good, unless a command may take longer."""
REOPEN_SECONDS: Final = 15.0
"""How long to try to reach a host again whose connection broke, to give it back."""
_SECONDS: Final = 60.0
_TRIES: Final = 5
_PAUSE: Final = 0.7


class Leasing:
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
        self.run = run
        self.owner = owner
        self.book = book
        self.takes = takes
        self.clock = clock
        self._hosts: dict[str, HostLease | None] = {}
        self._shared: set[str] = set()
        self._lock = threading.Lock()

    def of(self, host: str) -> HostLease | None:
        """The lease of this host, whether it is taken or not; None where none is wanted."""
        with self._lock:
            if host not in self._hosts:
                self._hosts[host] = HostLease(self, host) if self.takes(host) else None
            return self._hosts[host]

    def met(self, found: Leased) -> frozenset[str]:
        """Note the entries of this run on a host; several are of a host with several names."""
        names = frozenset(entry.name for entry in found.entries if entry.run == self.run)
        if len(names) > 1:
            with self._lock:
                self._shared |= names
        return names

    def shares(self, name: str) -> bool:
        """Whether an entry of this run stood beside another one of it."""
        with self._lock:
            return name in self._shared

    def has(self, host: str) -> bool:
        """Whether the host has an entry of this run, or may have one."""
        with self._lock:
            lease = self._hosts.get(host)
        return lease is not None and lease.is_taken


class HostLease:
    """One run's lease of one host. Used by who has the lock of the link that is given."""

    def __init__(self, leasing: Leasing, host: str) -> None:
        self._leasing = leasing
        self._host = host
        mark = hashlib.sha256(host.casefold().encode()).hexdigest()[:8]
        self._name = f"{leasing.run}.{mark}"
        self._setting = Setting()
        self._mine: Lease | None = None
        self._until = 0.0
        self._refused: list[Setting] = []
        self._through: Link | None = None
        """The link by which an entry was written, or may have been."""

    @property
    def is_taken(self) -> bool:
        """Whether an entry was written, or may have been, that is not given back."""
        return self._through is not None

    def hold(self, link: Link, seconds: float, setting: Setting) -> None:
        """Have the host for so many more seconds, or raise LeaseHeld; nothing if it has it.

        To be called before each change. ``setting`` is that of the change: where only another
        user may write the entry, it is written as that one.
        """
        leases = link.leases()
        if leases is None or self._has(seconds):
            return
        if self._mine is None:
            self._setting = leases.setting(setting)
            if self._setting in self._refused:
                return
            self._through = link
        length = max(LENGTH, math.ceil(seconds + 2 * MARGIN))
        self._drive(link, self.won(leases, length))

    def won(self, leases: Leases, length: int) -> Generator[Query, Reply, None]:
        """Have the host for ``length`` seconds from now: go on with it, or win it."""
        if self._mine is not None and self._leasing.clock() < self._until:
            yield from self._renewed(leases, length)
        else:
            yield from self._contended(leases, length)

    def given_back(self, leases: Leases) -> Generator[Query, Reply, None]:
        """Remove the entry; what may be somebody else's by now is left alone."""
        mine, self._mine = self._mine, None
        if mine is not None and self._leasing.clock() < self._until:
            alone = not self._leasing.shares(self._name)
            yield from read(leases.release(mine, alone=alone))
        else:
            yield from read(leases.withdraw(self._entry(LENGTH)))

    def release(self, link: Link) -> None:
        """Remove the entry, if it was written by this link. Never raises HostError."""
        leases = link.leases()
        if self._through is not link or leases is None:
            return
        self._through = None
        try:
            if link.connection is None:
                link.open(REOPEN_SECONDS)
            self._drive(link, self.given_back(leases))
        except HostError:
            self._mine = None  # it is good for a limited time only

    # -- by the rule ------------------------------------------------------------------------

    def _has(self, seconds: float) -> bool:
        left = self._until - self._leasing.clock()
        return self._mine is not None and seconds + MARGIN <= left

    def _contended(self, leases: Leases, length: int) -> Generator[Query, Reply, None]:
        """Write an entry until the listing shows it alone. Raises LeaseHeld."""
        self._mine = None
        without: Sequence[str] = ()
        before: frozenset[str] = frozenset()
        others: Sequence[Lease] = ()
        for attempt in range(_TRIES):
            begun, mine = self._leasing.clock(), self._entry(length)
            found = leases.read((yield from read(leases.take(mine, without)))[0])
            others = self._others(found)
            if not others and _is_there(found, mine):
                # Another name of the same host may come and go, and hide what is behind it.
                names = self._leasing.met(found)
                if len(names) > 1 and names != before:
                    before = names
                    continue
                self._mine, self._until = mine, begun + length
                return
            live, without = self._judged(others)
            if found.denied and not live:
                self._note_refusal(leases)
                return
            if live and (attempt == _TRIES - 1 or not self._is_first(live)):
                break
            if live:
                yield Sleep(_PAUSE)
        yield from read(leases.withdraw(self._entry(length)))
        self._through = None
        raise self._held_by(others, leases)

    def _renewed(self, leases: Leases, length: int) -> Generator[Query, Reply, None]:
        """Write it anew while it is good. Raises LeaseHeld when somebody removed it."""
        begun, mine = self._leasing.clock(), self._entry(length)
        found = leases.read((yield from read(leases.keep(mine)))[0])
        others = self._others(found)
        if not found.kept:
            self._mine = self._through = None
            raise self._held_by(others, leases, lost=True)
        self._leasing.met(found)
        self._mine, self._until = mine, begun + length

    def _others(self, found: Leased) -> list[Lease]:
        return [entry for entry in found.entries if entry.run != self._leasing.run]

    def _judged(self, others: Iterable[Lease]) -> tuple[list[Lease], list[str]]:
        """Those that count, and the names of those that do not and can be removed."""
        live: list[Lease] = []
        dead: list[str] = []
        for lease in dict.fromkeys(others):
            why, broken = verdict(self._leasing.book, self._host, lease)
            if not why:
                live.append(lease)
                continue
            dead.append(lease.name)
            self._leasing.book.taken_over(self._host, lease, why, broken=broken)
        return live, dead

    def _is_first(self, live: Sequence[Lease]) -> bool:
        return all(self._name < lease.name for lease in live)

    def _note_refusal(self, leases: Leases) -> None:
        first = not self._refused
        self._refused.append(self._setting)
        self._through = None
        if first:
            self._leasing.book.notice(
                self._host,
                f"no lease can be written to {leases.place} of {self._host}: runs of other "
                "controllers are not kept off",
            )

    def _held_by(self, others: Sequence[Lease], leases: Leases, *, lost: bool = False) -> LeaseHeld:
        by = "; ".join(map(said, others)) or "nobody who is there now"
        what = "its lease was removed by" if lost else "it is being worked on by"
        return LeaseHeld(
            f"{what} {by}",
            hint="wait for that run, or leave the host out with --limit; if it is over for sure: "
            f"--break-lock {self._host} --reason TEXT (the lease is in {leases.place})",
        )

    # -- what is sent -----------------------------------------------------------------------

    def _entry(self, length: int) -> Lease:
        return Lease.make(
            self._name,
            seconds=length,
            beat=secrets.token_hex(4),
            since=time.time(),
            owner=self._leasing.owner,
        )

    def _drive(
        self, link: Link, steps: Generator[Query, Reply, None], seconds: float = _SECONDS
    ) -> None:
        """To the rule's end. As reads, because they change nothing that a play is about."""
        try:
            Reader(link, seconds, self._setting).drive(steps)
        except TransportError as error:
            error.may_have_started = False  # no change was
            raise


def _is_there(found: Leased, mine: Lease) -> bool:
    """Whether the listing shows the entry just written, once."""
    return [e.text for e in found.entries if e.name == mine.name] == [mine.text]
