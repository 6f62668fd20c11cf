r"""win_regedit elsewhere than its path says: hives out of files, the views of a 64-bit Windows."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from runner.errors import ConnectionLost, ModuleError, ParamsError, Refused
from runner.interfaces.exchange import Output, Script, write
from runner.model.state import Change
from runner.modules._parts.registry import RegistryState
from runner.windows import hives, registry_views
from runner.windows.registry_views import kept
from tests.modules.labhost import LabHost
from tests.modules.scripted import Scripted, task

FILE = r"C:\Users\Default\NTUSER.DAT"
HIVE = {FILE: {"hive": {"Desk": {"Wall": "old"}}}}
RAW: dict[str, Any] = {"hive": FILE, "path": r"HKLM:\ANSIBLE\Desk", "name": "Wall", "data": "new"}
LOAD = rf"reg load HKLM\ANSIBLE {FILE}"
UNLOAD = r"reg unload HKLM\ANSIBLE"
LISTED = (
    "\nHKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\hivelist\n"
    "    \\REGISTRY\\MACHINE\\ANSIBLE    REG_SZ    \\Device\\HarddiskVolume2{}\n"
)


def run(host: LabHost, line: str) -> int:
    return host.write(write(Script("cmd", line))).code


def wallpaper(host: LabHost) -> str:
    work = host.task("win_regedit", **RAW)
    return str(work.probe().data)


# -- hives --------------------------------------------------------------------------------------


def test_a_look_leaves_nothing_loaded_and_a_change_is_in_the_file() -> None:
    host = LabHost("2016", files=HIVE)
    before = host.state
    work = host.task("win_regedit", **RAW)
    change = work.plan()
    assert host.state == before
    work.apply(change)
    assert run(host, r"reg query HKLM\ANSIBLE >nul 2>&1") == 1
    assert wallpaper(host) == "new"
    assert host.state["files"][FILE] != before["files"][FILE]
    assert host.state["registry"] == before["registry"]


def test_a_hive_that_was_left_loaded_is_unloaded_and_loaded_again_by_undo() -> None:
    host = LabHost("2012", files=HIVE)
    assert run(host, f"{LOAD} >nul") == 0
    before = host.state
    work = host.task("win_regedit", **{**RAW, "data": "old"})
    change = work.plan()
    assert [one.field for one in change.differences()] == ["hive_loaded"]
    assert host.state == before
    work.apply(change)
    assert not work.plan().differences()
    assert run(host, r"reg query HKLM\ANSIBLE >nul 2>&1") == 1
    work.undo(change)
    assert host.state == before


@pytest.mark.parametrize("after", [1, 2, 3])
def test_a_lost_connection_leaves_it_loaded_until_the_next_look(after: int) -> None:
    host = LabHost("2019", files=HIVE)
    work = host.task("win_regedit", **RAW)
    change = work.plan()
    assert host.write_cut(work.module.apply(work.params, change, {}), after)
    again = work.plan()
    if again.differences():
        work.apply(again)
    assert run(host, r"reg query HKLM\ANSIBLE >nul 2>&1") == 1
    assert wallpaper(host) == "new"
    work.undo(Change("", change.before, work.probe()))
    assert wallpaper(host) == "old"


def test_it_is_unloaded_when_the_change_fails() -> None:
    module, params = task("win_regedit", **RAW)
    change = Change("", RegistryState(True, True, "string", "old"), RegistryState())
    for answers in ({"reg add": Output(1, "", "no")}, {"reg": Output(0), "reg delete": Output(1)}):
        host = Scripted({"reg load": Output(0), "reg unload": Output(0), **answers})
        with pytest.raises(ModuleError):
            host.drive(module.apply(params, change, {}))
        assert (host.sent[0], host.sent[-1]) == (LOAD, UNLOAD)


def test_nothing_is_sent_over_a_connection_that_is_lost() -> None:
    module, params = task("win_regedit", **RAW)
    change = Change("", RegistryState(True), RegistryState(True, True, "string", "new"))
    lost = ConnectionLost("gone", may_have_started=True)
    host = Scripted({"reg load": Output(0), "reg add": lost})
    with pytest.raises(ConnectionLost):
        host.drive(module.apply(params, change, {}))
    assert UNLOAD not in host.sent


def test_a_hive_that_cannot_be_unloaded_is_said() -> None:
    module, params = task("win_regedit", **RAW)
    change = Change("", RegistryState(True), RegistryState(True, True, "string", "new"))
    host = Scripted({"reg": Output(0), "reg unload": Output(1, "", "Access is denied.")})
    with pytest.raises(ModuleError, match="unload the hive") as caught:
        host.drive(module.apply(params, change, {}))
    assert UNLOAD in caught.value.hint
    assert (host.sent.count(UNLOAD), host.slept) == (5, 4.0)


def test_a_hive_that_a_scanner_holds_for_a_moment_is_unloaded_in_the_end() -> None:
    module, params = task("win_regedit", **RAW)
    held, gone = Output(1, "", "Access is denied."), Output(0)
    host = Scripted({
        "for %i": Output(0, "=--a------=9=x=\n"), "reg load": gone, "reg add": gone,
        "reg query HKLM\\ANSIBLE": Output(0, "HKEY_LOCAL_MACHINE\\ANSIBLE\\Desk\n"),
        "reg unload": [held, held, gone, held, gone],
    })  # fmt: skip
    before = host.drive(module.probe(params, {}))
    assert before.key_present
    assert (host.asked[-3:], host.slept) == ([UNLOAD] * 3, 2.0)
    host.drive(module.apply(params, Change("", before, module.plan(params, before, {})), {}))
    assert (host.sent[-2:], host.slept) == ([UNLOAD] * 2, 3.0)


def test_one_that_was_loaded_meanwhile_from_the_same_file_is_used() -> None:
    host = Scripted({
        "reg load": Output(1, "", "Access is denied."), "reg add": Output(0),
        "reg query HKLM\\SYSTEM": Output(0, LISTED.format(FILE[2:])), "reg unload": Output(0),
    })  # fmt: skip
    module, params = task("win_regedit", **RAW)
    change = Change("", RegistryState(True), RegistryState(True, True, "string", "new"))
    host.drive(module.apply(params, change, {}))
    assert host.sent[-1] == UNLOAD
    other = Scripted({**host.answers, "reg query HKLM\\SYSTEM": Output(1)})
    with pytest.raises(ModuleError, match=r"load the hive .*denied"):
        other.drive(module.apply(params, change, {}))


def test_what_cannot_be_loaded() -> None:
    host = LabHost("2016", files={**HIVE, r"C:\b.dat": {"hive": {}}, r"C:\c": {"content": "x"}})
    before = host.state
    with pytest.raises(Refused, match="no hive"):
        host.task("win_regedit", **{**RAW, "hive": r"C:\nix.dat"}).plan()
    with pytest.raises(ModuleError, match=r"load the hive C:\\c: .*corrupted"):
        host.task("win_regedit", **{**RAW, "hive": r"C:\c"}).plan()
    assert host.state == before
    assert run(host, r"reg load HKLM\ANSIBLE C:\b.dat >nul") == 0
    with pytest.raises(Refused, match="another hive is loaded"):
        host.task("win_regedit", **RAW).plan()
    assert run(host, rf"{UNLOAD} >nul& reg load HKU\bob {FILE} >nul") == 0
    with pytest.raises(ModuleError, match="used by another process") as caught:
        host.task("win_regedit", **RAW).plan()
    assert "logged on" in caught.value.hint


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ({"path": r"HKLM:\SOFTWARE\x"}, r"must be in HKLM\\ANSIBLE"),
        ({"path": r"HKLM:\ANSIBLES\x"}, r"must be in HKLM\\ANSIBLE"),
        ({"path": "HKLM:\\ANSIBLE", "name": None, "data": None, "state": "absent"}, "root of"),
        ({"view": "32"}, "view has no meaning"),
        ({"hive": "NTUSER.DAT"}, "full path"),
    ],
)
def test_hives_that_make_no_sense(raw: dict[str, Any], says: str) -> None:
    with pytest.raises(ParamsError, match=says):
        task("win_regedit", **{**RAW, **raw})


def test_a_default_value_in_a_hive_is_read_while_it_is_loaded() -> None:
    module, params = task("win_regedit", hive=FILE, path=r"HKLM:\ANSIBLE\Desk", data="x")
    told = base64.b64encode(b"y").decode()
    host = Scripted({
        "for %i": Output(0, "=--a------=9=x=\n"), "reg load": Output(0), "reg unload": Output(0),
        "reg query HKLM\\ANSIBLE": Output(0, "HKEY_LOCAL_MACHINE\\ANSIBLE\\Desk\n"),
        "$k=": Output(0, f"String\n{told}\n"),
    })  # fmt: skip
    assert host.drive(module.probe(params, {})).data == "y"
    assert [line.split("\n")[0][:10] for line in host.asked[-3:]] == [
        "reg load H", "$k=Get-Ite", "reg unload",
    ]  # fmt: skip
    assert host.scripts[-1].params == {"path": r"HKEY_LOCAL_MACHINE\ANSIBLE\Desk"}
    assert hives.is_in("hklm\\ansible")


# -- views --------------------------------------------------------------------------------------

KEYS = {r"HKLM\SOFTWARE\A": {"v": "wide"}, r"HKLM\SOFTWARE\Wow6432Node\A": {"v": "narrow"}}


@pytest.mark.parametrize(
    ("os", "arch", "view", "wanted"),
    [
        ("2022", None, "default", "wide"), ("2022", None, "64", "wide"),
        ("2022", None, "32", "narrow"), ("2008r2-sp1", None, "32", "narrow"),
        ("2008-sp2", "x64", "32", "narrow"), ("2008-sp2", "x64", "64", "wide"),
        ("2003-sp2", "x64", "32", "narrow"), ("2003-sp2", "x64", "64", "wide"),
        ("2003-sp2", "x86", "32", "wide"), ("2008-sp2", "x86", "32", "wide"),
    ],
)  # fmt: skip
def test_each_view_shows_its_half(os: str, arch: str | None, view: str, wanted: str) -> None:
    host = LabHost(os, registry=KEYS, **({"arch": arch} if arch else {}))
    work = host.task("win_regedit", path=r"HKLM:\SOFTWARE\A", name="v", data="x", view=view)
    assert work.probe().data == wanted
    stat = host.task("win_reg_stat", path=r"HKLM:\SOFTWARE\A", name="v", view=view)
    state = stat.probe()
    assert stat.module.result(stat.params, Change("", state, state), {}, {})["value"] == wanted
    assert host.not_simulated == []


def test_a_32_bit_windows_has_no_64_bit_view() -> None:
    host = LabHost("2003-sp2", arch="x86")
    for module in ("win_regedit", "win_reg_stat"):
        with pytest.raises(Refused, match="needs a 64-bit Windows"):
            host.task(module, path=r"HKLM:\SOFTWARE\A", name="v", view="64").plan()


def shell(own: str, system: str = "", *, knows: bool) -> Scripted:
    said = f"PROCESSOR_ARCHITECTURE={own}\r\n"
    said += f"PROCESSOR_ARCHITEW6432={system}\r\n" if system else ""
    return Scripted({"cmd /d /c set": Output(0, said), "reg query": Output(0 if knows else 1)})


@pytest.mark.parametrize(
    ("host", "view", "way"),
    [
        (shell("AMD64", knows=True), "32", "/reg:32"),
        (shell("ARM64", knows=True), "64", "/reg:64"),
        (shell("x86", "AMD64", knows=True), "64", "/reg:64"),
        (shell("AMD64", knows=False), "64", ""),
        (shell("AMD64", knows=False), "32", "Wow6432Node"),
        (shell("x86", "AMD64", knows=False), "32", ""),
        (shell("x86", knows=True), "32", ""),
    ],
)
def test_the_way_to_a_view(host: Scripted, view: Any, way: str) -> None:
    assert host.drive(registry_views.find(view, r"HKLM\SOFTWARE\A")) == way


def test_what_has_no_way() -> None:
    narrow = shell("x86", "AMD64", knows=False)
    with pytest.raises(Refused, match="32-bit one"):
        narrow.drive(registry_views.find("64", r"HKLM\SOFTWARE\A"))
    with pytest.raises(Refused, match="no one place"):
        shell("AMD64", knows=False).drive(registry_views.find("32", r"HKCR\CLSID\x"))


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (r"HKLM\SOFTWARE", r"HKLM\SOFTWARE\Wow6432Node"),
        (r"HKLM\Software\A b\C", r"HKLM\Software\Wow6432Node\A b\C"),
        (r"HKLM\SOFTWARE\wow6432node\A", r"HKLM\SOFTWARE\wow6432node\A"),
        (r"HKLM\SOFTWARE\Policies\A", r"HKLM\SOFTWARE\Policies\A"),
        (r"HKLM\SOFTWARE\PoliciesX", r"HKLM\SOFTWARE\Wow6432Node\PoliciesX"),
        (r"HKLM\SYSTEM\CurrentControlSet", r"HKLM\SYSTEM\CurrentControlSet"),
        (r"HKCU\Software\A", r"HKCU\Software\A"),
        (r"HKCU\Software\Classes\CLSID", None), (r"HKLM\SOFTWARE\Classes\A", None),
        (r"HKU\S-1-5-21-1_Classes\CLSID", None), (r"HKCR\.txt", None),
    ],
)  # fmt: skip
def test_where_the_32_bit_half_is_kept(path: str, place: str | None) -> None:
    assert kept(path) == place


def test_a_default_value_in_the_32_bit_view_is_read_where_it_is_kept() -> None:
    module, params = task("win_regedit", path=r"HKLM:\SOFTWARE\A", data="x", view=32)
    host = shell("AMD64", knows=True)
    host.answers = {**host.answers, "$k=": Output(0, "unset")}
    state = host.drive(module.probe(params, {}))
    assert (state.key_present, state.value_present, state.way) == (True, False, "/reg:32")
    assert host.scripts[-1].params == {
        "path": r"HKEY_LOCAL_MACHINE\SOFTWARE\Wow6432Node\A", "wide": True,
    }  # fmt: skip
    host.answers = {**host.answers, "reg add": Output(0)}
    host.drive(module.apply(params, Change("", state, module.plan(params, state, {})), {}))
    assert host.sent == [r"reg add HKLM\SOFTWARE\A /ve /t REG_SZ /d x /f /reg:32"]
    module, params = task("win_regedit", path=r"HKCR:\CLSID", data="x", view=32)
    with pytest.raises(Refused, match="32-bit view"):
        host.drive(module.probe(params, {}))


def test_a_written_rollback_names_view_and_hive() -> None:
    before = RegistryState(True, True, "string", "old", way="/reg:32")
    change = Change("", before, RegistryState(True, True, "string", "new"))
    for raw in ({"path": r"HKLM:\SOFTWARE\A", "view": "32"}, {**RAW}):
        module, params = task("win_regedit", **{"name": "v", "data": "new", **raw})
        (found,) = module.restore(params, change)
        assert {key: raw[key] for key in ("view", "hive") if key in raw}.items() <= (
            found.arguments.items()
        )
