"""From the bytes that Windows programs print to text.

For people nothing fails: what is no text is replaced. Where the text decides something, a byte
that is none in the host's code page is an error.
"""

from __future__ import annotations

import codecs
from typing import Final

from runner.errors import ModuleError
from runner.interfaces.exchange import Output
from runner.interfaces.shell import RawOutput
from runner.shells.powershell_clixml import errors_of

_SAMPLE: Final = 512
_ASCII: Final = bytes(range(128))


def output_of(raw: RawOutput, encoding: str) -> Output:
    """The decoded answer; PowerShell's error stream is turned from CLIXML into its text."""
    return Output(
        code=raw.code & 0xFFFFFFFF,
        stdout=text_of(raw.stdout, encoding),
        stderr=errors_of(text_of(raw.stderr, encoding)),
        seconds=raw.seconds,
    )


def certain_output(raw: RawOutput, encoding: str) -> Output:
    """The answer to a read. Raises ModuleError when its standard output is not in ``encoding``.

    What is on the error stream only explains an exit code, so there it is replaced.
    """
    data = raw.stdout
    if not data.isascii():
        try:
            data.decode(_encoding_of(data, encoding))
        except LookupError:
            raise _undecodable(data, len(data) - len(data.lstrip(_ASCII)), encoding) from None
        except UnicodeDecodeError as error:
            raise _undecodable(data, error.start, encoding) from None
    return output_of(raw, encoding)


def _undecodable(data: bytes, at: int, encoding: str) -> ModuleError:
    start, end = data.rfind(b"\n", 0, at) + 1, data.find(b"\n", at)
    line = data[start : len(data) if end < 0 else end].strip()[:80]
    return ModuleError(
        f"the host printed bytes that are no text in its code page ({encoding}): {line!r}",
        hint="nothing is decided on text that cannot be read. Set runner_codepage to the page that "
        "its programs print in: the number behind OEMCP in HKLM\\SYSTEM\\CurrentControlSet\\"
        "Control\\Nls\\CodePage (936 Chinese, 932 Japanese, 866 Russian, 850 Western)",
    )


def text_of(data: bytes, encoding: str) -> str:
    """Decode: by its byte order mark, as UTF-16 where it looks like it, else as ``encoding``.

    ``\\r\\r\\n`` (wmic writes it through a pipe) and ``\\r\\n`` become ``\\n``; what cannot be
    decoded becomes U+FFFD.
    """
    if not data:
        return ""  # as error streams nearly always are
    text = _decoded(data, encoding)
    return text.replace("\r\r\n", "\n").replace("\r\n", "\n")


def _decoded(data: bytes, encoding: str) -> str:
    try:
        return data.decode(_encoding_of(data, encoding), "replace")
    except LookupError:
        return data.decode("utf-8", "replace")


def _encoding_of(data: bytes, encoding: str) -> str:
    if data.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if data.startswith(codecs.BOM_UTF16_LE):
        return "utf-16"
    return "utf-16-le" if _looks_like_utf16(data) else encoding


def _looks_like_utf16(data: bytes) -> bool:
    """Zero bytes at odd places and nowhere else: UTF-16LE of mostly Latin text, without a mark."""
    sample = data[:_SAMPLE]
    if len(data) % 2 or len(sample) < 4:
        return False
    odd = sample[1::2].count(0)
    return odd * 10 >= len(sample[1::2]) * 4 and sample[0::2].count(0) == 0
