"""win_file, win_stat, win_tempfile and slurp on the lab, beyond what the contract suite covers."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest

from runner.errors import ModuleError, ParamsError, Refused
from runner.model.state import UNKNOWN, Change
from runner.windows.looking import EMPTY
from tests.modules.labhost import LabHost
from tests.modules.scripted import task as parsed

FILES = {
    r"C:\d\a.txt": {"content": "a\n", "attributes": "AHR"},
    r"C:\d\empty": {"content": ""},
    r"C:\d\sub\b": {"content": "b"},
}


@pytest.fixture
def host() -> LabHost:
    return LabHost("2012r2", files=FILES)


def change_of(host: LabHost, path: str, state: str | None) -> Change[Any]:
    return host.task("win_file", path=path, state=state).plan()


@pytest.mark.parametrize(
    ("path", "state", "said"),
    [
        (r"C:\no", "file", "will not be created"),
        (r"C:\no", None, "will not be created"),
        (r"C:\d", "file", "is not a file"),
        (r"C:\d", "touch", "is not a file"),
        (r"C:\d\a.txt", "directory", "is not a directory"),
        (r"C:\no\x", "touch", "does not exist"),
        ("C:\\", "absent", "root of a drive"),
    ],
)
def test_what_is_refused(host: LabHost, path: str, state: str | None, said: str) -> None:
    with pytest.raises(Refused, match=said):
        change_of(host, path, state)


@pytest.mark.parametrize(
    ("path", "state"),
    [
        (r"C:\no", "absent"), (r"C:\d\a.txt", "file"), (r"C:\d\a.txt", None), (r"C:\d", None),
        ("C:/d/", "directory"), (r"c:\D\SUB", "directory"),
    ],
)  # fmt: skip
def test_what_is_so_already(host: LabHost, path: str, state: str | None) -> None:
    assert not change_of(host, path, state).differences()


def test_touching_a_file_cannot_be_taken_back(host: LabHost) -> None:
    task = host.task("win_file", path=r"C:\d\a.txt", state="touch")
    change = task.plan()
    assert change.after.modified is UNKNOWN
    assert "cannot be set" in task.module.irreversible(task.params, change, {})
    before = host.state
    entry = host.machine._host.files.find(r"C:\d\a.txt")
    task.apply(change)
    touched = host.machine._host.files.find(r"C:\d\a.txt")
    assert entry is not None
    assert touched is not None
    assert touched.modified > entry.modified
    assert host.state == before


def test_a_file_that_runs_stays(host: LabHost) -> None:
    host = LabHost("2016", processes=[r"C:\d\x.exe"], files={r"C:\d\x.exe": {"content": "MZ"}})
    task = host.task("win_file", path=r"C:\d\x.exe", state="absent")
    with pytest.raises(ModuleError, match=r"could not move C:\\d\\x.exe") as caught:
        task.apply(task.plan())
    assert "open" in caught.value.hint
    assert r"C:\d\x.exe" in host.state["files"]


def test_a_backup_that_is_gone_is_said(host: LabHost) -> None:
    task = host.task("win_file", path=r"C:\d\a.txt", state="absent")
    change = task.plan()
    task.apply(change)
    host.machine._host.files.remove(change.before.kept)
    with pytest.raises(ModuleError, match=r"its backup .* is gone"):
        task.undo(Change("", change.before, task.probe()))


def test_a_folder_that_others_use_by_now_stays(host: LabHost) -> None:
    task = host.task("win_file", path=r"C:\new\deep", state="directory")
    change = task.plan()
    task.apply(change)
    host.machine._host.files.write(r"C:\new\deep\theirs", b"x", 0.0)
    with pytest.raises(ModuleError, match="could not remove the folder"):
        task.undo(Change("", change.before, task.probe()))
    assert r"C:\new\deep\theirs" in host.state["files"]


@pytest.mark.parametrize("os", ["2003-sp2", "2012r2", "2022"])
def test_stat_tells_what_ansible_tells(os: str) -> None:
    host = LabHost(os, files=FILES)

    def stat(path: str, **more: Any) -> dict[str, Any]:
        task = host.task("win_stat", path=path, **more)
        found = task.probe()
        result = task.module.result(task.params, Change("", found, found), {}, {})
        assert isinstance(result["stat"], dict)
        return result["stat"]

    found = stat(r"C:\d\a.txt", checksum_algorithm="sha256")
    assert found.pop("modified")
    assert found == {
        "exists": True, "path": r"C:\d\a.txt", "filename": "a.txt", "extension": ".txt",
        "attributes": "ReadOnly, Hidden, Archive", "isdir": False, "isreg": True, "islnk": False,
        "isreadonly": True, "ishidden": True, "isarchive": True, "size": 2,
        "checksum": hashlib.sha256(b"a\n").hexdigest(),
    }  # fmt: skip
    assert stat(r"C:\d\empty")["checksum"] == EMPTY["sha1"]
    assert "checksum" not in stat(r"C:\d\a.txt", get_checksum=False)
    assert "size" in stat(r"C:\d\a.txt")
    assert "size" not in stat(r"C:\d\a.txt", get_size=False)
    assert stat("C:\\d\\")["isdir"]
    assert stat(r"C:\no") == {"exists": False}


def test_a_temporary_file_is_in_the_accounts_folder(host: LabHost) -> None:
    task = host.task("win_tempfile", prefix="x.", suffix=".y")
    change = task.plan()
    task.apply(change)
    path = task.module.result(task.params, change, {}, {})["path"]
    assert path.startswith("C:\\Users\\Administrator\\AppData\\Local\\Temp\\x.")
    assert path.endswith(".y")
    assert path in host.state["files"]
    assert (
        host.task("win_tempfile").plan().after.path != host.task("win_tempfile").plan().after.path
    )
    with pytest.raises(ParamsError, match="part of a name"):
        parsed("win_tempfile", prefix="a\\b")


@pytest.mark.parametrize("os", ["2003-sp2", "2019"])
def test_slurp_reads_every_byte(os: str) -> None:
    data = bytes(range(256)) * 50 + b"\x1a\r\n\n"
    host = LabHost(os, files=FILES)
    host.machine._host.files.write(r"C:\d\bytes", data, 0.0)
    before = host.state
    task = host.task("slurp", src=r"C:\d\bytes")
    task.facts = {"shell_type": "cmd"}
    assert base64.b64decode(task.probe().content) == data
    empty = host.task("slurp", src=r"C:\d\empty")
    empty.facts = {"shell_type": "cmd"}
    assert empty.probe().content == ""
    assert host.state == before


@pytest.mark.parametrize(
    ("path", "said"),
    [(r"C:\no", "File not found"), (r"C:\d", "must be a file"), ("/etc/passwd", "full path")],
)
def test_slurp_says_what_is_wrong(host: LabHost, path: str, said: str) -> None:
    task = host.task("slurp", src=path)
    task.facts = {"shell_type": "cmd"}
    with pytest.raises(ModuleError, match=said):
        task.probe()


@pytest.mark.parametrize("module", ["win_file", "win_stat", "win_tempfile"])
def test_these_are_for_windows(host: LabHost, module: str) -> None:
    raw = {} if module == "win_tempfile" else {"path": r"C:\x"}
    task = host.task(module, **raw)
    task.facts = {"shell_type": "posix"}
    with pytest.raises(ModuleError, match="is for Windows hosts"):
        task.probe()
