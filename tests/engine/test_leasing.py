"""Two contenders never both have a host, however their steps interleave on it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from runner.engine.lease_book import MARGIN
from runner.engine.leasing import LENGTH, HostLease, Leasing
from runner.errors import LeaseHeld
from runner.interfaces.exchange import Command, Exec, Output, Query, Read, Reply
from runner.interfaces.lease import Lease, Leased, Leases
from runner.interfaces.shell import Setting

_NEXT = object()
"""A step was made, and there are more."""


class ListOfValues:
    """A registry key as a host has it: one step reads or writes one value. ``place`` says where in
    the list a new value goes: at the end, at the beginning, or where its name belongs."""

    def __init__(self, place: str) -> None:
        self.values: list[tuple[str, str]] | None = None
        self._place = place

    def has(self, name: str) -> bool:
        return any(name == known for known, _ in self.values or ())

    def write(self, name: str, text: str) -> None:
        values = self.values = self.values or []
        for i, (known, _) in enumerate(values):
            if known == name:
                values[i] = (name, text)
                return
        values.insert(0 if self._place == "first" else len(values), (name, text))
        if self._place == "sorted":
            values.sort()

    def delete(self, name: str) -> None:
        if self.values is not None:
            self.values = [value for value in self.values if value[0] != name]

    def at(self, index: int) -> tuple[str, str] | None:
        return self.values[index] if self.values and index < len(self.values) else None


class Keeps(Leases):
    """The commands as data, for the world below."""

    place = "the list"

    def setting(self, of_change: Setting) -> Setting:
        return of_change

    def take(self, lease: Lease, without: Sequence[str] = ()) -> Command:
        return Exec("take", lease.name, lease.text, *without)

    def keep(self, lease: Lease) -> Command:
        return Exec("keep", lease.name, lease.text)

    def withdraw(self, lease: Lease) -> Command:
        return Exec("withdraw", lease.name)

    def release(self, lease: Lease, *, alone: bool) -> Command:
        return Exec("release" if alone else "withdraw", lease.name)

    def read(self, output: Output) -> Leased:
        lines = output.stdout.splitlines()
        found = [Lease.read(*line.split(" ")) for line in lines if " " in line]
        return Leased(tuple(found), kept="kept" in lines)


def carried_out(host: ListOfValues, command: Command) -> Generator[object, None, Output]:
    """One command on the host, a step at a time."""
    assert isinstance(command, Exec)
    verb, name, *rest = command.argv
    if verb == "take":
        for stale in rest[1:]:
            host.delete(stale)
            yield _NEXT
        host.write(name, rest[0])
        yield _NEXT
    elif verb == "keep":
        there = host.has(name)
        yield _NEXT
        if there:
            host.write(name, rest[0])
            yield _NEXT
    elif verb == "withdraw":
        host.delete(name)
        yield _NEXT
        return Output(0)
    else:
        there = host.has(name)
        yield _NEXT
        if there:
            host.values = None  # the key with all its values, in one step
            yield _NEXT
        return Output(0)
    lines: list[str] = ["kept"] if verb == "keep" and there else []
    index = 0
    while (value := host.at(index)) is not None:
        lines.append(" ".join(value))
        index += 1
        yield _NEXT
    return Output(0, "\n".join(lines))


@dataclass
class World:
    """A host, the time (the same for all who count it), and which runs are dead."""

    host: ListOfValues
    now: float = 0.0
    dead: set[str] = field(default_factory=set)
    broken: bool = False


class Book:
    """What one controller knows. It learns of the death of the others' runs, as a journal does."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._seen: dict[tuple[str, str], float] = {}
        self.taken: list[tuple[str, bool]] = []
        self.notices: list[str] = []

    def over(self, lease: Lease) -> str:
        return "it died" if lease.run in self._world.dead else ""

    def unchanged(self, host: str, lease: Lease) -> float:
        first = self._seen.setdefault((lease.name, lease.text), self._world.now)
        return self._world.now - first

    def may_break(self, host: str) -> bool:
        return self._world.broken

    def taken_over(self, host: str, lease: Lease, why: str, *, broken: bool) -> None:
        self.taken.append((lease.run, broken))

    def notice(self, host: str, text: str) -> None:
        self.notices.append(text)


