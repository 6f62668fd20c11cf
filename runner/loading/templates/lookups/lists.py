"""Lookups that make lists of lists: what the loops ``with_*`` go over."""

from __future__ import annotations

import itertools
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from runner.loading.templates.filters.lists import bounded
from runner.loading.templates.filters.mappings import dict2items
from runner.loading.templates.filters.numbers import to_bool
from runner.loading.templates.lookups.variables import only
from runner.loading.templates.scope import Scope
from runner.loading.text.arguments import parse_arguments

_MOST: Final = 1_000_000
_NUMBER: Final = "(0?x?[0-9a-f]+)"
_SHORTCUT: Final = re.compile(
    f"(?:{_NUMBER}-)?{_NUMBER}(?:/{_NUMBER})?(?::(.+))?", re.IGNORECASE | re.DOTALL
)
_SEQUENCE: Final = ("start", "end", "count", "stride", "format")


def one_level(values: Iterable[Any]) -> list[Any]:
    """Lists among the values put in their place, one level deep."""
    return [v for value in values for v in (value if isinstance(value, list | tuple) else [value])]


def _items(scope: Scope, terms: list[Any], options: Mapping[str, Any]) -> list[Any]:
    """Lists made one list, one level deep."""
    only(options)
    return one_level(terms)


def _list(scope: Scope, terms: list[Any], options: Mapping[str, Any]) -> list[Any]:
    """What was given."""
    only(options)
    return terms


def _dict(scope: Scope, terms: list[Any], options: Mapping[str, Any]) -> list[Any]:
    """Mappings as ``{key: ..., value: ...}``."""
    only(options)
    return [item for term in terms for item in dict2items(term)]


def _flattened(scope: Scope, terms: list[Any], options: Mapping[str, Any]) -> list[Any]:
    """Lists made one list, at every depth; what is none is left out."""
    only(options)
    result: list[Any] = []
    for term in terms:
        if term is None or term in ("None", "null"):
            continue
        result.extend(_flattened(scope, list(term), options) if isinstance(term, list) else [term])
    return result


def _indexed_items(scope: Scope, terms: list[Any], options: Mapping[str, Any]) -> list[Any]:
    """Each element behind its position, counted from 0."""
    only(options)
    return [[index, value] for index, value in enumerate(one_level(terms))]


def _nested(scope: Scope, terms: list[Any], options: Mapping[str, Any]) -> list[Any]:
    """Every element of the first list with every element of the others."""
    only(options)
    if not terms:
        raise ValueError("needs at least one list")
    first, *others = terms
    rows: list[Any] = list(first)
    for other in others:
        rows = bounded(one_level([row, value]) for row in rows for value in other)
    return [one_level(row if isinstance(row, list | tuple) else [row]) for row in rows]


def _cartesian(scope: Scope, terms: list[Any], options: Mapping[str, Any]) -> list[Any]:
    """Every element of the first list with every element of the others, as they are."""
    only(options)
    if not terms:
        raise ValueError("needs at least one list")
    return bounded(one_level(row) for row in itertools.product(*terms))


def _together(scope: Scope, terms: list[Any], options: Mapping[str, Any]) -> list[Any]:
    """First elements together, second elements together; none where a list is too short."""
    only(options)
    if not terms:
        raise ValueError("needs at least one list")
    return bounded(one_level(row) for row in itertools.zip_longest(*terms))


def _random_choice(scope: Scope, terms: list[Any], options: Mapping[str, Any]) -> list[Any]:
    """One of the elements, by chance."""
    only(options)
    return [secrets.choice(terms)] if terms else []


def _subelements(scope: Scope, terms: list[Any], options: Mapping[str, Any]) -> list[Any]:
    """Each mapping of a list beside each of those that it holds in the list under a dotted name."""
    only(options)
    if not 2 <= len(terms) <= 3 or not isinstance(terms[1], str):
        raise ValueError("needs a list of mappings, the name of a list in them, perhaps flags")
    flags = terms[2] if len(terms) == 3 else {}
    if not isinstance(flags, Mapping) or set(flags) - {"skip_missing"}:
        raise ValueError(f"the only flag is skip_missing, found {flags!r}")
    found = terms[0]
    if not isinstance(found, Mapping | list):
        raise TypeError(f"needs a list or a mapping, not {type(found).__name__}")
    if isinstance(found, Mapping) and found.get("skipped", False) is not False:
        return []
    rows: list[Any] = []
    for element in found.values() if isinstance(found, Mapping) else found:
        if not isinstance(element, Mapping):
            raise TypeError(f"needs mappings as elements, not {type(element).__name__}")
        if element.get("skipped", False) is False:
            rows.extend(_beside(element, terms[1].split("."), to_bool(flags.get("skip_missing"))))
    return rows


