"""Text from hosts is made harmless and fits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.reporting import text
from tests.reporting.samples import HOSTILE, assert_harmless

ANY_TEXT = st.text(st.characters(), max_size=80)


@pytest.mark.parametrize(
    ("raw", "safe"),
    [
        ("plain", "plain"),
        ("中文 naïve", "中文 naïve"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[2J\x1b[1;1Hhome", "home"),
        ("\x9b31mred", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]0;never closed", "0;never closed"),
        ("\x1bPdata\x1b\\after", "after"),
        ("\x1b(Bcharset", "charset"),
        ("\x1bcreset", "reset"),
        ("a\x00b\x07c\x08d\x7fe", "abcde"),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("tab\tstays", "tab\tstays"),
        ("\u202eabc\u202c\u2066x\u2069", "abcx"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("half \ud800 pair", "half \ufffd pair"),
        ("line\u2028break", "line\nbreak"),
        ("[bold]markup stays[/bold]", "[bold]markup stays[/bold]"),
        ("e" + "\u0301" * 50, "e" + "\u0301" * 4),
    ],
)
def test_clean(raw: str, safe: str) -> None:
    assert text.clean(raw) == safe


def test_clean_hostile() -> None:
    assert text.one_line(HOSTILE) == (
        "[bold red]not markup[/] redgnirtszero second line \ufffd :smile: end"
    )


@given(ANY_TEXT)
def test_clean_leaves_nothing_that_a_terminal_obeys(raw: str) -> None:
    assert_harmless(text.clean(raw).replace("\t", ""))
    assert "\n" not in text.one_line(raw)


@given(ANY_TEXT, st.integers(0, 40))
def test_clip_and_pad_fit(raw: str, cells: int) -> None:
    safe = text.one_line(raw)
    assert text.width(text.clip(safe, cells)) <= cells
    assert text.width(text.pad(safe, cells)) == cells
    assert text.width(text.pad(safe, cells, right=True)) == cells


def test_clip() -> None:
    assert text.clip("abcdef", 6) == "abcdef"
    assert text.clip("abcdefg", 6) == "abcde…"
    assert text.clip("中文字符", 6) == "中文…"
    assert text.clip("中文字", 6) == "中文字"
    assert text.clip("abc", 1) == "…"
    assert text.pad("7", 3, right=True) == "  7"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-1, "0.0s"), (0.44, "0.4s"), (12.7, "12s"), (192, "3m12s"), (3840, "1h04m")],
)
def test_duration(seconds: float, said: str) -> None:
    assert text.duration(seconds) == said


def test_host_list() -> None:
    hosts = [f"web{number:02}" for number in range(1, 15)]
    assert text.host_list(hosts) == "web01, web02, … (14 hosts)"
    assert text.host_list(hosts[:3]) == "web01, web02, web03"
    assert text.host_list(hosts[:1]) == "web01"
    assert text.host_list([]) == ""


@given(st.integers(0, 100_000), st.integers(0, 100_000))
def test_percent_says_100_only_for_all(part: int, whole: int) -> None:
    assert (text.percent(part, whole) == "100 %") == (part >= whole)


def test_percent_and_plural() -> None:
    assert text.percent(2189, 2190) == "99.9 %"
    assert text.percent(0, 3) == "0.0 %"
    assert text.plural(1, "host") == "1 host"
    assert text.plural(10_000, "host") == "10,000 hosts"
