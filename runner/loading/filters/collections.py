"""Filters on lists, mappings and numbers."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from jinja2 import Environment, Undefined
from jinja2.filters import do_max, do_min, do_unique
from jinja2.utils import pass_environment

_MOST: Final = 1_000_000
"""Combinations that a filter may give."""


def combine(*terms: Any, recursive: bool = False, list_merge: str = "replace") -> dict[Any, Any]:
    """Mappings put together, later ones first; lists by ``list_merge``."""
    if list_merge not in _LIST_MERGES:
        raise ValueError(f"list_merge is one of {', '.join(_LIST_MERGES)}, not '{list_merge}'")
    mappings = [term for term in _flat(terms, None) if term]
    for term in mappings:
        if not isinstance(term, Mapping):
            raise TypeError(f"needs mappings, not {type(term).__name__}")
    result: dict[Any, Any] = {}
    for term in mappings:
        result = _merge(result, term, recursive, list_merge)
    return result


def _merge(
    below: Mapping[Any, Any], above: Mapping[Any, Any], recursive: bool, list_merge: str
) -> dict[Any, Any]:
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        if recursive and isinstance(old, Mapping) and isinstance(value, Mapping):
            merged[key] = _merge(old, value, recursive, list_merge)
        elif isinstance(old, list) and isinstance(value, list):
            merged[key] = _LIST_MERGES[list_merge](old, value)
        else:
            merged[key] = value
    return merged


_LIST_MERGES: Final[dict[str, Callable[[list[Any], list[Any]], list[Any]]]] = {
    "replace": lambda old, new: new,
    "keep": lambda old, new: old,
    "append": lambda old, new: old + new,
    "prepend": lambda old, new: new + old,
    "append_rp": lambda old, new: [item for item in old if item not in new] + new,
    "prepend_rp": lambda old, new: new + [item for item in old if item not in new],
}


def _flat(values: Iterable[Any], levels: int | None) -> list[Any]:
    flat: list[Any] = []
    for value in values:
        if isinstance(value, list | tuple) and (levels is None or levels > 0):
            flat.extend(_flat(value, None if levels is None else levels - 1))
        else:
            flat.append(value)
    return flat


def flatten(values: Any, levels: int | None = None, skip_nulls: bool = True) -> list[Any]:
    """Lists in lists made one list, at every depth or only some levels."""
    source = [values] if isinstance(values, str) else values
    flat = _flat(source, levels)
    return [v for v in flat if v not in (None, "None", "null")] if skip_nulls else flat


def dict2items(
    mapping: Any, key_name: str = "key", value_name: str = "value"
) -> list[dict[str, Any]]:
    """A mapping as a list of ``{key: ..., value: ...}``."""
    if not isinstance(mapping, Mapping):
        raise TypeError(f"needs a mapping, not {type(mapping).__name__}")
    return [{key_name: key, value_name: value} for key, value in mapping.items()]


def items2dict(items: Any, key_name: str = "key", value_name: str = "value") -> dict[Any, Any]:
    """The reverse of dict2items."""
    if not isinstance(items, list):
        raise TypeError(f"needs a list, not {type(items).__name__}")
    for item in items:
        if not isinstance(item, Mapping) or key_name not in item or value_name not in item:
            raise ValueError(f"each element needs '{key_name}' and '{value_name}'")
    return {item[key_name]: item[value_name] for item in items}


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
        if case_sensitive is not None or attribute is not None:
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


def zipped(*values: Any) -> list[list[Any]]:
    """First elements together, second elements together, to the end of the shortest."""
    return [list(row) for row in zip(*values, strict=False)]


def zip_longest(*values: Any, fillvalue: Any = None) -> list[list[Any]]:
    """The same, to the end of the longest."""
    return [list(row) for row in itertools.zip_longest(*values, fillvalue=fillvalue)]


def _bounded(rows: Iterable[Iterable[Any]]) -> list[list[Any]]:
    taken = list(itertools.islice(rows, _MOST + 1))
    if len(taken) > _MOST:
        raise ValueError(f"gives more than {_MOST:,} elements")
    return [list(row) for row in taken]


def product(*values: Any, repeat: int = 1) -> list[list[Any]]:
    """Every element with every element."""
    return _bounded(itertools.product(*values, repeat=repeat))


def permutations(values: Any, length: int | None = None) -> list[list[Any]]:
    """All orders."""
    return _bounded(itertools.permutations(values, length))


def combinations(values: Any, length: int) -> list[list[Any]]:
    """All choices of some length."""
    return _bounded(itertools.combinations(values, length))


def ternary(value: Any, true: Any, false: Any = None, none: Any = None) -> Any:
    """One of two (or three) values."""
    if value is None and none is not None:
        return none
    return true if value else false


def mandatory(value: Any, message: str | None = None) -> Any:
    """The value, which must be defined."""
    if isinstance(value, Undefined):
        name = value._undefined_name
        text = message or (f"'{name}' must be defined" if name else "must be defined")
        raise LookupError(text)  # noqa: TRY004 - the user meets a message, not a type
    return value


def log(value: float, base: float = math.e) -> float:
    """Logarithm."""
    return math.log10(value) if base == 10 else math.log(value, base)


def power(value: float, exponent: float) -> float:
    """Power."""
    return math.pow(value, exponent)


def root(value: float, base: float = 2) -> float:
    """Root."""
    return math.sqrt(value) if base == 2 else math.pow(value, 1.0 / float(base))


@pass_environment
def minimum(environment: Environment, values: Any, **kwargs: Any) -> Any:
    """The least element; undefined for an empty list."""
    return do_min(environment, values, **kwargs)


@pass_environment
def maximum(environment: Environment, values: Any, **kwargs: Any) -> Any:
    """The greatest element; undefined for an empty list."""
    return do_max(environment, values, **kwargs)


def pick(values: Any, start: int = 0, step: int = 1, seed: Any = None) -> Any:
    """One element by chance, or a number below a number; ``seed`` makes it the same each time."""
    chance = random.Random(seed) if seed is not None else random.SystemRandom()
    if isinstance(values, int):
        return chance.randrange(start, values, step)
    return chance.choice(list(values))


FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "combine": combine,
    "flatten": flatten,
    "dict2items": dict2items,
    "items2dict": items2dict,
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
    "random": pick,
    "log": log,
    "pow": power,
    "root": root,
    "min": minimum,
    "max": maximum,
}
