"""Filters between values and texts: JSON and YAML."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Final

import yaml

from runner.loading.data import OMIT, DataDict, DataList, DataStr
from runner.loading.scope import touch
from runner.model.secret import Secret


class _Dumper(yaml.SafeDumper):
    """Writes marked values as what they are."""

    def represent_text(self, data: str) -> yaml.Node:
        """A subclass of ``str`` as a text."""
        return self.represent_str(str.__str__(data))


_Dumper.add_representer(DataStr, _Dumper.represent_text)
_Dumper.add_representer(DataDict, yaml.SafeDumper.represent_dict)
_Dumper.add_representer(DataList, yaml.SafeDumper.represent_list)
_Dumper.add_representer(tuple, yaml.SafeDumper.represent_list)


def _other(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Secret):
        return value.reveal()
    if value is OMIT:
        raise TypeError("omit cannot stand inside a value")
    touch(value)
    raise TypeError(f"a {type(value).__name__} has no form in JSON")


def to_json(value: Any, **options: Any) -> str:
    """JSON in one line."""
    return json.dumps(value, default=_other, **options)


def to_nice_json(value: Any, indent: int = 4, sort_keys: bool = True, **options: Any) -> str:
    """JSON for people."""
    options.setdefault("separators", (",", ": "))
    return to_json(value, indent=indent, sort_keys=sort_keys, **options)


def from_json(value: Any) -> Any:
    """The value behind a JSON text."""
    if not isinstance(value, str | bytes):
        raise TypeError(f"needs a text, not {type(value).__name__}")
    return json.loads(value)


def to_yaml(value: Any, default_flow_style: bool | None = None, **options: Any) -> str:
    """YAML, compact."""
    touch(value)
    text: str = yaml.dump(
        value,
        Dumper=_Dumper,
        allow_unicode=True,
        default_flow_style=default_flow_style,
        **options,
    )
    return text.removesuffix("...\n")


def to_nice_yaml(
    value: Any, indent: int = 4, default_flow_style: bool = False, **options: Any
) -> str:
    """YAML for people."""
    return to_yaml(value, default_flow_style, indent=indent, **options)


def from_yaml(value: Any) -> Any:
    """The value behind a YAML text; plain values only."""
    if value is None or not isinstance(value, str):
        return value
    try:
        return yaml.load(value, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None


def to_datetime(value: str, format: str = "%Y-%m-%d %H:%M:%S") -> datetime:
    """The moment that a text names."""
    return datetime.strptime(value, format)


def strftime(format: str, second: float | None = None, utc: bool = False) -> str:
    """A moment (seconds since 1970; now by default) as a text."""
    moment = time.time() if second is None else float(second)
    return time.strftime(format, time.gmtime(moment) if utc else time.localtime(moment))


FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "to_json": to_json,
    "to_nice_json": to_nice_json,
    "from_json": from_json,
    "to_yaml": to_yaml,
    "to_nice_yaml": to_nice_yaml,
    "from_yaml": from_yaml,
    "to_datetime": to_datetime,
    "strftime": strftime,
}
