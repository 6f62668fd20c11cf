"""An inventory that grows, and which names a playbook may add to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runner.errors import InputError, InventoryError, PatternError
from runner.loading import patterns
from runner.loading.inventory.growing_names import may_be_added
from runner.loading.inventory.inventory import load_inventory
from runner.model.inventory import Addition, Inventory
from runner.model.secret import Secret
from runner.model.source import Source
from runner.model.task import Task

HERE = Source("play.yml", 1, 1)


@pytest.fixture
def inv(tmp_path: Path) -> Inventory:
    (tmp_path / "h.ini").write_text("a\nb\n[web]\nc\n[web:vars]\nx=1\n[empty]\n")
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "group_vars" / "os_linux.yml").write_text("os: l\nansible_password: geheim\n")
    (tmp_path / "group_vars" / "broken.yml").write_text("a: [\n")
    (tmp_path / "host_vars").mkdir()
    (tmp_path / "host_vars" / "n1.yml").write_text("own: file\n")
    return load_inventory([tmp_path / "h.ini"])


def test_a_new_group_brings_its_files_and_its_host_leaves_ungrouped(inv: Inventory) -> None:
    grown = inv.grow(inv, Addition("a", ("os_linux",), ("all",)))
    assert grown.hosts["a"].groups == ("os_linux",)
    assert dict(grown.hosts["a"].vars) == {"os": "l", "ansible_password": Secret("geheim")}
    assert grown.groups["ungrouped"].hosts == ("b",)
    assert grown.groups["os_linux"].hosts == ("a",)
    assert set(grown.groups["all"].hosts) == {"a", "b", "c"}
    assert "os_linux" not in inv.groups


def test_the_same_again_is_nothing_new(inv: Inventory) -> None:
    addition = Addition("a", ("web",), ("all",))
    grown = inv.grow(inv, addition)
    assert grown.grow(grown, addition) is grown


def test_a_new_host_has_its_groups_variables_its_files_and_its_own(inv: Inventory) -> None:
    grown = inv.grow(inv, Addition("n1", ("web",), (), {"own": "given", "v": 2}, 2222))
    assert dict(grown.hosts["n1"].vars) == {"x": 1, "own": "file", "v": 2, "ansible_port": 2222}
    assert list(grown.hosts) == ["a", "b", "c", "n1"]
    assert grown.groups["web"].hosts == ("c", "n1")
    assert grown.hosts["n1"].inventory_file == ""
    alone = grown.grow(grown, Addition("n2"))
    assert alone.hosts["n2"].groups == ("ungrouped",)
    assert "n2" in alone.groups["all"].hosts


def test_parents_hold_all_hosts_of_the_group(inv: Inventory) -> None:
    grown = inv.grow(inv, Addition("b", ("web",), ("family",)))
    assert grown.hosts["c"].groups == ("family", "web")
    assert set(grown.groups["family"].hosts) == {"b", "c"}


def test_groups_that_would_contain_each_other_are_refused_and_nothing_is_added(
    inv: Inventory,
) -> None:
    grown = inv.grow(inv, Addition("b", ("web",), ("family",)))
    with pytest.raises(InventoryError, match="circle"):
        grown.grow(grown, Addition("b", ("family",), ("web",)))
    assert grown.grow(grown, Addition("b", ("web",), ("family",))) is grown


def test_a_file_that_cannot_be_read_adds_nothing(inv: Inventory) -> None:
    with pytest.raises(InputError):
        inv.grow(inv, Addition("a", ("broken",), ("all",)))
    grown = inv.grow(inv, Addition("a", ("web",), ("all",)))
    assert "broken" not in grown.groups


def test_each_run_begins_with_what_the_files_say(inv: Inventory) -> None:
    """A dry run before the real one leaves nothing behind."""
    addition = Addition("a", ("later",), ("all",))
    first = inv.grow(inv, addition)
    more = first.grow(first, Addition("n1", ("later",)))
    assert more.groups["later"].hosts == ("a", "n1")
    again = inv.grow(inv, addition)
    assert again is not inv
    assert again.groups["later"].hosts == ("a",)
    assert "n1" not in again.hosts


def grows(module: str, **args: Any) -> Task:
    return Task("t", module, args, HERE)


@pytest.mark.parametrize(
    ("task", "part", "may"),
    [
        (grows("group_by", key="os_{{ x }}"), "os_Linux", True),
        (grows("group_by", key="os_{{ x }}"), "oz_Linux", False),
        (grows("group_by", key="os_{{ x }}"), "os_*", True),
        (grows("group_by", key="a b", parents=["c d"]), "a-b", True),
        (grows("group_by", key="a b", parents=["c d"]), "c-d", True),
        (grows("add_host", name="n1", groups="new, newer"), "newer", True),
        (grows("add_host", name="n1:22", groups=["new"]), "n1", True),
        (grows("add_host", name="n1", groups=["new"]), "new[0]", True),
        (grows("add_host", name="n1", groups=["new"]), "neu", False),
        (grows("add_host", hostname="{{ item }}"), "anybody", True),
        (grows("add_host"), "anybody", True),
        (grows("debug", msg="x"), "x", False),
    ],
)
def test_which_names_may_come(task: Task, part: str, may: bool) -> None:
    assert may_be_added([task], lambda value: "{{" in str(value))(part) is may


def test_a_part_that_may_come_yet_is_nobody_for_now(inv: Inventory) -> None:
    assert patterns.select(inv, "web:!later", None, "later".__eq__) == ("c",)
    assert patterns.select(inv, "web:&later", None, "later".__eq__) == ()
    assert patterns.select(inv, "later", None, "later".__eq__) == ()
    assert patterns.select(inv, "empty", None, "empty".__eq__) == ()
    for pattern in ("later", "empty"):
        with pytest.raises(PatternError):
            patterns.select(inv, pattern)
    with pytest.raises(PatternError):
        patterns.select(inv, "laterr", None, "later".__eq__)


def test_what_is_read_again_keeps_the_order_of_hosts_and_what_was_added(
    inv: Inventory, tmp_path: Path
) -> None:
    grown = inv.grow(inv, Addition("n1", ("web",), (), {"v": 2}))
    grown = grown.grow(grown, Addition("b", ("os_linux",), ("all",)))
    grown = grown.grow(grown, Addition("c", ("os_linux",), ("all",)))
    (tmp_path / "h.ini").write_text("b\nd\n[web]\na\n[web:vars]\nx=2\n")
    (tmp_path / "group_vars" / "web.yml").write_text("y: new\n")
    fresh = grown.refresh(grown)
    assert list(fresh.hosts) == ["a", "b", "c", "n1", "d"]
    assert dict(fresh.hosts["a"].vars) == {"x": 2, "y": "new"}
    assert dict(fresh.hosts["n1"].vars) == {"x": 2, "y": "new", "own": "file", "v": 2}
    assert fresh.hosts["b"].groups == ("os_linux",)
    assert fresh.hosts["c"].implicit
    assert fresh.hosts["c"].vars["x"] == 1  # as it was
    assert set(fresh.groups["all"].hosts) == {"a", "b", "d", "n1"}
    assert patterns.select(fresh, "*") == ("d", "a", "n1", "b")
    again = fresh.grow(fresh, Addition("c", ("web",)))
    assert not again.hosts["c"].implicit
    assert "ansible_connection" not in again.hosts["c"].vars
    assert again.grow(again, Addition("b", ("os_linux",), ("all",))) is again


def test_sources_that_are_broken_by_then_change_nothing(inv: Inventory, tmp_path: Path) -> None:
    grown = inv.grow(inv, Addition("n1", ("web",)))
    (tmp_path / "h.ini").write_text("[web:childern]\n")
    with pytest.raises(InputError):
        grown.refresh(grown)
    assert grown.grow(grown, Addition("n1", ("web",))) is grown


def test_this_machine_stays_when_the_sources_are_read_again(inv: Inventory) -> None:
    known = inv.with_localhost(["localhost"])
    fresh = known.refresh(known)
    assert fresh.hosts["localhost"].implicit
    added = fresh.grow(fresh, Addition("localhost", ("web",)))
    assert added.hosts["localhost"].vars["ansible_connection"] == "local"
