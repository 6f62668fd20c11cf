"""Files of the controller, as the modules that send them need them: size, checksum, pieces.

Checksums are remembered as long as the file is the same by its size, times and inode: many hosts
are sent the same file.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final

from runner.errors import PlaybookError

PIECE: Final = 1 << 20
"""Bytes that are sent to a host in one go."""
VAULT: Final = b"$ANSIBLE_VAULT;"
"""What an encrypted file begins with."""


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file of the controller; ``data`` is its content where that is already in memory."""

    path: str
    data: bytes | None = field(default=None, repr=False)

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.data) if self.data is not None else _stat(self.path).st_size

    @property
    def sha1(self) -> str:
        """The checksum that Ansible compares."""
        return self.digest("sha1")

    def digest(self, algorithm: str) -> str:
        """A checksum by hashlib's name of the algorithm. Raises InputError."""
        if self.data is not None:
            return hashlib.new(algorithm, self.data, usedforsecurity=False).hexdigest()
        known = _stat(self.path)
        same = (known.st_size, known.st_mtime_ns, known.st_ctime_ns, known.st_ino, known.st_dev)
        return _digest(self.path, algorithm, same)

    def pieces(self, size: int = PIECE) -> Iterator[bytes]:
        """The content in pieces of at most so many bytes; one empty piece for an empty file."""
        if self.data is not None:
            starts = range(0, len(self.data), size) or (0,)
            yield from (self.data[start : start + size] for start in starts)
            return
        try:
            with Path(self.path).open("rb") as stream:
                piece = stream.read(size)
                while True:
                    yield piece
                    if not (piece := stream.read(size)):
                        return
        except OSError as error:
            raise _unreadable(self.path, error) from None

    @property
    def is_encrypted(self) -> bool:
        """Whether it is a vault file."""
        return next(self.pieces(len(VAULT))) == VAULT


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """One thing under a file or folder of the controller that is to be copied.

    ``name`` is its path below; ``path`` where it really is; ``mode`` its permissions. ``target``
    is where a link leads that stays a link.
    """

    name: str
    kind: str
    path: str
    mode: int
    size: int = 0
    checksum: str = ""
    target: str = ""


def survey(path: str, *, follow: bool = True) -> tuple[SourceEntry, ...]:
    """What there is to copy: one entry for a file, all below it for a folder, folders first.

    Links are followed as Ansible does: with ``follow`` those that lead to files and folders,
    except into a folder that is being copied already. Raises InputError.
    """
    top = Path(path)
    if not top.is_dir():
        return (_file(top, top.name),)
    found: list[SourceEntry] = []
    _walk(top, "", follow, (_identity(top),), found)
    return tuple(sorted(found, key=lambda entry: (entry.kind != "directory", entry.name)))


def _walk(
    folder: Path, below: str, follow: bool, parents: tuple[tuple[int, int], ...],
    found: list[SourceEntry],
) -> None:  # fmt: skip
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise _unreadable(str(folder), error) from None
    for entry in entries:
        name = f"{below}{entry.name}"
        link = entry.is_symlink()
        if link and not (follow and entry.exists() and _identity(entry) not in parents):
            target = str(entry.readlink())
            found.append(SourceEntry(name, "link", str(entry), 0, target=target))
        elif entry.is_dir():
            real = entry.resolve() if link else entry
            mode = stat.S_IMODE(_stat(str(real)).st_mode)
            found.append(SourceEntry(name, "directory", str(real), mode))
            _walk(real, f"{name}/", follow, (*parents, _identity(real)), found)
        elif entry.is_file():
            found.append(_file(entry.resolve() if link else entry, name))
        else:
            raise PlaybookError(f"{entry} is neither a file nor a folder: it cannot be copied")


def _file(path: Path, name: str) -> SourceEntry:
    known = _stat(str(path))
    checksum = LocalFile(str(path)).sha1
    mode = stat.S_IMODE(known.st_mode)
    return SourceEntry(name, "file", str(path), mode, known.st_size, checksum)


def _identity(path: Path) -> tuple[int, int]:
    known = _stat(str(path))
    return known.st_dev, known.st_ino


def _stat(path: str) -> os.stat_result:
    try:
        return Path(path).stat()
    except OSError as error:
        raise _unreadable(path, error) from None


@lru_cache(maxsize=4096)
def _digest(path: str, algorithm: str, same: tuple[int, ...]) -> str:
    """``same`` says that it is the same file as before."""
    digest = hashlib.new(algorithm, usedforsecurity=False)
    for piece in LocalFile(path).pieces():
        digest.update(piece)
    return digest.hexdigest()


def _unreadable(path: str, error: OSError) -> PlaybookError:
    return PlaybookError(f"cannot read {path}: {(error.strerror or str(error)).lower()}")
