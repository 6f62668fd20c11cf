"""win_unzip: by what each Windows unpacks, what is refused, and the archive that goes."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest

from runner.errors import ModuleError, ParamsError, Refused
from runner.interfaces.exchange import Exec, Output, Script
from runner.model.state import Change
from runner.windows import unzip
from runner.windows.facts import WindowsFacts
from tests.modules.facts import facts
from tests.modules.labhost import LabHost
from tests.modules.scripted import task

SRC = r"C:\set up\a.zip"
ARCHIVE = {SRC: {"zip": {"a.txt": "new", "b/c.txt": "c"}}, r"C:\app\a.txt": {"content": "old"}}


def test_the_archive_goes_and_comes_back() -> None:
    host = LabHost("2022", files=ARCHIVE)
    before = host.state
    work = host.task("win_unzip", src=SRC, dest=r"C:\app", rm=True)
    change = work.plan()
    assert "1 files" in work.module.message(work.params, change, work.facts)
    work.apply(change)
    done = Change("", change.before, work.probe())
    assert work.module.result(work.params, done, work.facts, {})["removed"] is True
    assert SRC not in host.state["files"]
    with pytest.raises(Refused, match="no archive"):
        work.plan()
    work.undo(done)
    assert host.state == before


@pytest.mark.parametrize(
    ("files", "raw", "error", "says"),
    [
        ({SRC: {"zip": {"../x": "x"}}}, {}, ModuleError, "leads out of its folder"),
        ({SRC: {"zip": {"C:/x": "x"}}}, {}, ModuleError, "leads out of its folder"),
        ({SRC: {"content": "no"}}, {}, ModuleError, "Unrecognized"),
        ({SRC: {"zip": {"Windows": "x"}}}, {"dest": "C:\\"}, Refused, "is a directory"),
        (ARCHIVE, {"dest": r"C:\app\a.txt"}, Refused, "is a file"),
    ],
)
def test_what_cannot_be_unpacked(
    files: dict[str, Any], raw: dict[str, str], error: type[Exception], says: str
) -> None:
    host = LabHost("2019", files=files)
    with pytest.raises(error, match=says):
        host.task("win_unzip", **{"src": SRC, "dest": r"C:\new", **raw}).plan()
    assert host.writes == 0


def test_a_host_that_has_it_already() -> None:
    host = LabHost("2003-sp2", files=ARCHIVE)
    work = host.task("win_unzip", src=SRC, dest=r"C:\app", creates=r"C:\app\a.txt")
    change = work.plan()
    assert not change.differences()
    assert work.module.message(work.params, change, work.facts).endswith("exists")


@pytest.mark.parametrize(
    ("os", "powershell", "how"),
    [
        ("2003", 0, unzip.SHELL), ("2008r2", 2, unzip.SHELL), ("2016", 5, unzip.POWERSHELL),
        ("2016", 0, unzip.SHELL), ("2019", 5, unzip.TAR), ("2025", 0, unzip.TAR),
    ],
)  # fmt: skip
def test_the_way_of_each_windows(os: str, powershell: int, how: str) -> None:
    host = WindowsFacts.of({**facts(os), "powershell_version": powershell})
    assert unzip.way(host, SRC) == how
    if how != unzip.TAR:
        with pytest.raises(Refused, match=r"unpacks \.zip alone"):
            unzip.way(host, r"C:\a.tar.gz")


def test_powershell_is_given_paths_as_values() -> None:
    list_, unpack = unzip.listing(unzip.POWERSHELL, SRC), unzip.unpacking(
        unzip.POWERSHELL, SRC, r"C:\app"
    )  # fmt: skip
    assert isinstance(list_, Script)
    assert isinstance(unpack, Script)
    assert list_.params == {"src": SRC}
    assert unpack.params == {"src": SRC, "dest": r"C:\app"}
    assert unzip.listing(unzip.TAR, SRC) == Exec("tar", "-tf", SRC, timeout=3600.0)


def test_the_script_of_old_hosts_comes_whole_and_goes_again() -> None:
    command = unzip.unpacking(unzip.SHELL, SRC, r"C:\app")
    assert isinstance(command, Script)
    (text,) = re.findall(r"\(echo ([A-Za-z0-9+/=]+)\)>", command.text)
    assert base64.b64decode(text).decode().splitlines()[0] == "Set a=WScript.Arguments"
    assert command.text.endswith("exit 3))")
    assert command.text.count("del /f /q") == 2
    assert len(command.text) < 4000


def test_names_of_folders_and_files() -> None:
    said = "./\r\n./b/c.txt\r\na\\\r\na\\d\\e.txt\r\n"
    names = unzip.names(Output(0, said), SRC)
    assert names == ("b/c.txt", "a/", "a/d/e.txt")
    assert unzip.folders_of(names) == ("b", "a", "a/d")
    assert unzip.said(Output(4)).startswith("not all of it")


@pytest.mark.parametrize("raw", [{"recurse": True}, {"password": "x"}, {"dest": "x"}])
def test_refused_parameters(raw: dict[str, Any]) -> None:
    with pytest.raises(ParamsError):
        task("win_unzip", **{"src": SRC, "dest": r"C:\x", **raw})
