"""A place to try ``runner vault`` in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runner.loading.text.vault_format import decrypt, parse

PW = ("--vault-password-file", "pw")


@contextmanager
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Work in an empty folder with password files."""
    for name in ("RUNNER_VAULT_PASSWORD_FILE", "ANSIBLE_VAULT_PASSWORD_FILE", "EDITOR"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "work").mkdir()
    (tmp_path / "temp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temp"))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.chdir(tmp_path / "work")
    Path("pw").write_text("hunter2\n")
    Path("other").write_text("s3cret\n")
    yield tmp_path / "work"
    monkeypatch.setattr("tempfile.tempdir", None)


def opened(name: str, password: str = "hunter2") -> bytes:
    """What an encrypted file holds."""
    return decrypt(parse(Path(name).read_text()), password.encode())


def rubbish() -> list[Path]:
    """What is left in folders for temporary files."""
    return [*Path(os.environ["TMPDIR"]).iterdir(), *Path().glob(".*")]
