"""Scratch files: what need not stay in memory, on a disk, for as long as somebody may ask for it.

A file has no name, so nobody else can open it (on systems where it must have one, only its owner
can), and its room is free again as soon as it is closed, also when this process is killed.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from threading import Lock
from typing import IO, Final

_LARGE: Final = Path("/var/tmp")
"""For what is too large for /tmp, which is memory on many systems (Filesystem Hierarchy Standard,
5.15)."""


class ScratchFile:
    """One file. It is closed, and gone, with the last reference to it. Thread-safe."""

    def __init__(self, folder: Path | None = None) -> None:
        """``folder``: where to make it, if that can be done; by default where large temporary
        files are. Raises OSError."""
        self._file = _opened(folder)
        self._lock = Lock()
        self.size = 0

    def put(self, content: bytes) -> int:
        """The place of this content. Raises OSError."""
        with self._lock:
            place = self.size
            self._file.seek(place)
            left = memoryview(content)
            while left:
                left = left[self._file.write(left) :]
            self.size += len(content)
            return place

    def get(self, place: int, length: int) -> bytes:
        """What was put there. Raises OSError."""
        with self._lock:
            self._file.seek(place)
            found = b""
            while len(found) < length:
                more = self._file.read(length - len(found))
                if not more:
                    raise OSError("a scratch file has lost its content")
                found += more
            return found

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            self._file.close()


def _opened(folder: Path | None) -> IO[bytes]:
    large = None if "TMPDIR" in os.environ or not _LARGE.is_dir() else _LARGE
    for place in (folder, large):
        if place is not None:
            try:
                return tempfile.TemporaryFile(buffering=0, dir=place)
            except OSError:
                continue  # a preview may be all that somebody may do there
    return tempfile.TemporaryFile(buffering=0)
