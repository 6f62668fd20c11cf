"""A machine's files as a service sees them that does not go through cmd (sftp)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.lab.state.files import Entry
from runner.lab.state.paths import absolute, parent_of

if TYPE_CHECKING:
    from runner.lab.state.host import Host

__all__ = ["Disk"]


class Disk:
    """Every method may be called from any thread; paths are those of Windows.

    Raises FileNotFoundError, FileExistsError and PermissionError.
    """

    def __init__(self, host: Host, home: str) -> None:
        self._host = host
        self.home = home

    def find(self, path: str) -> Entry | None:
        """What is there."""
        with self._host.lock:
            return self._host.files.find(self.place(path))

    def place(self, path: str) -> str:
        """The absolute path, seen from the user's profile."""
        return absolute(path, self.home)

    def children(self, path: str) -> list[Entry]:
        """What a folder holds."""
        with self._host.lock:
            if not self._host.files.is_dir(self.place(path)):
                raise FileNotFoundError(path)
            return self._host.files.children(self.place(path))

    def write(self, path: str, content: bytes) -> None:
        """A file with this content."""
        with self._host.lock:
            self._host.counters.writes += 1
            self._host.files.write(self.place(path), content, self._host.clock.now())

    def remove(self, path: str, *, folder: bool) -> None:
        """Remove a file, or an empty folder."""
        with self._host.lock:
            entry = self._require(path)
            if entry.is_dir is not folder or (folder and self._host.files.children(entry.path)):
                raise PermissionError(path)
            self._host.counters.writes += 1
            self._host.files.remove(entry.path)

    def rename(self, path: str, target: str, *, replace: bool) -> None:
        """Give a file another name."""
        with self._host.lock:
            entry, place = self._require(path), self.place(target)
            old = self._host.files.find(place)
            if old is not None and (not replace or old.is_dir):
                raise FileExistsError(target)
            if not self._host.files.is_dir(parent_of(place)):
                raise FileNotFoundError(target)
            self._host.counters.writes += 1
            if old is not None:
                self._host.files.remove(place)
            self._host.files.move(entry, place)

    def make_folder(self, path: str) -> None:
        """A new folder in one that exists."""
        with self._host.lock:
            place = self.place(path)
            if self._host.files.find(place) is not None:
                raise FileExistsError(path)
            if not self._host.files.is_dir(parent_of(place)):
                raise FileNotFoundError(path)
            self._host.counters.writes += 1
            self._host.files.make_dirs(place, self._host.clock.now())

    def _require(self, path: str) -> Entry:
        entry = self._host.files.find(self.place(path))
        if entry is None:
            raise FileNotFoundError(path)
        return entry
