"""stat and slurp, against what Python sees; with busybox's programs too where they are here."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runner.engine.hosts.session import Reader, Writer
from runner.errors import ModuleError
from runner.interfaces.setting import Setting
from runner.model.state import Change
from tests.modules.files.hosting import Task, run
from tests.modules.posix_host import FACTS

BUSYBOX = os.environ.get("RUNNER_TEST_BUSYBOX") or shutil.which("busybox")
_APPLETS = (
    "sh", "stat", "readlink", "id", "find", "od", "base64", "sha1sum", "sha256sum", "date",
    "head", "tr", "cut", "wc", "cat", "cp", "mv", "rm", "ln", "mkdir", "rmdir", "chmod",
    "chown", "touch", "cmp", "grep", "sed", "tail", "mktemp", "ls", "dirname", "basename",
    "printf", "env",
)  # fmt: skip


@pytest.fixture(params=["gnu", "busybox"])
def tools(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Setting]:
    """The environment with the programs of this machine, or with busybox's alone."""
    if request.param == "gnu":
        yield Setting()
        return
    if not BUSYBOX:
        pytest.skip("there is no busybox")
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in _APPLETS:
        (folder / name).symlink_to(BUSYBOX)
    yield Setting(environment={"PATH": str(folder)})


def looked(task: Task, tools: Setting) -> dict[str, Any]:
    """What a task that only looks returns."""
    found = Reader(task.link, setting=tools).drive(task.module.probe(task.params, FACTS))
    return dict(task.module.result(task.params, Change("", found, found), FACTS, {}))


def test_what_stat_tells(room: Path, tools: Setting) -> None:
    file = room / "it's a file"
    file.write_bytes(b"content")
    os.chown(file, 1, 54321)
    file.chmod(0o4751)
    known = file.stat()
    found = looked(Task("stat", {"path": str(file), "checksum_algorithm": "sha256"}), tools)["stat"]
    assert found["exists"] is True
    assert found["isreg"] is True
    assert found["isdir"] is found["islnk"] is False
    assert (found["mode"], found["size"], found["uid"], found["gid"]) == ("4751", 7, 1, 54321)
    assert found["pw_name"] == "daemon"
    assert "gr_name" not in found
    assert found["isuid"] is True
    assert (found["inode"], found["dev"], found["nlink"]) == (known.st_ino, known.st_dev, 1)
    assert found["mtime"] == pytest.approx(known.st_mtime, abs=1)
    assert found["block_size"] == known.st_blksize
    assert found["checksum"] == hashlib.sha256(b"content").hexdigest()
    assert (found["readable"], found["writeable"], found["executable"]) == (True, True, True)


def test_links_folders_and_other_things(room: Path, tools: Setting) -> None:
    (room / "f").write_text("x")
    (room / "l").symlink_to("f")
    (room / "dead").symlink_to("nothing")
    os.mkfifo(room / "pipe")
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(f"{room}/s")
    listening.close()
    link = looked(Task("stat", {"path": f"{room}/l"}), tools)["stat"]
    assert link["islnk"] is True
    assert (link["lnk_target"], link["lnk_source"]) == ("f", f"{room}/f")
    assert "checksum" not in link
    followed = looked(Task("stat", {"path": f"{room}/l", "follow": True}), tools)["stat"]
    assert (followed["isreg"], followed["islnk"]) == (True, False)
    assert looked(Task("stat", {"path": f"{room}/dead"}), tools)["stat"]["islnk"] is True
    dead = looked(Task("stat", {"path": f"{room}/dead", "follow": True}), tools)["stat"]
    assert dead == {"exists": False}
    assert looked(Task("stat", {"path": f"{room}/pipe"}), tools)["stat"]["isfifo"] is True
    assert looked(Task("stat", {"path": f"{room}/s"}), tools)["stat"]["issock"] is True
    assert looked(Task("stat", {"path": str(room)}), tools)["stat"]["isdir"] is True
    null = looked(Task("stat", {"path": "/dev/null"}), tools)["stat"]
    assert (null["ischr"], null["device_type"]) == (True, Path("/dev/null").stat().st_rdev)
    assert looked(Task("stat", {"path": f"{room}/no/way"}), tools)["stat"] == {"exists": False}


def test_mime_type_and_attributes(room: Path) -> None:
    (room / "f").write_text("plain text\n")
    found = run("stat", path=f"{room}/f").result["stat"]
    assert (found["mimetype"], found["charset"]) == ("text/plain", "us-ascii")
    less = run("stat", path=f"{room}/f", get_mime=False, get_attributes=False).result["stat"]
    assert not {"mimetype", "attributes"} & less.keys()


def test_slurp_reads_any_bytes(room: Path, tools: Setting) -> None:
    data = bytes(range(256)) * 500
    (room / "-f").write_bytes(data)
    found = looked(Task("slurp", {"src": f"{room}/-f"}), tools)
    assert base64.b64decode(found["content"]) == data
    assert found["encoding"] == "base64"
    assert base64.b64decode(looked(Task("slurp", {"src": "/proc/self/stat"}), tools)["content"])


@pytest.mark.parametrize(("name", "says"), [("no", "File not found"), ("", "is a directory")])
def test_what_slurp_cannot_read(room: Path, name: str, says: str) -> None:
    with pytest.raises(ModuleError, match=says):
        run("slurp", src=f"{room}/{name}")


def test_files_are_written_with_busybox_too(room: Path, tools: Setting, backups: Path) -> None:
    source, dest = room / "source", room / "dest"
    source.write_bytes(bytes(range(256)) * 5000)
    dest.write_text("old")
    dest.chmod(0o600)
    task = Task("copy", {"src": str(source), "dest": str(dest), "mode": "0640"})
    before = Reader(task.link, setting=tools).drive(task.module.probe(task.params, FACTS))
    after = task.module.plan(task.params, before, FACTS)
    change = Change("", before, after)
    writer = Writer(task.link, setting=tools)
    writer.drive(task.module.apply(task.params, change, FACTS))
    assert dest.read_bytes() == source.read_bytes()
    assert dest.stat().st_mode & 0o777 == 0o640
    writer.drive(task.module.undo(task.params, change, FACTS))
    assert (dest.read_text(), dest.stat().st_mode & 0o777) == ("old", 0o600)
    assert list(backups.iterdir()) == []
    removing = Task("file", {"path": str(room / "gone"), "state": "absent"})
    (room / "gone" / "sub").mkdir(parents=True)
    found = Reader(task.link, setting=tools).drive(removing.module.probe(removing.params, FACTS))
    change = Change("", found, removing.module.plan(removing.params, found, FACTS))
    writer.drive(removing.module.apply(removing.params, change, FACTS))
    assert not (room / "gone").exists()
    writer.drive(removing.module.undo(removing.params, change, FACTS))
    assert (room / "gone" / "sub").is_dir()
