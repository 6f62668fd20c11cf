"""The Unix end of ``programs/shellhost.c``: command lines in, output and 32-bit exit codes out."""

from __future__ import annotations

import contextlib
import struct
import subprocess
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import IO, Final

from runner.lab.wine.found import WINE, WineError
from runner.lab.wine.sandbox import Sandbox

CMD: Final = r"C:\windows\system32\cmd.exe"
PROGRAM: Final = r"C:\windows\shellhost.exe"
_HEAD: Final = struct.Struct("<II")
_STREAMS: Final = {b"1": "stdout", b"2": "stderr"}
_LONGEST: Final = 60000
"""Bytes of standard input in one frame."""


class Gone(Exception):
    """The shell host ended in the middle of a command: the machine went down."""


@dataclass(frozen=True, slots=True)
class Order:
    """One command: its whole line, the console's code page, folder and variables of the shell."""

    line: str
    codepage: int
    folder: str
    variables: Mapping[str, str]

    def pack(self) -> bytes:
        """The frame's content. Raises WineError for a line that no console program can be given."""
        texts = [self.line, self.folder, *(f"{k}={v}" for k, v in self.variables.items()), "", ""]
        if any("\0" in text for text in texts):
            raise WineError("a command line cannot hold a NUL character")
        try:
            return struct.pack("<I", self.codepage) + "\0".join(texts).encode("utf-16-le")
        except UnicodeEncodeError:
            raise WineError("half of a surrogate pair cannot be sent") from None


class ShellHost:
    """One hidden console on a machine; runs one command at a time."""

    def __init__(self, sandbox: Sandbox) -> None:
        pipe = subprocess.PIPE
        nothing = subprocess.DEVNULL
        self._process = sandbox.start([WINE, PROGRAM], stdin=pipe, stdout=pipe, stderr=nothing)
        self._lock = threading.Lock()
        self.usable = True

    def run(
        self,
        order: Order,
        write: Callable[[str, bytes], None],
        stdin: Callable[[], bytes],
        cancelled: threading.Event,
    ) -> int:
        """Run to the end; the exit code, unsigned. Raises Gone."""
        self._put(b"R", order.pack())
        ended = threading.Event()
        threading.Thread(target=self._feed, args=(stdin, ended), daemon=True).start()
        threading.Thread(target=self._watch, args=(cancelled, ended), daemon=True).start()
        try:
            while True:
                kind, data = self._get()
                if kind in _STREAMS:
                    write(_STREAMS[kind], data)
                elif kind == b"X":
                    code, lingers = struct.unpack("<II", data)
                    self.usable = not lingers
                    return int(code)
                else:
                    raise WineError(f"Windows error {_number(data)} for {order.line!r}")
        finally:
            ended.set()

    def _feed(self, stdin: Callable[[], bytes], ended: threading.Event) -> None:
        """Forward what the client sends. Empty says that there is no more."""
        with contextlib.suppress(Gone):
            while not ended.is_set():
                data = stdin()
                if ended.is_set():
                    return
                for start in range(0, len(data), _LONGEST):
                    self._put(b"I", data[start : start + _LONGEST])
                if not data:
                    self._put(b"I", b"")
                    return

    def _watch(self, cancelled: threading.Event, ended: threading.Event) -> None:
        while not ended.wait(0.1):
            if cancelled.is_set():
                with contextlib.suppress(Gone):
                    self._put(b"K", b"")
                return

    def _put(self, kind: bytes, data: bytes) -> None:
        try:
            with self._lock:
                to = _pipe(self._process.stdin)
                to.write(_HEAD.pack(kind[0], len(data)) + data)
                to.flush()
        except (OSError, ValueError) as error:
            self.usable = False
            raise Gone from error

    def _get(self) -> tuple[bytes, bytes]:
        kind, size = _HEAD.unpack(self._read(_HEAD.size))
        return bytes([kind]), self._read(size)

    def _read(self, size: int) -> bytes:
        try:
            data = _pipe(self._process.stdout).read(size)
        except ValueError:
            data = b""
        if len(data) < size:
            self.usable = False
            raise Gone
        return data

    def close(self) -> None:
        """Let it end."""
        self.usable = False
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError, ValueError):
                _pipe(pipe).close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe


def _number(data: bytes) -> int:
    return int.from_bytes(data[:4], "little")
