"""win_reg_stat and win_service_info: Ansible's return values, from what the tools print."""

from __future__ import annotations

from typing import Any

import pytest

from runner.interfaces.exchange import Output
from runner.model.state import Change
from tests.modules.labhost import LabHost
from tests.modules.scripted import Scripted, task

KEY = r"""
HKEY_LOCAL_MACHINE\SOFTWARE\X
    (Standard)    REG_SZ    of the key
    binary    REG_BINARY    00BE
    dword    REG_DWORD    0x4
    multi    REG_MULTI_SZ    a\0b c
    expand    REG_EXPAND_SZ    %windir%\dir
    none    REG_NONE    

HKEY_LOCAL_MACHINE\SOFTWARE\X\One
HKEY_LOCAL_MACHINE\SOFTWARE\X\Two
"""  # noqa: W291
ANSWERS = {
    "reg query HKLM\\SOFTWARE\\X": Output(0, KEY),
    "cmd /d /c set": Output(0, "windir=C:\\Windows\nPath=x\n"),
}


def looked(module_name: str, answers: Any, **raw: Any) -> Any:
    module, params = task(module_name, **raw)
    found = Scripted(answers).drive(module.probe(params, {}))
    return module.result(params, Change("", found, found), {}, {})


def test_a_key_with_everything() -> None:
    found = looked("win_reg_stat", ANSWERS, path=r"HKLM:\SOFTWARE\X")
    assert found["exists"] is True
    assert found["sub_keys"] == ["One", "Two"]
    assert found["properties"] == {
        "": {"type": "REG_SZ", "raw_value": "of the key", "value": "of the key"},
        "binary": {"type": "REG_BINARY", "raw_value": ["0x00", "0xbe"], "value": [0, 190]},
        "dword": {"type": "REG_DWORD", "raw_value": 4, "value": 4},
        "multi": {"type": "REG_MULTI_SZ", "raw_value": ["a", "b c"], "value": ["a", "b c"]},
        "expand": {
            "type": "REG_EXPAND_SZ", "raw_value": "%windir%\\dir", "value": "C:\\Windows\\dir"
        },
        "none": {"type": "REG_NONE", "raw_value": [], "value": []},
    }  # fmt: skip


def test_one_value() -> None:
    found = looked("win_reg_stat", ANSWERS, key=r"HKLM\SOFTWARE\X", name="DWORD")
    assert found == {"exists": True, "type": "REG_DWORD", "raw_value": 4, "value": 4}


@pytest.mark.parametrize(
    ("path", "name"), [(r"HKLM:\SOFTWARE\Y", None), (r"HKLM:\SOFTWARE\X", "nix")]
)
def test_what_is_not_there(path: str, name: str | None) -> None:
    assert looked("win_reg_stat", ANSWERS, path=path, name=name) == {"exists": False}


@pytest.mark.parametrize("os", ["2003-sp2", "2025"])
def test_on_a_host(os: str) -> None:
    work = LabHost(os).task("win_reg_stat", path=r"HKLM:\SYSTEM\CurrentControlSet\Control\Lsa")
    found = work.probe()
    result = work.module.result(work.params, Change("", found, found), {}, {})
    assert result["properties"]["LmCompatibilityLevel"]["value"] == 3


SERVICE = r"""
HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\Spooler
    DisplayName    REG_SZ    Print Spooler
    ImagePath    REG_EXPAND_SZ    %SystemRoot%\System32\spoolsv.exe
    ErrorControl    REG_DWORD    0x1
    Start    REG_DWORD    0x2
    Type    REG_DWORD    0x110
    DelayedAutostart    REG_DWORD    0x1
    ObjectName    REG_SZ    LocalSystem
    DependOnService    REG_MULTI_SZ    RPCSS\0http
    FailureActions    REG_BINARY    80510100000000000000000001000000140000000100000060EA0000
    FailureCommand    REG_SZ    C:\x.exe
    RequiredPrivileges    REG_MULTI_SZ    SeTcbPrivilege
    ServiceSidType    REG_DWORD    0x1
"""
STATUS = """
DIENSTNAME: Spooler
        TYP                : 110  WIN32_OWN_PROCESS  (interactive)
        STATUS             : 4  RUNNING
                                (STOPPABLE, NOT_PAUSABLE, ACCEPTS_SHUTDOWN)
        WIN32_EXIT_CODE    : 0  (0x0)
        SERVICE_EXIT_CODE  : 7  (0x7)
        PRUEFPUNKT         : 0x1
        WARTEHINWEIS       : 0xbb8
        PID                : 1234
        FLAGS              :
"""


def test_a_service_on_a_german_host() -> None:
    answers = {
        "sc query Spooler": Output(0, STATUS),
        "sc queryex Spooler": Output(0, STATUS),
        "reg query HKLM\\SYSTEM\\CurrentControlSet\\Services\\Spooler": Output(0, SERVICE),
        "sc enumdepend": Output(0, "\nDIENSTNAME: Fax\n        STATUS  : 1  STOPPED\n"),
    }
    (found,) = looked("win_service_info", answers, name="Spooler")["services"]
    assert found == {
        "name": "Spooler",
        "display_name": "Print Spooler",
        "description": "",
        "path": r"%SystemRoot%\System32\spoolsv.exe",
        "username": "LocalSystem",
        "start_mode": "delayed",
        "desktop_interact": True,
        "service_type": "win32_own_process",
        "error_control": "normal",
        "load_order_group": "",
        "dependencies": ["RPCSS", "http"],
        "dependency_of": ["Fax"],
        "state": "started",
        "controls_accepted": ["stop", "shutdown"],
        "win32_exit_code": 0,
        "service_exit_code": 7,
        "checkpoint": 1,
        "wait_hint_ms": 3000,
        "process_id": 1234,
        "failure_actions": [{"type": "restart", "delay_ms": 60000}],
        "failure_actions_on_non_crash_failure": False,
        "failure_command": r"C:\x.exe",
        "failure_reboot_msg": None,
        "failure_reset_period_sec": 86400,
        "launch_protection": "none",
        "pre_shutdown_timeout_ms": None,
        "preferred_node": None,
        "required_privileges": ["SeTcbPrivilege"],
        "sid_info": "unrestricted",
    }


def services(os: str, **raw: Any) -> Any:
    work = LabHost(os).task("win_service_info", **raw)
    found = work.probe()
    return work.module.result(work.params, Change("", found, found), {}, {})


def test_a_name_that_nobody_has() -> None:
    assert services("2003-sp2", name="nix") == {"exists": False, "services": []}


@pytest.mark.parametrize("os", ["2003-sp2", "2019"])
def test_names_match_and_display_names_too(os: str) -> None:
    by_name = services(os, name="LANMAN*")["services"]
    assert {one["name"] for one in by_name} == {"LanmanServer", "LanmanWorkstation"}
    shown = by_name[0]["display_name"]
    (found,) = services(os, name=shown)["services"]
    assert found["name"] == by_name[0]["name"]


def test_all_services_and_no_drivers() -> None:
    found = services("2016")["services"]
    names = {one["name"].lower() for one in found}
    assert "lanmanserver" in names
    assert "srv2" not in names
    assert len(names) == len(found) > 20
    (server,) = [one for one in found if one["name"] == "LanmanServer"]
    assert server["process_id"] > 0
