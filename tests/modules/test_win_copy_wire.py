"""win_copy on the lab: large files, lost connections, what arrives changed, past the shell."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from runner.errors import ConnectionLost, ModuleError, Unreachable
from runner.interfaces.exchange import NO_WAY, REFUSED, Upload
from runner.interfaces.shell import RawOutput
from runner.interfaces.transfer import FileTransfer, pieces_from
from runner.windows.put import PIECE
from tests.modules.copying import DATA, Wire, content, litter, sending, with_old_file
from tests.modules.labhost import LabHost


@pytest.fixture
def host() -> LabHost:
    return with_old_file()


@pytest.fixture
def wire(host: LabHost, monkeypatch: pytest.MonkeyPatch) -> Wire:
    return Wire(host, monkeypatch)


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
