"""Reach: what of a host a task looks at and what it may alter, in names that can be compared.

Two tasks whose reaches do not meet may be asked together, and their changes sent together. Who
cannot name everything says nothing at all (None), which means: it may meet anything.

A name is a path with backslashes, in lower case: ``hklm\\software\\a`` is a registry key,
``hklm\\software\\a\\:b`` a value of it. What is below a name belongs to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Reach:
    """What one task has to do with.

    ``reads`` are looked at themselves, ``below`` with all that is below them; ``writes`` may be
    altered with all that is below them, and are none where nothing is to be changed.
    """

    reads: frozenset[str] = frozenset()
    below: frozenset[str] = frozenset()
    writes: frozenset[str] = frozenset()

    def sees(self, other: Reach) -> bool:
        """Whether what the other may alter shows here."""
        return bool(other.writes) and _sees(self, other)

    def meets(self, other: Reach) -> bool:
        """Whether one of them may alter what the other has to do with."""
        return self.sees(other) or other.sees(self)


@lru_cache(maxsize=4096)
def _sees(one: Reach, other: Reach) -> bool:
    """Asked for the same two of a play on each host."""
    return any(
        any(_in(name, written) for name in (*one.reads, *one.below, *one.writes))
        or any(_in(written, name) for name in (*one.below, *one.writes))
        for written in other.writes
    )


def reach(
    reads: Iterable[str] = (), below: Iterable[str] = (), writes: Iterable[str] = ()
) -> Reach:
    """A Reach of names in any case."""
    return Reach(*(frozenset(map(str.casefold, names)) for names in (reads, below, writes)))


def _in(name: str, whole: str) -> bool:
    return name == whole or name.startswith(whole + "\\")
