"""Sending a file past the shell, where a transport has a way of its own for that (sftp)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator

from runner.interfaces.exchange import NO_WAY, Output, Reply, Upload
from runner.interfaces.local_file import PIECE, LocalFile


class FileTransfer(ABC):
    """A connection that can send files."""

    @abstractmethod
    def put(self, upload: Upload, *, timeout: float) -> int:
        """Send it; gives 0, NO_WAY or REFUSED. Raises a TransportError."""


def upload(asked: Upload) -> Generator[Upload, Reply, Output | None]:
    """Send a file past the shell; None where there is no way. See Upload.

    It pays for what takes more than one command otherwise, so less is not even tried.
    """
    if asked.content.size - asked.start <= PIECE:
        return None
    (output,) = yield asked
    return None if output.code == NO_WAY else output


def pieces_from(content: LocalFile, start: int, size: int = PIECE) -> Iterator[bytes]:
    """The content from one of its bytes on, in pieces of at most so many bytes."""
    for piece in content.pieces(size):
        if start < len(piece):
            yield piece[start:]
        start = max(0, start - len(piece))
