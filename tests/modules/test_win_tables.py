"""Modules of Windows as a table: a system, a state and parameters, and what comes of them.

Each row runs on a lab host: exactly these commands are sent, the host is then in that state, and
exactly those commands take it back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from runner.engine.hosts.session import Writer
from runner.model.state import Change
from tests.modules.labhost import LabHost

MACHINE = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Session Manager\Environment"
_REG = r'<nul reg {} "HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\Environment" /v {} /f'
NAMES = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\ComputerName\ComputerName"
ZONE = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\TimeZoneInformation"
_RENAME = '<nul wmic computersystem where "Name=\'WEB01\'" call rename name="{}"'


def set_to(name: str, kind: str, shown: str) -> str:
    return _REG.format("add", f"{name} /t {kind} /d {shown}")


def gone(name: str) -> str:
    return _REG.format("delete", name)


@dataclass(frozen=True)
class Row:
    """``leaves`` are registry values (key, name) with their type and data; None is absent."""

    name: str
    os: str
    module: str
    raw: Mapping[str, Any]
    sends: tuple[str, ...]
    leaves: Mapping[tuple[str, str], list[Any] | None]
    undo: tuple[str, ...]
    returns: Mapping[str, Any] = field(default_factory=dict)
    state: Mapping[str, Any] = field(default_factory=dict)


ROWS = [
    Row(
        "a new variable is plain text", "2016", "win_environment",
        {"name": "APP", "value": r"C:\a b & c", "level": "machine"},
        (set_to("APP", "REG_SZ", r'"C:\a b & c"'),),
        {(MACHINE, "app"): ["REG_SZ", r"C:\a b & c"]},
        (gone("APP"),),
        {"before_value": None, "value": r"C:\a b & c"},
    ),
    Row(
        "one with references is expanded", "2003-sp2", "win_environment",
        {"name": "APP", "value": r"%SystemRoot%\x", "level": "machine"},
        (set_to("APP", "REG_EXPAND_SZ", r'^"^%^SystemRoot^%^\x^"'),),
        {(MACHINE, "app"): ["REG_EXPAND_SZ", r"%SystemRoot%\x"]},
        (gone("APP"),),
    ),
    Row(
        "the type of one that is there stays", "2012", "win_environment",
        {"name": "temp", "value": r"D:\Temp", "level": "machine"},
        (set_to("TEMP", "REG_EXPAND_SZ", r"D:\Temp"),),
        {(MACHINE, "temp"): ["REG_EXPAND_SZ", r"D:\Temp"]},
        (set_to("TEMP", "REG_EXPAND_SZ", r'^"^%^SystemRoot^%^\TEMP^"'),),
        {"before_value": r"%SystemRoot%\TEMP", "value": r"D:\Temp"},
    ),
    Row(
        "one is removed", "2008r2-sp1", "win_environment",
        {"name": "OS", "state": "absent", "level": "machine"},
        (gone("OS"),),
        {(MACHINE, "os"): None},
        (set_to("OS", "REG_SZ", "Windows_NT"),),
        {"before_value": "Windows_NT", "value": None},
    ),
    Row(
        "folders are added at the end", "2003-sp2", "win_path",
        {"elements": [r"C:\tools", r"C:\more"]},
        (
            set_to(
                "Path", "REG_EXPAND_SZ",
                r'^"^%^SystemRoot^%^\system32;^%^SystemRoot^%^;^%^SystemRoot^%^\System32\Wbem;'
                r'C:\tools;C:\more^"',
            ),
        ),
        {
            (MACHINE, "path"): [
                "REG_EXPAND_SZ",
                r"%SystemRoot%\system32;%SystemRoot%;%SystemRoot%\System32\Wbem;C:\tools;C:\more",
            ]
        },
        (
            set_to(
                "Path", "REG_EXPAND_SZ",
                r'^"^%^SystemRoot^%^\system32;^%^SystemRoot^%^;^%^SystemRoot^%^\System32\Wbem^"',
            ),
        ),
    ),
    Row(
        "a folder is taken out however it is spelled", "2003-sp2", "win_path",
        {"elements": ["%SYSTEMROOT%\\"], "state": "absent", "name": "path"},
        (
            set_to(
                "Path", "REG_EXPAND_SZ",
                r'^"^%^SystemRoot^%^\system32;^%^SystemRoot^%^\System32\Wbem^"',
            ),
        ),
        {
            (MACHINE, "path"): [
                "REG_EXPAND_SZ", r"%SystemRoot%\system32;%SystemRoot%\System32\Wbem"
            ]
        },
        (
            set_to(
                "Path", "REG_EXPAND_SZ",
                r'^"^%^SystemRoot^%^\system32;^%^SystemRoot^%^;^%^SystemRoot^%^\System32\Wbem^"',
            ),
        ),
        {"path_value": r"%SystemRoot%\system32;%SystemRoot%\System32\Wbem"},
    ),
    Row(
        "a name with a hyphen", "2008r2-sp1", "win_hostname", {"name": "files-07"},
        (_RENAME.format("files-07"),),
        {(NAMES, "computername"): ["REG_SZ", "FILES-07"]},
        (_RENAME.format("WEB01"),),
        {"old_name": "WEB01", "reboot_required": True},
    ),
    Row(
        "a name on Server 2003", "2003-sp2", "win_hostname", {"name": "FILES07"},
        (_RENAME.format("FILES07"),),
        {(NAMES, "computername"): ["REG_SZ", "FILES07"]},
        (_RENAME.format("WEB01"),),
    ),
    Row(
        "a time zone", "2008r2-sp1", "win_timezone", {"timezone": "W. Europe Standard Time"},
        ('<nul tzutil /s "W. Europe Standard Time"',),
        {(ZONE, "timezonekeyname"): ["REG_SZ", "W. Europe Standard Time"]},
        ("<nul tzutil /s UTC",),
        {"previous_timezone": "UTC", "timezone": "W. Europe Standard Time"},
    ),
    Row(
        "a time zone without daylight saving time", "2022", "win_timezone",
        {"timezone": "China Standard Time_dstoff"},
        ('<nul tzutil /s "China Standard Time_dstoff"',),
        {
            (ZONE, "timezonekeyname"): ["REG_SZ", "China Standard Time"],
            (ZONE, "dynamicdaylighttimedisabled"): ["REG_DWORD", 1],
        },
        ("<nul tzutil /s UTC",),
    ),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row(row: Row) -> None:
    host = LabHost(row.os, **dict(row.state))
    task = host.task(row.module, **dict(row.raw))
    before = host.state
    change = task.plan()
    there = Writer(host.link)
    applied = there.drive(task.module.apply(task.params, change, task.facts)) or {}
    assert tuple(there.sent) == row.sends
    registry = host.state["registry"]
    for (key, name), data in row.leaves.items():
        assert registry[key].get(name) == data
    found = task.probe()
    result = task.module.result(task.params, Change("", change.before, found), task.facts, applied)
    assert {key: result[key] for key in row.returns} == dict(row.returns)
    back = Writer(host.link)
    recorded = Change(change.subject, change.before, found)
    back.drive(task.module.undo(task.params, recorded, task.facts))
    assert tuple(back.sent) == row.undo
    assert host.state == before
    assert host.not_simulated == []
