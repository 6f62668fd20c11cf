"""From the bytes that Windows programs print to text. Never fails."""

from __future__ import annotations

import codecs
from typing import Final

from runner.interfaces.exchange import Output
from runner.interfaces.shell import RawOutput
from runner.shells.powershell_clixml import errors_of

_SAMPLE: Final = 512


def output_of(raw: RawOutput, encoding: str) -> Output:
    """The decoded answer; PowerShell's error stream is turned from CLIXML into its text."""
    return Output(
        code=raw.code & 0xFFFFFFFF,
        stdout=text_of(raw.stdout, encoding),
        stderr=errors_of(text_of(raw.stderr, encoding)),
        seconds=raw.seconds,
    )


def text_of(data: bytes, encoding: str) -> str:
    """Decode: by its byte order mark, as UTF-16 where it looks like it, else as ``encoding``.

    ``\\r\\r\\n`` (wmic writes it through a pipe) and ``\\r\\n`` become ``\\n``; what cannot be
    decoded becomes U+FFFD.
    """
    text = _decoded(data, encoding)
    return text.replace("\r\r\n", "\n").replace("\r\n", "\n")


def _decoded(data: bytes, encoding: str) -> str:
    if data.startswith(codecs.BOM_UTF8):
        return data[len(codecs.BOM_UTF8) :].decode("utf-8", "replace")
    if data.startswith(codecs.BOM_UTF16_LE):
        return data[len(codecs.BOM_UTF16_LE) :].decode("utf-16-le", "replace")
    if _looks_like_utf16(data):
        return data.decode("utf-16-le", "replace")
    try:
        return data.decode(encoding, "replace")
    except LookupError:
        return data.decode("utf-8", "replace")


def _looks_like_utf16(data: bytes) -> bool:
    """Zero bytes at odd places and nowhere else: UTF-16LE of mostly Latin text, without a mark."""
    sample = data[:_SAMPLE]
    if len(data) % 2 or len(sample) < 4:
        return False
    odd = sample[1::2].count(0)
    return odd * 10 >= len(sample[1::2]) * 4 and sample[0::2].count(0) == 0
