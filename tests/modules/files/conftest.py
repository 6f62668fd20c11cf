"""A folder of this machine that every account may enter, and backups that stay in the test."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.modules._parts import file_state


@pytest.fixture
def room() -> Iterator[Path]:
    """An empty folder with the mode 0755, in folders that are open too."""
    folder = Path(tempfile.mkdtemp(prefix="runner-files-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def backups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where root's backups go in a test, and everybody else's home."""
    folder = tmp_path / "backups"
    monkeypatch.setattr(file_state, "ROOTS_BACKUPS", str(folder))
    monkeypatch.setenv("HOME", str(tmp_path))
    return folder
