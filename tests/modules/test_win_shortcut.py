"""win_shortcut: what it refuses and what it tells; what it does is in the contract suite."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from runner.errors import ParamsError, Refused
from runner.model.state import Change
from runner.windows import shell_link
from tests.modules.contract.cases_shortcuts import EXAMPLE
from tests.modules.labhost import LabHost, LabTask

DEST = r"C:\app\x.lnk"


def _host(**files: Any) -> LabHost:
    there = {r"C:\app\a.exe": {"content": "x"}, **files}
    return LabHost("2016", files=there)


def _written(host: LabHost, path: str) -> bytes:
    entry = host.machine._host.files.find(path)
    assert entry is not None
    assert entry.content is not None
    return bytes(entry.content)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ({"dest": r"C:\a.txt"}, r"end in \.lnk or \.url"),
        ({"dest": "Desktop\\a.lnk"}, "full path"),
        ({"dest": DEST, "src": "https://h/"}, r"is an address: let 'dest' end in \.url"),
        ({"dest": DEST, "src": "shell:RecycleBinFolder"}, "start explorer.exe"),
        ({"dest": DEST, "src": r"folder\a.exe"}, "full path"),
        ({"dest": r"C:\a.url", "src": r"C:\a.exe"}, "an address such as"),
        ({"dest": r"C:\a.url", "src": "http://ä/"}, "not ASCII"),
        ({"dest": r"C:\a.url", "src": "http://h/", "icon": "x", "run_as_admin": True},
         "no icon, run_as_admin"),
        ({"dest": DEST, "hotkey": "Win+A"}, "none of Ctrl, Alt"),
        ({"dest": DEST, "description": "a\nb"}, "control character"),
        ({"dest": DEST, "directory": "x" * 260}, "more than 259"),
        ({"dest": DEST, "src": "C:\\" + "x" * 260}, "more than 259"),
        ({"dest": DEST, "src": "C:\\" + "\U0001f600" * 130}, "more than 259"),
        ({"dest": DEST, "arguments": "x" * 32_001}, "more than 32000"),
        ({"dest": DEST, "arguments": "\ud800"}, "surrogate"),
        ({"dest": DEST, "windowstyle": "hidden"}, "must be one of"),
    ],
)  # fmt: skip
def test_parameters_that_are_wrong(raw: dict[str, Any], says: str) -> None:
    with pytest.raises(ParamsError, match=says):
        _host().task("win_shortcut", **raw)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ({"dest": DEST}, "no shortcut"),
        ({"dest": DEST, "src": "nix.exe"}, "no program nix.exe"),
        ({"dest": DEST, "src": r"%NIX%\a.exe"}, "no such environment variable"),
        ({"dest": r"C:\nix\a.lnk", "src": r"C:\app\a.exe"}, "does not exist"),
        ({"dest": r"C:\app\no.lnk", "src": r"C:\app\a.exe"}, "is there and is no shortcut"),
        ({"dest": r"C:\app\dir.lnk", "src": r"C:\app\a.exe"}, "is a folder"),
    ],
)
def test_what_is_refused_on_the_host(raw: dict[str, Any], says: str) -> None:
    files = {r"C:\app\no.lnk": {"content": "x"}, r"C:\app\dir.lnk\x": {"content": ""}}
    task = _host(**files).task("win_shortcut", **raw)
    with pytest.raises(Refused, match=says):
        task.plan()


def test_a_file_too_large_for_a_shortcut_is_not_fetched() -> None:
    host = _host(**{DEST: {"content": "x" * ((1 << 20) + 1)}})
    with pytest.raises(Refused, match="has 1048577 bytes"):
        host.task("win_shortcut", dest=DEST, src=r"C:\app\a.exe").probe()
    assert not [line for line in host.machine.counters.commands if "-encode" in line]
    task = host.task("win_shortcut", dest=DEST, state="absent")
    change = task.plan()
    task.apply(change)
    task.undo(change)
    assert task.probe().file == change.before.file


def test_no_bytes_make_more_than_no_shortcut() -> None:
    """Cut or altered anywhere, a link is one or is refused; nothing else comes of it."""
    for at in range(len(EXAMPLE)):
        for data in (EXAMPLE[:at], EXAMPLE[:at] + b"\xff" + EXAMPLE[at + 1 :],
                     EXAMPLE[:at] + b"\x00" + EXAMPLE[at + 1 :]):  # fmt: skip
            try:
                link = shell_link.parse(data)
            except shell_link.NoLink:
                continue
            assert isinstance(link.target, str)
            assert link.data()


def test_what_is_no_shortcut_can_be_removed_and_comes_back() -> None:
    host = _host(**{DEST: {"content": "x"}})
    task = host.task("win_shortcut", dest=DEST, state="absent")
    change = task.plan()
    task.apply(change)
    assert host.machine._host.files.find(DEST) is None
    task.undo(change)
    assert _written(host, DEST) == b"x"


def test_variables_of_the_host_and_names_in_path_are_filled_in() -> None:
    host = _host()
    task = host.task(
        "win_shortcut", dest=DEST, src="cmd.exe", arguments="%SystemRoot%|%nix%|5%",
        icon=r"%SystemRoot%\x.dll,4",
    )  # fmt: skip
    change = task.plan()
    task.apply(change)
    link = shell_link.parse(_written(host, DEST))
    assert link.target.lower() == r"c:\windows\system32\cmd.exe"
    assert link.strings["arguments"] == r"C:\Windows|%nix%|5%"
    assert (link.strings["icon"], link.icon_index) == (r"C:\Windows\x.dll", 4)


def test_a_program_is_found_by_the_endings_that_the_host_knows() -> None:
    host = _host()
    change = host.task("win_shortcut", dest=DEST, src="cmd").plan()
    assert change.after.target.lower() == r"c:\windows\system32\cmd.exe"


def _result(task: LabTask, change: Change[Any]) -> dict[str, Any]:
    return dict(task.module.result(task.params, change, task.facts, {}))


def test_it_returns_what_ansible_returns() -> None:
    there = {DEST: {"base64": base64.b64encode(EXAMPLE).decode()}}
    task = _host(**there).task("win_shortcut", dest=DEST, hotkey="alt+ctrl+x", args="-v")
    assert _result(task, task.plan()) == {
        "dest": DEST, "state": "present", "src": r"C:\test\a.txt", "args": "-v",
        "directory": r"C:\test", "description": "", "icon": "", "hotkey": "Ctrl+Alt+X",
        "windowstyle": "normal",
    }  # fmt: skip
    gone = _host(**there).task("win_shortcut", dest=DEST, state="absent")
    assert _result(gone, gone.plan()) == {"dest": DEST, "state": "absent"}
    page = _host().task("win_shortcut", dest=r"C:\app\x.url", src="http://h/")
    assert _result(page, page.plan())["src"] == "http://h/"


def test_what_is_there_already_is_ok() -> None:
    there = {DEST: {"base64": base64.b64encode(EXAMPLE).decode()}}
    task = _host(**there).task(
        "win_shortcut", dest=DEST, src=r"c:\TEST\a.txt", windowstyle="normal", hotkey="",
        description="",
    )  # fmt: skip
    assert not task.plan().differences()
