"""Vault keys, and encrypted values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runner.errors import InputError, PlaybookError
from runner.loading.templates.templates import JinjaTemplates
from runner.loading.text.data import DataStr
from runner.loading.text.document import Document
from runner.loading.text.files import Files
from runner.loading.text.vault_format import encrypt, parse
from runner.loading.variables import read_variable_file
from runner.model.secret import Secret
from runner.model.source import Source
from tests.loading.vaults import DEFAULT, PROD, inline, keys

CASES = Path(__file__).parents[1] / "cases" / "vault"
HERE = Source("site.yml", 3, 7, "  key: !vault |")


def test_the_password_of_the_vault_id_is_tried_first() -> None:
    both = keys(DEFAULT, ("prod", "hunter2"))
    opened = both.open(encrypt(b"x", b"hunter2", "prod"), InputError)
    assert (opened.content, opened.label, opened.used.label) == (b"x", "prod", "prod")
    assert both.open(encrypt(b"x", b"hunter2"), InputError).used.label == "default"


def test_any_other_password_opens_it_too() -> None:
    opened = keys(PROD, DEFAULT).open(encrypt(b"x", b"hunter2", "other"), InputError)
    assert opened.used.label == "default"


@pytest.mark.parametrize(
    ("given", "label", "said", "hint"),
    [
        ((), "", "encrypted with the vault id 'default', and no vault password is given",
         "give it with --vault-password-file FILE or --ask-vault-pass"),
        ((), "prod", "the vault id 'prod', and no vault password",
         "give it with --vault-id prod@FILE or --vault-id prod@prompt"),
        ((PROD,), "", "none of the given vault passwords opens it: 'prod' (file prod.txt)",
         "no password is given for 'default'"),
        ((("prod", "wrong"), PROD), "prod", "'prod' (file prod.txt), 'prod' (file prod.txt)",
         "the password for 'prod' is wrong, or the text was tampered with; give the right one"),
    ],
)  # fmt: skip
def test_without_the_right_password(given: Any, label: str, said: str, hint: str) -> None:
    with pytest.raises(PlaybookError) as caught:
        keys(*given).open(encrypt(b"x", b"hunter2", label), PlaybookError, HERE)
    assert said in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.source == HERE
    assert "hunter2" not in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_a_tampered_text_says_so() -> None:
    known = keys(DEFAULT)
    known.open(encrypt(b"x", b"hunter2"), InputError)
    text = encrypt(b"x" * 100, b"hunter2")
    envelope = parse(text)
    digits = "\n".join(
        part.hex() for part in (envelope.salt, envelope.checksum, bytes(len(envelope.ciphertext)))
    )
    with pytest.raises(InputError) as caught:
        known.open(f"$ANSIBLE_VAULT;1.1;AES256\n{digits.encode().hex()}\n", InputError, HERE)
    assert "has opened other texts: this one was tampered with or damaged" in caught.value.hint
    with pytest.raises(InputError, match="damaged: digits are missing or changed"):
        known.open(text[:150] + text[151:], InputError, HERE)


def test_what_is_opened_is_masked() -> None:
    seen: list[str] = []
    known = keys(DEFAULT, seen=seen)
    known.secret(encrypt(b"inline one", b"hunter2"), InputError)
    known.conceal({"a": ["deep one", 5, None], "b": {"c": Secret("kept")}})
    assert seen == ["hunter2", "inline one", "deep one"]


def test_words_that_choose_a_way_are_no_secrets() -> None:
    found = keys().conceal({"ansible_connection": "winrm", "ansible_user": "joe"})
    assert found == {"ansible_connection": "winrm", "ansible_user": Secret("joe")}


def test_values_that_ansible_encrypted() -> None:
    files = Files(PlaybookError, keys(DEFAULT))
    found = read_variable_file(CASES / "inline.yml", files)
    key = "-----BEGIN KEY-----\nabcdefghijklmnop\n-----END KEY-----\n"
    assert found == {
        "inline": Secret("geheim {{ not_a_template }}"), "labelled": Secret(key),
        "plain": "visible",
    }  # fmt: skip
    assert isinstance(found["inline"].reveal(), DataStr)


def test_braces_in_an_encrypted_value_are_only_braces() -> None:
    document = Document("f.yml", f"a: {inline('{{ x }}')}b: 1\n", keys=keys(DEFAULT))
    assert document.root is not None
    variables = document.root.plain()
    templates = JinjaTemplates()
    assert templates.render("<{{ a }}>", variables) == "<{{ x }}>"
    assert templates.render({"k": variables["a"]}, variables) == {"k": "{{ x }}"}
    templates.check(variables["a"])


def test_a_value_at_any_depth_and_under_an_alias() -> None:
    text = f"list:\n  - &one {inline('deep', indent=6)}  - *one\n"
    root = Document("f.yml", text, keys=keys(DEFAULT)).root
    assert root is not None
    assert root.plain() == {"list": [Secret("deep"), Secret("deep")]}


@pytest.mark.parametrize(
    ("text", "line", "column", "said"),
    [
        (f"a: 1\nb: {inline('x', label='prod')}", 2, 4, "the vault id 'prod'"),
        ("a: !vault geheim", 1, 4, "does not begin with $ANSIBLE_VAULT"),
        ("a: !vault >\n  $ANSIBLE_VAULT;1.1;AES256\n  3030\n", 1, 4, "cipher"),
        ("a: !vault [1]", 1, 4, "!vault stands before a text"),
        ("a: !vault-encrypted {b: 1}", 1, 4, "!vault-encrypted stands before a text"),
        (f"a: {inline('x', 'other')}", 1, 4, "none of the given vault passwords"),
    ],
    ids=range(6),
)
def test_errors_name_the_place_of_the_value(text: str, line: int, column: int, said: str) -> None:
    known = keys() if "prod" in said else keys(DEFAULT)
    document = Document("f.yml", text, keys=known)
    assert document.root is not None
    with pytest.raises(PlaybookError) as caught:
        document.root.plain()
    assert said in caught.value.message
    assert caught.value.source is not None
    assert (caught.value.source.line, caught.value.source.column) == (line, column)


def test_what_kind_of_value_it_is() -> None:
    root = Document("f.yml", inline("x"), keys=keys(DEFAULT)).root
    assert root is not None
    assert root.kind == "an encrypted value"
