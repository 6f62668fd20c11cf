"""Files of the controller: checksums, pieces, and what there is to copy."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from runner.errors import InputError
from runner.interfaces.local_file import LocalFile, survey


@pytest.mark.parametrize("size", [0, 1, 10, 11, 30])
def test_pieces_are_the_whole(size: int, tmp_path: Path) -> None:
    data = os.urandom(size)
    (tmp_path / "f").write_bytes(data)
    for found in (LocalFile(str(tmp_path / "f")), LocalFile("x", data)):
        pieces = list(found.pieces(10))
        assert b"".join(pieces) == data
        assert len(pieces) == max(1, -(-size // 10))
        assert found.size == size
        assert found.sha1 == hashlib.sha1(data, usedforsecurity=False).hexdigest()


def test_a_checksum_is_that_of_the_present_content(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_text("one")
    first = LocalFile(str(file)).sha1
    file.write_text("two")
    assert LocalFile(str(file)).sha1 != first


def test_what_there_is_to_copy(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "f").write_text("x")
    (tmp_path / "file").symlink_to("sub/f")
    (tmp_path / "folder").symlink_to("sub")
    (tmp_path / "round").symlink_to(".")
    (tmp_path / "dead").symlink_to("nothing")
    found = {e.name: e.kind for e in survey(str(tmp_path))}
    assert found == {
        "sub": "directory", "sub/f": "file", "file": "file", "folder": "directory",
        "folder/f": "file", "round": "link", "dead": "link",
    }  # fmt: skip
    plain = {e.name: (e.kind, e.target) for e in survey(str(tmp_path), follow=False)}
    assert plain["folder"] == ("link", "sub")
    assert "folder/f" not in plain


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        survey(str(tmp_path / "nope"))
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="neither a file nor a folder"):
        survey(str(tmp_path))
