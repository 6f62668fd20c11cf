"""Filters on mappings, and between mappings and lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from jinja2.environment import Environment
from jinja2.utils import pass_environment

from runner.loading.templates.filters.lists import flat


def combine(*terms: Any, recursive: bool = False, list_merge: str = "replace") -> dict[Any, Any]:
    """Mappings put together, later ones first; lists by ``list_merge``."""
    if list_merge not in _LIST_MERGES:
        raise ValueError(f"list_merge is one of {', '.join(_LIST_MERGES)}, not '{list_merge}'")
    mappings = flat(terms, 1, skip_nulls=True)
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


def dict2items(
    mapping: Any, key_name: str = "key", value_name: str = "value"
) -> list[dict[str, Any]]:
    """A mapping as a list of ``{key: ..., value: ...}``."""
    if not isinstance(mapping, Mapping):
        raise TypeError(f"needs a mapping, not {type(mapping).__name__}")
    return [{key_name: key, value_name: value} for key, value in mapping.items()]


def items2dict(items: Any, key_name: str = "key", value_name: str = "value") -> dict[Any, Any]:
    """The reverse of dict2items."""
    if not isinstance(items, list | tuple):
        raise TypeError(f"needs a list, not {type(items).__name__}")
    try:
        return {item[key_name]: item[value_name] for item in items}
    except (LookupError, TypeError):
        raise ValueError(f"each element needs '{key_name}' and '{value_name}'") from None


def rekey_on_member(data: Any, key: str, duplicates: str = "error") -> dict[Any, Any]:
    """Mappings by what each of them has under ``key``."""
    if duplicates not in ("error", "overwrite"):
        raise ValueError(f"duplicates is error or overwrite, not '{duplicates}'")
    if not isinstance(data, Mapping | list | tuple):
        raise TypeError(f"needs a mapping or a list, not {type(data).__name__}")
    result: dict[Any, Any] = {}
    for item in data.values() if isinstance(data, Mapping) else data:
        if not isinstance(item, Mapping):
            raise TypeError(f"needs mappings as elements, not {type(item).__name__}")
        if key not in item:
            raise ValueError(f"an element has no '{key}'")
        if result.get(item[key]) and duplicates == "error":
            raise ValueError(f"two elements have the same '{key}': {item[key]!r}")
        result[item[key]] = item
    return result


def dict_kv(value: Any, key: Any) -> dict[Any, Any]:
    """A mapping with one entry."""
    return {key: value}


@pass_environment
def extract(environment: Environment, item: Any, container: Any, morekeys: Any = None) -> Any:
    """What ``container`` has under ``item``, and what that has under ``morekeys``."""
    more = morekeys if isinstance(morekeys, list | tuple) else [morekeys]
    for key in [item, *(key for key in more if morekeys is not None)]:
        container = environment.getitem(container, key)
    return container


def subelements(obj: Any, subelements: Any, skip_missing: bool = False) -> list[list[Any]]:
    """Each element beside each of those that it holds in the list under a dotted name."""
    if not isinstance(obj, Mapping | list):
        raise TypeError(f"needs a mapping or a list, not {type(obj).__name__}")
    if not isinstance(subelements, str | list):
        raise TypeError(f"subelements is a text or a list, not {type(subelements).__name__}")
    path = subelements.split(".") if isinstance(subelements, str) else subelements
    rows: list[list[Any]] = []
    for element in obj.values() if isinstance(obj, Mapping) else obj:
        rows.extend([element, value] for value in _at(element, path, skip_missing))
    return rows


def _at(element: Any, path: list[str], skip_missing: bool) -> list[Any]:
    found = element
    for key in path:
        if not isinstance(found, Mapping):
            raise TypeError(f"'{key}' is looked for in a {type(found).__name__}, not a mapping")
        if key not in found:
            if skip_missing:
                return []
            raise ValueError(f"an element has no '{key}'; skip_missing=true leaves it out")
        found = found[key]
    if not isinstance(found, list | tuple):
        raise TypeError(f"'{path[-1]}' should be a list, not a {type(found).__name__}")
    return list(found)


FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "combine": combine,
    "dict2items": dict2items,
    "items2dict": items2dict,
    "rekey_on_member": rekey_on_member,
    "dict_kv": dict_kv,
    "extract": extract,
    "subelements": subelements,
}
