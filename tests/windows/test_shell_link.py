"""Shortcuts as bytes. What Wine's shell makes of them is in tests/wine/test_shortcuts.py."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.windows import shell_items, shell_link
from runner.windows.shell_link import Link, NoLink
from tests.modules.contract.cases_shortcuts import EXAMPLE

_LETTERS = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters='\\/:*?"<>|%')
NAMES = st.text(_LETTERS, min_size=1, max_size=12)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
PATHS = st.builds(
    lambda root, names: root + "\\".join(names),
    st.sampled_from(["C:\\", "z:\\", "\\\\server\\share\\", "\\\\a\\b c\\"]),
    st.lists(NAMES, min_size=1, max_size=4),
)
ANSI = st.sampled_from(["cp1252", "cp936", "cp932", "cp1251"])


def test_a_shortcut_that_windows_made_is_understood_and_written_the_same() -> None:
    """The example of [MS-SHLLINK], section 3.1."""
    link = shell_link.parse(EXAMPLE)
    assert link.target == "C:\\test\\a.txt"
    assert dict(link.strings) == {"relative": ".\\a.txt", "directory": "C:\\test"}
    assert (link.show, link.hotkey, link.admin, link.icon_index) == (1, 0, False, 0)
    assert len(link.blocks) == 1
    assert link.data() == EXAMPLE


@pytest.mark.parametrize("part", ["info", "items"])
def test_each_way_in_which_windows_names_a_target_is_understood(part: str) -> None:
    link = shell_link.parse(EXAMPLE)
    alone = dataclasses.replace(link, info=b"", items=b"", blocks=())
    whole = dataclasses.replace(alone, **{part: getattr(link, part)})
    assert (alone.target, whole.target) == ("", "C:\\test\\a.txt")


@given(PATHS, st.booleans(), TEXTS, TEXTS, ANSI)
def test_what_is_written_is_read_again(
    path: str, folder: bool, one: str, other: str, ansi: str
) -> None:
    link = Link(ansi=ansi).with_target(path, folder=folder)
    link = link.with_string("arguments", one).with_icon(other, -7).with_admin(on=True)
    again = shell_link.parse(link.data(), ansi)
    assert again.target == path
    assert (again.strings.get("arguments", ""), again.strings.get("icon", "")) == (one, other)
    assert (again.icon_index, again.admin, again.attributes) == (-7, True, 0x10 if folder else 0x20)
    assert again.data() == link.data()


@given(PATHS, ANSI)
def test_items_text_and_information_name_the_same(path: str, ansi: str) -> None:
    link = Link(ansi=ansi).with_target(path, folder=False)
    text = dataclasses.replace(link, info=b"", items=b"")
    assert text.target == path
    assert shell_items.target_of_info(link.info, ansi) == path
    named = shell_items.path_of(link.items, ansi)
    assert named == ("" if path.startswith("\\\\") else path)


@given(st.binary(max_size=120), st.integers(0, len(EXAMPLE)), st.integers(0, len(EXAMPLE)))
def test_broken_bytes_are_no_link_and_nothing_else(noise: bytes, start: int, end: int) -> None:
    for data in (noise, EXAMPLE[:end], EXAMPLE[:start] + noise + EXAMPLE[end:]):
        try:
            link = shell_link.parse(data)
        except NoLink:
            continue
        assert isinstance(link.target, str)
        assert isinstance(link.data(), bytes)


def test_another_target_takes_along_what_belongs_to_no_target() -> None:
    link = shell_link.parse(EXAMPLE).with_icon("C:\\i.dll", 2)
    moved = shell_link.parse(link.with_target("D:\\b.exe", folder=False).data())
    assert moved.target == "D:\\b.exe"
    assert dict(moved.strings) == {"directory": "C:\\test", "icon": "C:\\i.dll"}
    assert [int.from_bytes(block[4:8], "little") for block in moved.blocks] == [0xA0000001]


@pytest.mark.parametrize(
    ("text", "number", "shown"),
    [
        ("", 0, ""),
        ("Ctrl+Alt+F", 0x646, "Ctrl+Alt+F"),
        ("alt + CTRL + 7", 0x637, "Ctrl+Alt+7"),
        ("Shift+F12", 0x17B, "Shift+F12"),
        ("Ext+a", 0x841, "Ext+A"),
        ("f24", 0x87, "F24"),
    ],
)
def test_hotkeys(text: str, number: int, shown: str) -> None:
    assert shell_link.hotkey_number(text) == number
    assert shell_link.hotkey_text(number) == shown


@pytest.mark.parametrize("text", ["Ctrl+", "Win+A", "F25", "F0", "ä", "Ctrl+Alt+Del", "+"])
def test_what_is_no_hotkey(text: str) -> None:
    with pytest.raises(ValueError, match="none of"):
        shell_link.hotkey_number(text)
