"""Files that a run offers to its hosts over HTTP, so that they fetch them themselves."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Final

from runner.interfaces.local_file import LocalFile

OFFERING: Final = "offering"
"""The hidden parameter of modules that can offer files to their host."""
FILE_SERVER: Final = "runner_file_server"
"""The variable of a host that says whether it shall fetch large files."""
LARGE: Final = 8 * 1024 * 1024
"""Bytes from which on a file is worth fetching, unless the inventory says another size."""


class Offering(ABC):
    """What one task may offer to its host. Thread-safe."""

    smallest: int = LARGE
    """Bytes below which a file goes through the connection all the same."""

    @abstractmethod
    def offer(self, file: LocalFile) -> str:
        """A URL under which this host can fetch the file, once. Opens the port when it is the
        first. Raises ModuleError when that is impossible."""

    @abstractmethod
    def withdraw(self, url: str) -> None:
        """The URL is worth nothing any more."""
