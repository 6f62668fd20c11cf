"""win_copy on the lab: large files, lost connections, files in use, what is refused."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runner.engine.hosts import reconnecting
from runner.errors import ConnectionLost, ModuleError, ParamsError, Refused, Unreachable
from runner.interfaces.local_file import survey
from runner.interfaces.shell import Invocation, RawOutput
from runner.interfaces.transfer import NO_WAY, REFUSED, FileTransfer, Upload, pieces_from
from runner.model.state import Change
from runner.windows.put import PIECE
from runner.windows.put_lines import workspace
from tests.modules.labhost import LabHost, LabTask
from tests.modules.scripted import task as parsed
from tests.modules.taking_back import take_back

DATA = random.Random(7).randbytes(4 * PIECE + 12_345)
DEST = r"C:\data\big.bin"
Run = Callable[..., RawOutput]


class Wire:
    """What happens to the commands that carry content: counted, changed, cut."""

    def __init__(self, host: LabHost, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent: list[int] = []
        self.cut_at: dict[int, float] = {}
        self.spoil = False
        self.is_down = False
        connection = type(host.link.transport.connect(None, timeout=1))
        self._run: Run = connection.run
        monkeypatch.setattr(
            connection,
            "run",
            lambda link, line, *, timeout: self._carry(link, line, timeout=timeout),
        )
        monkeypatch.setattr(reconnecting, "full_jitter", lambda *_: 0.0)

    def _carry(self, link: Any, invocation: Invocation, *, timeout: float) -> RawOutput:
        if self.is_down:
            raise Unreachable("the host is down")
        data = invocation.stdin
        if data is None:
            return self._run(link, invocation, timeout=timeout)
        self.sent.append(len(data))
        share = self.cut_at.pop(len(self.sent), None)
        if share is not None:
            half = Invocation(invocation.line, data[: int(len(data) * share)])
            self._run(link, half, timeout=timeout)
            raise ConnectionLost("the line was cut", may_have_started=True)
        if self.spoil:
            at = len(data) // 2
            data = data[:at] + (b"A" if data[at : at + 1] != b"A" else b"B") + data[at + 1 :]
        return self._run(link, Invocation(invocation.line, data), timeout=timeout)


@pytest.fixture
def host() -> LabHost:
    return LabHost("2008r2-sp1", files={r"C:\data\old.txt": {"content": "old"}})


@pytest.fixture
def wire(host: LabHost, monkeypatch: pytest.MonkeyPatch) -> Wire:
    return Wire(host, monkeypatch)


def sending(host: LabHost, path: Path, data: bytes, dest: str = DEST, **more: Any) -> LabTask:
    path.write_bytes(data)
    return host.task(
        "win_copy", src=str(path), dest=dest, origin="file", sources=survey(str(path)), **more
    )


def content(host: LabHost, path: str = DEST) -> Any:
    return host.state["files"].get(path, {}).get("sha1")


def litter(host: LabHost) -> list[str]:
    return [name for name in host.state["files"] if ".runner-" in name]


def test_a_large_file_travels_in_pieces(host: LabHost, wire: Wire, tmp_path: Path) -> None:
    task = sending(host, tmp_path / "f", DATA)
    task.apply(task.plan())
    assert content(host) == hashlib.sha1(DATA).hexdigest()
    assert len(wire.sent) == 5
    assert max(wire.sent) < PIECE * 1.4
    assert max(map(len, host.machine.counters.commands)) < 8100
    assert not litter(host)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.500001, 1.0])
def test_a_cut_line_is_taken_up_where_it_was(
    host: LabHost, wire: Wire, tmp_path: Path, share: float
) -> None:
    task = sending(host, tmp_path / "f", DATA)
    wire.cut_at = {3: share}
    task.apply(task.plan())
    assert content(host) == hashlib.sha1(DATA).hexdigest()
    assert len(wire.sent) == (5 if share == 1.0 else 6)
    assert not litter(host)


def test_the_next_run_goes_on_where_this_one_ended(
    host: LabHost, wire: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from runner.windows import put

    monkeypatch.setattr(put, "_BACK_AGAIN", 0.05)
    task = sending(host, tmp_path / "f", DATA)
    change = task.plan()
    wire.cut_at = {4: 0.0}
    run = wire._run

    def then_down(*words: Any, **more: Any) -> RawOutput:
        wire.is_down = len(wire.sent) == 4
        return run(*words, **more)

    wire._run = then_down
    with pytest.raises(Unreachable):
        task.apply(change)
    assert content(host) is None
    assert litter(host)
    wire._run, wire.is_down = run, False
    again = sending(host, tmp_path / "f", DATA)
    again.apply(again.plan())
    assert content(host) == hashlib.sha1(DATA).hexdigest()
    assert len(wire.sent) == 4 + 2
    assert not litter(host)


def test_another_content_does_not_go_on_with_what_is_there(
    host: LabHost, wire: Wire, tmp_path: Path
) -> None:
    task = sending(host, tmp_path / "f", DATA)
    wire.cut_at = dict.fromkeys(range(3, 20), 0.0)
    with pytest.raises(ConnectionLost) as caught:
        task.apply(task.plan())
    assert "not sent again" in caught.value.hint
    wire.cut_at = {}
    sent = len(wire.sent)
    other = sending(host, tmp_path / "g", DATA[::-1])
    other.apply(other.plan())
    assert content(host) == hashlib.sha1(DATA[::-1]).hexdigest()
    assert len(wire.sent) == sent + 5
    assert not litter(host)


@pytest.mark.parametrize("size", [1000, PIECE + 1000])
def test_what_arrives_changed_never_takes_its_place(
    host: LabHost, wire: Wire, tmp_path: Path, size: int
) -> None:
    wire.spoil = True
    task = sending(host, tmp_path / "f", DATA[:size], r"C:\data\old.txt")
    before = host.state
    with pytest.raises(ModuleError, match="it did not arrive whole"):
        task.apply(task.plan())
    assert host.state == before


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


@pytest.mark.parametrize(("code", "through_the_shell"), [(0, 0), (REFUSED, 5), (NO_WAY, 5)])
def test_a_link_with_a_way_past_the_shell_is_used(
    host: LabHost,
    wire: Wire,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    code: int,
    through_the_shell: int,
) -> None:
    usual = type(host.link.transport.connect(None, timeout=1))
    files = host.machine._host.files

    class WithSftp(usual, FileTransfer):  # type: ignore[misc, valid-type]
        def put(self, upload: Upload, *, timeout: float) -> int:
            if code != NO_WAY:
                data = b"".join(pieces_from(upload.content, upload.start))
                files.write(upload.path, data if code == 0 else data[:1000], 0.0)
            return code

    monkeypatch.setattr(
        type(host.link.transport), "connect", lambda *_, **__: WithSftp(host.machine)
    )
    task = sending(host, tmp_path / "f", DATA)
    task.apply(task.plan())
    assert content(host) == hashlib.sha1(DATA).hexdigest()
    assert len(wire.sent) == through_the_shell
    assert not litter(host)


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
