"""State, Change, Diff: what was found, what is wanted, and what differs between the two.

A state is a frozen dataclass of one module. A value that only the real change can settle is
UNKNOWN; it compares equal to nothing but itself, so it always shows as a difference.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Generic, TypeVar

StateT = TypeVar("StateT")


class Unknown:
    """The type of UNKNOWN."""

    _instance: Unknown | None = None

    def __new__(cls) -> Unknown:
        if cls._instance is None:
            cls._instance = super().__new__(cls)
        return cls._instance

    def __repr__(self) -> str:
        return "(known after the change)"

    def __bool__(self) -> bool:
        raise TypeError("UNKNOWN is neither true nor false")


UNKNOWN: Final = Unknown()


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of a state that a change touches."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Change(Generic[StateT]):
    """A subject's way from one state to another."""

    subject: str
    before: StateT
    after: StateT

    def reversed(self) -> Change[StateT]:
        """The same way back."""
        return Change(self.subject, self.after, self.before)

    def differences(self) -> tuple[Difference, ...]:
        """The fields that differ, in the order in which the state declares them."""
        return differences(self.before, self.after)

    def touches(self, field: str) -> bool:
        """Whether this field differs."""
        return any(d.field == field for d in self.differences())


def differences(before: Any, after: Any) -> tuple[Difference, ...]:
    """Field by field, what differs between two states of the same type."""
    if before is after:
        return ()
    if type(before) is not type(after):
        raise TypeError(f"{type(before).__name__} and {type(after).__name__} are not comparable")
    found = []
    for name in _compared(before.__class__):
        old, new = getattr(before, name), getattr(after, name)
        if old is not new and old != new:
            found.append(Difference(name, old, new))
    return tuple(found)


@lru_cache(maxsize=512)
def _compared(kind: Any) -> tuple[str, ...]:
    return tuple(f.name for f in dataclasses.fields(kind) if f.compare)
