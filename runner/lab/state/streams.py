"""Where a simulated program reads from and writes to: pipes, files, buffers, the null device."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from runner.lab.state.files import FileSystem

__all__ = [
    "BufferSink",
    "BytesSource",
    "FileSink",
    "NullSink",
    "PipeSink",
    "Sink",
    "Source",
    "StdinSource",
    "decode",
    "encode",
]


def encode(text: str, codepage: int) -> bytes:
    """Text in a console code page; what it lacks becomes `?`, as WideCharToMultiByte does."""
    if text.isascii():
        return text.encode("ascii")
    return text.encode("utf-8" if codepage == 65001 else f"cp{codepage}", "replace")


def decode(data: bytes, codepage: int) -> str:
    """Text from bytes of a console code page; what is not valid becomes U+FFFD."""
    return data.decode("utf-8" if codepage == 65001 else f"cp{codepage}", "replace")


class Sink:
    """An output handle. `kind` matters to programs that write differently to files (wmic)."""

    kind: Literal["pipe", "file", "nul"] = "nul"

    def write(self, data: bytes) -> None:
        """Take bytes."""

    def close(self) -> None:
        """Finish; nothing is written afterwards."""


class NullSink(Sink):
    """The device NUL."""


class PipeSink(Sink):
    """A stream of the remote shell."""

    kind = "pipe"

    def __init__(self, name: str, write: Callable[[str, bytes], None]) -> None:
        self._name = name
        self._write = write

    def write(self, data: bytes) -> None:
        if data:
            self._write(self._name, data)


class BufferSink(Sink):
    """The writing end of `a | b`: kept until b runs."""

    kind = "pipe"

    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: bytes) -> None:
        self.data += data


class FileSink(Sink):
    """A redirection to a file. The file exists from the opening on; its bytes arrive at `close`.

    Raises FileNotFoundError or PermissionError when it cannot be opened.
    """

    kind = "file"

    def __init__(self, files: FileSystem, path: str, now: float, *, append: bool) -> None:
        self._files = files
        self._path = path
        self._now = now
        self._data = bytearray()
        files.write(path, b"", now, append=append)

    def write(self, data: bytes) -> None:
        self._data += data

    def close(self) -> None:
        if self._data:
            self._files.write(self._path, bytes(self._data), self._now, append=True)
            self._data.clear()


class Source:
    """An input handle; this one is NUL: always at its end."""

    blocking = False

    def read(self) -> bytes:
        """Everything that is left."""
        return b""

    def read_line(self) -> bytes:
        """Up to and with the next line feed; empty at the end."""
        return b""


class BytesSource(Source):
    """A file, or the reading end of a pipe whose writer has finished."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def read(self) -> bytes:
        rest, self._at = self._data[self._at :], len(self._data)
        return rest

    def read_line(self) -> bytes:
        end = self._data.find(b"\n", self._at) + 1 or len(self._data)
        line, self._at = self._data[self._at : end], end
        return line


class StdinSource(Source):
    """What the client sends. Reading blocks until it sends something or closes its end."""

    blocking = True

    def __init__(self, receive: Callable[[], bytes]) -> None:
        self._receive = receive
        self._buffer = b""
        self._ended = False

    def _more(self) -> bool:
        if not self._ended:
            chunk = self._receive()
            self._buffer += chunk
            self._ended = not chunk
        return not self._ended

    def read(self) -> bytes:
        while self._more():
            pass
        data, self._buffer = self._buffer, b""
        return data

    def read_line(self) -> bytes:
        while b"\n" not in self._buffer and self._more():
            pass
        line, newline, self._buffer = self._buffer.partition(b"\n")
        return line + newline
