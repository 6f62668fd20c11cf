"""Sending a file past the shell, where a transport has a way of its own for that (sftp)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from runner.interfaces.local_file import PIECE, LocalFile

if TYPE_CHECKING:
    from runner.interfaces.exchange import Command, Output, Reply

NO_WAY: Final = 0xFFFFFFFF
"""The answer to an Upload where the link has no way past the shell: nothing was sent."""
REFUSED: Final = 1
"""The answer where the host did not take all of it."""


@dataclass(frozen=True, slots=True)
class Upload:
    """Write the content of a file of the controller, from byte ``start`` on, into one of the host.

    ``path`` is absolute, in a folder that exists; what the file has behind ``start`` is lost.
    ``before`` is a command that is sent ahead, where there is a way at all.
    Answer: a tuple of one Output with the code 0 when all of it was taken, NO_WAY, or REFUSED: a
    part of it may be there then. In both cases whoever asked sends it through the shell. When the
    connection breaks, a beginning of the content is there. The user is the connection's. Where
    ``before`` fails, its own Output is the answer.
    """

    path: str
    content: LocalFile
    start: int = 0
    timeout: float | None = None
    before: Command | None = None


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
