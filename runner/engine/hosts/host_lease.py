"""One run's lease of one host, by the rule that ``leasing`` tells."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Generator, Iterable, Sequence
from typing import Final

from runner.engine.hosts.contender import Contender
from runner.engine.hosts.lease_book import LENGTH, MARGIN, held_by, is_there, length_for, verdict
from runner.engine.hosts.link import Link, Taking
from runner.engine.hosts.session import Reader
from runner.errors import HostError, TransportError
from runner.interfaces.access import KeptConnection
from runner.interfaces.exchange import Command, Query, Reply, Sleep, read
from runner.interfaces.lease import Lease, Leased, Leases
from runner.interfaces.setting import Setting

REOPEN_SECONDS: Final = 15.0
"""How long to try to reach a host again whose connection broke, to give it back."""
_SECONDS: Final = 60.0
_TRIES: Final = 5
_PAUSE: Final = 0.7


class HostLease:
    """Used by who has the lock of the link that is given."""

    def __init__(self, run: Contender, host: str) -> None:
        self._run = run
        self._host = host
        self._written = 0
        self._name = self._new_name()
        self._setting = Setting()
        self._mine: Lease | None = None
        self._until = 0.0
        self._going: tuple[Lease, Command] | None = None
        """What was to be removed by a command that is under way, or whose answer was lost."""
        self._refused: list[Setting] = []
        self._through: Link | None = None
        """The link by which an entry was written, or may have been."""
        self._seen = False
        """Whether the host was won: then nothing of a run that died is there."""

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
            self._comes(link)
        self._drive(link, self.won(leases, length_for(seconds)))

    def won(self, leases: Leases, length: int) -> Generator[Query, Reply, None]:
        """Have the host for ``length`` seconds from now: go on with it, or win it."""
        if self._mine is not None and self._run.clock() < self._until:
            yield from self._renewed(leases, length)
            return
        if self._going is not None:
            # Its removal may still come, so nothing is written under that name any more.
            yield from read(self._going[1])
            self._left()
            self._going, self._name = None, self._new_name()
            self._comes(self._through)
        yield from self._contended(leases, length)

    def release(self, link: Link) -> None:
        """Remove the entry, if this link wrote one, or a run that died. Raises no HostError."""
        leases = link.leases()
        unseen = not self._seen and self._host in self._run.suspects
        if leases is not None and self._through is None and unseen:
            self._seen = True
            try:
                self.hold(link, 0.0, self._run.as_whom(self._host))
            except HostError as error:
                self._through = None
                text = f"{self._host}: the lease of a run that died may be left there: {error}"
                self._run.book.notice(self._host, text)
        if self._through is not link or leases is None:
            return
        self._through = None
        try:
            if link.connection is None:
                link.open(REOPEN_SECONDS)
            self._drive(link, self.given_back(leases))
        except HostError:
            self._mine = self._going = None  # it is good for a limited time only

    def given_back(self, leases: Leases) -> Generator[Query, Reply, None]:
        """Remove the entry; what may be somebody else's by now is left alone."""
        if self._going is not None and self._run.clock() < self._until:
            # Nobody else can have won while it stood, and once it is gone this does nothing.
            yield from read(self._going[1])
        elif self._mine is not None and self._run.clock() < self._until:
            yield from read(self._removal(leases, self._mine))
        else:
            yield from self._cleaned(leases)
        self._left()
        self._mine = self._going = None

    # -- with what is sent anyway -----------------------------------------------------------

    def taking(self, link: Link, seconds: float, setting: Setting) -> Taking | None:
        """What takes the host at the head of a script; None where ``hold`` is the way.

        Who sends it says by ``taken`` what came of it, unless the answer was lost: then the entry
        may be there or not.
        """
        leases = link.leases()
        if leases is None or self._mine is not None or self._going is not None or self._refused:
            return None
        begun, entry = self._run.clock(), self._entry(length_for(seconds))
        command = leases.taking(entry)
        if command is None or leases.setting(setting):
            return None
        self._setting = Setting()
        self._comes(link)
        return Taking(command, entry, begun)

    def taken(self, taking: Taking) -> None:
        """The script found it alone there: the host is had."""
        self._seen = True
        self._mine, self._until = taking.entry, taking.begun + taking.entry.seconds

    def parting(self, link: Link) -> Command | None:
        """What gives the host back, to be sent behind the last look at it; None where nothing is
        held by this link. From now on the host is not had: ``parted`` says when it is done."""
        leases, mine = link.leases(), self._mine
        if leases is None or mine is None or self._through is not link or self._setting:
            return None
        if self._run.clock() + MARGIN >= self._until:
            return None
        command = self._removal(leases, mine)
        self._mine, self._going = None, (mine, command)
        return command

    def parted(self) -> None:
        """It was done."""
        self._left()
        self._going = self._through = None

    # -- by the rule ------------------------------------------------------------------------

    def _has(self, seconds: float) -> bool:
        left = self._until - self._run.clock()
        return self._mine is not None and seconds + MARGIN <= left

    def _comes(self, link: Link | None) -> None:
        """An entry is about to be written by this link."""
        self._run.comes(self._name)
        self._through = link
        # Some connections leave a record of who was there themselves (``Keeper.opened``).
        if link is None or not isinstance(link.connection, KeptConnection):
            self._run.book.writes(self._host, self._name, self._setting)

    def _left(self) -> None:
        """No entry of that name is there any more."""
        self._run.left(self._name)
        self._run.book.gone(self._host, self._name)

    def _removal(self, leases: Leases, mine: Lease) -> Command:
        return leases.release(mine, alone=self._run.leaves(mine.name))

    def _contended(self, leases: Leases, length: int) -> Generator[Query, Reply, None]:
        """Write an entry until the listing shows it alone. Raises LeaseHeld."""
        self._mine = None
        without: Sequence[str] = ()
        before: frozenset[str] = frozenset()
        others: Sequence[Lease] = ()
        for attempt in range(_TRIES):
            begun, mine = self._run.clock(), self._entry(length)
            found = leases.read((yield from read(leases.take(mine, without)))[0])
            others = self._others(found)
            if not others and is_there(found, mine):
                # Another name of the same host may come and go, and hide what is behind it.
                names, leaving = self._run.met(found)
                if leaving:  # what removes it may take this one along
                    others = [entry for entry in found.entries if entry.name in leaving]
                    if attempt < _TRIES - 1:
                        yield Sleep(_PAUSE)
                    continue
                if len(names) > 1 and names != before:
                    before = names
                    continue
                self._seen = True
                self._mine, self._until = mine, begun + length
                if self._host in self._run.suspects:
                    self._run.book.cleared(self._host)
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
        self._left()
        self._through = None
        raise held_by(self._host, others, leases.place)

    def _renewed(self, leases: Leases, length: int) -> Generator[Query, Reply, None]:
        """Write it anew while it is good. Raises LeaseHeld when somebody removed it."""
        begun, mine = self._run.clock(), self._entry(length)
        found = leases.read((yield from read(leases.keep(mine)))[0])
        others = self._others(found)
        if not found.kept:
            self._left()
            self._mine = self._through = None
            raise held_by(self._host, others, leases.place, lost=True)
        self._run.met(found)
        self._mine, self._until = mine, begun + length

    def _cleaned(self, leases: Leases) -> Generator[Query, Reply, None]:
        """Leave nothing where an entry may be, or was for too long."""
        self._mine = None
        mine = self._entry(LENGTH)
        found = leases.read((yield from read(leases.take(mine)))[0])
        if found.denied:
            return
        if self._others(found) or not is_there(found, mine):
            self._run.leaves(mine.name)
            yield from read(leases.withdraw(mine))
        else:
            self._run.met(found)
            yield from read(self._removal(leases, mine))

    def _others(self, found: Leased) -> list[Lease]:
        return [entry for entry in found.entries if entry.run != self._run.run]

    def _judged(self, others: Iterable[Lease]) -> tuple[list[Lease], list[str]]:
        """Those that count, and the names of those that do not and can be removed."""
        live: list[Lease] = []
        dead: list[str] = []
        for lease in dict.fromkeys(others):
            why, broken = verdict(self._run.book, self._host, lease)
            if not why:
                live.append(lease)
                continue
            dead.append(lease.name)
            self._run.book.taken_over(self._host, lease, why, broken=broken)
        return live, dead

    def _is_first(self, live: Sequence[Lease]) -> bool:
        return all(self._name < lease.name for lease in live)

    def _note_refusal(self, leases: Leases) -> None:
        first = not self._refused
        self._refused.append(self._setting)
        self._left()
        self._through = None
        if first:
            self._run.book.notice(
                self._host,
                f"no lease can be written to {leases.place} of {self._host}: runs of other "
                "controllers are not kept off",
            )

    # -- what is sent -----------------------------------------------------------------------

    def _new_name(self) -> str:
        self._written += 1
        text = self._host.casefold() + " again" * (self._written - 1)
        return f"{self._run.run}.{hashlib.sha256(text.encode()).hexdigest()[:8]}"

    def _entry(self, length: int) -> Lease:
        return Lease.make(
            self._name,
            seconds=length,
            beat=secrets.token_hex(4),
            since=time.time(),
            owner=self._run.owner,
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
