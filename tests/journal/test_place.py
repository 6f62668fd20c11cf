"""Where the journal lies and who may read it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import tempfile
from pathlib import Path

import pytest

from runner.errors import JournalError
from runner.journal import Journal, journal_path
from runner.journal.store import explain
from tests.journal.support import a_run

HOME = str(Path.home())


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, f"{HOME}/.local/state/runner/journal.db"),
        ({"XDG_STATE_HOME": "/var/state"}, "/var/state/runner/journal.db"),
        ({"XDG_STATE_HOME": "relative"}, f"{HOME}/.local/state/runner/journal.db"),
        ({"RUNNER_HOME": "/srv/r", "XDG_STATE_HOME": "/var/state"}, "/srv/r/journal.db"),
        ({"RUNNER_HOME": "~/r"}, f"{HOME}/r/journal.db"),
        ({"RUNNER_HOME": "r"}, f"{Path.cwd()}/r/journal.db"),
        ({"RUNNER_HOME": "", "XDG_STATE_HOME": ""}, f"{HOME}/.local/state/runner/journal.db"),
    ],
)
def test_location(environ: dict[str, str], expected: str) -> None:
    assert journal_path(environ) == Path(expected)


def test_open_uses_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path / "home"))
    with Journal.open() as journal:
        assert journal.path == tmp_path / "home" / "journal.db"


def test_a_user_without_home(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", no_home)
    with pytest.raises(JournalError, match="no home directory") as caught:
        journal_path({})
    assert "RUNNER_HOME" in caught.value.hint


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_nobody_else_can_read_it(path: Path, umask: int) -> None:
    previous = os.umask(umask)
    try:
        with Journal.open(path) as journal:
            journal.begin(a_run())
            assert _mode(path.parent) == 0o700
            files = {file.name: _mode(file) for file in path.parent.iterdir()}
    finally:
        os.umask(previous)
    assert files == {"journal.db": 0o600, "journal.db-wal": 0o600, "journal.db-shm": 0o600}


def test_a_file_that_others_could_read_is_closed(path: Path) -> None:
    Journal.open(path).close()
    path.chmod(0o644)
    Journal.open(path).close()
    assert _mode(path) == 0o600


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o1777])
def test_a_directory_that_others_can_write_is_refused(tmp_path: Path, mode: int) -> None:
    place = tmp_path / "open"
    place.mkdir()
    place.chmod(mode)
    with pytest.raises(JournalError, match=f"{mode:04o}") as caught:
        Journal.open(place / "journal.db")
    assert f"chmod 700 {place}" in str(caught.value)
    assert list(place.iterdir()) == []


def test_a_place_that_is_no_directory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError, match="cannot be written") as caught:
        Journal.open(tmp_path / "file" / "journal.db")
    assert "Nothing was sent" in str(caught.value)
    assert "RUNNER_HOME" in str(caught.value)


def test_the_journal_is_a_directory(tmp_path: Path) -> None:
    (tmp_path / "journal.db").mkdir()
    with pytest.raises(JournalError, match="Is a directory"):
        Journal.open(tmp_path / "journal.db")


def test_a_read_only_place_says_whose_it_is() -> None:
    nobody = 65534
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        place.chmod(0o555)
        is_root = os.geteuid() == 0
        if is_root:  # root may write anywhere: be somebody else for a moment
            os.seteuid(nobody)
        try:
            with pytest.raises(JournalError, match="Permission denied") as caught:
                Journal.open(place / "journal.db")
        finally:
            if is_root:
                os.seteuid(0)
        if is_root:
            assert f"{place} belongs to root" in str(caught.value)
        assert list(place.iterdir()) == []


@pytest.mark.parametrize(
    ("free", "said"), [(0, "the disk is full"), (10**9, "does not take or give the data")]
)
def test_a_full_disk_is_called_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, said: str
) -> None:
    """SQLite says SQLITE_IOERR_SHMSIZE where there is no room for what connections share."""
    usage = shutil.disk_usage(tmp_path)._replace(free=free)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorname = "SQLITE_IOERR_SHMSIZE"
    assert said in str(explain(error, tmp_path / "journal.db"))
