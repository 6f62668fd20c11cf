"""Ansible's filters, and Jinja2's own, guarded: one module for each kind of value."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from jinja2 import Environment, Undefined
from jinja2.runtime import Context
from jinja2.utils import pass_context
from markupsafe import Markup

from runner.errors import TemplateError
from runner.loading.filters import collections, formats, text
from runner.loading.scope import settled, touch
from runner.loading.words import words

_ACCEPTS_UNDEFINED: Final = frozenset({"default", "d", "mandatory", "type_debug", "first", "last"})
_SIZED: Final = frozenset({"center", "indent", "batch", "slice", "wordwrap", "truncate", "format"})
_WIDEST: Final = 1_000_000
_DERIVES_SECRETS: Final = words(
    "b64encode urlencode quote regex_escape to_json tojson string trim lower "
    "upper replace regex_replace"
)
WRONG_VALUES: Final = (
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,
    TypeError,
    ValueError,
    re.error,
)
"""What a filter or test raises when it is given something it cannot work with."""


def install_filters(environment: Environment) -> None:
    """Give the environment all filters."""
    environment.filters.update(text.FILTERS | collections.FILTERS | formats.FILTERS)
    for name, function in list(environment.filters.items()):
        environment.filters[name] = _guarded(name, function)


def passed_first(function: Callable[..., Any]) -> str:
    """What Jinja2 passes first to this function: context, environment, eval_context or nothing."""
    kind = getattr(function, "jinja_pass_arg", None)
    return str(kind.name) if kind is not None else ""


def _guarded(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    kind = passed_first(function)
    accepts_undefined = name in _ACCEPTS_UNDEFINED

    @pass_context
    def call(context: Context, value: Any, *args: Any, **kwargs: Any) -> Any:
        scope = context.scope  # type: ignore[attr-defined]
        scope.budget.step()
        values = [settled(item) for item in (value, *args)]
        if not accepts_undefined:
            _refuse_undefined(values)
        if name in _SIZED and any(isinstance(a, int) and a > _WIDEST for a in args):
            raise TemplateError(f"filter '{name}': more than {_WIDEST:,} is too much")
        leading = {
            "": (),
            "context": (context,),
            "environment": (context.environment,),
            "eval_context": (context.eval_ctx,),
        }[kind]
        try:
            result = function(*leading, *values, **{k: settled(v) for k, v in kwargs.items()})
            if isinstance(result, Iterator):
                result = list(result)
            if isinstance(result, Markup):
                result = str.__str__(result)  # these are texts, not pages
        except WRONG_VALUES as error:
            raise TemplateError(f"filter '{name}': {_reason(error)}") from None
        if isinstance(result, str):
            touch(values)
            if name in _DERIVES_SECRETS:
                scope.templates.derived_secret(value, result)
        return result

    return call


def _refuse_undefined(values: list[Any]) -> None:
    for value in values:
        if isinstance(value, Undefined):
            str(value)


def _reason(error: Exception) -> str:
    text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    return text or type(error).__name__
