"""``lookup()`` and ``query()``: values from the controller's environment and files."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, Undefined
from jinja2.runtime import Context
from jinja2.utils import missing, pass_context

from runner.errors import RunnerError, TemplateError
from runner.loading.filters import WRONG_VALUES
from runner.loading.filters.collections import dict2items
from runner.loading.scope import Scope, settled
from runner.loading.words import suggestion

_LARGEST_FILE: Final = 16_000_000
_LONGEST_RANGE: Final = 1_000_000


def _env(scope: Scope, terms: list[Any], options: Mapping[str, Any]) -> list[Any]:
    """Environment variables of the controller; ``default`` where one is not set."""
    default = options.get("default", "")
    found = [os.environ.get(str(term).split()[0], default) for term in terms]
    if any(isinstance(value, Undefined) for value in found):
        raise TemplateError(f"the environment variable '{terms[0]}' is not set")
    return found


def _file(scope: Scope, terms: list[Any], options: Mapping[str, Any]) -> list[Any]:
    """The text of files on the controller, beside the playbook or in its ``files``."""
    texts = []
    for term in terms:
        text = _read(scope, str(term))
        text = text.rstrip() if options.get("rstrip", True) else text
        texts.append(text.lstrip() if options.get("lstrip", False) else text)
    return texts


def _read(scope: Scope, name: str) -> str:
    path = Path(name).expanduser()
    if not path.is_absolute():
        base = Path(str(scope.variables.get("playbook_dir") or scope.templates.directory))
        path = next((p for p in (base / "files" / path, base / path) if p.is_file()), base / path)
    try:
        with path.open("rb") as stream:
            content = stream.read(_LARGEST_FILE + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise TemplateError(f"lookup 'file': cannot read {path}: {reason}") from None
    if len(content) > _LARGEST_FILE:
        raise TemplateError(f"lookup 'file': {path} is larger than {_LARGEST_FILE:,} bytes")
    return content.decode("utf-8-sig")


def _vars(scope: Scope, terms: list[Any], options: Mapping[str, Any]) -> list[Any]:
    """Variables by name; ``default`` where one is not defined."""
    found = []
    for term in terms:
        value = scope.lookup(str(term))
        if value is missing:
            if "default" not in options:
                hint = suggestion(str(term), scope.variables)
                raise TemplateError(f"lookup 'vars': '{term}' is undefined", hint=hint)
            value = options["default"]
        found.append(value)
    return found


def _dict(scope: Scope, terms: list[Any], options: Mapping[str, Any]) -> list[Any]:
    """Mappings as ``{key: ..., value: ...}``."""
    return [item for term in terms for item in dict2items(term)]


def _items(scope: Scope, terms: list[Any], options: Mapping[str, Any]) -> list[Any]:
    """Lists made one list, one level deep."""
    return [v for term in terms for v in (term if isinstance(term, list | tuple) else [term])]


def _list(scope: Scope, terms: list[Any], options: Mapping[str, Any]) -> list[Any]:
    """What was given."""
    return terms


def _fileglob(scope: Scope, terms: list[Any], options: Mapping[str, Any]) -> list[Any]:
    """Files on the controller whose path matches."""
    base = Path(str(scope.variables.get("playbook_dir") or scope.templates.directory))
    found: list[str] = []
    for term in terms:
        path = Path(str(term)).expanduser()
        for folder in (base / "files" / path.parent, base / path.parent):
            matches = sorted(str(p) for p in folder.glob(path.name) if p.is_file())
            if matches:
                found.extend(matches)
                break
    return found


_Lookup = Callable[[Scope, list[Any], Mapping[str, Any]], list[Any]]
LOOKUPS: Final[dict[str, _Lookup]] = {
    "env": _env,
    "file": _file,
    "fileglob": _fileglob,
    "vars": _vars,
    "dict": _dict,
    "items": _items,
    "list": _list,
}


@pass_context
def query(context: Context, name: str, *terms: Any, **options: Any) -> Any:
    """``query('env', 'HOME')``: a list."""
    return lookup(context, name, *terms, **{**options, "wantlist": True})


@pass_context
def lookup(context: Context, name: str, *terms: Any, **options: Any) -> Any:
    """``lookup('env', 'HOME')``: the one value, or all as a text with commas."""
    scope: Scope = context.scope  # type: ignore[attr-defined]
    wantlist, errors = options.pop("wantlist", False), options.pop("errors", "strict")
    short = str(name).removeprefix("ansible.builtin.")
    if short not in LOOKUPS:
        raise TemplateError(f"there is no lookup '{name}'", hint=suggestion(short, LOOKUPS))
    values = [settled(term) for term in terms]
    for value in values:
        if isinstance(value, Undefined):
            str(value)
    try:
        found = LOOKUPS[short](scope, values, options)
    except (RunnerError, *WRONG_VALUES) as error:
        if errors in ("ignore", "warn") and isinstance(error, (TemplateError, *WRONG_VALUES)):
            return [] if wantlist else None
        if isinstance(error, RunnerError):
            raise
        raise TemplateError(f"lookup '{short}': {error}") from None
    if wantlist or not found:
        return found
    if len(found) == 1:
        return found[0]
    return ",".join(found) if all(isinstance(item, str) for item in found) else found


def now(utc: bool = False, fmt: str | None = None) -> Any:
    """The controller's time, as a text when ``fmt`` is given."""
    moment = datetime.now(UTC).replace(tzinfo=None) if utc else datetime.now()
    return moment.strftime(fmt) if fmt else moment


def bounded_range(*args: int) -> range:
    """``range``, within reason."""
    numbers = range(*args)
    if len(numbers) > _LONGEST_RANGE:
        raise TemplateError(f"a range of more than {_LONGEST_RANGE:,} is too much")
    return numbers


def install_lookups(environment: Environment) -> None:
    """Give the environment its global functions."""
    for name in ("lipsum", "cycler", "joiner"):
        environment.globals.pop(name, None)
    environment.globals.update(
        lookup=lookup, query=query, q=query, now=now, range=bounded_range, undef=_undef
    )


@pass_context
def _undef(context: Context, hint: str | None = None) -> Undefined:
    """An undefined value: whoever uses it is told to define it."""
    return context.environment.undefined(hint=hint or "must be defined")
