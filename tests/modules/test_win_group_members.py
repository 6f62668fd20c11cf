"""win_group: its members, as data and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from runner.errors import ParamsError, Refused
from runner.model.state import Change
from tests.modules.labhost import LabHost
from tests.modules.scripted import task

BOB = {"users": {"bob": {}, "eve": {}}, "groups": {"ops": {"members": ["bob"]}}}
ROWS: list[tuple[dict[str, Any], list[str]]] = [
    ({"add": "eve"}, ["bob", "eve"]),
    ({"remove": ["WEB01\\bob"]}, []),
    ({"add": ["LAB\\admins"], "remove": "bob"}, ["LAB\\admins"]),
    ({"set": ["S-1-5-18", "eve"]}, ["NT AUTHORITY\\SYSTEM", "eve"]),
    ({"set": []}, []),
]


@pytest.mark.parametrize(("members", "left"), ROWS)
@pytest.mark.parametrize("os", ["2003-sp2", "2022"])
def test_a_row(os: str, members: dict[str, Any], left: list[str]) -> None:
    host = LabHost(os, **BOB)
    before = host.state
    work = host.task("win_group", name="OPS", members=members)
    change = work.plan()
    work.apply(change)
    assert host.state["security"]["groups"]["ops"]["members"] == left
    assert not work.plan().differences()
    work.undo(Change("", change.before, work.probe()))
    assert host.state == before
    (found,) = work.module.restore(work.params, change)
    again = host.task("win_group", **found.arguments)
    work.apply(change)
    again.apply(again.plan())
    assert host.state == before


def test_who_is_in_it_already_is_left_alone() -> None:
    host = LabHost("2016", **BOB)
    for members in ({"add": ".\\bob"}, {"remove": "eve"}, {"set": "BOB"}):
        assert not host.task("win_group", name="ops", members=members).plan().differences()
    assert not host.task("win_group", name="ops").plan().differences()


def test_who_is_not_there_must_be_made_first() -> None:
    host = LabHost("2016", **BOB)
    work = host.task("win_group", name="ops", members={"add": "later"})
    change = work.plan()
    assert "must be made first: later" in work.module.message(work.params, change, {})
    with pytest.raises(Refused, match="no account 'later'"):
        work.apply(change)
    assert host.writes == 0


def test_without_powershell_a_long_name_is_refused_and_one_that_goes_does_not_come_back() -> None:
    old = LabHost("2003-sp2", **BOB)
    long = "LAB\\" + "x" * 21
    with pytest.raises(Refused, match="up to 20 characters"):
        old.task("win_group", name="ops", members={"add": long}).plan()
    host = LabHost("2003-sp2", groups={"ops": {"members": [long]}})
    work = host.task("win_group", name="ops", members={"set": []})
    assert "its name is too long" in work.module.irreversible(work.params, work.plan(), work.facts)


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ({"add": "a", "set": "b"}, "give 'set' alone"),
        ({"drop": "a"}, "not permitted"),
        ("bob", "members"),
    ],
)
def test_members_that_make_no_sense(members: Any, says: str) -> None:
    with pytest.raises(ParamsError, match=says):
        task("win_group", name="ops", members=members)
