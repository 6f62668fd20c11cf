"""The bytes of a text file of a Windows host.

``type`` shows a text; when what it shows has the file's own checksum in one of the likely
encodings, nothing else is needed. Otherwise the file is read in base64, which leaves a copy in the
account's temporary folder while it is printed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator

from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply, Script, read
from runner.modules._win_files import WinFileState
from runner.windows import reading
from runner.windows.paths import quoted


def content_of(file: WinFileState, facts: base.Facts) -> Generator[Query, Reply, bytes]:
    """All that the file holds. Raises ModuleError."""
    if not file.size:
        return b""
    (said,) = yield from read(Script("cmd", f"type {quoted(file.path)}"))
    for data in _candidates(said.stdout, _encodings(facts)):
        if hashlib.sha1(data, usedforsecurity=False).hexdigest() == file.checksum:
            return data
    # It mixes line ends, or holds text in another encoding: read it the long way.
    (said,) = yield from read(reading.encoded(file.path))
    return reading.bytes_of(said, file.path)


def _encodings(facts: base.Facts) -> tuple[str, ...]:
    windows = facts.get("windows", {})
    pages = (windows.get("ansi_codepage"), windows.get("oem_codepage"))
    named = (f"cp{page}" for page in pages if page)
    return ("ascii", "utf-8", *named, "utf-8-sig")


def _candidates(text: str, encodings: tuple[str, ...]) -> Iterator[bytes]:
    """The bytes that the file may have, when that is what ``type`` shows of it."""
    for ending in ("\r\n", "\n"):
        whole = text.replace("\n", ending)
        for encoding in encodings:
            try:
                yield whole.encode(encoding)
            except (UnicodeEncodeError, LookupError):
                continue
