"""Marks on values: what is data and never a template, and what is left out.

A value that came from a host, from ``!unsafe`` or out of a template is data: it may contain
``{{`` and still means only those characters. The marks are subclasses of ``str``, ``dict`` and
``list``, so that marked values work everywhere as what they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from runner.errors import DependsOnUnknown
from runner.model.secret import SECRET_VARIABLES, Secret

_OPENERS: Final = ("{{", "{%", "{#")
HEADER: Final = "#jinja2:"
"""What the first line of a template begins with that changes how templates are written."""
_SHORTEST_PART: Final = 4
"""Characters of a secret that is looked for inside other texts: shorter ones stand anywhere."""


class DataStr(str):
    """A text in which braces are only braces."""

    __slots__ = ()


class DataDict(dict[Any, Any]):
    """A mapping that holds data at every depth."""


class DataList(list[Any]):
    """A list that holds data at every depth."""


class Omit:
    """The type of OMIT."""

    _instance: Omit | None = None

    def __new__(cls) -> Omit:
        if cls._instance is None:
            cls._instance = super().__new__(cls)
        return cls._instance

    def __repr__(self) -> str:
        return "(omitted)"

    def __reduce__(self) -> tuple[type[Omit], tuple[()]]:
        return (Omit, ())


OMIT: Final = Omit()
"""What the variable ``omit`` stands for: a parameter with this value was not given at all."""


def has_opener(text: str) -> bool:
    """Whether a template could begin somewhere in this text."""
    if "{" in text and any(opener in text for opener in _OPENERS):
        return True
    return text.startswith(HEADER)


def as_data(value: Any) -> Any:
    """The value, marked at every depth as data that is never evaluated as a template."""
    match value:
        case DataStr() | DataDict() | DataList():
            return value
        case str():
            return DataStr(value) if has_opener(value) else value
        case dict() | list() | tuple():
            try:
                if isinstance(value, dict):
                    return DataDict((key, as_data(item)) for key, item in value.items())
                return DataList(as_data(item) for item in value)
            except DependsOnUnknown:
                return value  # nothing is known of it, so nothing of it is ever evaluated
    return value


def holds_template(value: Any) -> bool:
    """Whether a template stands anywhere in this value."""
    match value:
        case DataStr() | DataDict() | DataList():
            return False
        case str():
            return has_opener(value)
        case dict() | list() | tuple():
            try:
                inner = value.values() if isinstance(value, dict) else value
                return any(holds_template(item) for item in inner)
            except DependsOnUnknown:
                return False
        case Secret():
            return holds_template(value.reveal())
    return False


def is_lazy(value: Any) -> bool:
    """Whether a template or a secret stands anywhere in this value: it is not as it shows."""
    match value:
        case Secret():
            return True
        case DataStr() | DataDict() | DataList():
            return False
        case str():
            return has_opener(value)
        case dict() | list() | tuple():
            try:
                inner = value.values() if isinstance(value, dict) else value
                return any(is_lazy(item) for item in inner)
            except DependsOnUnknown:
                return False
    return False


def derives(secret: str, values: Any, result: str) -> bool:
    """Whether a text that was made of ``values`` holds the secret in another form.

    Where the secret still stands in it as it is, masking it there is enough.
    """
    if secret in result:
        return False
    if len(secret) < _SHORTEST_PART:
        return bool(values) and values[0] == secret
    return _contains(values, secret)


def _contains(value: Any, text: str) -> bool:
    match value:
        case str():
            return text in value
        case dict():
            return any(_contains(key, text) or _contains(v, text) for key, v in value.items())
        case list() | tuple():
            return any(_contains(item, text) for item in value)
    return False


def strip_omitted(value: Any) -> Any:
    """The value without the entries of mappings and lists that are OMIT; OMIT itself stays.

    What ``render`` gives has been through this already.
    """
    match value:
        case dict():
            return {k: strip_omitted(item) for k, item in value.items() if item is not OMIT}
        case list():
            return [strip_omitted(item) for item in value if item is not OMIT]
    return value


def hide_secrets(variables: Mapping[str, Any]) -> dict[str, Any]:
    """The variables, with those that are secret by their name wrapped in Secret."""
    return {
        name: Secret(str(value))
        if name in SECRET_VARIABLES and isinstance(value, str | int | float)
        else value
        for name, value in variables.items()
    }


def is_scalar(value: object) -> bool:
    """Whether this is a single value that needs no looking into."""
    return value is None or isinstance(value, str | int | float | date | bytes)
