r"""win_acl and win_acl_inheritance of registry keys, and of links: what the host is sent."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from runner.errors import ModuleError, ParamsError, Refused
from runner.interfaces.exchange import Output
from runner.model.state import Change
from runner.windows import key_acls
from tests.modules.facts import facts
from tests.modules.scripted import Scripted, task

KEY = r"HKLM:\SOFTWARE\Agent"
FIND = "$k=(Get-Item -LiteralPath ('Registry::'+$params.hive)).OpenSubKey($params.key,'ReadSubTree'"
SET = FIND.replace("ReadSubTree", "ReadWriteSubTree")
WHO = "S-1-5-21-1-2-3-1001"
WAS = "D:AI(A;CI;KR;;;BU)(A;CIID;KA;;;SY)"
NAMES = {"hive": "HKEY_LOCAL_MACHINE", "key": r"SOFTWARE\Agent"}


def host(acl: str = WAS, who: str = WHO, **more: Any) -> Scripted:
    return Scripted({FIND: Output(0, f"acl={acl}\r\nwho=D:(A;;CC;;;{who})\r\n"), SET: Output(0),
                     **more})  # fmt: skip


def planned(machine: Scripted, module_name: str = "win_acl", **raw: Any) -> Any:
    rule = {"path": KEY}
    if module_name == "win_acl":
        rule |= {"user": "bob", "type": "allow", "rights": "ReadKey"}
    module, params = task(module_name, **{**rule, **raw})
    before = machine.drive(module.probe(params, facts("2016")))
    return module, params, Change("s", before, module.plan(params, before, facts("2016")))


ROWS = [
    ({}, f"D:AI(A;CI;KR;;;BU)(A;OICI;0x20019;;;{WHO})(A;CIID;KA;;;SY)"),
    ({"type": "deny", "rights": "SetValue,CreateSubKey", "inherit": "None"},
     f"D:AI(D;;0x6;;;{WHO})(A;CI;KR;;;BU)(A;CIID;KA;;;SY)"),
    ({"rights": "FullControl", "inherit": "ContainerInherit", "propagation": "InheritOnly"},
     f"D:AI(A;CI;KR;;;BU)(A;CIIO;0xf003f;;;{WHO})(A;CIID;KA;;;SY)"),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "wanted"), ROWS)
def test_a_rule_of_a_key_there_and_back(raw: dict[str, Any], wanted: str) -> None:
    machine = host()
    module, params, change = planned(machine, **raw)
    assert machine.scripts[-1].params == {**NAMES, "who": "bob"}
    assert [one.field for one in change.differences()] == ["rule", "permissions"]
    assert module.subject(params) == r"permissions of HKLM\SOFTWARE\Agent"
    module_apply = module.apply(params, change, facts("2016"))
    machine.drive(module_apply)
    assert machine.scripts[-1].params == {**NAMES, "sddl": wanted}
    assert not planned(host(wanted), **raw)[2].differences()
    machine.drive(module.undo(params, change, facts("2016")))
    assert machine.scripts[-1].params == {**NAMES, "sddl": WAS}
    (found,) = module.restore(params, change)
    again, given, back = planned(host(wanted), **found.arguments)
    answered = host(wanted)
    answered.drive(again.apply(given, back, facts("2016")))
    assert answered.scripts[-1].params["sddl"] == WAS


def test_a_rule_of_a_key_goes() -> None:
    machine = host(who="BU")
    module, params, change = planned(machine, user="Users", state="absent", rights="QueryValues")
    assert machine.scripts[-1].params["who"] == "S-1-5-32-545"
    machine.drive(module.apply(params, change, facts("2016")))
    sent = machine.scripts[-1].params["sddl"]
    assert sent == "D:AI(A;CI;0x20018;;;BU)(A;CIID;KA;;;SY)"
    assert not planned(host(sent, "BU"), user="Users", state="absent", rights="QueryValues")[
        2
    ].differences()


INHERITANCE = [
    ({}, WAS, "D:PAI(A;CI;KR;;;BU)"),
    ({"reorganize": True}, WAS, "D:PAI(A;CI;KR;;;BU)(A;CI;0xf003f;;;SY)"),
    ({"state": "present"}, "D:PAI(A;CI;KR;;;BU)", "D:AI(A;CI;KR;;;BU)"),
]


@pytest.mark.parametrize(("raw", "was", "wanted"), INHERITANCE)
def test_inheritance_of_a_key(raw: dict[str, Any], was: str, wanted: str) -> None:
    machine = host(was)
    module, params, change = planned(machine, "win_acl_inheritance", **raw)
    machine.drive(module.apply(params, change, facts("2016")))
    assert machine.scripts[-1].params == {**NAMES, "sddl": wanted}
    machine.drive(module.undo(params, change, facts("2016")))
    assert machine.scripts[-1].params == {**NAMES, "sddl": was}
    assert not planned(host(wanted), "win_acl_inheritance", **raw)[2].differences()


def test_what_is_handed_down_to_a_key_is_not_its_own_as_well() -> None:
    alone = "D:PAI(A;CI;KA;;;SY)(A;CI;KR;;;BU)"
    both = "D:AI(A;CI;KA;;;SY)(A;CI;KR;;;BU)(A;CIID;KA;;;SY)"
    machine = host()
    machine.answers = {
        **machine.answers,
        FIND: [Output(0, f"acl={alone}"), Output(0, f"acl={both}")],
    }
    module, params, change = planned(
        machine, "win_acl_inheritance", state="present", reorganize=True
    )
    machine.drive(module.apply(params, change, facts("2016")))
    assert machine.scripts[-1].params["sddl"] == "D:AI(A;CI;KR;;;BU)(A;CIID;KA;;;SY)"


def test_what_cannot_be() -> None:
    none = {FIND: Output(0, "absent\r\n")}
    for name in ("win_acl", "win_acl_inheritance"):
        with pytest.raises(Refused, match="is not there") as caught:
            planned(Scripted(none), name)
        assert "win_regedit" in caught.value.hint
        with pytest.raises(Refused, match="cannot be read: not found") as caught:
            planned(Scripted({FIND: Output(9009, "", "not found")}), name)
        assert "2008 R2" in caught.value.hint
    with pytest.raises(ModuleError, match="nobody is called 'bob'"):
        planned(Scripted({FIND: Output(0, f"acl={WAS}\r\nnobody\r\n")}))
    with pytest.raises(ModuleError, match="could not change the permissions"):
        Scripted().drive(key_acls.give(r"HKLM\A", WAS))


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ({"rights": "Modify"}, "no right of a key; see RegistryRights"),
        ({"path": "HKEY_USERS"}, "a key below HKU"),
        ({"path": r"HKXX:\A"}, "must begin with one of HKLM"),
        ({"path": "AppX:\\A"}, "only files, folders and keys"),
    ],
)
def test_parameters_that_make_no_sense(raw: dict[str, Any], says: str) -> None:
    rule = {"path": KEY, "user": "bob", "type": "allow", "rights": "ReadKey", **raw}
    with pytest.raises(ParamsError, match=says):
        task("win_acl", **rule)


# -- links --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("follow", "letters", "itself"), [
    (False, "--a---l---", True), (True, "--a---l---", False), (False, "--a-------", False),
])  # fmt: skip
def test_a_link_itself_or_what_it_leads_to(follow: bool, letters: str, itself: bool) -> None:
    text = f"D:AI(A;;FA;;;{WHO})"
    saved = base64.b64encode(f"x\r\n{text}\r\n".encode("utf-16-le")).decode()
    block = f"-----BEGIN\r\n{saved}\r\n-----END\r\n"
    denied = block.replace(saved, base64.b64encode(
        f"x\r\nD:(D;;FA;;;{WHO})\r\n".encode("utf-16-le")).decode())  # fmt: skip
    machine = Scripted({
        "for %i": Output(0, f"={letters}=3=x=\n"), "(if not exist": Output(0, block + denied),
        "(%SystemRoot%": Output(0), "(cd /d": Output(0),
    })  # fmt: skip
    module, params, change = planned(machine, path=r"C:\link", rights="Read", state="absent",
                                     follow=follow)  # fmt: skip
    machine.drive(module.apply(params, change, facts("2016")))
    machine.drive(module.undo(params, change, facts("2016")))
    lines = [line for line in (*machine.asked, *machine.sent) if "icacls" in line]
    assert len(lines) > 3
    link = [line.split(" /q")[0].endswith(" /l") for line in lines]
    assert set(link) == {itself}
