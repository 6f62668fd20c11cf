"""Whatever a host prints becomes text, and never an exception."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.interfaces.shell import RawOutput
from runner.shells import load, names
from runner.shells.text_decoding import text_of

LISTING = "Dienste: läuft\n服务\n"


@pytest.mark.parametrize(
    ("data", "encoding", "text"),
    [
        (LISTING.encode(), "utf-8", LISTING),
        (LISTING.encode("gb18030"), "gb18030", LISTING),
        ("läuft\r\n".encode("cp437"), "cp437", "läuft\n"),
        (LISTING.encode("utf-16"), "cp437", LISTING),
        (b"\xef\xbb\xbfa\r\n", "cp437", "a\n"),
        ("Name=läuft\r\n".encode("utf-16-le"), "cp850", "Name=läuft\n"),
        (b"a\r\r\nb\r\nc\nd\r", "utf-8", "a\nb\nc\nd\r"),
        (b"\xff\xfea\x00\r", "utf-8", "a\ufffd"),
        (b"ok \xe4", "utf-8", "ok \ufffd"),
        (b"abc", "no-such-code-page", "abc"),
        (b"", "utf-8", ""),
        (b"a\x00b", "utf-8", "a\x00b"),
        (b"\x00\x00\x00\x00", "utf-8", "\x00\x00\x00\x00"),
    ],
)
def test_text(data: bytes, encoding: str, text: str) -> None:
    assert text_of(data, encoding) == text


@given(st.binary(max_size=80), st.sampled_from(["utf-8", "cp437", "cp932", "gb18030", "x"]))
def test_never_fails(data: bytes, encoding: str) -> None:
    for name in names():
        output = load(name).decode(RawOutput(0, data, b"#< CLIXML\r\n" + data), encoding)
        assert "\r\n" not in output.stdout or name in ("posix", "sh")


def test_codes_are_unsigned() -> None:
    assert load("cmd").decode(RawOutput(-1, b"", b"", 0.5), "utf-8").code == 0xFFFFFFFF
    assert load("cmd").decode(RawOutput(1, b"", b"", 0.5), "utf-8").seconds == 0.5
