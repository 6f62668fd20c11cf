r"""reg load and unload, owners by icacls and wmic."""

from __future__ import annotations

from typing import Any

import pytest

from runner.lab.machine import Machine
from runner.lab.spec import HostSpec
from tests.lab.machine_bench import Bench, bench

HIVE = r"C:\Users\Default\NTUSER.DAT"
KEYS: Any = {
    "": {"r": 1},
    r"A\B": {"s": "x", "m": ["a"], "b": {"type": "REG_BINARY", "data": "00ff"}},
}
LIST = r"reg query HKLM\SYSTEM\CurrentControlSet\Control\hivelist"


@pytest.fixture
def lab() -> Bench:
    files = {HIVE: {"hive": KEYS}, r"C:\x.txt": {"content": "x"}, r"C:\a b": {"content": ""}}
    spec: Any = {"name": "h", "port": 0, "user": "Administrator", "password": "x", "os": "2016",
                 "state": {"files": files}}  # fmt: skip
    machine = Machine(HostSpec.model_validate(spec))
    return Bench(machine, machine.profile.oem_codepage)


def test_a_hive_is_loaded_changed_and_kept(lab: Bench) -> None:
    before = lab.state
    lab.ok(rf"reg load HKLM\T {HIVE}")
    assert r"\REGISTRY\MACHINE\T    REG_SZ    \Device\HarddiskVolume1\Users\Default" in lab.ok(LIST)
    shown = lab.ok(r"reg query HKLM\T\A\B")
    for line in ("s    REG_SZ    x", "m    REG_MULTI_SZ    a", "b    REG_BINARY    00FF"):
        assert f"    {line}\n" in shown
    lab.ok(r"reg add HKLM\T\A\B /v s /d y /f")
    lab.ok(r"reg unload HKLM\T")
    assert lab.run(r"reg query HKLM\T").code == 1
    assert lab.run(LIST).code == 1
    assert lab.state["registry"] == before["registry"]
    assert lab.state["files"][HIVE] != before["files"][HIVE]
    lab.ok(rf"reg load HKU\T {HIVE}&reg add HKU\T\A\B /v s /d x /f&reg unload HKU\T")
    assert lab.state == before


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (r"reg load HKLM\SOFTWARE " + HIVE, "Access is denied"),
        (r"reg load HKLM\T\Deep " + HIVE, "Invalid key name"),
        (r"reg load HKCU\T " + HIVE, "Invalid key name"),
        (r"reg load HKLM\T C:\x.txt", "corrupted"),
        (r"reg load HKLM\T", "Invalid syntax"),
        (r"reg unload HKLM\SOFTWARE", "parameter is incorrect"),
        (r"reg unload HKLM\T", "parameter is incorrect"),
    ],
)
def test_what_cannot_be_loaded(lab: Bench, line: str, says: str) -> None:
    before = lab.state
    found = lab.run(line)
    assert (found.code, says in found.err) == (1, True)
    assert lab.state == before


def test_a_hive_that_is_loaded_is_held_and_one_that_is_not_there_is_made(lab: Bench) -> None:
    lab.ok(rf"reg load HKU\bob {HIVE}")
    assert "used by another process" in lab.run(rf"reg load HKLM\T {HIVE}").err
    lab.ok(r"reg load HKLM\T C:\new.dat&reg unload HKLM\T")
    assert r"C:\new.dat" in lab.state["files"]


def test_a_restart_unloads_it_and_keeps_what_was_changed(lab: Bench) -> None:
    before = lab.state
    lab.ok(rf"reg load HKLM\T {HIVE}&reg add HKLM\T\A\B /v s /d y /f")
    lab.machine._boot()
    assert lab.state["registry"] == before["registry"]
    assert "    s    REG_SZ    y\n" in lab.ok(rf"reg load HKLM\T {HIVE}&reg query HKLM\T\A\B")


ASSOC = "wmic path Win32_LogicalFileSecuritySetting where \"Path='{}'\" assoc {}"
BY = "/assocclass:Win32_LogicalFileOwner"


def test_owners(lab: Bench) -> None:
    before = lab.state
    asked = ASSOC.format("C:\\\\a b", BY)
    assert 'Win32_SID.SID="S-1-5-32-544"' in lab.ok(asked)
    lab.ok(r'icacls "C:\a b" /setowner *S-1-5-18 /q')
    assert 'Win32_SID.SID="S-1-5-18"' in lab.ok(asked)
    assert lab.state["files"][r"C:\a b"]["owner"] == "S-1-5-18"
    lab.ok(r'icacls "C:\a b" /setowner Administrators')
    assert lab.state == before
    assert "Not found" in lab.run(ASSOC.format("C:\\\\nix", BY)).err
    assert lab.run(r"icacls C:\x.txt /setowner nobody").code == 1332
    assert lab.run(r"icacls C:\x.txt /setowner").code == 87
    for line in (ASSOC.format("C:\\\\x.txt", ""), ASSOC.replace("Path=", "Name=").format("x", BY)):
        lab.run(line)
    assert len(lab.machine.snapshot()["volatile"]["not_simulated"]) == 2


def test_2003_sets_no_owner() -> None:
    old = bench("2003-sp2")
    assert old.run(r"type nul>C:\x&icacls C:\x /setowner *S-1-5-18").code == 87
