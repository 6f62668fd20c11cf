"""Shortcuts that win_shortcut makes, read by a shell that others wrote: Wine's IShellLinkW.

The module itself runs in the lab: Wine's certutil tells no checksums (docs/wine.md).
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from runner.lab.wine.template import compile_program
from tests.modules.contract.cases_shortcuts import EXAMPLE
from tests.modules.labhost import LabHost
from tests.wine.wine import WineBench

DEST = r"C:\links\a b.lnk"
_TEXTS = {"target", "items", "arguments", "directory", "description", "icon"}
WHOLE: Mapping[str, Any] = {
    "src": r"C:\links\文件 (1)\é & x.exe", "arguments": '/c "a & b" 100% é文',
    "icon": "C:\\i.dll,-3", "directory": r"C:\links", "description": "dé文", "hotkey": "Ctrl+Alt+F",
}  # fmt: skip
_FILES = {r"C:\links\a.exe": {"content": "x"}}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("readlink") / "readlink.exe"
    compile_program(Path(__file__).with_name("readlink.c"), target)
    return target


@pytest.fixture
def folder(chinese: WineBench, program: Path) -> Iterator[Path]:
    """A folder of the machine's with the program in it; it goes at the end."""
    chinese.ok(r"md C:\links")
    found = chinese.machine.drive / "links"
    (found / "readlink.exe").write_bytes(program.read_bytes())
    yield found
    chinese.ok(r"rd /s /q C:\links")


def _made(files: Mapping[str, Any], raw: Mapping[str, Any]) -> bytes:
    """What the module makes on a host of the lab."""
    host = LabHost("2016", files={**_FILES, **files}, language="chs")
    task = host.task("win_shortcut", dest=DEST, **raw)
    task.apply(task.plan())
    entry = host.machine._host.files.find(DEST)
    assert entry is not None
    return bytes(entry.content or b"")


def _read(bench: WineBench, folder: Path, data: bytes) -> dict[str, str]:
    """What Wine's shell finds in a shortcut."""
    (folder / "a b.lnk").write_bytes(data)
    lines = bench.ok(rf'C:\links\readlink.exe "{DEST}"').splitlines()
    pairs = (line.partition("=") for line in lines)
    return {
        name: bytes.fromhex(value).decode("utf-16-be") if name in _TEXTS else value
        for name, _, value in pairs
    }


@pytest.mark.parametrize(
    ("raw", "target"),
    [
        (WHOLE, WHOLE["src"]),
        ({"src": "C:\\links"}, "C:\\links"),
        ({"src": "C:\\"}, "C:\\"),
        ({"src": r"D:\nix\a.exe", "run_as_admin": True}, r"D:\nix\a.exe"),
    ],
    ids=["whole", "folder", "drive", "elsewhere"],
)
def test_wine_reads_what_was_meant(
    raw: dict[str, Any], target: str, folder: Path, chinese: WineBench
) -> None:
    seen = _read(chinese, folder, _made({}, raw))
    assert seen["target"] == seen["items"] == target
    for name in ("arguments", "directory", "description"):
        assert seen[name] == raw.get(name, "")
    icon = seen["icon"] and f"{seen['icon']},{seen['icon_index']}"
    assert icon == raw.get("icon", "")
    assert seen["hotkey"] == str(0x646 if "hotkey" in raw else 0)


def test_a_shortcut_that_windows_made_is_changed(folder: Path, chinese: WineBench) -> None:
    assert _read(chinese, folder, EXAMPLE)["target"] == r"C:\test\a.txt"
    there = {DEST: {"base64": base64.b64encode(EXAMPLE).decode()}}
    seen = _read(chinese, folder, _made(there, {"args": "new", "description": "文"}))
    assert (seen["target"], seen["arguments"], seen["description"], seen["directory"]) == (
        r"C:\test\a.txt", "new", "文", r"C:\test",
    )  # fmt: skip
