"""win_firewall_rule: what PowerShell is asked for, since netsh cannot: groups, several kinds of
interfaces, several types of ICMP messages."""

from __future__ import annotations

from typing import Any

import pytest

from runner.errors import ModuleError, ParamsError, Refused
from runner.interfaces.exchange import Output
from runner.model.state import Change
from runner.modules._parts import firewall_com
from runner.modules._parts.firewall import RuleState
from tests.modules.facts import facts
from tests.modules.scripted import Scripted, task
from tests.modules.test_win_firewall_rule import SMB, change, host

GROUPED = SMB + "EmbedCtxt=@x,-1|"
COM = firewall_com._SET


def scripts(machine: Scripted) -> list[dict[str, Any]]:
    return [{k: v for k, v in s.params.items() if v is not None} for s in machine.scripts]


def test_a_rule_comes_into_a_group_and_back() -> None:
    machine = host(SMB, **{COM: Output(0)})
    module, params = task("win_firewall_rule", name="SMB", group="Contain")
    known = facts("2008r2")
    before = machine.drive(module.probe(params, known))
    found = Change("", before, module.plan(params, before, known))
    assert [(d.field, d.after) for d in found.differences()] == [("group", "Contain")]
    assert module.reach(params, found, known) is None
    machine.drive(module.apply(params, found, known))
    machine.drive(module.undo(params, found, known))
    assert machine.sent == [COM, COM]
    told = {"name": "SMB", "direction": 1, "protocol": 6, "copies": 1}
    assert scripts(machine) == [{**told, "group": "Contain"}, {**told, "group": ""}]


def test_a_new_rule_is_enabled_when_it_is_whole() -> None:
    machine = host(**{COM: Output(0)})
    module, params = task(
        "win_firewall_rule", name="P", protocol="icmpv4", icmp_type_code=["8:0", "11"],
        interfacetypes="lan,wireless", group="G",
    )  # fmt: skip
    known = facts("2016")
    before = machine.drive(module.probe(params, known))
    found = Change("", before, module.plan(params, before, known))
    machine.drive(module.apply(params, found, known))
    added, com = machine.sent
    assert added.endswith(
        "add rule name=P dir=in action=allow protocol=icmpv4 profile=any enable=no"
    )
    assert com == COM
    assert scripts(machine) == [
        {"name": "P", "direction": 1, "protocol": 1, "copies": 1, "group": "G", "enabled": True,
         "interfaces": "Lan,Wireless", "icmp": "11:*,8:0"},
    ]  # fmt: skip


def test_a_deleted_rule_comes_back_into_its_group() -> None:
    machine = host(GROUPED, **{COM: Output(0)})
    module, params = task("win_firewall_rule", name="SMB", state="absent")
    known = facts("2008r2")
    before = machine.drive(module.probe(params, known))
    gone = Change("", before, module.plan(params, before, known))
    assert module.irreversible(params, gone, known) == ""
    bare = {**known, "powershell_version": 0}
    assert module.irreversible(params, gone, bare).endswith("again: group @x,-1")
    machine.drive(module.undo(params, gone, known))
    added, com = machine.sent
    assert added.endswith("enable=no")
    assert com == COM
    (told,) = scripts(machine)
    assert (told["group"], told["enabled"]) == ("@x,-1", True)


def test_a_failed_script_is_told() -> None:
    machine = host(SMB, **{COM: Output(1, "", "2 rules are named SMB, not 1")})
    with pytest.raises(ModuleError, match="2 rules are named SMB"):
        change(machine, name="SMB", group="G")


def test_without_powershell_there_are_no_groups() -> None:
    module, params = task("win_firewall_rule", name="x", group="G")
    known = {**facts("2008"), "powershell_version": 0}
    with pytest.raises(Refused, match="has no PowerShell"):
        module.plan(params, RuleState(), known)
    with pytest.raises(Refused, match=r"other firewall rule\(s\) are named x"):
        module.plan(params, RuleState(others=1), facts("2016"))


def test_a_whole_group_is_refused() -> None:
    with pytest.raises(ParamsError, match="taken back exactly"):
        task("win_firewall_rule", group="Network Discovery", enabled=True)
