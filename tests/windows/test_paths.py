"""Paths of Windows: which are taken as they are, and which only once the host has said more."""

from __future__ import annotations

import pytest

from runner.errors import ModuleError, Refused
from runner.interfaces import on_host
from runner.interfaces.exchange import Output
from runner.interfaces.params import parse
from runner.model.source import Source
from runner.modules import load
from runner.windows import paths, variables
from tests.modules.scripted import Scripted

PLACE = Source("play.yml", 1, 1)
SET = Output(
    0, "ProgramFiles=C:\\Program Files\r\nProgramFiles(x86)=C:\\Program Files (x86)\r\n"
    "=C:=C:\\\r\nTEMP=C:\\Users\\ann\\AppData\\Local\\Temp\r\nx=a=b\r\n"
)  # fmt: skip


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("C:/a/b.txt", r"C:\a\b.txt"),
        ("C:\\a\\\\b\\", "C:\\a\\b\\"),
        (r"c:\a\..\b", r"c:\b"),
        (r"\\?\C:\a\b", r"C:\a\b"),
        ("  C:\\a ", r"C:\a"),
    ],
)
def test_a_path_has_one_form(given: str, found: str) -> None:
    assert paths.checked(given) == found
    assert paths.named(given) == found


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (r"\\files\setup\a.msi", r"\\files\setup\a.msi"),
        ("//files/setup$/x/../a.msi", r"\\files\setup$\a.msi"),
        (r"\\?\UNC\files\setup\a", r"\\files\setup\a"),
    ],
)
def test_what_is_only_read_may_lie_on_a_share(given: str, found: str) -> None:
    assert paths.checked(given, shares=True) == found
    assert paths.root(found) == "\\\\files\\setup" + "$" * ("$" in found) + "\\"
    with pytest.raises(ValueError, match="is changed on the host that has it"):
        paths.checked(given)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("a.txt", "full path"), ("C:a.txt", "full path"), (r"\a", "full path"),
        (r"\\files", "server.share"), (r"\\.\pipe\x", "server.share"), ("C:\\50%", "%TEMP%"),
        (r"C:\a*", "no path can hold"), (r"C:\a:b", "streams"), (r"C:\con.txt", "device"),
        ("C:\\a \\b", "blank"), ("%TEMP%\\a|b", "no path can hold"), ("x%TEMP%", "full path"),
        ("%TEMP%\\100%", "no path can hold"),
    ],
)  # fmt: skip
def test_what_is_no_path(given: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        paths.named(given, shares=True)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (r"%TEMP%\a.txt", r"C:\Users\ann\AppData\Local\Temp\a.txt"),
        ("%temp%/a/", "C:\\Users\\ann\\AppData\\Local\\Temp\\a\\"),
        (r"%ProgramFiles(x86)%\%x%.exe", r"C:\Program Files (x86)\a=b.exe"),
    ],
)
def test_variables_are_those_of_the_host(given: str, found: str) -> None:
    module = load("win_stat")
    raw = {"path": given, "get_checksum": False}
    assert on_host.wanted(module.params, raw)
    assert parse(module, raw, {}, PLACE).path == given  # type: ignore[attr-defined]
    host = Scripted({"set": SET})
    whole = host.drive(on_host.completed(module.params, raw))
    assert parse(module, whole, {}, PLACE).path == found  # type: ignore[attr-defined]
    assert host.asked == ["set"]


def test_lists_of_paths_too() -> None:
    module = load("win_find")
    raw = {"paths": [r"C:\a", r"%TEMP%\b"]}
    whole = Scripted({"set": SET}).drive(on_host.completed(module.params, raw))
    assert whole["paths"] == [r"C:\a", r"C:\Users\ann\AppData\Local\Temp\b"]
    assert not on_host.wanted(module.params, {"paths": r"C:\a"})


@pytest.mark.parametrize(("answer", "error"), [(SET, Refused), (Output(1), ModuleError)])
def test_a_variable_that_is_not_there(answer: Output, error: type[ModuleError]) -> None:
    with pytest.raises(error, match="variable"):
        Scripted({"set": answer}).drive(variables.filled((r"%NIX%\a",)))


def test_only_what_is_on_the_host_is_asked_of_it() -> None:
    module = load("win_copy")
    raw = {"src": r"%TEMP%\a", "dest": r"C:\b"}
    assert not on_host.wanted(module.params, raw)
    assert on_host.wanted(module.params, {**raw, "remote_src": "yes"})
