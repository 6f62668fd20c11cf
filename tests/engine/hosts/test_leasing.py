"""Two contenders never both have a host, however their steps interleave on it."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from runner.engine.hosts.host_lease import HostLease
from runner.interfaces.lease import Lease, Leased
from tests.engine.hosts.lease_place import ListOfValues
from tests.engine.hosts.lease_world import Contender, Manner, World, played

PLACES = st.sampled_from(["last", "first", "sorted"])
STEPS = st.tuples(st.just("step"), st.integers(0, 3))
MANNERS = st.builds(
    Manner,
    works=st.integers(1, 4),
    head=st.booleans(),
    tail=st.booleans(),
    lost_head=st.booleans(),
    lost_tail=st.booleans(),
)
SCRIPTED = Manner(head=True, tail=True)


@given(PLACES, MANNERS, MANNERS, st.lists(STEPS, max_size=80))
@example("last", Manner(), Manner(), [("step", 0), ("step", 1)] * 12)
@example("last", SCRIPTED, SCRIPTED, [("step", 0), ("step", 1)] * 12)
def test_two_never_both_win_and_one_does_and_nothing_stays(
    place: str, one: Manner, other: Manner, turns: list[tuple[str, int]]
) -> None:
    world = World(ListOfValues(place))
    both = [Contender(world, "run-a", one), Contender(world, "run-b", other)]
    played(world, both, turns)
    assert any(not each.lost for each in both)
    assert world.host.values is None


@given(PLACES, st.lists(MANNERS, min_size=4, max_size=4), st.lists(STEPS, max_size=120))
def test_nor_do_any_of_four(
    place: str, manners: list[Manner], turns: list[tuple[str, int]]
) -> None:
    world = World(ListOfValues(place))
    played(
        world,
        [Contender(world, f"run-{x}", how) for x, how in zip("dbca", manners, strict=True)],
        turns,
    )
    assert not world.host.values


@given(
    PLACES,
    st.lists(MANNERS, min_size=3, max_size=3),
    st.lists(
        STEPS
        | st.tuples(st.just("wait"), st.integers(1, 4))
        | st.tuples(st.just("die"), st.integers(0, 2)),
        max_size=120,
    ),
)
def test_nor_when_some_die_or_sleep_past_their_time(
    place: str, manners: list[Manner], turns: list[tuple[str, int]]
) -> None:
    world = World(ListOfValues(place))
    played(
        world,
        [Contender(world, f"run-{x}", how) for x, how in zip("bca", manners, strict=True)],
        turns,
    )


@given(PLACES, st.lists(MANNERS, min_size=3, max_size=3), st.lists(STEPS, max_size=120))
def test_two_names_of_one_host_go_together_and_keep_others_off(
    place: str, manners: list[Manner], turns: list[tuple[str, int]]
) -> None:
    world = World(ListOfValues(place))
    first = Contender(world, "run-b", manners[0])
    second = Contender(world, "run-b", manners[1], beside=first, host="10.0.0.1")
    other = Contender(world, "run-a", manners[2])
    played(world, [first, second, other], turns)
    assert not world.host.values


@given(PLACES, MANNERS, MANNERS, st.lists(STEPS, max_size=80))
def test_nor_do_they_leave_anything_alone(
    place: str, one: Manner, other: Manner, turns: list[tuple[str, int]]
) -> None:
    world = World(ListOfValues(place))
    first = Contender(world, "run-b", one)
    second = Contender(world, "run-b", other, beside=first, host="10.0.0.1")
    played(world, [first, second], turns)
    assert not (first.lost and second.lost)
    assert world.host.values is None


def test_the_check_would_find_a_rule_that_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lowest of those it sees wins: wrong, for a lower one may come later."""

    def lowest(self: HostLease, found: Leased) -> list[Lease]:
        return [e for e in found.entries if e.name < self._name]

    monkeypatch.setattr(HostLease, "_others", lowest)
    world = World()
    with pytest.raises(AssertionError, match="at once"):
        played(world, [Contender(world, "run-b"), Contender(world, "run-a")],
               [("step", 0)] * 6 + [("step", 1)] * 6)  # fmt: skip
