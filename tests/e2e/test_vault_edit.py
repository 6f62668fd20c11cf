"""``runner vault edit`` and ``create``: what is edited is seen by nobody, and nothing is left."""

from __future__ import annotations

import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.cli.main import invoke
from runner.loading.text.vault_format import encrypt
from tests.e2e.vaulting import PW, opened, rubbish, workplace


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of the test's own."""
    with workplace(tmp_path, monkeypatch) as folder:
        yield folder


def editor(monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """An editor that does this to the file ``$1``."""
    path = Path("editor.sh").absolute()
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o700)
    monkeypatch.setenv("EDITOR", str(path))


def test_edit(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    Path("a.yml").write_text(encrypt(b"one\n", b"hunter2", "prod"))
    Path("a.yml").chmod(0o640)
    editor(monkeypatch, 'stat -c "%a %n" "$1" "$(dirname "$1")"; cp "$1" "$1~"; echo two >> "$1"')
    assert invoke(["vault", "edit", "a.yml", "--vault-id", "prod@pw"]) == 0
    assert opened("a.yml") == b"one\ntwo\n"
    assert Path("a.yml").read_text().startswith("$ANSIBLE_VAULT;1.2;AES256;prod\n")
    assert stat.S_IMODE(Path("a.yml").stat().st_mode) == 0o640
    captured = capfd.readouterr()
    copy, folder = captured.out.splitlines()
    assert copy.startswith("600 ")
    assert copy.endswith(".yml")
    assert folder.startswith("700 ")
    assert captured.err == "saved: a.yml\n"
    assert rubbish() == []


def test_edit_without_a_change_leaves_the_file_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    text = encrypt(b"one\n", b"hunter2")
    Path("a").write_text(text)
    editor(monkeypatch, 'mv "$1" "$1.new"; mv "$1.new" "$1"')
    assert invoke(["vault", "edit", "a", *PW]) == 0
    assert Path("a").read_text() == text
    editor(monkeypatch, 'echo two >> "$1"; exit 1')
    assert invoke(["vault", "edit", "a", *PW]) == 1
    monkeypatch.setenv("EDITOR", "no-such-editor")
    assert invoke(["vault", "edit", "a", *PW]) == 5
    editor(monkeypatch, 'rm "$1"')
    assert invoke(["vault", "edit", "a", *PW]) == 1
    assert Path("a").read_text() == text
    assert rubbish() == []


def test_two_people_edit_at_once(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    Path("a").write_text(encrypt(b"one\n", b"hunter2"))
    other = encrypt(b"theirs\n", b"hunter2")
    Path("theirs").write_text(other)
    editor(monkeypatch, f'echo mine > "$1"; cp {Path("theirs").absolute()} {Path("a").absolute()}')
    assert invoke(["vault", "edit", "a", *PW]) == 1
    assert "changed by somebody else" in capfd.readouterr().err
    assert (Path("a").read_text(), opened("a.edited")) == (other, b"mine\n")


def test_what_is_edited_is_wiped_when_the_process_is_told_to_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path("a").write_text(encrypt(b"geheim\n", b"hunter2"))
    editor(monkeypatch, 'ln "$1" kept; exec sleep 30')
    process = subprocess.Popen([sys.executable, "-m", "runner", "vault", "edit", "a", *PW])
    try:
        deadline = time.monotonic() + 30
        while not Path("kept").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 128 + signal.SIGTERM
    finally:
        process.kill()
        process.wait()
    assert set(Path("kept").read_bytes()) == {0}
    assert rubbish() == []


def test_create(monkeypatch: pytest.MonkeyPatch) -> None:
    editor(monkeypatch, 'echo new > "$1"')
    assert invoke(["vault", "create", "a.yml", "--vault-id", "prod@pw"]) == 0
    assert opened("a.yml") == b"new\n"
    assert stat.S_IMODE(Path("a.yml").stat().st_mode) == 0o600
    assert invoke(["vault", "create", "a.yml", *PW]) == 5
    editor(monkeypatch, "true")
    assert invoke(["vault", "create", "b.yml", *PW]) == 5
    assert not Path("b.yml").exists()
