"""The tasks that modules give for a written rollback."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from runner.interfaces.module import Restoring
from runner.interfaces.params import parse
from runner.model.source import Source
from runner.model.state import Change
from runner.modules import load
from runner.modules._parts import restoring, restoring_posix
from runner.modules._parts.file_state import FileState
from runner.modules._parts.packages import PackagesState
from runner.modules._parts.registry import Entry, RegistryState
from runner.modules._parts.service import ServiceState
from runner.modules._parts.unit import UnitState
from runner.modules._parts.user import UserState
from runner.modules._parts.win_files import WinFileState
from runner.posix.debian import Move

HERE = Source("test", 1, 1)
RUNS = ServiceState(
    present=True, state="running", start_mode="auto", path="c:\\x.exe", username="LocalSystem",
    display_name="X", service_type="win32_own_process", error_control="normal",
    running_dependents=("y",), failure_actions=("restart/60000",), failure_reset_period_sec=9,
)  # fmt: skip
STOPPED = replace(RUNS, state="stopped", start_mode="disabled", running_dependents=())
KEY = r"HKLM\SOFTWARE\A\B"
THERE = RegistryState(True, True, "binary", "01ff", nearest=KEY)


def given(tasks: tuple[Restoring, ...], module: str) -> list[dict[str, Any]]:
    """Their arguments, once the module has understood them."""
    for task in tasks:
        parse(load(task.module or module), task.arguments, {}, HERE)
    return [dict(task.arguments) for task in tasks]


def test_a_service_and_what_was_stopped_with_it() -> None:
    tasks = given(restoring.service("x", Change("s", RUNS, STOPPED)), "win_service")
    assert tasks == [
        {"name": "x", "start_mode": "auto", "state": "started"},
        {"name": "y", "state": "started"},
    ]


def test_a_service_that_was_made_or_deleted() -> None:
    gone = ServiceState()
    made = given(restoring.service("x", Change("s", gone, RUNS)), "win_service")
    assert made == [{"name": "x", "state": "absent"}]
    (back, _) = given(restoring.service("x", Change("s", RUNS, gone)), "win_service")
    assert back["path"] == "c:\\x.exe"
    assert back["state"] == "started"
    assert back["failure_actions"] == [{"type": "restart", "delay_ms": 60000}]


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (THERE, [{"path": KEY, "name": "n", "type": "binary", "data": "01ff"}]),
        (
            RegistryState(True, nearest=KEY),
            [{"path": KEY, "name": "n", "state": "absent", "delete_key": False}],
        ),
        (
            RegistryState(nearest=r"HKLM\SOFTWARE"),
            [{"path": r"HKLM\SOFTWARE\A", "state": "absent", "delete_key": True}],
        ),
        (
            RegistryState(True, tree=(Entry(KEY), Entry(KEY, "n", "dword", 1), Entry(KEY + r"\C"))),
            [{"path": KEY, "name": "n", "type": "dword", "data": 1}, {"path": KEY + r"\C"}],
        ),
    ],
)
def test_the_registry(before: RegistryState, expected: list[dict[str, Any]]) -> None:
    change = Change("s", before, replace(THERE, data="02"))
    assert given(restoring.registry_value(KEY, "n", change), "win_regedit") == expected


def test_a_windows_file() -> None:
    was = WinFileState("file", "aa", path="C:\\a\\f", above="C:\\a", kept="C:\\runner-backups\\f.1")
    left = replace(was, checksum="bb", kept="")
    assert given(restoring.file(Change("s", was, left)), "") == [
        {"src": "C:\\runner-backups\\f.1", "dest": "C:\\a\\f", "remote_src": True}
    ]
    assert restoring.file(Change("s", was, replace(left, attributes="R"))) == ()
    absent = WinFileState(path="C:\\a\\b\\f", above="C:\\a")
    assert given(restoring.file(Change("s", absent, left)), "") == [
        {"path": "C:\\a\\b", "state": "absent"}
    ]


def test_a_posix_file() -> None:
    was = FileState("file", checksum="aa", path="/a/f", saved="x\n", saved_as="utf-8")
    left = replace(was, checksum="bb", saved="y\n")
    assert given(restoring_posix.file(Change("s", was, left)), "") == [
        {"dest": "/a/f", "content": "x\n"}
    ]
    kept = replace(was, saved=None, kept="/var/lib/runner/backups/f.1")
    (task,) = given(restoring_posix.file(Change("s", kept, left)), "")
    assert task["src"] == "/var/lib/runner/backups/f.1"
    assert restoring_posix.file(Change("s", replace(was, saved_as="base64"), left)) == ()
    new = FileState(path="/a/b/c/f", above="/a")
    assert given(restoring_posix.file(Change("s", new, left)), "") == [
        {"path": "/a/b", "state": "absent"}
    ]


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (UnitState(True, "started", "enabled"), [{"state": "started", "enabled": True}]),
        (UnitState(True, "started", "static"), []),
        (UnitState(True, "stopped", "disabled"), [{"state": "stopped", "enabled": False}]),
    ],
)
def test_a_unit(before: UnitState, expected: list[dict[str, Any]]) -> None:
    after = UnitState(True, "other", "generated")
    found = given(restoring_posix.unit("x", Change("s", before, after)), "service")
    assert found == [{"name": "x", **one} for one in expected]


def test_a_user() -> None:
    was = UserState(True, 1000, "u", ("a",), home="/home/u", shell="/bin/sh")
    left = replace(was, shell="/bin/bash", groups=("a", "b"))
    assert given(restoring_posix.user("u", Change("s", was, left)), "user") == [
        {"name": "u", "groups": ["a"], "shell": "/bin/sh"}
    ]
    made = Change("s", UserState(), replace(was, home_exists=True))
    assert given(restoring_posix.user("u", made), "user") == [
        {"name": "u", "state": "absent", "remove": True}
    ]
    assert restoring_posix.user("u", Change("s", was, replace(was, password="*"))) == ()


@pytest.mark.parametrize(
    ("before", "after", "moves", "expected"),
    [
        ("xx (absent)", "xx=1", ["xx"], {"name": ["xx"], "state": "absent"}),
        ("xx=1", "xx (absent)", ["xx"], {"name": ["xx=1"], "state": "present"}),
        ("xx (absent)", "xx=1", ["xx", "libx"], None),
        ("xx=1", "xx=2", ["xx"], None),
    ],
)
def test_packages(before: str, after: str, moves: list[str], expected: Any) -> None:
    found = tuple(Move(name, None, "1") for name in moves)
    change = Change("s", PackagesState((before,), moves=found), PackagesState((after,)))
    tasks = given(restoring_posix.packages(change), "apt")
    assert tasks == ([] if expected is None else [expected])
