"""Values that a dry run cannot know, as templates and conditions meet them.

Touching such a value raises DependsOnUnknown, which ends in the status ``not predictable:
depends on TASK``. A condition is never guessed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from runner.errors import DependsOnUnknown
from runner.model.state import UNKNOWN


class Depends:
    """Stands for a value that only ``what`` (a task's name) can settle."""

    __slots__ = ("_what",)

    def __init__(self, what: str) -> None:
        object.__setattr__(self, "_what", what)

    def _raise(self, *_: object, **__: object) -> NoReturn:
        raise DependsOnUnknown(self._what)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            # Probes of the language itself (copying, HTML, pickling) must not look like a use.
            raise AttributeError(name)
        raise DependsOnUnknown(self._what)

    def __repr__(self) -> str:
        return f"(depends on {self._what})"

    __str__ = __bool__ = __len__ = __iter__ = __getitem__ = __contains__ = __int__ = _raise
    __float__ = __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __add__ = __radd__ = _raise
    __sub__ = __rsub__ = __mul__ = __mod__ = __neg__ = __call__ = __format__ = _raise
    __hash__ = object.__hash__


class UnknownResult(dict[str, Any]):
    """What a task registers of which nothing can be known: a result for ``is failed`` and its
    like, whose every part is unknown."""

    def __init__(self, what: str) -> None:
        super().__init__()
        self._what = what

    def _raise(self, *_: object, **__: object) -> NoReturn:
        raise DependsOnUnknown(self._what)

    __getitem__ = get = __contains__ = __iter__ = __len__ = __bool__ = __eq__ = __ne__ = _raise
    keys = values = items = _raise
    __hash__ = None


def settle(value: Any, what: str) -> Any:
    """The value with every UNKNOWN in it replaced by a Depends on ``what``."""
    if value is UNKNOWN:
        return Depends(what)
    if isinstance(value, Mapping):
        return {k: settle(v, what) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [settle(v, what) for v in value]
    return value


def unknowns(value: Any) -> Iterator[Depends]:
    """Every Depends inside a nested value."""
    if isinstance(value, Depends):
        yield value
    elif isinstance(value, UnknownResult):
        raise DependsOnUnknown(value._what)
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from unknowns(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from unknowns(inner)


def require_known(value: Any) -> None:
    """Raises DependsOnUnknown if there is an unknown anywhere in the value."""
    for unknown in unknowns(value):
        raise DependsOnUnknown(object.__getattribute__(unknown, "_what"))
