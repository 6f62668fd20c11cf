"""A password among the parameters of a module."""

from __future__ import annotations

from runner.model.secret import MASK


class Password(str):
    """A password: shown and recorded as a mask."""

    __slots__ = ()

    def __str__(self) -> str:
        return MASK

    __repr__ = __str__

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)
