"""Ansible Vault's format: what ansible-vault wrote is read, what is written it reads."""

from __future__ import annotations

import base64
import dataclasses
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.loading.text import vault_format
from runner.loading.text.vault_format import FormatError, WrongPassword, decrypt, encrypt, parse

CASES = Path(__file__).parents[1] / "cases" / "vault"
INDEX: list[dict[str, Any]] = json.loads((CASES / "index.json").read_text(encoding="utf-8"))
"""Files made by ansible-vault (ansible-core 2.19), with their passwords and contents."""
ANSIBLE = os.environ.get("RUNNER_TEST_ANSIBLE", "")


def key(case: dict[str, Any]) -> bytes:
    """The case's password: Ansible takes white space off both ends of a password file."""
    return str(case["password"]).strip().encode()


@pytest.mark.parametrize("case", INDEX, ids=lambda case: str(case["file"]))
def test_what_ansible_vault_wrote_is_read(case: dict[str, Any]) -> None:
    envelope = parse((CASES / case["file"]).read_text(encoding="ascii"))
    assert decrypt(envelope, key(case)) == base64.b64decode(case["content"])
    assert envelope.label == case["label"]
    assert envelope.version == ("1.2" if case["label"] else "1.1")


@pytest.mark.parametrize("case", INDEX, ids=lambda case: str(case["file"]))
def test_with_the_same_salt_the_same_text_comes_out(case: dict[str, Any]) -> None:
    text = (CASES / case["file"]).read_text(encoding="ascii")
    content = base64.b64decode(case["content"])
    assert encrypt(content, key(case), case["label"], parse(text).salt) == text


@pytest.mark.skipif(not ANSIBLE, reason="RUNNER_TEST_ANSIBLE names no folder with ansible-vault")
@pytest.mark.parametrize("case", INDEX, ids=lambda case: str(case["file"]))
def test_ansible_vault_reads_what_is_written(case: dict[str, Any], tmp_path: Path) -> None:
    content = base64.b64decode(case["content"])
    (tmp_path / "password").write_text(case["password"] + "\n", encoding="utf-8")
    (tmp_path / "ours").write_text(encrypt(content, key(case), case["label"]), encoding="ascii")
    label = case["label"] or "default"
    subprocess.run(
        [Path(ANSIBLE) / "ansible-vault", "decrypt", "--vault-id", f"{label}@password",
         "--output", "theirs", "ours"],
        cwd=tmp_path, check=True, capture_output=True, timeout=60,
        env={**os.environ, "ANSIBLE_HOME": str(tmp_path / "home")},
    )  # fmt: skip
    assert (tmp_path / "theirs").read_bytes() == content


@settings(max_examples=20)
@given(st.binary(max_size=300), st.binary(min_size=1, max_size=40), st.sampled_from(["", "prod"]))
def test_what_is_encrypted_comes_back(content: bytes, password: bytes, label: str) -> None:
    envelope = parse(encrypt(content, password, label))
    assert decrypt(envelope, password) == content
    assert envelope.label == label
    with pytest.raises(WrongPassword):
        decrypt(envelope, password + b"x")


def test_two_texts_of_one_content_differ() -> None:
    assert encrypt(b"same", b"pw") != encrypt(b"same", b"pw")


def test_the_default_id_is_not_written() -> None:
    assert encrypt(b"", b"pw", "default").startswith("$ANSIBLE_VAULT;1.1;AES256\n")
    assert encrypt(b"", b"pw", "prod").startswith("$ANSIBLE_VAULT;1.2;AES256;prod\n")


def test_line_ends_and_spaces_of_another_system_do_not_matter() -> None:
    text = encrypt(b"content", b"pw", "prod")
    for changed in (text.replace("\n", "\r\n"), text.rstrip("\n"), text.replace("\n", "  \n")):
        assert decrypt(parse(changed), b"pw") == b"content"


@settings(max_examples=40)
@given(st.data())
def test_a_changed_digit_never_gives_another_content(data: st.DataObject) -> None:
    text = encrypt(b"some content", b"pw", salt=bytes(32))
    header = text.index("\n") + 1
    at = data.draw(st.integers(header, len(text) - 2).filter(lambda i: text[i] != "\n"))
    digit = data.draw(st.sampled_from([c for c in "0123456789abcdef" if c != text[at]]))
    changed = text[:at] + digit + text[at + 1 :]
    try:
        content = decrypt(parse(changed), b"pw")
    except (FormatError, WrongPassword):
        return
    assert content == b"some content"  # only a digit a-f became A-F


def test_a_changed_ciphertext_is_not_decrypted() -> None:
    envelope = parse(encrypt(b"some content", b"pw"))
    for at in range(len(envelope.ciphertext)):
        bits = bytearray(envelope.ciphertext)
        bits[at] ^= 1
        changed = dataclasses.replace(envelope, ciphertext=bytes(bits))
        with pytest.raises(WrongPassword):
            decrypt(changed, b"pw")


GOOD = encrypt(b"content", b"pw", salt=bytes(32)).splitlines()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "does not begin"),
        ("hello", "does not begin"),
        ("$ANSIBLE_VAULT", "header"),
        ("$ANSIBLE_VAULT;1.0;AES\n00", "header is not that of version 1.1 or 1.2"),
        ("$ANSIBLE_VAULT;1.1;AES\n00", "cipher is not AES256"),
        ("$ANSIBLE_VAULT;1.1;AES256", "below its header stands nothing"),
        ("$ANSIBLE_VAULT;1.1;AES256\n\n", "below its header stands nothing"),
        (" ".join(GOOD), "cipher is not AES256"),
        ("\n".join([*GOOD[:2], "xyz", *GOOD[2:]]), "line 3 is damaged"),
        ("\n".join(GOOD[:2]), "damaged"),
        ("\n".join(GOOD)[:-1], "damaged"),
        ("\n".join(GOOD)[:-4], "its end is missing"),
        ("$ANSIBLE_VAULT;1.1;AES256\n3030", "damaged"),
        ("$ANSIBLE_VAULT;1.1;AES256\n٣٣", "line 2 is damaged"),
    ],
)
def test_damaged_texts_say_what_is_wrong(text: str, said: str) -> None:
    with pytest.raises(FormatError, match=said):
        parse(text)


def test_a_checksum_that_fits_with_padding_that_does_not() -> None:
    envelope = parse(encrypt(b"0123456789abcdef", b"pw"))
    short = envelope.ciphertext[:16]
    made = vault_format._checksum(vault_format._keys(b"pw", envelope.salt)[1], short)
    forged = vault_format.Envelope("1.1", "", envelope.salt, made, short)
    with pytest.raises(FormatError, match="padding"):
        decrypt(forged, b"pw")
