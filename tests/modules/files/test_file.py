"""file: what the comparison with Ansible does not show: undo, times, owners, what is kept."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runner.errors import InputError, ModuleError, Refused
from tests.modules.files.hosting import Task, run, snapshot


def test_a_removed_folder_is_moved_and_comes_back(room: Path, backups: Path) -> None:
    folder = room / "gone"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "f").write_bytes(bytes(range(256)))
    (folder / "l").symlink_to("sub/f")
    os.chown(folder / "sub" / "f", 2, 3)
    folder.chmod(0o2750)
    before = snapshot(room)
    done = run("file", path=str(folder), state="absent")
    assert not folder.exists()
    assert [p.name.partition(".")[0] for p in backups.iterdir()] == ["gone"]
    done.undo()
    assert snapshot(room) == before
    assert list(backups.iterdir()) == []


def test_nothing_is_kept_where_the_task_says_so(room: Path, backups: Path) -> None:
    (room / "f").write_bytes(b"\x00" * 300_000)
    task = Task("file", {"path": f"{room}/f", "state": "absent", "keep": False})
    change = task.change()
    assert "keep: false" in task.module.irreversible(task.params, change, {})
    task.run()
    assert not backups.exists()


def test_what_was_put_into_a_new_folder_keeps_it(room: Path) -> None:
    done = run("file", path=f"{room}/new", state="directory")
    (room / "new" / "mine").write_text("x")
    with pytest.raises(ModuleError, match="was made by the run, but it cannot be removed"):
        done.undo()
    assert (room / "new" / "mine").exists()


def test_times_are_set_by_the_hosts_clock_and_come_back(room: Path) -> None:
    file = room / "f"
    file.write_text("x")
    os.utime(file, ns=(1_500_000_000_123_456_789, 1_500_000_001_987_654_321))
    done = run(
        "file", path=str(file), state="touch",
        modification_time="2020-01-02 03:04:05", modification_time_format="%Y-%m-%d %H:%M:%S",
        access_time="preserve",
    )  # fmt: skip
    assert file.stat().st_mtime_ns % 1_000_000_000 == 0
    assert file.stat().st_atime_ns == 1_500_000_000_123_456_789
    assert not Task("file", done.task.raw).differences()
    done.undo()
    assert file.stat().st_mtime_ns == 1_500_000_001_987_654_321


def test_a_touch_always_changes_and_its_time_comes_back(room: Path) -> None:
    file = room / "f"
    file.write_text("x")
    os.utime(file, ns=(1, 1_500_000_001_987_654_321))
    done = run("file", path=str(file), state="touch")
    assert done.changed
    assert file.stat().st_mtime > 1_600_000_000
    done.undo()
    assert file.stat().st_mtime_ns == 1_500_000_001_987_654_321


def test_owners_below_a_folder_come_back(room: Path) -> None:
    top = room / "d"
    (top / "sub").mkdir(parents=True)
    names = ["a", "sub/it's", "-x"]
    for number, name in enumerate(names):
        (top / name).write_text(name)
        os.chown(top / name, number, number)
        (top / name).chmod(0o600 + number)
    (top / "l").symlink_to("a")
    before = snapshot(room)
    done = run(
        "file", path=str(top), recurse=True, owner="daemon", group="daemon", mode="u=rwX,go="
    )
    assert {p.lstat().st_uid for p in top.rglob("*")} == {1}
    assert (top / "sub").stat().st_mode & 0o777 == 0o700
    assert (top / "a").stat().st_mode & 0o777 == 0o600
    assert any("it's: " in text for text in done.change.before.differs)
    done.undo()
    assert snapshot(room) == before


def test_a_link_that_is_followed_changes_what_it_leads_to(room: Path) -> None:
    outside = room / "outside"
    outside.write_text("x")
    (room / "d").mkdir()
    (room / "d" / "l").symlink_to("../outside")
    before = snapshot(room)
    done = run("file", path=f"{room}/d", state="directory", recurse=True, mode="u=rwX,go=rX")
    assert not done.changed
    done = run("file", path=f"{room}/d", state="directory", recurse=True, mode="0700")
    assert outside.stat().st_mode & 0o777 == 0o700
    done.undo()
    assert snapshot(room) == before
    run("file", path=f"{room}/d", state="directory", recurse=True, mode="0711", follow=False)
    assert outside.stat().st_mode & 0o777 == 0o644


def test_a_link_in_place_of_a_file_and_back(room: Path) -> None:
    (room / "f").write_text("content")
    (room / "f").chmod(0o640)
    (room / "g").write_text("g")
    before = snapshot(room)
    done = run("file", path=f"{room}/f", src="g", state="link", force=True)
    assert (room / "f").readlink() == Path("g")
    done.undo()
    assert snapshot(room) == before


def test_setuid_bits_come_back_with_the_owner(room: Path) -> None:
    file = room / "f"
    file.write_text("x")
    file.chmod(0o4755)
    before = snapshot(room)
    done = run("file", path=str(file), owner="daemon")
    done.undo()
    assert snapshot(room) == before


def test_the_preview_says_what_is_sent(room: Path) -> None:
    task = Task("file", {"path": f"{room}/a/b", "state": "directory", "mode": "0750"})
    shown = [(d.field, d.before, d.after) for d in task.differences()]
    assert shown == [("kind", "absent", "directory"), ("mode", "", "0750")]
    task.run()
    made = f"mkdir -p {room}/a/b && chmod 0750 {room}/a {room}/a/b"
    assert task.sent == [made]


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ({"state": "absent", "path": "/"}, "cannot be removed"),
        ({"state": "absent", "path": "/./"}, "cannot be removed"),
        ({"state": "touch", "modification_time": "soon"}, "is no time in the format"),
        ({"state": "touch", "mode": "preserve", "path": "/x"}, None),
        ({"state": "file", "src": "x"}, "'src' needs state: link or hard"),
        ({"owner": "a:b"}, "is no name of an account"),
        ({"path": "a\nb"}, "line break"),
    ],
)
def test_what_is_refused(raw: dict[str, object], says: str | None) -> None:
    with pytest.raises(InputError, match=says):
        Task("file", {"path": "/x", **raw})


def test_a_folder_in_the_way_of_a_link_must_be_empty(room: Path) -> None:
    (room / "f").mkdir()
    (room / "f" / "x").write_text("x")
    (room / "g").write_text("g")
    task = Task("file", {"path": f"{room}/f", "src": "g", "state": "link", "force": True})
    with pytest.raises(ModuleError, match="the directory is not empty"):
        task.run()
    (room / "f" / "x").unlink()
    before = snapshot(room)
    done = task.run()
    done.undo()
    assert snapshot(room) == before


def test_windows_hosts_are_told_of_the_other_module() -> None:
    task = Task("file", {"path": "/x"})
    with pytest.raises(ModuleError) as caught:
        next(task.module.probe(task.params, {"shell_type": "cmd"}))
    assert "win_file" in caught.value.hint


def test_refusals_are_ansibles(room: Path) -> None:
    (room / "f").write_text("x")
    for raw, says in (
        ({"path": f"{room}/nope", "state": "file"}, "is absent, cannot continue"),
        ({"path": f"{room}/f", "state": "directory"}, "already exists as a file"),
        ({"path": f"{room}/l", "state": "link"}, "src is required for creating new symlinks"),
        ({"path": f"{room}/f", "state": "link", "src": "g"}, "refusing to convert from file"),
    ):
        with pytest.raises(Refused, match=says):
            Task("file", raw).run()
