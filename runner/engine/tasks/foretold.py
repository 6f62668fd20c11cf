"""What a dry run has foretold of a host, for tasks that only look, or look with another module.

They see the host as it is now, which is not as they would find it.

A subject is named by its kind and its name (``file /etc/motd``, ``service spooler``), so
that what belongs together can be told without knowing what it is.
"""

from __future__ import annotations

import fnmatch
import threading
from typing import Final

_GLOB: Final = frozenset("*?[")
_BELOW: Final = ("\\", " ")
"""What stands between a thing and what is in it: a folder's file, a key's value."""


class Foretold:
    """The subjects that tasks would change, by host. Thread-safe."""

    def __init__(self) -> None:
        self._changed: dict[str, dict[tuple[str, str], str]] = {}
        self._lock = threading.Lock()

    def note(self, host: str, subject: str, task: str) -> None:
        """This task would change that subject."""
        with self._lock:
            self._changed.setdefault(host, {})[_parts(subject)] = task

    def by(self, host: str, subject: str) -> str:
        """The task that would change what is looked at; empty when none would."""
        with self._lock:
            changed = dict(self._changed.get(host, {}))
        kind, name = _parts(subject)
        found = [
            task for (other, what), task in changed.items() if other == kind and _meets(name, what)
        ]
        return found[-1] if found else ""

    def same(self, host: str, subject: str) -> str:
        """The task that would change this very subject; empty when none would."""
        with self._lock:
            return self._changed.get(host, {}).get(_parts(subject), "")


def _parts(subject: str) -> tuple[str, str]:
    kind, _, name = subject.partition(" ")
    return kind.casefold().removesuffix("s"), name.casefold().replace("/", "\\").rstrip("\\")


def _meets(looked_at: str, changed: str) -> bool:
    """Whether a change of the one shows in the other: the same, inside of it, or among those
    meant. What changes inside a folder is not seen by looking at the folder, but what changes in
    a registry key is: its values stand behind a blank."""
    if looked_at == changed:
        return True
    if _GLOB & set(looked_at):
        return fnmatch.fnmatchcase(changed, looked_at)
    inside = any(looked_at.startswith(changed + between) for between in _BELOW)
    return inside or changed.startswith(looked_at + " ")
