"""Scratch files: nobody else can open them, and they are gone when nobody needs them."""

from __future__ import annotations

import gc
import os
import stat
from pathlib import Path

import pytest

from runner.scratch import ScratchFile


def open_files() -> list[str]:
    """What this process has open, by where it leads."""
    found = []
    for link in Path("/proc/self/fd").iterdir():
        try:
            found.append(str(link.readlink()))
        except OSError:
            continue  # the folder itself
    return found


def test_content_comes_back(tmp_path: Path) -> None:
    file = ScratchFile(tmp_path)
    places = [(file.put(text), text) for text in (b"one", b"", b"x" * 100_000, b"two")]
    for place, text in reversed(places):
        assert file.get(place, len(text)) == text
    assert file.size == sum(len(text) for _, text in places)
    with pytest.raises(OSError, match="lost"):
        file.get(file.size, 1)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs /proc")
def test_it_has_no_name_only_its_owner_reads_it_and_it_is_closed_at_last(tmp_path: Path) -> None:
    file = ScratchFile(tmp_path)
    file.put(b"secret")
    assert list(tmp_path.iterdir()) == []
    assert stat.S_IMODE(os.fstat(file._file.fileno()).st_mode) & 0o077 == 0
    assert any(str(tmp_path) in name for name in open_files())
    del file
    gc.collect()
    assert not any(str(tmp_path) in name for name in open_files())


def test_a_folder_that_is_not_there_is_no_obstacle(tmp_path: Path) -> None:
    file = ScratchFile(tmp_path / "missing")
    assert file.get(file.put(b"x"), 1) == b"x"
    assert not (tmp_path / "missing").exists()
