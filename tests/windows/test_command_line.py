"""Command lines: split and joined as Windows programs do it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.windows import command_line

# The examples of Microsoft's "Parsing C Command-Line Arguments".
MICROSOFT = [
    (r'p "abc" d e', ("p", "abc", "d", "e")),
    (r'p a\\b d"e f"g h', ("p", r"a\\b", "de fg", "h")),
    (r"p a\\\"b c d", ("p", r"a\"b", "c", "d")),
    (r'p a\\\\"b c" d e', ("p", r"a\\b c", "d", "e")),
    ('p ""', ("p", "")),
]


@pytest.mark.parametrize(("line", "words"), MICROSOFT)
def test_splits_as_documented(line: str, words: tuple[str, ...]) -> None:
    assert command_line.split(line) == words


arguments = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]), max_size=12)


@given(st.lists(arguments, min_size=1, max_size=5))
def test_what_is_joined_splits_again(words: list[str]) -> None:
    first = ["program.exe", *words]
    assert list(command_line.split(command_line.join(first))) == first


@given(st.lists(st.text("abc &|<>^()", max_size=8), min_size=1, max_size=4))
def test_joined_lines_are_plain_to_cmd(words: list[str]) -> None:
    assert command_line.is_plain(command_line.join(["program.exe", *words]))


@pytest.mark.parametrize(
    ("line", "plain"),
    [
        ("ipconfig /all", True),
        ('powershell -Command "Get-Process | Stop-Process"', True),
        ("a | b", False),
        ("echo %PATH%", False),
        ('x "a" & y', False),
    ],
)
def test_what_cmd_leaves_alone(line: str, plain: bool) -> None:
    assert command_line.is_plain(line) is plain


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("  ", "empty"),
        ("a\nb", "one line"),
        ("del x", "a word of cmd"),
        ('a "b', "never closed"),
    ],
)
def test_refuses(line: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        command_line.check(line, through_cmd=False)
