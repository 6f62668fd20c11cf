"""What a template's value is as a result: known, and made of plain mappings, lists and scalars."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from jinja2 import Undefined

from runner.errors import DependsOnUnknown, TemplateError
from runner.loading.templates.budget import weigh
from runner.loading.text.data import OMIT, DataDict, DataList, DataStr, has_opener, is_scalar
from runner.model.secret import Secret
from runner.model.state import UNKNOWN


def known(value: Any, what: str = "") -> Any:
    """The value itself. Raises DependsOnUnknown for one that only the real run can settle."""
    if value is UNKNOWN:
        named = f"'{what}', which only" if what else "a value that only"
        raise DependsOnUnknown(f"{named} the real run can tell")
    return value


def touch(value: Any) -> None:
    """Raises DependsOnUnknown when something in a value that becomes text is not known."""
    if isinstance(value, dict):
        for item in value.values():
            touch(item)
    elif isinstance(value, list | tuple):
        for item in value:
            touch(item)
    elif not is_scalar(value) and not isinstance(value, Undefined):
        str(known(value))


def plain(value: Any) -> Any:
    """The value as a result: no lazy views, no iterators; texts with braces marked as data.

    What is OMIT is left out of mappings and lists. Raises UndefinedError or DependsOnUnknown for
    what cannot be a result.
    """
    if isinstance(value, dict | list | tuple) and not isinstance(value, DataDict | DataList):
        weigh(value)
    return _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return DataStr(value) if has_opener(value) else value
    if is_scalar(value) or value is OMIT or isinstance(value, DataDict | DataList | timedelta):
        return value
    if isinstance(value, Undefined):
        value._fail_with_undefined_error()
    if isinstance(value, Secret):
        return value.reveal()
    known(value)
    if isinstance(value, Mapping):
        return {_key(key): _plain(item) for key, item in value.items() if item is not OMIT}
    if isinstance(value, Iterable) and not isinstance(value, type | range):
        return [_plain(item) for item in value if item is not OMIT]
    str(value)  # a value that a dry run cannot know says so when it is touched
    if isinstance(value, range):
        raise TemplateError("a range is not a value", hint="make it a list: | list")
    raise TemplateError(f"this gives a {type(value).__name__}, which is not a value")


def _key(key: Any) -> Any:
    """A key of a mapping, which must be a single value."""
    return _plain(key) if isinstance(key, str | Undefined) or is_scalar(key) else str(_plain(key))
