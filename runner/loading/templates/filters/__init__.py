"""Ansible's filters, and Jinja2's own, guarded: one module for each kind of value."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from jinja2 import Environment, Undefined
from jinja2.runtime import Context
from jinja2.utils import pass_context
from markupsafe import Markup

from runner.errors import TemplateError
from runner.loading.templates.budget import weigh_all
from runner.loading.templates.filters import (
    encodings,
    formats,
    lists,
    mappings,
    network,
    numbers,
    paths,
    text,
)
from runner.loading.templates.given import settled, shallow
from runner.loading.templates.plain import touch
from runner.loading.text.words import words

_ACCEPTS_UNDEFINED: Final = words("default d mandatory type_debug ternary")
_LAZY: Final = words(
    "default d mandatory type_debug ternary extract map select reject selectattr rejectattr first "
    "last length count list random"
)
"""Filters that look into a value only where they must: its other parts may be undefined."""
_WIDEST: Final = 100_000
_SIZED: Final = words("center indent batch slice wordwrap truncate format round tojson")
_DEEPEST_INDENT: Final = 100
_DERIVES_SECRETS: Final = words(
    "b64encode b64decode urlencode urldecode quote ansible.windows.quote regex_escape to_json "
    "to_nice_json to_yaml to_nice_yaml tojson string trim lower upper replace regex_replace hash "
    "md5 sha1 checksum password_hash to_uuid comment"
)
WRONG_VALUES: Final = (
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
    re.error,
)
"""What a filter or test raises when it is given something it cannot work with."""


def install_filters(environment: Environment) -> None:
    """Give the environment all filters."""
    for module in (text, paths, encodings, numbers, lists, mappings, formats, network):
        environment.filters.update(module.FILTERS)
    for name, function in list(environment.filters.items()):
        environment.filters[name] = _guarded(name, function)


def passed_first(function: Callable[..., Any]) -> str:
    """What Jinja2 passes first to this function: context, environment, eval_context or nothing."""
    kind = getattr(function, "jinja_pass_arg", None)
    return str(kind.name) if kind is not None else ""


def first_undefined(values: list[Any], named: Mapping[str, Any]) -> Undefined | None:
    """The first of some arguments that is undefined, if one is."""
    every = (*values, *named.values())
    return next((value for value in every if isinstance(value, Undefined)), None)


def _guarded(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    kind = passed_first(function)
    prepare = shallow if name in _LAZY else settled

    @pass_context
    def call(context: Context, value: Any, *args: Any, **kwargs: Any) -> Any:
        scope = context.scope  # type: ignore[attr-defined]
        scope.budget.step()
        weigh_all((value, *args, *kwargs.values()))
        values = [prepare(item) for item in (value, *args)]
        named = {key: prepare(item) for key, item in kwargs.items()}
        if name not in _ACCEPTS_UNDEFINED:
            undefined = first_undefined(values, named)
            if undefined is not None:
                return undefined
        if name in _SIZED:
            _refuse_growth(name, values, named)
        try:
            result = _plain_result(function(*_leading(kind, context), *values, **named))
        except WRONG_VALUES as error:
            raise TemplateError(f"filter '{name}': {_reason(error)}") from None
        if isinstance(result, str):
            touch(values)
            if name in _DERIVES_SECRETS:
                scope.templates.derived_secret(values, result)
        if isinstance(result, str | list | dict):
            scope.budget.spend(len(result))
        return result

    return call


def _leading(kind: str, context: Context) -> tuple[Any, ...]:
    if not kind:
        return ()
    if kind == "context":
        return (context,)
    return (context.environment if kind == "environment" else context.eval_ctx,)


def _plain_result(result: Any) -> Any:
    if isinstance(result, Iterator):
        return list(result)
    if isinstance(result, Markup):
        return str.__str__(result)  # these are texts, not pages
    return result


def _refuse_growth(name: str, values: list[Any], named: Mapping[str, Any]) -> None:
    """Filters that make a large text out of a number."""
    numbers = [n for n in (*values[1:], *named.values()) if isinstance(n, int | float)]
    widest = max(map(abs, numbers), default=0)
    most = _DEEPEST_INDENT if name == "tojson" else _WIDEST
    if widest > most:
        raise TemplateError(f"filter '{name}': more than {most:,} is too much")
    if name in ("indent", "wordwrap") and isinstance(values[0], str):
        fillers = [len(t) for t in (*values[1:], *named.values()) if isinstance(t, str)]
        filler = max([int(widest) if name == "indent" else 1, *fillers])
        lines = values[0].count("\n") if name == "indent" else len(values[0])
        if lines * filler > 160 * _WIDEST:
            raise TemplateError(f"filter '{name}': gives too much")


def _reason(error: Exception) -> str:
    text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    return text or type(error).__name__
