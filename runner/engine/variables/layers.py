"""Layers: mappings laid over one another without copying, and values that are made when asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

_MISSING: Final = object()


class Live:
    """A value that is made each time somebody asks for it."""

    __slots__ = ("make",)

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make


class LiveDict(dict[str, Any]):
    """A dict in which a ``Live`` stands for what it makes."""

    __slots__ = ()

    def get(self, key: str, default: Any = None) -> Any:
        value = super().get(key, default)
        return value.make() if type(value) is Live else value

    def __getitem__(self, key: str) -> Any:
        value = super().__getitem__(key)
        return value.make() if type(value) is Live else value


class Layers(Mapping[str, Any]):
    """Mappings over one another, the strongest first. What is behind them may change meanwhile."""

    __slots__ = ("maps",)

    def __init__(self, maps: Iterable[Mapping[str, Any] | None]) -> None:
        self.maps = tuple(filter(None, maps))

    def __getitem__(self, name: str) -> Any:
        for layer in self.maps:
            value = layer.get(name, _MISSING)
            if value is not _MISSING:
                return value
        raise KeyError(name)

    def get(self, name: str, default: Any = None) -> Any:
        for layer in self.maps:
            value = layer.get(name, _MISSING)
            if value is not _MISSING:
                return value
        return default

    def __contains__(self, name: object) -> bool:
        return any(name in layer for layer in self.maps)

    def __iter__(self) -> Iterator[str]:
        names: dict[str, None] = {}
        for layer in reversed(self.maps):
            # tuple() takes a dict's keys in one step: another thread may add to it meanwhile.
            names.update(dict.fromkeys(tuple(layer)))
        return iter(names)

    def __len__(self) -> int:
        return len(frozenset().union(*(tuple(layer) for layer in self.maps)))

    def __repr__(self) -> str:
        return repr(dict(self))
