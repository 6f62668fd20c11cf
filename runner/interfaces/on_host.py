"""Text of parameters that only the host can complete, such as ``%TEMP%`` in a path.

A type of parameter says so by carrying a ``HostText`` (``Annotated[str, ..., HostText(...)]``). The
engine asks the host before the module sees the parameters: what a module, a plan and the journal
are given names the one path that was meant.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias, get_args

from runner.interfaces.exchange import Query, Reply
from runner.interfaces.module import Params
from runner.interfaces.param_rows import names_of

Completed: TypeAlias = Generator[Query, Reply, Mapping[str, str]]
"""Asks the host; gives the whole text of each that was given. Raises Refused for what the host
does not know."""


@dataclass(frozen=True, slots=True)
class HostText:
    """How texts of one kind are completed. ``asks`` says whether a text needs it at all."""

    asks: Callable[[str], bool]
    complete: Callable[[tuple[str, ...]], Completed]
    when: Callable[[Mapping[str, Any]], bool] = lambda raw: True
    """Whether the arguments mean a text of the host at all."""


def wanted(params: type[Params], raw: Mapping[str, Any]) -> bool:
    """Whether the host has to be asked about these arguments."""
    return any(kind.asks(text) for _, kind, text in _texts(params, raw))


def completed(
    params: type[Params], raw: Mapping[str, Any]
) -> Generator[Query, Reply, Mapping[str, Any]]:
    """The arguments with every such text complete."""
    found = dict(raw)
    for name, kind, text in _texts(params, raw):
        if kind.asks(text):
            whole = (yield from kind.complete((text,)))[text]
            found[name] = _replaced(found[name], text, whole)
    return found


def _texts(params: type[Params], raw: Mapping[str, Any]) -> Iterator[tuple[str, HostText, str]]:
    for name, kind in _kinds(params).items():
        value = raw.get(name) if kind.when(raw) else None
        for text in value if isinstance(value, list | tuple) else (value,):
            if isinstance(text, str):
                yield name, kind, text


def _replaced(value: Any, text: str, whole: str) -> Any:
    if isinstance(value, list | tuple):
        return [whole if one == text else one for one in value]
    return whole


@lru_cache(maxsize=256)
def _kinds(params: type[Params]) -> Mapping[str, HostText]:
    """Every accepted name of a parameter that holds such text."""
    return {
        name: kind
        for field, info in params.model_fields.items()
        if (kind := _kind((*info.metadata, *_inside(info.annotation)))) is not None
        for name in names_of(field, info)
    }


def _kind(marks: tuple[Any, ...]) -> HostText | None:
    return next((mark for mark in marks if isinstance(mark, HostText)), None)


def _inside(annotation: Any) -> tuple[Any, ...]:
    """What stands in an Annotated, an Optional, a tuple and so on, at any depth."""
    parts = (*get_args(annotation), *getattr(annotation, "__metadata__", ()))
    return tuple(found for part in parts for found in (part, *_inside(part)))