class Contender:
    """A run that wants the host, works there for some steps, renews, and gives it back."""

    def __init__(self, world: World, run: str, works: int = 3) -> None:
        self.run = run
        self._world = world
        self.book = Book(world)
        leasing = Leasing(run, "anna@here:1", self.book, clock=lambda: world.now)
        lease = leasing.of("web01")
        assert lease is not None
        self.lease: HostLease = lease
        self._steps = self._life(works)
        self.entered = False
        self.worked = 0
        self.lost = 0
        self.over = False

    @property
    def inside(self) -> bool:
        """Whether it may send changes now: so it thinks by its own clock."""
        return self.entered and self._world.now < self.lease._until

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
        self._world.dead.add(self.run)

    def _life(self, works: int) -> Iterator[object]:
        leases = Keeps()
        for _ in range(works):
            try:
                yield from self._drive(self.lease.won(leases, LENGTH))
            except LeaseHeld:
                self.lost += 1
                self.entered = False
                return
            self.entered = True
            self.worked += 1
            yield _NEXT
        self.entered = False
        yield from self._drive(self.lease.given_back(leases))

    def _drive(self, steps: Generator[Query, Reply, None]) -> Iterator[object]:
        request: Query | None = next(steps, None)
        while request is not None:
            reply: Reply = ()
            if isinstance(request, Read):
                (command,) = request.commands
                reply = ((yield from carried_out(self._world.host, command)),)
            else:
                yield _NEXT
            try:
                request = steps.send(reply)
            except StopIteration:
                return


def played(world: World, contenders: list[Contender], turns: Sequence[tuple[str, int]]) -> None:
    """Let them take their turns; nobody is ever inside beside another."""

    def check() -> None:
        inside = [contender.run for contender in contenders if contender.inside]
        assert len(inside) < 2, f"{inside} change the host at once: {world.host.values}"

    for what, which in turns:
        if what == "wait":
            world.now += which * LENGTH / 2
        elif what == "die":
            contenders[which % len(contenders)].die()
        else:
            contenders[which % len(contenders)].step()
        check()
    for _ in range(500):
        for contender in contenders:
            contender.step()
            check()
    assert all(contender.over for contender in contenders)


PLACES = st.sampled_from(["last", "first", "sorted"])
STEPS = st.tuples(st.just("step"), st.integers(0, 3))


