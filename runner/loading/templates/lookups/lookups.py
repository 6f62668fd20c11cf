"""``lookup()`` and ``query()``, and the other functions that templates can call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from jinja2 import Environment, Undefined
from jinja2.runtime import Context
from jinja2.utils import pass_context

from runner.errors import DependsOnUnknown, RunnerError, TemplateError
from runner.interfaces.foresight import is_foreseen
from runner.loading.templates.filters import WRONG_VALUES, first_undefined
from runner.loading.templates.given import settled, shallow
from runner.loading.templates.lookups import files, lists, programs, random, tree, variables, web
from runner.loading.templates.plugin_names import resolve
from runner.loading.templates.scope import Scope

_LONGEST_RANGE: Final = 1_000_000
_SHALLOW: Final = frozenset({"vars", "dict", "random_choice"})
_ERRORS: Final = ("strict", "warn", "ignore")

Lookup = Callable[[Scope, list[Any], Mapping[str, Any]], list[Any]]

LOOKUPS: Final[dict[str, Lookup]] = {
    **variables.LOOKUPS,
    **lists.LOOKUPS,
    **files.LOOKUPS,
    **programs.LOOKUPS,
    **tree.LOOKUPS,
    **random.LOOKUPS,
    **web.LOOKUPS,
}
_AT_ITS_TURN: Final = frozenset(
    {
        *(*files.LOOKUPS, *programs.LOOKUPS, *tree.LOOKUPS),
        *(*web.LOOKUPS, *random.LOOKUPS, "varnames"),
    }
)
"""What is looked up outside of the variables, and may leave something behind; and which variables
there are, before all are."""


def run_lookup(scope: Scope, name: str, terms: list[Any], options: Mapping[str, Any]) -> list[Any]:
    """The elements that a lookup finds. Raises TemplateError, DependsOnUnknown."""
    if name in _AT_ITS_TURN and is_foreseen():
        raise DependsOnUnknown(f"lookup '{name}'")
    try:
        found = LOOKUPS[name](scope, terms, options)
    except TemplateError as error:
        if error.source is not None or error.message.startswith("lookup '"):
            raise
        raise TemplateError(f"lookup '{name}': {error.message}", hint=error.hint) from None
    except WRONG_VALUES as error:
        reason = str(error) or type(error).__name__
        raise TemplateError(f"lookup '{name}': {reason}") from None
    scope.budget.spend(len(found))
    return found


@pass_context
def query(context: Context, name: str, *terms: Any, **options: Any) -> Any:
    """``query('env', 'HOME')``: a list."""
    return lookup(context, name, *terms, **{**options, "wantlist": True})


@pass_context
def lookup(context: Context, name: str, *terms: Any, **options: Any) -> Any:
    """``lookup('env', 'HOME')``: the one value, or all as a text with commas."""
    scope: Scope = context.scope  # type: ignore[attr-defined]
    wantlist, errors = options.pop("wantlist", False), options.pop("errors", "strict")
    if errors not in _ERRORS:
        raise TemplateError(f"errors is one of {', '.join(_ERRORS)}, not '{errors}'")
    short = resolve("lookup", str(name), LOOKUPS)
    prepare = shallow if short in _SHALLOW else settled
    values = [prepare(term) for term in terms]
    named = {key: prepare(value) for key, value in options.items()}
    asked = {key: value for key, value in named.items() if key != "default"}
    undefined = first_undefined(values, asked)
    if undefined is not None:
        return undefined
    try:
        found = run_lookup(scope, short, values, named)
    except DependsOnUnknown:
        raise
    except RunnerError:
        if errors == "strict":
            raise
        return [] if wantlist else None
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
    environment.globals.pop("lipsum", None)
    environment.globals.update(
        lookup=lookup, query=query, q=query, now=now, range=bounded_range, undef=_undef
    )


@pass_context
def _undef(context: Context, hint: str | None = None) -> Undefined:
    """An undefined value: whoever uses it is told to define it."""
    return context.environment.undefined(hint=hint or "must be defined")
