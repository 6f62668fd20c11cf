"""What filters, tests and lookups are given: lazy views become values, or stay lazy."""

from __future__ import annotations

from typing import Any, Final

from jinja2 import Undefined

from runner.loading.templates.plain import known, plain
from runner.loading.templates.scope import AllVars, HostVars, LazyDict, LazyList, OneHost
from runner.loading.text.data import DataDict, DataList, is_scalar
from runner.model.state import UNKNOWN

_VIEWS: Final = frozenset({LazyDict, AllVars, OneHost, LazyList, HostVars})


def settled(value: Any) -> Any:
    """What a filter or test is given: lazy views become the mappings and lists they stand for.

    Raises DependsOnUnknown for a value that a dry run cannot know: even ``is string`` would guess.
    """
    if is_scalar(value) or isinstance(value, DataDict | DataList | Undefined):
        return value
    if isinstance(value, LazyDict | LazyList | HostVars):
        return plain(value)
    if isinstance(value, dict | list | tuple):
        inner = value.values() if isinstance(value, dict) else value
        if any(type(item) in _VIEWS or item is UNKNOWN for item in inner):
            return plain(value)
        return value
    str(known(value))
    return value


def shallow(value: Any) -> Any:
    """What a filter is given that looks only at parts of a value: lazy views stay lazy."""
    if isinstance(value, LazyDict | LazyList | HostVars):
        return value
    if isinstance(value, dict | list | tuple):
        for item in value.values() if isinstance(value, dict) else value:
            known(item)
        return value
    return settled(value)
