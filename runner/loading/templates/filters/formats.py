"""Filters between values and texts: JSON, YAML, CSV, and queries into values."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any, Final

import yaml
from jinja2 import Undefined

from runner.loading.templates.plain import touch
from runner.loading.text.data import OMIT, DataDict, DataList, DataStr
from runner.model.secret import Secret

_WIDEST: Final = 100
"""Columns of indentation."""
_RETIRED: Final = ("profile", "vault_to_text", "preprocess_unsafe")


class _Dumper(yaml.CSafeDumper):
    """Writes marked values as what they are."""

    def represent_text(self, data: str) -> yaml.Node:
        """A subclass of ``str`` as a text."""
        return self.represent_str(str.__str__(data))

    def represent_secret(self, data: Secret) -> yaml.Node:
        """A secret as its text."""
        return self.represent_str(data.reveal())

    def ignore_aliases(self, data: Any) -> bool:
        """Marked empty texts are texts; the rest is PyYAML's."""
        return isinstance(data, str) or bool(super().ignore_aliases(data))


_Dumper.add_representer(DataStr, _Dumper.represent_text)
_Dumper.add_representer(DataDict, yaml.CSafeDumper.represent_dict)
_Dumper.add_representer(DataList, yaml.CSafeDumper.represent_list)
_Dumper.add_representer(tuple, yaml.CSafeDumper.represent_list)
_Dumper.add_representer(Secret, _Dumper.represent_secret)


def _other(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Undefined):
        str(value)
    if value is OMIT:
        raise TypeError("omit cannot stand inside a value")
    touch(value)
    raise TypeError(f"a {type(value).__name__} has no form in JSON")


def _refuse_width(options: Mapping[str, Any]) -> None:
    indent = options.get("indent")
    if isinstance(indent, int | str) and (indent if isinstance(indent, int) else len(indent)) > (
        _WIDEST
    ):
        raise ValueError(f"indent is more than {_WIDEST}")


def to_json(value: Any, **options: Any) -> str:
    """JSON in one line."""
    _refuse_width(options)
    for name in _RETIRED:
        options.pop(name, None)
    return json.dumps(value, default=_other, **options)


def to_nice_json(value: Any, indent: int = 4, sort_keys: bool = True, **options: Any) -> str:
    """JSON for people."""
    options["separators"] = (",", ": ")
    return to_json(value, indent=indent, sort_keys=sort_keys, **options)


def from_json(value: Any, **options: Any) -> Any:
    """The value behind a JSON text."""
    if not isinstance(value, str | bytes):
        raise TypeError(f"needs a text, not {type(value).__name__}")
    options.pop("profile", None)
    if options:
        raise TypeError(f"takes no {', '.join(options)}")
    return json.loads(value)


def to_yaml(value: Any, default_flow_style: bool | None = None, **options: Any) -> str:
    """YAML, compact."""
    _refuse_width(options)
    touch(value)
    options.setdefault("allow_unicode", True)
    text: str = yaml.dump(value, Dumper=_Dumper, default_flow_style=default_flow_style, **options)
    return text


def to_nice_yaml(
    value: Any, indent: int = 4, default_flow_style: bool = False, **options: Any
) -> str:
    """YAML for people."""
    return to_yaml(value, default_flow_style, indent=indent, **options)


def _documents(text: str) -> Iterator[Any]:
    try:
        yield from yaml.load_all(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None


def from_yaml(value: Any) -> Any:
    """The value behind a YAML text; plain values only."""
    if value is None or not isinstance(value, str):
        return value
    try:
        return yaml.load(value, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None


def from_yaml_all(value: Any) -> Any:
    """The values behind a YAML text of several documents."""
    if value is None:
        return []
    return list(_documents(value)) if isinstance(value, str) else value


def from_csv(
    value: Any,
    dialect: str = "excel",
    fieldnames: list[str] | None = None,
    delimiter: str | None = None,
    skipinitialspace: bool | None = None,
    strict: bool | None = None,
) -> list[dict[str, Any]]:
    """The rows of a CSV text as mappings; the first row names the columns."""
    if not isinstance(value, str):
        raise TypeError(f"needs a text, not {type(value).__name__}")
    if dialect not in csv.list_dialects():
        raise ValueError(f"dialect is one of {', '.join(csv.list_dialects())}, not '{dialect}'")
    given = {"delimiter": delimiter, "skipinitialspace": skipinitialspace, "strict": strict}
    settings: dict[str, Any] = {name: set_ for name, set_ in given.items() if set_ is not None}
    lines = value.removeprefix("\ufeff").splitlines(keepends=True)
    try:
        return list(csv.DictReader(lines, fieldnames=fieldnames, dialect=dialect, **settings))
    except csv.Error as error:
        raise ValueError(str(error)) from None


def json_query(value: Any, expr: str) -> Any:
    """What a JMESPath query finds in a value."""
    import jmespath  # few playbooks use it, and its import takes long
    from jmespath.exceptions import JMESPathError

    try:
        return jmespath.search(expr, _bare(value))
    except JMESPathError as error:
        raise ValueError(str(error)) from None


def _bare(value: Any) -> Any:
    """The value without marks: jmespath knows the types of JSON by their exact names."""
    if isinstance(value, Mapping):
        return {key: _bare(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_bare(item) for item in value]
    if isinstance(value, str):
        return str.__str__(value)
    return value.isoformat() if isinstance(value, date) else value


FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "to_json": to_json,
    "to_nice_json": to_nice_json,
    "from_json": from_json,
    "to_yaml": to_yaml,
    "to_nice_yaml": to_nice_yaml,
    "from_yaml": from_yaml,
    "from_yaml_all": from_yaml_all,
    "from_csv": from_csv,
    "json_query": json_query,
}
