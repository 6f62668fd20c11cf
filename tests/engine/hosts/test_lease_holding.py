"""What one run makes of what it finds on a host, and what it leaves there."""

from __future__ import annotations

import pytest

from runner.engine.hosts.lease_book import MARGIN
from runner.engine.hosts.leasing import LENGTH
from runner.errors import LeaseHeld
from tests.engine.hosts.lease_place import Keeps, carried_out
from tests.engine.hosts.lease_world import Contender, Manner, World, foreign, played


def alone(world: World, run: str = "run-x") -> Contender:
    contender = Contender(world, run)
    played(world, [contender], [])
    return contender


def held(world: World) -> None:
    world.host.write(foreign().name, foreign().text)


def test_who_is_alone_works_and_leaves_nothing() -> None:
    world = World()
    assert alone(world).worked == 3
    assert world.host.values is None


def test_a_held_host_is_refused_with_all_that_is_known() -> None:
    world = World()
    held(world)
    with pytest.raises(LeaseHeld) as caught:
        list(Contender(world, "run-x").won())
    assert "run 20260513-0700-wxyz of kim@desk, process 12, since 2026-05-13" in str(caught.value)
    assert "--break-lock web01 --reason TEXT" in caught.value.hint
    assert world.host.values == [(foreign().name, foreign().text)]


def test_it_is_dead_when_it_was_seen_unchanged_for_longer_than_it_is_good() -> None:
    world = World()
    held(world)
    contender = Contender(world, "run-x")
    with pytest.raises(LeaseHeld):
        list(contender.won())
    world.now += LENGTH + MARGIN + 1
    list(contender.won())
    assert contender.book.taken == [("20260513-0700-wxyz", False)]


def test_a_renewed_one_is_not() -> None:
    world = World()
    held(world)
    contender = Contender(world, "run-x")
    for beat in ("b1", "b2", "b3"):
        with pytest.raises(LeaseHeld):
            list(contender.won())
        world.now += LENGTH
        lease = foreign()
        world.host.write(lease.name, lease.text.replace(",ab,", f",{beat},"))
    assert contender.book.taken == []


def test_a_person_may_break_it() -> None:
    world = World(broken=True)
    held(world)
    contender = alone(world)
    assert contender.worked == 3
    assert contender.book.taken == [("20260513-0700-wxyz", True)]


def test_who_was_broken_finds_out_when_it_renews() -> None:
    world = World()
    contender = Contender(world, "run-x")
    list(contender.won())
    world.host.values = [(foreign().name, foreign().text)]
    with pytest.raises(LeaseHeld, match="its lease was removed by run 20260513"):
        list(contender.won())


def test_what_stands_there_in_another_form_is_left_alone() -> None:
    world = World(broken=True)
    world.host.write("Something", "else")
    with pytest.raises(LeaseHeld, match="cannot read"):
        list(Contender(world, "run-x").won())
    assert world.host.values == [("Something", "else")]


def test_one_that_is_not_sure_of_its_entry_leaves_no_empty_place() -> None:
    world = World()
    contender = Contender(world, "run-x", Manner(works=0))
    contender.lease._comes(contender.link)  # its answer was lost: the entry may be there or not
    played(world, [contender], [])
    assert world.host.values is None


def test_nor_does_one_whose_time_is_over() -> None:
    world = World()
    contender = Contender(world, "run-x")
    list(contender.won())
    world.now += 2 * LENGTH
    list(contender.drive(contender.lease.given_back(Keeps())))
    assert world.host.values is None


def test_but_it_leaves_alone_what_is_somebody_elses_by_now() -> None:
    world = World()
    contender = Contender(world, "run-x")
    list(contender.won())
    world.now += 2 * LENGTH
    world.host.values = [(foreign().name, foreign().text)]
    list(contender.drive(contender.lease.given_back(Keeps())))
    assert world.host.values == [(foreign().name, foreign().text)]


def test_a_name_whose_removal_may_still_come_is_not_used_again() -> None:
    world = World()
    contender = Contender(world, "run-x")
    list(contender.won())
    late = contender.lease.parting(contender.link)
    assert late is not None
    ((old, _),) = world.host.values or []
    list(contender.won())  # the answer was lost, and there is more to do
    ((name, _),) = world.host.values or []
    assert name != old
    list(carried_out(world.host, late))
    assert world.host.has(name)


def test_another_name_of_the_host_waits_until_one_that_leaves_is_gone() -> None:
    world = World()
    first = Contender(world, "run-x")
    list(first.won())
    leaving = first.lease.parting(first.link)
    assert leaving is not None
    second = Contender(world, "run-x", beside=first, host="10.0.0.1")
    steps = second.won()
    for _ in range(6):
        next(steps)
    list(carried_out(world.host, leaving))
    first.lease.parted()
    list(steps)
    assert world.host.values is not None
    assert len(world.host.values) == 1
