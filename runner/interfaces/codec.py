"""States and parameters to JSON and back, without loss.

What is UNKNOWN stays UNKNOWN. The JSON does not carry types: ``from_json`` is told what to build.
Inside a field declared ``Any``, tuples come back as lists. A parameter declared with
``exclude=True``, and a state's field with the metadata ``PASSING``, is not kept: it comes back as
its default.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from pydantic import BaseModel, TypeAdapter, ValidationError

from runner.model.state import UNKNOWN

T = TypeVar("T")

PASSING: Final[Mapping[str, bool]] = {"exclude": True}
"""The metadata of a state's field that is of use only while a task is done: a file's content."""
ASIDE: Final[Mapping[str, bool]] = {"aside": True}
"""That of a field which belongs to other subjects (what runs on top of a service): where a change
leaves it alone, a plan does not rest on it."""

_UNKNOWN_KEY: Final = "__unknown__"
_PAIRS_KEY: Final = "__pairs__"
_DATE_KEY: Final = "__date__"
_TIME_KEY: Final = "__datetime__"
_PLAIN_TYPES: Final = frozenset({type(None), bool, int, float, str})
_MARKS: Final = frozenset({_UNKNOWN_KEY, _PAIRS_KEY, _DATE_KEY, _TIME_KEY})


def to_json(value: Any) -> Any:
    """A value made of what JSON has. Raises TypeError for what cannot be kept."""
    kind: Any = type(value)
    if kind in _PLAIN_TYPES:
        return value  # most are, and the patterns below take their time
    if kind is tuple or kind is list:
        return [item if type(item) in _PLAIN_TYPES else to_json(item) for item in value]
    if (names := _kept_of(kind)) is not None:
        found = ((name, getattr(value, name)) for name in names)
        return {n: item if type(item) in _PLAIN_TYPES else to_json(item) for n, item in found}
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return str(value)
        case datetime():
            return {_TIME_KEY: value.isoformat()}
        case date():
            return {_DATE_KEY: value.isoformat()}
        case list() | tuple():
            return [to_json(item) for item in value]
        case Mapping():
            return _mapping(value)
        case BaseModel():
            names = (*_kept_parameters(type(value)), *(value.model_extra or {}))
            return {name: to_json(getattr(value, name)) for name in names}
    if value is UNKNOWN:
        return {_UNKNOWN_KEY: True}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {name: to_json(getattr(value, name)) for name in _kept_fields(type(value))}
    raise TypeError(f"a {type(value).__name__} cannot be kept in the journal")


def from_json(type_: type[T], data: Any) -> T:
    """The value of that type which ``to_json`` turned into ``data``.

    Raises ValueError when the data does not fit the type.
    """
    return cast(T, _decode(type_, data))


def _mapping(value: Mapping[Any, Any]) -> Any:
    plain = all(isinstance(key, str) and key not in _MARKS for key in value)
    if plain:
        return {str(key): to_json(item) for key, item in value.items()}
    return {_PAIRS_KEY: [[to_json(key), to_json(item)] for key, item in value.items()]}


def _decode(type_: Any, data: Any) -> Any:
    if isinstance(data, dict) and data.get(_UNKNOWN_KEY) is True:
        return UNKNOWN
    origin = get_origin(type_)
    if type_ is Any or type_ is object:
        return _plain(data)
    if dataclasses.is_dataclass(type_) and isinstance(type_, type):
        return _dataclass(type_, data)
    if isinstance(type_, type) and issubclass(type_, BaseModel):
        return type_.model_validate({name: _plain(item) for name, item in data.items()})
    if origin in (Union, types.UnionType):
        return _union(get_args(type_), data)
    if origin is tuple and isinstance(data, Sequence) and not isinstance(data, str):
        return _tuple(get_args(type_), data)
    return _leaf(type_).validate_python(_plain(data), strict=True)


def _dataclass(type_: type, data: Any) -> Any:
    if not isinstance(data, dict):
        raise ValueError(f"{type_.__name__} needs a mapping, not {data!r}")  # noqa: TRY004
    hints = _hints(type_)
    unknown = data.keys() - hints.keys()
    if unknown:
        raise ValueError(f"{type_.__name__} has no {', '.join(sorted(unknown))}")
    fields = {name: _decode(hints[name], item) for name, item in data.items()}
    try:
        return type_(**fields)
    except TypeError as error:
        raise ValueError(f"{type_.__name__}: {error}") from None


def _union(choices: tuple[Any, ...], data: Any) -> Any:
    problems: list[str] = []
    for choice in choices:
        try:
            return _decode(choice, data)
        except (ValueError, ValidationError) as error:
            problems.append(str(error))
    raise ValueError(f"{data!r} fits none of the types: {'; '.join(problems)}")


def _tuple(types_: tuple[Any, ...], data: Sequence[Any]) -> tuple[Any, ...]:
    if len(types_) == 2 and types_[1] is Ellipsis:
        return tuple(_decode(types_[0], item) for item in data)
    if len(types_) != len(data):
        raise ValueError(f"{len(types_)} items expected, not {len(data)}")
    return tuple(_decode(type_, item) for type_, item in zip(types_, data, strict=True))


def _plain(data: Any) -> Any:
    match data:
        case list():
            return [_plain(item) for item in data]
        case dict():
            if data.get(_UNKNOWN_KEY) is True:
                return UNKNOWN
            if len(data) == 1 and _PAIRS_KEY in data:
                return {_plain(key): _plain(item) for key, item in data[_PAIRS_KEY]}
            if len(data) == 1 and _DATE_KEY in data:
                return date.fromisoformat(data[_DATE_KEY])
            if len(data) == 1 and _TIME_KEY in data:
                return datetime.fromisoformat(data[_TIME_KEY])
            return {key: _plain(item) for key, item in data.items()}
    return data


@lru_cache(maxsize=256)
def _kept_of(kind: Any) -> tuple[str, ...] | None:
    """The fields of a state's type; None for what is no plain dataclass."""
    others = (str, list, tuple, date, Mapping, BaseModel)
    is_state = not issubclass(kind, others) and dataclasses.is_dataclass(kind)
    return _kept_fields(kind) if is_state else None


@lru_cache(maxsize=256)
def _kept_parameters(type_: type[BaseModel]) -> tuple[str, ...]:
    return tuple(name for name, info in type_.model_fields.items() if not info.exclude)


@lru_cache(maxsize=256)
def _kept_fields(type_: Any) -> tuple[str, ...]:
    return tuple(f.name for f in dataclasses.fields(type_) if not f.metadata.get("exclude"))


@lru_cache(maxsize=256)
def _hints(type_: type) -> Mapping[str, Any]:
    hints = get_type_hints(type_)
    return {f.name: hints[f.name] for f in dataclasses.fields(type_)}


@lru_cache(maxsize=256)
def _leaf(type_: Any) -> TypeAdapter[Any]:
    return TypeAdapter(type_)
