"""The bytes of a text file of a Windows host.

``type`` shows a text; when what it shows has the file's own checksum in one of the likely
encodings, nothing else is needed. Otherwise the file is read in base64, which leaves a copy in the
account's temporary folder while it is printed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator

from runner.errors import ModuleError
from runner.interfaces import module as base
from runner.interfaces.exchange import Exec, Query, Reply, Request, Script, read, write
from runner.interfaces.local_file import LocalFile
from runner.modules._parts import win_files
from runner.modules._parts.win_files import WinFileState
from runner.windows import command_line, paths, reading, variables
from runner.windows.looking import Seen
from runner.windows.paths import quoted
from runner.windows.put import Put, put


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


def validated(
    file: WinFileState, content: LocalFile, command: str
) -> Generator[Request, Reply, None]:
    """Have a command look at a new content (``%s`` in it) before it takes its place.

    The content lies in the account's temporary folder meanwhile, under the file's own name. Raises
    ModuleError when the command does not end with 0.
    """
    folder = (yield from variables.filled(("%TEMP%",)))["%TEMP%"]
    place = paths.checked(paths.join(folder, f"runner-{paths.unique(file.path)}"))
    path = paths.join(place, paths.name(file.path))
    yield from win_files.do(
        f"make the folder {place}", f"if not exist {quoted(place)} md {quoted(place)}"
    )
    yield from put(Put(path, content.sha1, Seen(path)), content)
    words = [word.replace("%s", path) for word in command_line.split(command)]
    output = yield from write(Exec(*words))
    yield from write(Script("cmd", f"rd /s /q {quoted(place)}"))
    if output.code != 0:
        said = (output.stderr.strip() or output.stdout.strip()).splitlines()
        detail = f": {said[0].strip()}" if said else ""
        raise ModuleError(
            f"failed to validate: '{command}' ended with {output.signed} on the new content of "
            f"{file.path}{detail}",
            hint="the file is as it was",
        )


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
