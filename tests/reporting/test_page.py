"""Lines fit a terminal, and reach files of any encoding."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from runner.reporting.page import Printer, folds, line, plain_text, span, write_safely
from runner.reporting.text import one_line, width
from tests.reporting.samples import HOSTILE, assert_harmless


@given(
    st.text(st.characters(codec="utf-8"), max_size=200).map(one_line),
    st.integers(4, 40),
    st.integers(0, 60),
)
def test_folds_fit_and_lose_nothing(text: str, room: int, hang: int) -> None:
    hang = hang if hang <= room // 2 else 2
    pieces = folds(text, room, hang)
    for number, (start, end) in enumerate(pieces):
        assert width(text[start:end]) <= (room - hang if number else room)
    together = "".join(text[start:end] for start, end in pieces)
    assert together.replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("short", ["short"]),
        ("", [""]),
        ("one two three four", ["one two", "three", "four"]),
        ("web01  ok 1  no 2", ["web01", "ok 1", "no 2"]),
        ("abcdefghijklm", ["abcdefgh", "ijklm"]),
        ("中文字符测试", ["中文字符", "测试"]),
    ],
)
def test_where_lines_are_cut(text: str, expected: list[str]) -> None:
    assert [text[a:b] for a, b in folds(text, 8, 2)] == expected


def test_printer_wraps_on_a_terminal_under_the_hang() -> None:
    stream = io.StringIO()
    console = Console(file=stream, width=20, force_terminal=True, color_system=None)
    printer = Printer(stream, console=console)
    assert printer.width == 20
    printer.write([line("head  ", span("one two three four five", "red"), hang=6)])
    assert stream.getvalue() == "head  one two three\n      four five\n"


def test_printer_does_not_wrap_in_a_file() -> None:
    stream = io.StringIO()
    printer = Printer(stream)
    assert printer.width is None
    printer.write([line("x" * 300, span("  ", "red"))])
    assert stream.getvalue() == "x" * 300 + "\n"


def test_markup_and_escapes_never_work() -> None:
    stream = io.StringIO()
    console = Console(file=stream, width=200, force_terminal=True, color_system=None)
    Printer(stream, console=console).write([line(HOSTILE, span(HOSTILE))])
    assert_harmless(stream.getvalue())
    assert "[bold red]not markup[/]" in stream.getvalue()
    assert ":smile:" in stream.getvalue()
    assert_harmless(plain_text([line(HOSTILE)]))


def test_no_color_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    def printed() -> str:
        stream = io.StringIO()
        Printer(stream, terminal=True).write([line(span("failed", "red"))])
        return stream.getvalue()

    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert printed() == "\x1b[31mfailed\x1b[0m\n"
    monkeypatch.setenv("NO_COLOR", "1")
    assert printed() == "failed\n"


def test_a_stream_that_lacks_characters_gets_question_marks() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    write_safely(stream, "web01, … 中\n")
    assert raw.getvalue() == b"web01, ? ?\n"
