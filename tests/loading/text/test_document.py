"""YAML with positions."""

from datetime import date
from pathlib import Path

import pytest

from runner.errors import InventoryError, PlaybookError
from runner.loading.text.data import DataDict, DataStr
from runner.loading.text.document import Document, load_document
from runner.loading.text.files import Files, place


def plain(text: str) -> object:
    root = Document("f.yml", text).root
    return None if root is None else root.plain()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", True),
        ("No", False),
        ("on", True),
        ("'yes'", "yes"),
        ("0644", 420),
        ("0o644", "0o644"),
        ("0899", "0899"),
        ("0x1F", 31),
        ("1_000", 1000),
        ("1:30", 90),
        ("1.5e3", "1.5e3"),
        ("1.5e+3", 1500.0),
        ("~", None),
        ("2017-05-12", date(2017, 5, 12)),
        ("!!str 5", "5"),
        ("!unsafe '{{ x }}'", "{{ x }}"),
        ("{a: 1, b: [x, y]}", {"a": 1, "b": ["x", "y"]}),
        ("", None),
        ("a: |\r\n  one\r\n  two\r\nb: 1\r\n", {"a": "one\ntwo\n", "b": 1}),
        (
            "x: &x {a: 1, b: 2}\ny:\n  <<: *x\n  b: 3\n",
            {"x": {"a": 1, "b": 2}, "y": {"a": 1, "b": 3}},
        ),
        ("y:\n  <<: [{a: 1}, {a: 2, b: 2}]\n", {"y": {"a": 1, "b": 2}}),
        ("'on': 1", {"on": 1}),
        ('{"json": [1, 2.5, null, true]}', {"json": [1, 2.5, None, True]}),
    ],
)
def test_values_as_ansible_reads_them(text: str, value: object) -> None:
    assert plain(text) == value


def test_unsafe_is_marked_at_every_depth() -> None:
    value = plain("!unsafe {a: ['{{ x }}']}")
    assert isinstance(value, DataDict)
    assert isinstance(value["a"][0], DataStr)


def test_places() -> None:
    document = Document("f.yml", "a:\r\n  - b: 'x'\r\n")
    assert document.root is not None
    ((_, listing),) = document.root.entries()
    ((key, value),) = listing.elements()[0].entries()
    assert (key.source.line, key.source.column, key.source.text) == (2, 5, "  - b: 'x'")
    assert (value.source.line, value.source.column) == (2, 8)
    assert str(key.source) == "f.yml:2:5"


@pytest.mark.parametrize(
    ("text", "word", "expected"),
    [
        ("k: one two", "two", (1, 8)),
        ("k: 'one two'", "two", (1, 9)),
        ("k: |\n  one\n  two\n", "two", (3, 3)),
        ("k: |\n    one\n    a two\n", "two", (3, 7)),
        ('k: "one\\ttwo"', "two", (1, 4)),
        ("k: >\n  one\n  two\n", "two", (1, 4)),
    ],
)
def test_place_inside_a_text(text: str, word: str, expected: tuple[int, int]) -> None:
    root = Document("f.yml", text).root
    assert root is not None
    value = root.entries()[0][1]
    source = value.inside(value.plain().index(word))
    assert (source.line, source.column) == expected


def test_places_after_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "bom.yml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\na: 2\r\n")
    document = load_document(path, Files(InventoryError))
    assert document.root is not None
    with pytest.raises(InventoryError) as caught:
        document.root.plain()
    assert caught.value.source == place(str(path), 2, 1, "a: 2")
    assert "line 1" in caught.value.hint


def test_a_missing_file_is_an_error_where_it_is_named(tmp_path: Path) -> None:
    where = place("p.yml", 3, 5, "    - x.yml")
    with pytest.raises(PlaybookError) as caught:
        load_document(tmp_path / "x.yml", Files(), where)
    assert caught.value.source == where
    assert "no such file" in caught.value.message


@pytest.mark.parametrize("text", ["[" * 5000, "- " * 3000 + "a", "? " * 3000 + "a", "{a: " * 500])
def test_endless_nesting_is_refused(text: str) -> None:
    with pytest.raises(PlaybookError) as caught:
        plain(text)
    assert "nested more than 100 levels deep" in caught.value.message
    assert len(str(caught.value)) < 2000


def test_aliases_cannot_blow_up() -> None:
    rows = ["a0: &a0 [" + ",".join("1" * 10) + "]"]
    rows += [f"a{i}: &a{i} [" + ",".join([f"*a{i - 1}"] * 10) + "]" for i in range(1, 12)]
    with pytest.raises(PlaybookError) as caught:
        plain("\n".join(rows))
    assert "aliases make more than" in caught.value.message


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("ansible_password: geheim", "ansible_password: ********"),
        ("web01 ansible_password=geheim x=1", "web01 ansible_password=********"),
        ("- win_user: name=a password=geheim", "- win_user: name=a password=********"),
        ('  "api_token": "abc"', '  "api_token": ********'),
        ("password: '{{ vault_password }}'", "password: '{{ vault_password }}'"),
        ("password: |", "password: |"),
        ("name: passwords", "name: passwords"),
    ],
)
def test_passwords_are_masked_in_excerpts(line: str, shown: str) -> None:
    assert place("f", 1, 1, line).text == shown