def _beside(element: Mapping[str, Any], path: list[str], skip_missing: bool) -> list[list[Any]]:
    """A mapping without the list at ``path``, beside each element of that list."""
    *outer, last = path
    found: Any = element
    for key in path:
        if not isinstance(found, Mapping) or key not in found:
            if skip_missing:
                return []
            raise ValueError(f"an element has no '{key}'; the flag skip_missing leaves it out")
        found = found[key]
    if not isinstance(found, list):
        raise TypeError(f"'{last}' should be a list, not a {type(found).__name__}")
    rest = _without(element, outer, last)
    return [[rest, value] for value in found]


def _without(element: Mapping[str, Any], outer: list[str], last: str) -> dict[str, Any]:
    if not outer:
        return {key: value for key, value in element.items() if key != last}
    return {**element, outer[0]: _without(element[outer[0]], outer[1:], last)}


def _sequence(scope: Scope, terms: list[Any], options: Mapping[str, Any]) -> list[Any]:
    """Numbers as texts: ``5``, ``2-10/2``, ``4:host%02d`` or ``start=.. end=.. stride=..``."""
    only(options, *_SEQUENCE)
    numbers: list[str] = []
    for term in terms or ([""] if options else []):
        settings = {**options, **_sequence_settings(str(term))}
        numbers.extend(_numbers(settings))
        if len(numbers) > _MOST:
            raise ValueError(f"gives more than {_MOST:,} elements")
    return list(numbers)


def _sequence_settings(term: str) -> dict[str, Any]:
    found = _SHORTCUT.fullmatch(term)
    if found:
        named = zip(("start", "end", "stride", "format"), found.groups(), strict=True)
        return {name: value for name, value in named if value is not None}
    given = parse_arguments(term, command=False)
    if given.free:
        raise ValueError(f"'{given.free}' is no sequence: write start-end/stride:format or end=5")
    only(given.values, *_SEQUENCE)
    return dict(given.values)


def _numbers(settings: Mapping[str, Any]) -> Iterable[str]:
    start = _number(settings.get("start", 1))
    stride = _number(settings.get("stride", 1))
    pattern = str(settings.get("format", "%d"))
    if ("count" in settings) == ("end" in settings):
        raise ValueError("needs either count or end")
    if "count" in settings:
        count = _number(settings["count"])
        if not count:
            return []
        end = start + count * stride - 1
    else:
        end = _number(settings["end"])
    if (stride > 0 and end < start) or (stride < 0 and end > start):
        raise ValueError(f"from {start} to {end} is not the way of the stride {stride}")
    if not stride:
        return []
    if pattern.count("%") != 1 or re.search(r"\d{4,}|\*", pattern):
        raise ValueError(f"'{pattern}' is no format for a number")
    steps = range(start, end + (1 if stride > 0 else -1), stride)
    if len(steps) > _MOST:
        raise ValueError(f"gives more than {_MOST:,} elements")
    return [pattern % number for number in steps]


def _number(value: Any) -> int:
    """Decimal, whatever zeros it begins with, or hexadecimal behind ``0x``."""
    text = str(value).strip()
    return int(text, 16 if text.lower().startswith(("0x", "-0x")) else 10)


LOOKUPS: Final[dict[str, Callable[[Scope, list[Any], Mapping[str, Any]], list[Any]]]] = {
    "items": _items,
    "list": _list,
    "dict": _dict,
    "flattened": _flattened,
    "indexed_items": _indexed_items,
    "nested": _nested,
    "cartesian": _cartesian,
    "together": _together,
    "random_choice": _random_choice,
    "subelements": _subelements,
    "sequence": _sequence,
}
