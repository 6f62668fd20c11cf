"""What one rendering may spend: steps, time, and the size of what it makes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from runner.errors import TemplateError

_DEEPEST: Final = 40
"""Variables that may refer to one another in a row."""
_MOST_STEPS: Final = 1_000_000
_MOST_SECONDS: Final = 20.0
_MOST_BUILT: Final = 64_000_000
"""Characters and elements that one rendering may build, all in all."""
_ELEMENT: Final = 64
"""Characters that count as one element."""
_LARGE: Final = (dict, list, tuple)
_FEW: Final = 10
_HEAVIEST: Final = 4_000_000
"""Elements of one value, those that stand in it several times counted each time."""


class Budget:
    """What one rendering may spend, and which variables it is in the middle of."""

    __slots__ = ("_built", "_deadline", "_steps", "open")

    def __init__(self) -> None:
        self.open: list[str] = []
        self._steps = 0
        self._built = 0
        self._deadline = time.monotonic() + _MOST_SECONDS

    def step(self) -> None:
        """Count one turn of a loop or one call. Raises TemplateError when it is too much."""
        self._steps += 1
        if self._steps > _MOST_STEPS:
            raise TemplateError(f"this template takes more than {_MOST_STEPS:,} steps")
        if not self._steps % 256 and time.monotonic() > self._deadline:
            raise TemplateError(f"this template takes more than {_MOST_SECONDS:g} seconds")

    def spend(self, size: int) -> None:
        """Count characters or elements that were built. Raises TemplateError for too many."""
        self._built += size
        if self._built > _MOST_BUILT:
            raise TemplateError(f"this template builds more than {_MOST_BUILT:,} characters")

    @contextmanager
    def entering(self, label: str) -> Iterator[None]:
        """Refuse circles and endless chains while the variable ``label`` is rendered."""
        if label in self.open:
            circle = " -> ".join([*self.open[self.open.index(label) :], label])
            raise TemplateError(f"variables refer to one another in a circle: {circle}")
        if len(self.open) >= _DEEPEST:
            chain = " -> ".join([*self.open[:3], "...", label])
            raise TemplateError(f"more than {_DEEPEST} variables refer to one another: {chain}")
        self.open.append(label)
        try:
            yield
        finally:
            self.open.pop()


def weigh(value: Any) -> int:
    """How many elements a value has at all depths. Raises TemplateError for too many.

    A list that stands in another a thousand times counts a thousand times: what is small in
    memory can be beyond all measure when it is written out.
    """
    return _weigh(value, {}, set())


def weigh_all(values: tuple[Any, ...]) -> None:
    """The same for what a function is given, all of it together."""
    if len(values) > _FEW or any(isinstance(value, _LARGE) for value in values):
        weigh(values)


def _weigh(value: Any, sizes: dict[int, int], inside: set[int]) -> int:
    if isinstance(value, str):
        return 1 + len(value) // _ELEMENT
    if not isinstance(value, dict | list | tuple):
        return 1
    key = id(value)
    if key in sizes:
        return sizes[key]
    if key in inside:
        raise TemplateError("this value contains itself")
    inside.add(key)
    size = 1
    for item in value.values() if isinstance(value, dict) else value:
        size += _weigh(item, sizes, inside)
        if size > _HEAVIEST:
            raise TemplateError(f"this template makes a value of more than {_HEAVIEST:,} elements")
    inside.discard(key)
    sizes[key] = size
    return size
