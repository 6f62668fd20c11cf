"""Filters on lists and sets."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import Any, Final

from jinja2 import Undefined
from jinja2.environment import Environment
from jinja2.filters import do_max, do_min, do_unique
from jinja2.utils import pass_environment

_MOST: Final = 1_000_000
"""Elements that a filter may give."""
_NULLS: Final = (None, "None", "null")


def flat(values: Iterable[Any], levels: int | None, *, skip_nulls: bool) -> list[Any]:
    """Lists in lists made one list, ``levels`` deep (None: all)."""
    result: list[Any] = []
    _flatten_into(result, values, levels, skip_nulls)
    return result


def _flatten_into(
    result: list[Any], values: Iterable[Any], levels: int | None, skip_nulls: bool
) -> None:
    for value in values:
        if isinstance(value, list | tuple) and (levels is None or levels >= 1):
            _flatten_into(result, value, None if levels is None else int(levels) - 1, skip_nulls)
        elif not (skip_nulls and (value is None or value in _NULLS[1:])):
            result.append(value)
            if len(result) > _MOST:
                raise ValueError(f"gives more than {_MOST:,} elements")


def flatten(values: Any, levels: int | None = None, skip_nulls: bool = True) -> list[Any]:
    """Lists in lists made one list, at every depth or only some levels."""
    return flat(values, levels, skip_nulls=skip_nulls)


def _distinct(values: Iterable[Any]) -> list[Any]:
    kept: list[Any] = []
    seen: set[Any] = set()
    for value in values:
        try:
            new = value not in seen
            seen.add(value)
        except TypeError:
            new = value not in kept
        if new:
            kept.append(value)
    return kept


def _members(values: list[Any]) -> Callable[[Any], bool]:
    try:
        known = set(values)
    except TypeError:
        return lambda value: value in values
    return lambda value: _hashable_in(value, known)


def _hashable_in(value: Any, known: set[Any]) -> bool:
    try:
        return value in known
    except TypeError:
        return False


@pass_environment
def unique(
    environment: Environment,
    values: Any,
    case_sensitive: bool | None = None,
    attribute: str | None = None,
) -> list[Any]:
    """The first of each; texts are compared without case, unless ``case_sensitive``."""
    try:
        return list(do_unique(environment, values, bool(case_sensitive), attribute))
    except TypeError:
        if case_sensitive is False or attribute is not None:
            raise
        return _distinct(values)


def union(left: Any, right: Any) -> list[Any]:
    """What is in one of two lists, once each."""
    return _distinct([*left, *right])


def intersect(left: Any, right: Any) -> list[Any]:
    """What is in both lists, once each."""
    inside = _members(list(right))
    return _distinct(value for value in left if inside(value))


def difference(left: Any, right: Any) -> list[Any]:
    """What is in the first list and not in the second, once each."""
    inside = _members(list(right))
    return _distinct(value for value in left if not inside(value))


def symmetric_difference(left: Any, right: Any) -> list[Any]:
    """What is in exactly one of two lists."""
    return [*difference(left, right), *difference(right, left)]


def zipped(*values: Any, strict: bool = False) -> list[list[Any]]:
    """First elements together, second elements together, to the end of the shortest."""
    return bounded(zip(*values, strict=strict))


def zip_longest(*values: Any, fillvalue: Any = None) -> list[list[Any]]:
    """The same, to the end of the longest."""
    return bounded(itertools.zip_longest(*values, fillvalue=fillvalue))


def bounded(rows: Iterable[Iterable[Any]]) -> list[list[Any]]:
    """The rows as lists. Raises ValueError when they are too many."""
    taken: list[list[Any]] = []
    size = 0
    for row in rows:
        taken.append(list(row))
        size += len(taken[-1]) + 1
        if size > _MOST:
            raise ValueError(f"gives more than {_MOST:,} elements")
    return taken


def product(*values: Any, repeat: int = 1) -> list[list[Any]]:
    """Every element with every element."""
    if repeat > 100:
        raise ValueError("repeat is more than 100")
    return bounded(itertools.product(*values, repeat=repeat))


def permutations(values: Any, r: int | None = None) -> list[list[Any]]:
    """All orders."""
    return bounded(itertools.permutations(values, r))


def combinations(values: Any, r: int) -> list[list[Any]]:
    """All choices of some length."""
    if r > _MOST:
        raise ValueError(f"choices of more than {_MOST:,} elements")
    return bounded(itertools.combinations(values, r))


def ternary(value: Any, true_val: Any, false_val: Any = None, none_val: Any = None) -> Any:
    """One of two (or three) values."""
    if value is None and none_val is not None:
        return none_val
    return true_val if value else false_val


def mandatory(value: Any, msg: str | None = None) -> Any:
    """The value, which must be defined."""
    if isinstance(value, Undefined):
        name = value._undefined_name
        text = msg or (f"'{name}' must be defined" if name else "must be defined")
        raise LookupError(text)  # noqa: TRY004 - the user meets a message, not a type
    return value


def default(value: Any, default_value: Any = "", boolean: bool = False) -> Any:
    """Another value in place of one that is undefined, or with ``boolean`` one that is false."""
    if isinstance(value, Undefined) or (boolean and not value):
        return default_value
    return value


@pass_environment
def minimum(environment: Environment, values: Any, **kwargs: Any) -> Any:
    """The least element; undefined for an empty list."""
    return do_min(environment, values, **kwargs)


@pass_environment
def maximum(environment: Environment, values: Any, **kwargs: Any) -> Any:
    """The greatest element; undefined for an empty list."""
    return do_max(environment, values, **kwargs)


FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "flatten": flatten,
    "unique": unique,
    "union": union,
    "intersect": intersect,
    "difference": difference,
    "symmetric_difference": symmetric_difference,
    "zip": zipped,
    "zip_longest": zip_longest,
    "product": product,
    "permutations": permutations,
    "combinations": combinations,
    "ternary": ternary,
    "mandatory": mandatory,
    "default": default,
    "d": default,
    "min": minimum,
    "max": maximum,
}
