"""win_copy on the lab: files in use, permissions, trees, what is refused."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from runner.errors import ModuleError, ParamsError, Refused
from runner.interfaces.local_file import survey
from runner.interfaces.shell import Invocation
from runner.model.state import Change
from runner.windows.put_lines import workspace
from tests.modules.copying import content, sending, with_old_file
from tests.modules.labhost import LabHost, LabTask
from tests.modules.scripted import task as parsed
from tests.modules.taking_back import take_back


@pytest.fixture
def host() -> LabHost:
    return with_old_file()


def test_a_file_in_use_stays_as_it_is(tmp_path: Path) -> None:
    exe = {r"C:\d\x.exe": {"content": "MZ", "attributes": "AR"}}
    host = LabHost("2016", processes=[r"C:\d\x.exe"], files=exe)
    task = sending(host, tmp_path / "f", b"new", r"C:\d\x.exe")
    before = host.state
    change = task.plan()
    with pytest.raises(ModuleError, match="could not be kept") as caught:
        task.apply(change)
    assert "stop it first" in caught.value.hint
    after = host.state
    after["files"].pop(r"C:\runner-backups", None)
    assert after == before


def test_permissions_stay_and_the_old_file_is_kept_with_them(tmp_path: Path) -> None:
    old = {"content": "old", "acl": "D:P(A;;FA;;;SY)"}
    host = LabHost("2022", files={r"C:\d\a": old})
    task = sending(host, tmp_path / "f", b"new", r"C:\d\a", backup=True)
    change = task.plan()
    result = task.apply(change)
    files = host.state["files"]
    kept = [entry for name, entry in files.items() if name.startswith("C:\\runner-backups\\")]
    assert files[r"C:\d\a"]["acl"] == old["acl"]
    assert [entry["acl"] for entry in kept] == [old["acl"]]
    assert files[result["backup_file"]]["size"] == 3


def test_an_old_host_without_icacls_is_served(tmp_path: Path) -> None:
    host = LabHost("2003-sp1", files={r"C:\d\a": {"content": "old"}})
    task = sending(host, tmp_path / "f", b"new", r"C:\d\a")
    task.apply(task.plan())
    assert content(host, r"C:\d\a") == hashlib.sha1(b"new").hexdigest()


def test_where_it_goes(host: LabHost, tmp_path: Path) -> None:
    for dest, wanted in {
        "C:\\data": "C:\\data\\f",
        "C:\\data\\": "C:\\data\\f",
        "C:/data/x": "C:\\data\\x",
        "C:\\no\\": "C:\\no\\f",
    }.items():
        assert sending(host, tmp_path / "f", b"x", dest).plan().after.path == wanted
    with pytest.raises(Refused, match="does not exist"):
        sending(host, tmp_path / "f", b"x", r"C:\no\x").plan()
    with pytest.raises(Refused, match="is a folder"):
        host.task("win_copy", content="x", origin="content", dest=r"C:\data").plan()
    same = sending(host, tmp_path / "f", b"other", r"C:\data\old.txt", force=False).plan()
    assert not same.differences()


def test_a_file_that_cannot_be_compared_is_not_replaced(host: LabHost, tmp_path: Path) -> None:
    host.machine._host.files.remove(r"C:\Windows\System32\certutil.exe")
    with pytest.raises(ModuleError, match="certutil -hashfile"):
        sending(host, tmp_path / "f", b"x", r"C:\data\old.txt").plan()


def test_a_tree_is_given_back_although_its_source_changed(tmp_path: Path) -> None:
    source = tmp_path / "tree"
    (source / "sub").mkdir(parents=True)
    (source / "sub" / "new").write_bytes(b"new")
    (source / "a").write_bytes(b"1")
    host = LabHost("2019", files={r"C:\d\a": {"content": "old", "attributes": "H"}})
    before = host.state

    def task() -> LabTask:
        return host.task(
            "win_copy", src=f"{source}/", dest=r"C:\d", origin="directory",
            sources=survey(f"{source}/"),
        )  # fmt: skip

    first = task()
    change = first.plan()
    assert change.before.differs == (
        "sub: absent", f"a: content {hashlib.sha1(b'old').hexdigest()}", "sub/new: absent",
    )  # fmt: skip
    first.apply(change)
    assert not task().plan().differences()
    (source / "a").unlink()
    first.undo(Change("", change.before, first.probe()))
    assert host.state == before


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"dest": r"C:\x"}, "'src' or 'content' is required"),
        ({"dest": "C:\\x\\", "content": "y"}, "needs a file"),
        ({"dest": r"x\y", "content": "y"}, "must be a full path"),
        ({"dest": r"\\srv\x\y", "content": "y"}, "is changed on the host that has it"),
        ({"dest": r"C:\%TEMP\y", "content": "y"}, "between two of them"),
        ({"dest": r"C:\a|b", "content": "y"}, "no path can hold"),
        ({"dest": r"C:\nul.txt", "content": "y"}, "name of a device"),
        ({"dest": r"C:\a:b", "content": "y"}, "streams"),
        ({"dest": r"C:\a. \b", "content": "y"}, "takes off"),
        ({"dest": r"C:\x", "content": "y", "remote_src": True}, "needs 'src'"),
    ],
)
def test_what_is_refused_before_a_host_is_asked(raw: dict[str, Any], said: str) -> None:
    with pytest.raises(ParamsError, match=said):
        parsed("win_copy", **raw)


@pytest.mark.parametrize("old", [None, "old"])
@pytest.mark.parametrize("ended", [True, False])
def test_what_a_dead_controller_left_in_the_making_goes_with_the_rollback(
    old: str | None, ended: bool, tmp_path: Path
) -> None:
    """A host that waits for input that never comes has a folder beside the file by then."""
    host = LabHost("2016", files={r"C:\app\a.txt" if old else r"C:\app\other": {"content": "old"}})
    first = host.state
    work = sending(host, tmp_path / "a.txt", b"new", r"C:\app\a.txt")
    change = work.plan()
    if ended:
        work.apply(change)
    half_made(host, r"C:\app\a.txt")
    take_back(host.link, work.module, work.params, work.facts, change)
    assert host.state == first


def test_nor_does_it_keep_the_folders_of_a_tree_from_going(tmp_path: Path) -> None:
    source = tmp_path / "tree"
    (source / "sub").mkdir(parents=True)
    (source / "a.txt").write_text("a")
    (source / "sub" / "b.txt").write_text("b")
    for writes in (1, 2):
        host = LabHost("2016")
        first = host.state
        work = host.task(
            "win_copy", src=f"{source}/", dest=r"C:\new\x", origin="directory",
            sources=survey(f"{source}/"),
        )  # fmt: skip
        change = work.plan()
        assert host.write_cut(work.module.apply(work.params, change, work.facts), writes)
        half_made(host, r"C:\new\x\sub\b.txt")
        take_back(host.link, work.module, work.params, work.facts, change)
        assert host.state == first


def half_made(host: LabHost, path: str) -> None:
    """Leave behind what a file is made in."""
    folder = workspace(path)
    line = Invocation(rf'md "{folder}"&type nul>"{folder}\text~"')
    assert host.link.open().run(line, timeout=10).code == 0
