"""Putting a file onto a Windows host with cmd alone, whole or not at all.

The content travels through standard input as base64, in pieces: no command line grows with it.
``findstr`` writes what it reads into a file, ``certutil -decode`` makes bytes of that, ``copy /b``
adds them to what has come before. All of it happens in a folder of our own beside the file, so on
the same volume; there the whole is compared by its checksum, and only then moved into place.

- ``findstr`` waits for ever if its input does not end in a line break (dbenham, "What are the
  undocumented features and limitations of the Windows FINDSTR command?", Stack Overflow 8844868):
  here it always does. The same page names its limit of 8191 bytes a line: lines have 64 here, as
  ``certutil -encode`` writes them.
- ``certutil`` encodes and decodes on Server 2003 and later (Microsoft, "Certutil tasks for encoding
  and decoding certificates").
- ``icacls`` keeps and gives back the permissions of a file that is replaced (Microsoft, "icacls":
  ``/save``, ``/restore``); it is there from Server 2003 SP2 on.

A connection that is lost under way is made again, and what is on the host by then, compared by
its checksum with as much of the source, is not sent again.

Where the connection has a way past the shell (sftp), a large content takes that one.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Generator
from typing import Final

from runner.errors import ConnectionLost
from runner.interfaces.exchange import Output, Reconnect, Reply, Request, Script, Upload, write
from runner.interfaces.local_file import LocalFile
from runner.interfaces.transfer import pieces_from, upload
from runner.windows import paths
from runner.windows.looking import FILE, Seen, look
from runner.windows.put_lines import (
    PART,
    Put,
    checked,
    expect,
    hash_test,
    made,
    piece,
    placed,
    received,
    removed,
)

__all__ = ["PIECE", "Put", "put", "put_with"]

PIECE: Final = 1 << 20
"""Bytes of the content in one command."""

_LINE: Final = 48
_LOSSES: Final = 3
"""How often in a row the connection may be lost without anything having come through."""
_BACK_AGAIN: Final = 120.0
"""Seconds in which a host has to answer again."""
_BEGIN: Final = b"-----BEGIN CERTIFICATE-----\r\n"
_END: Final = b"-----END CERTIFICATE-----\r\n"
_SECONDS: Final = 300.0
"""For what a host does with one piece."""
_HASHED_A_SECOND: Final = 20_000_000
_SENT_A_SECOND: Final = 200_000
_RESUMED: Final = "what is on the host by now is not sent again by the next run"


def put(spec: Put, content: LocalFile) -> Generator[Request, Reply, None]:
    """Send the content and put it into place. Raises ModuleError; the old file is there then."""
    if content.size <= PIECE:
        data = b"".join(content.pieces(PIECE))
        line = f"{made(spec)}&{received(spec, len(data))}&{checked(spec)}&{placed(spec)}"
        expect(spec, (yield from write(_script(line, data))))
        return
    yield from _send(spec, content)
    yield from _do(spec, placed(spec))


def put_with(spec: Put, fill: str, seconds: float) -> Generator[Request, Reply, Output]:
    """The same where a line of cmd makes the new file (``Put.fresh``) on the host.

    It is not compared where ``spec.checksum`` is empty. ``seconds`` is for all of it.
    """
    check = f"&{checked(spec)}" if spec.checksum else ""
    line = f"{made(spec)}&{fill}{check}&{placed(spec)}"
    return expect(spec, (yield from write(Script("cmd", line, timeout=seconds))))


def _send(spec: Put, content: LocalFile) -> Generator[Request, Reply, None]:
    """Bring a large content to the host; goes on where it was interrupted."""
    losses, farthest, whole = 0, -1, False
    for attempt in (1, 2):
        while True:
            try:
                there = yield from _found(spec, content)
                if there > farthest:
                    losses, farthest = 0, there
                yield from _send_from(spec, content, there)
                whole = yield from _is_whole(spec, content)
                break
            except ConnectionLost as error:
                losses += 1
                if losses > _LOSSES:
                    error.hint = error.hint or _RESUMED
                    raise
                yield Reconnect(timeout=_BACK_AGAIN, delay=1.0, pause=2.0)
        if whole:
            return
        yield from _do(spec, f"{removed(spec)}&exit 0")
        if attempt == 2:
            expect(spec, Output(85))


def _found(spec: Put, content: LocalFile) -> Generator[Request, Reply, int]:
    """How many bytes of the content are on the host already, checked by their checksum."""
    part, fresh = paths.join(spec.work, PART), paths.join(spec.work, paths.name(spec.path))
    for seen in (yield from look([part, fresh], checksum="sha1")):
        if _fits(seen, content):
            if seen.path == fresh:
                yield from _do(spec, f"move /y {spec.fresh} {spec.inside(PART)}>nul&exit 0")
            return seen.size
    expect(spec, (yield from write(Script("cmd", f"{made(spec)}&exit 0"))))
    return 0


def _fits(seen: Seen, content: LocalFile) -> bool:
    if seen.kind != FILE or not 0 < seen.size <= content.size:
        return False
    return seen.checksum == _prefix(content, seen.size)


def _send_from(spec: Put, content: LocalFile, start: int) -> Generator[Request, Reply, None]:
    part = paths.join(spec.work, PART)
    answer = yield from upload(Upload(part, content, start, _seconds(content)))
    if answer is not None:
        if answer.code == 0:
            return
        start = yield from _found(spec, content)
    at = start
    for data in pieces_from(content, start, PIECE):
        output = yield from write(_script(piece(spec, first=not at), data))
        if output.code != 0:
            yield from write(Script("cmd", f"{spec.here}&{removed(spec)}"))
            expect(spec, output)
        at += len(data)


def _is_whole(spec: Put, content: LocalFile) -> Generator[Request, Reply, bool]:
    """Whether the whole content is there; then it gets its name."""
    part = spec.inside(PART)
    line = f"{spec.here}&{hash_test(part, spec.checksum)}&&move /y {part} {spec.fresh}>nul"
    seconds = _SECONDS + content.size / _HASHED_A_SECOND
    return (yield from write(Script("cmd", line, timeout=seconds))).code == 0


def _do(spec: Put, line: str) -> Generator[Request, Reply, None]:
    command = Script("cmd", f"{spec.here}&{line}", timeout=_SECONDS)
    expect(spec, (yield from write(command)))


def _seconds(content: LocalFile) -> float:
    """For sending all of it at once, over a slow line too."""
    return _SECONDS + content.size / _SENT_A_SECOND


def _prefix(content: LocalFile, size: int) -> str:
    """The SHA-1 of the first bytes of the content."""
    found = hashlib.sha1(usedforsecurity=False)
    for data in content.pieces(PIECE):
        found.update(data[:size])
        size -= len(data)
        if size <= 0:
            break
    return found.hexdigest()


def _script(line: str, data: bytes) -> Script:
    return Script("cmd", line, stdin=_encoded(data) if data else None, timeout=_SECONDS)


def _encoded(data: bytes) -> str:
    view = memoryview(data)
    lines = (base64.b64encode(view[at : at + _LINE]) for at in range(0, len(data), _LINE))
    return (_BEGIN + b"\r\n".join(lines) + b"\r\n" + _END).decode("ascii")
