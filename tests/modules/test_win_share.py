"""win_share: permissions as they are stored, what old hosts cannot, and PowerShell's part."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from runner.errors import ModuleError, ParamsError, Refused
from runner.interfaces.exchange import Output
from runner.lab.toolkit.sharetext import descriptor
from runner.model.state import Change
from runner.modules._parts import win_share_change
from runner.modules._parts.win_share_params import ShareState
from runner.windows import shares
from runner.windows.facts import WindowsFacts
from tests.modules.facts import facts
from tests.modules.labhost import LabHost
from tests.modules.scripted import Scripted, task

TOOLS: dict[str, Any] = {"shares": {"Tools": r"C:\app"}, "users": {"bob": {}}}
BOB = "S-1-5-21-1004336348-1177238915-682003330-1001"
THERE = ShareState(True, r"C:\app", "", shares.DEFAULT, "Manual", shares.UNLIMITED, name="Tools")
NAMED = {"name": "tools", "path": r"C:\app"}


def test_everything_of_a_new_share() -> None:
    host = LabHost("2008-sp2", **TOOLS)
    work = host.task("win_share", name="new", path=r"C:\app", full="Administrators", change="bob",
                     description="für alle", caching_mode="Documents")  # fmt: skip
    change = work.plan()
    work.apply(change)
    found = work.probe()
    assert found.permissions == (f"change {BOB}", "full S-1-5-32-544")
    assert (found.description, found.caching) == ("für alle", "Documents")
    done = Change("", change.before, found)
    assert work.module.result(work.params, done, work.facts, {}) == {
        "actions": ["make the share new"]
    }


@pytest.mark.parametrize(
    ("os", "raw", "says"),
    [
        ("2003-sp2", {"full": "bob"}, "sets no permissions"),
        ("2008-sp2", {"deny": "bob"}, "only PowerShell can deny"),
        ("2008r2-sp1", {"list": False}, "no command for 'list'"),
        ("2008r2-sp1", {"encrypt": True}, "encrypts no share"),
    ],
)
def test_what_a_host_cannot(os: str, raw: dict[str, Any], says: str) -> None:
    host = LabHost(os, **TOOLS)
    with pytest.raises(Refused, match=says):
        host.task("win_share", **NAMED, **raw).plan()
    assert host.writes == 0


def test_nothing_is_shared_without_its_service() -> None:
    host = LabHost("2016", services={"lanmanserver": {"state": "stopped"}}, **TOOLS)
    assert not host.task("win_share", **NAMED).plan().differences()
    with pytest.raises(Refused, match="does not run"):
        host.task("win_share", name="tools", state="absent").plan()


def test_a_name_that_nobody_has() -> None:
    with pytest.raises(ModuleError, match="nobody is called 'nobody'"):
        LabHost("2016", **TOOLS).task("win_share", **NAMED, full="nobody").plan()


def test_a_domains_account_by_icacls() -> None:
    found = LabHost("2016", **TOOLS).task("win_share", **NAMED, read=r"LAB\ops").probe()
    assert found.names[0].startswith("S-1-5-21-77-88-99-")
    assert found.names[0].endswith(r"=LAB\ops")


def test_permissions_in_place_go_through_powershell() -> None:
    module, params = task("win_share", **NAMED, full="x", deny="y")
    before = replace(THERE, names=("S-1-5-11=x", "S-1-5-32-546=y"))
    after = module.plan(params, before, facts("2016"))
    assert after.permissions == ("deny S-1-5-32-546", "full S-1-5-11")
    change = Change("", before, after)
    host = Scripted({"$d=": Output(0)})
    host.drive(module.apply(params, change, facts("2016")))
    sent = "D:(D;;0x1f01ff;;;S-1-5-32-546)(A;;0x1f01ff;;;S-1-5-11)"
    assert host.scripts[0].params == {"name": "Tools", "sddl": sent}
    assert module.message(params, change, facts("2016")) == ""
    host.drive(module.undo(params, change, facts("2016")))
    assert host.scripts[1].params == {"name": "Tools", "sddl": "D:(A;;0x1200a9;;;S-1-1-0)"}
    with pytest.raises(ModuleError, match="set the permissions"):
        Scripted({"$d=": Output(1)}).drive(module.apply(params, change, facts("2016")))
    (back,) = module.restore(params, change)
    assert back.arguments["read"] == ["S-1-1-0"]


def test_who_sees_what_goes_through_powershell() -> None:
    module, params = task("win_share", **NAMED, list=False)
    after = module.plan(params, THERE, facts("2016"))
    host = Scripted({"Set-SmbShare": Output(0)})
    host.drive(module.apply(params, Change("", THERE, after), facts("2016")))
    host.drive(module.undo(params, Change("", THERE, after), facts("2016")))
    assert [s.params["mode"] for s in host.scripts] == ["AccessBased", "Unrestricted"]


def test_encryption_goes_through_powershell_and_back() -> None:
    module, params = task("win_share", **NAMED, encrypt=True)
    host = Scripted({"[int](Get-SmbShare": Output(0, "0\r\n"), "Set-SmbShare": Output(0)})
    seen = host.drive(win_share_change.is_encrypted("Tools", WindowsFacts.of(facts("2016"))))
    before = replace(THERE, encrypted=seen)
    change = Change("", before, module.plan(params, before, facts("2016")))
    assert [each.field for each in change.differences()] == ["encrypted"]
    host.drive(module.apply(params, change, facts("2016")))
    host.drive(module.undo(params, change, facts("2016")))
    assert [s.params["yes"] for s in host.scripts if "yes" in s.params] == [True, False]
    with pytest.raises(Refused, match="only PowerShell has a command"):
        module.plan(params, before, {**facts("2016"), "powershell_version": 0})


def test_no_encryption_where_nobody_can_encrypt_is_as_wanted() -> None:
    work = LabHost("2008-sp2", **TOOLS).task("win_share", **NAMED, encrypt=False)
    assert not work.plan().differences()


@pytest.mark.parametrize(
    ("permissions", "os", "powershell", "says"),
    [
        (("full S-1-5-11",), "2003", 0, "cannot give a share its permissions back"),
        (("deny S-1-5-11",), "2008", 0, "without PowerShell"),
        (("deny S-1-5-11",), "2016", 5, ""),
        (shares.DEFAULT, "2003", 0, ""),
    ],
)
def test_what_cannot_be_taken_back_is_said(
    permissions: tuple[str, ...], os: str, powershell: int, says: str
) -> None:
    module, params = task("win_share", name="tools", state="absent")
    there = replace(THERE, permissions=permissions)
    known = {**facts(os), "powershell_version": powershell}
    change = Change("", there, module.plan(params, there, known))
    assert says in module.irreversible(params, change, known)
    assert bool(says) is bool(module.irreversible(params, change, known))
    assert "is closed" in module.message(params, change, known)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ({"name": "x"}, "needs a 'path'"),
        ({"name": "a/b", "state": "absent"}, "not the name of a share"),
        ({"name": "C$", "state": "absent"}, "AutoShareServer"),
        ({**NAMED, "description": "a\nb"}, "one line"),
        ({**NAMED, "scope_name": "x"}, "cluster"),
    ],
)
def test_parameters_that_make_no_sense(raw: dict[str, Any], says: str) -> None:
    with pytest.raises(ParamsError, match=says):
        task("win_share", **raw)


def test_a_descriptor_and_its_text() -> None:
    raw = descriptor([("S-1-5-32-545", "change"), ("S-1-1-0", "read")]).hex()
    found = shares.permissions(raw)
    assert found == ("change S-1-5-32-545", "read S-1-1-0")
    assert shares.sddl(found) == "D:(A;;0x1200a9;;;S-1-1-0)(A;;0x1301bf;;;S-1-5-32-545)"
    assert shares.grants(found) == [("S-1-5-32-545", "CHANGE"), ("S-1-1-0", "READ")]
    with pytest.raises(ModuleError, match="garbled"):
        shares.permissions(raw[:50])


def test_a_path_that_looks_like_the_end_of_an_item() -> None:
    key = (
        "HKEY_LOCAL_MACHINE\\x\n    a    REG_MULTI_SZ    CSCFlags=2096\\0Path=C:\\0app\\0Remark=\n"
    )
    found = shares.parse(Output(0, key), Output(1), "A")
    assert found is not None
    assert found[1].path == r"C:\0app"
    assert (found[1].caching, found[1].lists_all) == ("None", False)
