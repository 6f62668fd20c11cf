"""Comparing version numbers, as the ``version`` test does."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import total_ordering
from typing import Any, Final, TypeAlias

_PARTS: Final = re.compile(r"(\d+|[a-z]+|\.)")
_STRICT: Final = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?(?:([ab])(\d+))?")
_SEMANTIC: Final = re.compile(
    r"(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z.-]+)?"
)

Key: TypeAlias = tuple[Any, ...] | list[Any]


def loose(version: str) -> Key:
    """Numbers as numbers, letters as letters: ``6.3.9600``. Comparing the two is a TypeError."""
    parts = [p for p in _PARTS.split(version) if p and p != "."]
    return [int(part) if part.isdecimal() else part for part in parts]


def strict(version: str) -> Key:
    """Two or three numbers, perhaps an alpha or beta: ``1.2.3b4``."""
    found = _STRICT.fullmatch(version)
    if not found:
        raise ValueError(f"'{version}' is no strict version number")
    stage = (0, found[4], int(found[5])) if found[4] else (1, "", 0)
    return (int(found[1]), int(found[2]), int(found[3] or 0), stage)


@total_ordering
class _Identifier:
    """One part of a semantic pre-release: numbers come before words."""

    def __init__(self, text: str) -> None:
        self._key = (0, int(text), "") if text.isdigit() else (1, 0, text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identifier) and self._key == other._key

    def __lt__(self, other: _Identifier) -> bool:
        return self._key < other._key

    def __hash__(self) -> int:
        return hash(self._key)


def semantic(version: str) -> Key:
    """Semantic Versioning 2.0.0: ``1.2.3-rc.1+build``."""
    found = _SEMANTIC.fullmatch(version)
    if not found:
        raise ValueError(f"'{version}' is no semantic version")
    numbers = tuple(int(found[i]) for i in (1, 2, 3))
    before = [_Identifier(part) for part in found[4].split(".")] if found[4] else []
    return (*numbers, 0 if before else 1, before)


def pep440(version: str) -> Any:
    """Python's own versions: ``1.2rc1.post3``."""
    from packaging.version import Version  # few ask for it, and its import takes long

    return Version(version)


KINDS: Final[dict[str, Callable[[str], Any]]] = {
    "loose": loose,
    "strict": strict,
    "semver": semantic,
    "semantic": semantic,
    "pep440": pep440,
}
