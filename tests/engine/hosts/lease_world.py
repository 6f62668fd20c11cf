"""A host that keeps leases, the time, and runs that contend for it a step at a time."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import cast

from runner.engine.hosts.host_lease import HostLease
from runner.engine.hosts.leasing import LENGTH, Leasing
from runner.engine.hosts.link import Link
from runner.errors import LeaseHeld
from runner.interfaces.exchange import Query, Read, Reply
from runner.interfaces.lease import Lease, Leases
from runner.interfaces.setting import Setting
from tests.engine.hosts.lease_place import NEXT, Keeps, ListOfValues, carried_out


@dataclass
class World:
    """A host, the time (the same for all who count it), and which runs are dead."""

    host: ListOfValues = field(default_factory=ListOfValues)
    now: float = 0.0
    dead: set[str] = field(default_factory=set)
    broken: bool = False


class Book:
    """What one controller knows. It learns of the death of the others' runs, as a journal does."""

    def __init__(self, world: World | None = None) -> None:
        self._world = world or World()
        self._seen: dict[tuple[str, str], float] = {}
        self.taken: list[tuple[str, bool]] = []
        self.notices: list[str] = []
        self.written: list[str] = []
        self.removed: list[str] = []

    def over(self, lease: Lease) -> str:
        return "it died" if lease.run in self._world.dead else ""

    def unchanged(self, host: str, lease: Lease) -> float:
        first = self._seen.setdefault((lease.name, lease.text), self._world.now)
        return self._world.now - first

    def may_break(self, host: str) -> bool:
        return self._world.broken

    def taken_over(self, host: str, lease: Lease, why: str, *, broken: bool) -> None:
        self.taken.append((lease.run, broken))

    def writes(self, host: str, name: str, setting: Setting) -> None:
        self.written.append(name)

    def gone(self, host: str, name: str) -> None:
        self.removed.append(name)

    def cleared(self, host: str) -> None:
        pass

    def notice(self, host: str, text: str) -> None:
        self.notices.append(text)


class _Way:
    connection = None

    def leases(self) -> Leases:
        return Keeps()


@dataclass(frozen=True)
class Manner:
    """What travels with what is sent anyway, and what of that gets no answer though it is done."""

    works: int = 3
    head: bool = False
    tail: bool = False
    lost_head: bool = False
    lost_tail: bool = False


class Contender:
    """A run that wants the host, works there for some steps, renews, and gives it back."""

    def __init__(
        self,
        world: World,
        run: str,
        manner: Manner = Manner(),
        *,
        beside: Contender | None = None,
        host: str = "web01",
    ) -> None:
        """``beside``: it is the same run, which knows the host by another name."""
        self.run = run
        self.world = world
        self.book = Book(world)
        if beside is None:
            self.leasing = Leasing(run, "anna@here:1", self.book, clock=lambda: world.now)
        else:
            self.leasing = beside.leasing
        lease = self.leasing.of(host)
        assert lease is not None
        self.lease: HostLease = lease
        self.link = cast(Link, _Way())
        self._manner = manner
        self._steps = self._life(manner.works)
        self.entered = False
        self.worked = 0
        self.lost = 0
        self.over = False

    @property
    def inside(self) -> bool:
        """Whether it may send changes now: so it thinks by its own clock."""
        return self.entered and self.world.now < self.lease._until

    def step(self) -> None:
        """One step, if there is one left."""
        if self.over:
            return
        try:
            next(self._steps)
        except StopIteration:
            self.over = True

    def die(self) -> None:
        """Its process is gone, and what it wrote stays."""
        self.over, self.entered = True, False
        self.world.dead.add(self.run)

    def won(self) -> Iterator[object]:
        """Win the host, or go on with it, by the rule."""
        if self.lease._mine is None:
            self.lease._comes(self.link)
        return self.drive(self.lease.won(Keeps(), LENGTH))

    def drive(self, steps: Generator[Query, Reply, None]) -> Iterator[object]:
        """Carry out what the rule asks of the host."""
        request: Query | None = next(steps, None)
        while request is not None:
            reply: Reply = ()
            if isinstance(request, Read):
                (command,) = request.commands
                reply = ((yield from carried_out(self.world.host, command)),)
            else:
                yield NEXT
            try:
                request = steps.send(reply)
            except StopIteration:
                return

    def _life(self, works: int) -> Iterator[object]:
        for number in range(works):
            try:
                if number or not (yield from self._by_script()):
                    yield from self.won()
            except LeaseHeld:
                self.lost += 1
                self.entered = False
                return
            self.entered = True
            self.worked += 1
            yield NEXT
        self.entered = False
        if self._manner.tail and (parting := self.lease.parting(self.link)) is not None:
            yield from carried_out(self.world.host, parting)
            if not self._manner.lost_tail:
                self.lease.parted()
                return
        yield from self.drive(self.lease.given_back(Keeps()))

    def _by_script(self) -> Generator[object, None, bool]:
        taking = self.lease.taking(self.link, 0.0, Setting()) if self._manner.head else None
        if taking is None:
            return False
        output = yield from carried_out(self.world.host, taking.command)
        if output.code == 0 and not self._manner.lost_head:
            self.lease.taken(taking)
            return True
        return False


def played(world: World, contenders: list[Contender], turns: Sequence[tuple[str, int]]) -> None:
    """Let them take their turns; no run is ever inside beside another."""

    def check() -> None:
        inside = {contender.run for contender in contenders if contender.inside}
        assert len(inside) < 2, f"{inside} change the host at once: {world.host.values}"

    for what, which in turns:
        if what == "wait":
            world.now += which * LENGTH / 2
        elif what == "die":
            contenders[which % len(contenders)].die()
        else:
            contenders[which % len(contenders)].step()
        check()
    for _ in range(800):
        for contender in contenders:
            contender.step()
            check()
    assert all(contender.over for contender in contenders)


def foreign(run: str = "20260513-0700-wxyz", seconds: int = LENGTH) -> Lease:
    """The entry of a run that is not there."""
    return Lease.make(
        f"{run}.00000000", seconds=seconds, beat="ab", since=1778655600, owner="kim@desk:12"
    )
