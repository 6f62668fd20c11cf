"""A spool: large values that wait outside of memory until somebody asks for them.

Ten thousand hosts that have registered what some commands printed would fill the memory of the
controller with texts at which hardly anybody looks again.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from threading import Lock
from typing import Any, Final

from runner.engine.variables.layers import Live
from runner.engine.variables.unknown import UnknownResult
from runner.scratch import ScratchFile

WORTH: Final = 2_000
"""Characters from which on a value is worth the way to the disk."""
SEGMENT: Final = 64_000_000
"""Bytes after which another file is begun: one is gone when nothing in it is needed any more."""
_SIMPLE: Final = frozenset({type(None), bool, int, float})


class Spool:
    """Keeps values in scratch files, in ``folder`` if that can be done. Thread-safe."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._lock = Lock()
        self._current: ScratchFile | None = None
        self._full = False

    def keep(self, value: Any) -> Live | None:
        """What gives an equal value whenever it is asked; None where it has to stay in memory: it
        is small, or not plain data, or there is no room on the disk."""
        if self._full or not is_worth(value):
            return None
        content = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
        try:
            file = self._file()
            place = file.put(content)
        except OSError:
            self._full = True
            return None
        length = len(content)
        # What is unpickled was written by this very process, in a file that nobody else can open.
        return Live(lambda: pickle.loads(file.get(place, length)))

    def _file(self) -> ScratchFile:
        with self._lock:
            if self._current is None or self._current.size >= SEGMENT:
                self._current = ScratchFile(self._folder)
            return self._current


def is_worth(value: Any) -> bool:
    """Whether it is large enough for the way to the disk, and can go there."""
    return weight(value) >= WORTH


def weight(value: Any) -> int:
    """About how many characters there are in it; -1 where it holds what is not plain data."""
    kind = type(value)
    if kind in _SIMPLE:
        return 8
    if isinstance(value, str):
        return len(value) + 16
    if isinstance(value, UnknownResult):
        return -1
    if isinstance(value, dict | list | tuple):
        total = 16
        for part in value.values() if isinstance(value, dict) else value:
            found = weight(part)
            if found < 0:
                return -1
            total += found
        return total
    return -1
