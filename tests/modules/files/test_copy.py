"""copy: any bytes of any size, what is kept of what was there, and what comes back."""

from __future__ import annotations

import json
import os
import random
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.errors import InputError, ModuleError, Refused
from runner.interfaces.codec import to_json
from tests.loading import vaults
from tests.modules.files.hosting import Task, run, snapshot

KEYS = vaults.keys(vaults.DEFAULT)
_QUICK = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


_PLAIN = st.binary(max_size=2000).filter(lambda data: not data.startswith(b"$ANSIBLE_VAULT"))
"""A file that begins like a vault is one, or damaged: it is decrypted on the way, or refused."""


@_QUICK
@given(data=_PLAIN, old=st.none() | st.binary(max_size=200))
def test_any_bytes_arrive_and_go_again(room: Path, data: bytes, old: bytes | None) -> None:
    source, dest = room / "source", room / "it's $HOME"
    source.write_bytes(data)
    dest.unlink(missing_ok=True)
    if old is not None:
        dest.write_bytes(old)
    done = run("copy", src=str(source), dest=str(dest).replace("$HOME", "${NOPE}HOME"))
    target = Path(str(dest).replace("$HOME", "${NOPE}HOME"))
    assert target.read_bytes() == data
    done.undo()
    assert not target.exists()
    target.unlink(missing_ok=True)


def test_a_large_file_travels_in_pieces(room: Path) -> None:
    source, dest = room / "source", room / "dest"
    data = random.Random(1).randbytes(2_500_000)
    source.write_bytes(data)
    done = run("copy", src=str(source), dest=str(dest), mode="0640")
    assert dest.read_bytes() == data
    assert len(done.task.sent) == 3
    assert done.result["size"] == len(data)
    assert sorted(p.name for p in room.iterdir()) == ["dest", "source"]
    assert not Task("copy", done.task.raw).differences()


@pytest.mark.parametrize(
    ("content", "mode"), [("a secret", 0o600), ("x" * 300_000, 0o644)], ids=["private", "large"]
)
def test_what_may_not_go_on_record_stays_on_the_host(
    room: Path, backups: Path, content: str, mode: int
) -> None:
    dest = room / "f"
    dest.write_text(content)
    dest.chmod(mode)
    before = snapshot(room)
    done = run("copy", content="new", dest=str(dest))
    assert content not in json.dumps(to_json(done.change.before))
    (kept,) = backups.iterdir()
    assert kept.read_text() == content
    assert backups.stat().st_mode & 0o777 == 0o700
    done.undo()
    assert snapshot(room) == before
    assert list(backups.iterdir()) == []


def test_a_lost_backup_is_said_and_the_present_file_stays(room: Path, backups: Path) -> None:
    dest = room / "f"
    dest.write_text("a secret")
    dest.chmod(0o600)
    done = run("copy", content="new", dest=str(dest))
    shutil.rmtree(backups)
    with pytest.raises(ModuleError, match="is gone"):
        done.undo()
    assert dest.read_text() == "new"


def test_another_name_of_the_file_is_one_again_after_undo(room: Path) -> None:
    dest, other = room / "f", room / "other"
    dest.write_text("old")
    os.link(dest, other)
    done = run("copy", content="new", dest=str(dest))
    assert (dest.read_text(), other.read_text()) == ("new", "old")
    done.undo()
    assert dest.samefile(other)


def test_owner_and_mode_come_back(room: Path) -> None:
    dest = room / "f"
    dest.write_text("old")
    os.chown(dest, 2, 3)
    dest.chmod(0o4755)
    before = snapshot(room)
    done = run("copy", content="new", dest=str(dest), owner="daemon", group="1", mode="u-s,o-x")
    known = dest.stat()
    assert (known.st_uid, known.st_gid, known.st_mode & 0o7777) == (1, 1, 0o754)
    done.undo()
    assert snapshot(room) == before


def test_owner_stays_where_nothing_is_said_of_it(room: Path) -> None:
    dest = room / "f"
    dest.write_text("old")
    os.chown(dest, 2, 3)
    dest.chmod(0o640)
    run("copy", content="new", dest=str(dest))
    known = dest.stat()
    assert (known.st_uid, known.st_gid, known.st_mode & 0o7777) == (2, 3, 0o640)


def test_the_backup_is_named_and_left_by_undo(room: Path) -> None:
    dest = room / "f"
    dest.write_text("old")
    done = run("copy", content="new", dest=str(dest), backup=True)
    backup = Path(done.result["backup_file"])
    assert backup.read_text() == "old"
    assert backup.name.startswith("f.")
    assert backup.name.endswith("~")


def test_an_unknown_owner_changes_nothing(room: Path) -> None:
    dest = room / "f"
    dest.write_text("old")
    before = snapshot(room)
    task = Task("copy", {"content": "new", "dest": str(dest), "owner": "nobody-of-that-name"})
    assert [d.field for d in task.differences()] == ["checksum", "content", "owner"]
    with pytest.raises(ModuleError, match="owner or mode could not be set"):
        task.run()
    assert snapshot(room) == before


