"""Exit codes in words."""

from __future__ import annotations

import pytest

from runner.errors import ModuleError
from runner.interfaces.exchange import Output
from runner.windows.exit_codes import describe, expect, meaning


@pytest.mark.parametrize(
    ("tool", "code", "text"),
    [
        ("sc", 1060, "sc answered 1060 (there is no such service)"),
        ("sc", 1051, "sc answered 1051 (other running services depend on it)"),
        ("dism", -2146498530, "dism answered 0x800f081e (the package does not apply to this host)"),
        ("dism", 0x800F081E, "dism answered 0x800f081e (the package does not apply to this host)"),
        ("wusa", 2359302, "wusa answered 0x00240006 (already installed)"),
        ("wusa", -2145124329, "wusa answered 0x80240017 (the package does not apply to this host)"),
        ("reg", 1, "reg answered 1 (the key or value is missing, or access is denied)"),
        ("taskkill", 128, "taskkill answered 128 (no such process)"),
        ("tool", 77, "tool answered 77"),
    ],
)
def test_words(tool: str, code: int, text: str) -> None:
    assert describe(tool, code) == text


def test_the_same_code_signed_and_unsigned() -> None:
    assert meaning("dism", -2146498530) == meaning("dism", 0x800F081E) != ""


def test_expect_accepts_what_is_listed() -> None:
    output = Output(1062)
    assert expect(output, "sc", "stop it", (0, 1062)) is output
    assert expect(Output(0x80240017), "wusa", "x", (-2145124329,)).code == 0x80240017


def test_expect_says_what_was_attempted_and_what_came_back() -> None:
    output = Output(5, stderr="\r\nZugriff verweigert\r\n")
    with pytest.raises(ModuleError, match=r"stop service x: sc answered 5 \(access denied\): Zug"):
        expect(output, "sc", "stop service x")