class TestExclusion:
    @given(PLACES, st.lists(STEPS, max_size=80))
    @example("last", [("step", 0), ("step", 1)] * 12)
    def test_two_never_both_win_and_one_does(
        self, place: str, turns: list[tuple[str, int]]
    ) -> None:
        world = World(ListOfValues(place))
        both = [Contender(world, "run-a"), Contender(world, "run-b")]
        played(world, both, turns)
        assert any(one.worked == 3 for one in both)
        assert not world.host.values

    @given(PLACES, st.lists(STEPS, max_size=120))
    def test_nor_do_any_of_four(self, place: str, turns: list[tuple[str, int]]) -> None:
        world = World(ListOfValues(place))
        played(world, [Contender(world, f"run-{x}") for x in "dbca"], turns)

    @given(
        PLACES,
        st.lists(
            STEPS
            | st.tuples(st.just("wait"), st.integers(1, 4))
            | st.tuples(st.just("die"), st.integers(0, 2)),
            max_size=120,
        ),
    )
    def test_nor_when_some_die_or_sleep_past_their_time(
        self, place: str, turns: list[tuple[str, int]]
    ) -> None:
        world = World(ListOfValues(place))
        played(world, [Contender(world, f"run-{x}", works=4) for x in "bca"], turns)

    def test_the_check_would_find_a_rule_that_is_wrong(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The lowest of those it sees wins: wrong, for a lower one may come later."""

        def lowest(self: HostLease, found: Leased) -> list[Lease]:
            return [e for e in found.entries if e.name < self._name]

        monkeypatch.setattr(HostLease, "_others", lowest)
        world = World(ListOfValues("last"))
        with pytest.raises(AssertionError, match="at once"):
            played(world, [Contender(world, "run-b"), Contender(world, "run-a")],
                   [("step", 0)] * 6 + [("step", 1)] * 6)  # fmt: skip


def alone(world: World, run: str = "run-x", **more: Any) -> Contender:
    contender = Contender(world, run, **more)
    played(world, [contender], [])
    return contender


def held(world: World, lease: Lease) -> Callable[[], None]:
    return lambda: world.host.write(lease.name, lease.text)


def foreign(run: str = "20260513-0700-wxyz", seconds: int = LENGTH) -> Lease:
    return Lease.make(
        f"{run}.00000000", seconds=seconds, beat="ab", since=1778655600, owner="kim@desk:12"
    )


class TestHolding:
    def test_who_is_alone_works_and_leaves_nothing(self) -> None:
        world = World(ListOfValues("last"))
        assert alone(world).worked == 3
        assert world.host.values is None

    def test_a_held_host_is_refused_with_all_that_is_known(self) -> None:
        world = World(ListOfValues("last"))
        held(world, foreign())()
        contender = Contender(world, "run-x")
        steps = contender._drive(contender.lease.won(Keeps(), LENGTH))
        with pytest.raises(LeaseHeld) as caught:
            list(steps)
        assert "run 20260513-0700-wxyz of kim@desk, process 12, since 2026-05-13" in str(
            caught.value
        )
        assert "--break-lock web01 --reason TEXT" in caught.value.hint
        assert world.host.values == [(foreign().name, foreign().text)]

    def test_it_is_dead_when_it_was_seen_unchanged_for_longer_than_it_is_good(self) -> None:
        world = World(ListOfValues("last"))
        held(world, foreign())()
        contender = Contender(world, "run-x")
        with pytest.raises(LeaseHeld):
            list(contender._drive(contender.lease.won(Keeps(), LENGTH)))
        world.now += LENGTH + MARGIN + 1
        list(contender._drive(contender.lease.won(Keeps(), LENGTH)))
        assert contender.book.taken == [("20260513-0700-wxyz", False)]

    def test_a_renewed_one_is_not(self) -> None:
        world = World(ListOfValues("last"))
        held(world, foreign())()
        contender = Contender(world, "run-x")
        for beat in ("b1", "b2", "b3"):
            with pytest.raises(LeaseHeld):
                list(contender._drive(contender.lease.won(Keeps(), LENGTH)))
            world.now += LENGTH
            lease = foreign()
            world.host.write(lease.name, lease.text.replace(",ab,", f",{beat},"))
        assert contender.book.taken == []

    def test_a_person_may_break_it(self) -> None:
        world = World(ListOfValues("last"), broken=True)
        held(world, foreign())()
        contender = alone(world)
        assert contender.worked == 3
        assert contender.book.taken == [("20260513-0700-wxyz", True)]

    def test_who_was_broken_finds_out_when_it_renews(self) -> None:
        world = World(ListOfValues("last"))
        contender = Contender(world, "run-x")
        list(contender._drive(contender.lease.won(Keeps(), LENGTH)))
        world.host.values = [(foreign().name, foreign().text)]
        with pytest.raises(LeaseHeld, match="its lease was removed by run 20260513"):
            list(contender._drive(contender.lease.won(Keeps(), LENGTH)))

    def test_what_stands_there_in_another_form_is_left_alone(self) -> None:
        world = World(ListOfValues("last"), broken=True)
        world.host.write("Something", "else")
        contender = Contender(world, "run-x")
        with pytest.raises(LeaseHeld, match="cannot read"):
            list(contender._drive(contender.lease.won(Keeps(), LENGTH)))
        assert world.host.values == [("Something", "else")]
