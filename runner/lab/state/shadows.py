"""Shadow copies of a machine's volume."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["MOST", "VOLUME", "Shadow", "Shadows"]

VOLUME = "\\\\?\\Volume{4c414221-0000-0000-0000-100000000000}\\"
"""The one volume, as Windows names it."""
MOST = 64
"""How many copies of a volume there may be (Microsoft, "Win32_ShadowCopy.Create": code 8)."""


@dataclass(frozen=True, slots=True)
class Shadow:
    """One copy: its GUID in braces, and when it was made, in seconds since 1970."""

    id: str
    created: float


class Shadows:
    """The copies of a machine, the oldest first."""

    def __init__(self) -> None:
        self._copies: list[Shadow] = []

    def all(self) -> list[Shadow]:
        return list(self._copies)

    def add(self, guid: str, now: float) -> Shadow:
        """Make one more."""
        copy = Shadow(guid, now)
        self._copies.append(copy)
        return copy

    def delete(self, guid: str) -> bool:
        """Forget one; False where there is none of that GUID."""
        left = [copy for copy in self._copies if copy.id.lower() != guid.lower()]
        found = len(left) != len(self._copies)
        self._copies = left
        return found

    def dump(self) -> int:
        """How many there are: their names are new every time."""
        return len(self._copies)
