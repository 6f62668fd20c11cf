"""Where vault passwords come from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from runner.errors import UsageError
from runner.loading.text.vault_format import encrypt
from runner.loading.text.vault_passwords import read_passwords, split_id


def nobody(prompt: str) -> str:
    """There is no terminal."""
    raise UsageError(f"nobody answers {prompt}")


def answering(*answers: str) -> tuple[Callable[[str], str], list[str]]:
    """A person who types these, and what they were asked."""
    asked: list[str] = []
    waiting = list(answers)

    def ask(prompt: str) -> str:
        asked.append(prompt)
        return waiting.pop(0)

    return ask, asked


def script(path: Path, text: str) -> Path:
    """An executable script."""
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o700)
    return path


def revealed(*sources: str) -> list[tuple[str, str]]:
    """Label and password of each source."""
    keys = read_passwords(sources, nobody)
    return [(p.label, p.password.reveal()) for p in keys.passwords]


@pytest.mark.parametrize(
    ("slug", "label", "source"),
    [
        ("file", "", "file"),
        ("prod@file", "prod", "file"),
        ("prod@dir/a@b", "prod", "dir/a@b"),
        ("@file", "", "file"),
        ("my id@prompt", "my id", "prompt"),
    ],
)
def test_ids(slug: str, label: str, source: str) -> None:
    assert split_id(slug) == (label, source)


@pytest.mark.parametrize("slug", ["a;b@file", "a\n@file", "prod@", ""])
def test_ids_that_cannot_be(slug: str) -> None:
    with pytest.raises(UsageError):
        split_id(slug)


def test_files(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"hunter2\r\n")
    (tmp_path / "two").write_bytes(" p\u00e4ss word \n".encode())
    (tmp_path / "raw").write_bytes(b"\xff\xfe\n")
    assert revealed(str(tmp_path / "one"), f"prod@{tmp_path / 'two'}") == [
        ("default", "hunter2"), ("prod", "p\u00e4ss word"),
    ]  # fmt: skip
    keys = read_passwords([str(tmp_path / "raw")], nobody)
    assert keys.passwords[0].key == b"\xff\xfe"


def test_a_password_file_that_is_encrypted_with_an_earlier_password(tmp_path: Path) -> None:
    (tmp_path / "first").write_text("one\n")
    (tmp_path / "second").write_text(encrypt(b"two\n", b"one"))
    assert revealed(f"a@{tmp_path / 'first'}", f"b@{tmp_path / 'second'}") == [
        ("a", "one"), ("b", "two"),
    ]  # fmt: skip
    with pytest.raises(UsageError, match="no vault password is given"):
        revealed(f"b@{tmp_path / 'second'}")


def test_scripts(tmp_path: Path) -> None:
    plain = script(tmp_path / "say.sh", 'echo "from script $#"')
    client = script(tmp_path / "keyring-client.py", 'echo "$1 $2"')
    bare = script(tmp_path / "other-client", 'echo "$# arguments"')
    assert revealed(f"prod@{plain}", f"prod@{client}", str(bare)) == [
        ("prod", "from script 0"), ("prod", "--vault-id prod"), ("default", "0 arguments"),
    ]  # fmt: skip


def test_scripts_that_give_nothing(tmp_path: Path) -> None:
    failing = script(tmp_path / "bad.sh", "echo secret; exit 3")
    unknown = script(tmp_path / "k-client", "echo 'no such entry' >&2; exit 2")
    empty = script(tmp_path / "empty.sh", "echo")
    (tmp_path / "text").write_text("not a program")
    (tmp_path / "text").chmod(0o700)
    for source, said in (
        (failing, "bad.sh ended with 3"),
        (unknown, "knows no password for 'prod'\n  no such entry"),
        (empty, "gives an empty vault password"),
        (tmp_path / "text", "chmod -x"),
    ):
        with pytest.raises(UsageError) as caught:
            revealed(f"prod@{source}")
        assert said in str(caught.value)
        assert "secret" not in str(caught.value)


@pytest.mark.parametrize("what", ["missing", "folder", "empty"])
def test_files_that_give_nothing(what: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty").write_text(" \n")
    with pytest.raises(UsageError) as caught:
        revealed(str(tmp_path / what))
    assert str(tmp_path / what) in caught.value.message


def test_a_person_is_asked() -> None:
    ask, asked = answering(" typed \n", "other")
    keys = read_passwords(["default@prompt", "prod@prompt"], ask)
    assert [p.password.reveal() for p in keys.passwords] == ["typed", "other"]
    assert asked == ["Vault password: ", "Vault password (prod): "]


def test_a_new_password_is_typed_twice() -> None:
    ask, asked = answering("one", "one")
    assert read_passwords(["prompt"], ask, new=True).passwords[0].password.reveal() == "one"
    assert asked == ["New vault password: ", "Confirm new vault password: "]
    ask, _ = answering("one", "two")
    with pytest.raises(UsageError, match="not the same"):
        read_passwords(["prompt"], ask, new=True)
    ask, _ = answering("  ")
    with pytest.raises(UsageError, match="empty"):
        read_passwords(["prompt"], ask)


def test_every_password_is_masked(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("hunter2\n")
    seen: list[str] = []
    read_passwords([str(tmp_path / "one")], nobody, on_secret=seen.append)
    assert "hunter2" in seen