def test_validate_sees_the_new_file_with_its_suffix_and_mode(room: Path) -> None:
    dest, log = room / "f.conf", room / "log"
    check = f"""sh -c 'case $1 in *.conf) stat -c %%a "$1" >{log}; cat "$1" >>{log};; esac' x %s"""
    run("copy", content="new", dest=str(dest), mode="0604", validate=check)
    assert log.read_text() == "604\nnew"


def test_a_text_shows_what_changes_and_a_secret_does_not(room: Path) -> None:
    dest = room / "f"
    dest.write_text("old\n")
    (content,) = [d for d in Task("copy", {"content": "new\n", "dest": str(dest)}).differences()
                  if d.field == "content"]  # fmt: skip
    assert (content.before, content.after) == ("old\n", "new\n")
    task = Task("copy", {"content": "new\n", "dest": str(dest), "mode": "0600"})
    shown = {d.field: (d.before, d.after) for d in task.differences()}
    assert shown["content"] == ("old\n", "")
    assert shown["mode"] == ("0644", "0600")


def test_a_file_is_looked_for_where_ansible_looks(room: Path) -> None:
    role, play = room / "role", room / "play"
    for folder in (role / "files", play / "files"):
        folder.mkdir(parents=True)
    (play / "files" / "x").write_text("play")
    variables = {"ansible_search_path": [str(role)], "playbook_dir": str(play)}
    raw = {"src": "x", "dest": str(room / "dest")}
    Task("copy", raw, variables).run()
    assert (room / "dest").read_text() == "play"
    (role / "x").write_text("role")
    Task("copy", raw, variables).run()
    assert (room / "dest").read_text() == "role"
    with pytest.raises(InputError) as caught:
        Task("copy", {**raw, "src": "nope"}, variables)
    assert caught.value.message == "cannot find nope on the controller"
    for place in ("role/files/nope", "role/nope", "play/files/nope", "play/nope"):
        assert f"{room}/{place}" in caught.value.hint


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ({"dest": "/x"}, "'src' or 'content' is required"),
        ({"dest": "/x", "src": "/etc/passwd", "content": "x"}, "exclude each other"),
        ({"dest": "/x/", "content": "x"}, "can not use content with a dir as dest"),
        ({"dest": "/x", "content": "x", "mode": 644}, "octal 1204"),
        ({"dest": "/x", "content": "x", "mode": "0999"}, "is no mode"),
        ({"dest": "/x", "content": "x", "validate": "true"}, "must contain %s"),
        ({"dest": "/x", "content": "x", "sources": []}, "is no parameter"),
        ({"dest": "/x", "content": "x", "setype": "x"}, "not supported here"),
    ],
)
def test_what_is_refused(raw: dict[str, object], says: str) -> None:
    with pytest.raises(InputError, match=says):
        Task("copy", raw)


def test_a_source_that_changes_meanwhile_is_noticed(room: Path) -> None:
    source, dest = room / "source", room / "dest"
    source.write_text("one")
    task = Task("copy", {"src": str(source), "dest": str(dest)})
    source.write_text("two")
    with pytest.raises(ModuleError, match="did not arrive whole"):
        task.run()
    assert sorted(p.name for p in room.iterdir()) == ["source"]


def test_a_tree_comes_back_whatever_became_of_its_source(room: Path) -> None:
    source, dest = room / "source", room / "dest"
    (source / "sub").mkdir(parents=True)
    (source / "sub" / "a").write_text("new")
    (source / "b").write_text("new")
    dest.mkdir()
    (dest / "b").write_text("old")
    (dest / "b").chmod(0o600)
    os.utime(dest / "b", ns=(1, 1_234_567_890_123_456_789))
    before = snapshot(dest)
    done = run("copy", src=f"{source}/", dest=str(dest), mode="0644")
    assert (dest / "sub" / "a").read_text() == "new"
    shutil.rmtree(source)
    done.undo()
    assert snapshot(dest) == before


def test_a_folder_where_a_file_goes_is_refused(room: Path) -> None:
    (room / "source").mkdir()
    (room / "source" / "a").write_text("x")
    (room / "dest" / "a").mkdir(parents=True)
    with pytest.raises(Refused, match="is a directory, and a file is to be copied there"):
        run("copy", src=f"{room}/source/", dest=f"{room}/dest")


def test_an_encrypted_file_arrives_open_unless_asked_otherwise(room: Path) -> None:
    secret = vaults.write(room / "files" / "key", "hush\n")
    task = Task("copy", {"src": str(secret), "dest": f"{room}/k", "mode": "0600"}, keys=KEYS)
    task.run()
    assert (room / "k").read_text() == "hush\n"
    assert "hush" not in json.dumps(to_json(task.params))
    task = Task("copy", {"src": str(secret), "dest": f"{room}/k", "decrypt": False}, keys=KEYS)
    task.run()
    assert (room / "k").read_bytes() == secret.read_bytes()
    tree = Task("copy", {"src": f"{room}/files/", "dest": f"{room}/t"}, keys=KEYS)
    tree.run()
    assert (room / "t" / "key").read_text() == "hush\n"
