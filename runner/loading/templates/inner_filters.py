"""What the compiler puts into templates: counters, measures, marks. No template can name them."""

from __future__ import annotations

from typing import Any

from jinja2.runtime import Context
from jinja2.utils import pass_context

from runner.loading.templates.compile import COUNTED, EMBEDDED, JOINED, OWN
from runner.loading.templates.environment import Environment, OwnDict, OwnList, ScopeContext, joined
from runner.loading.templates.plain import known


def install_inner_filters(environment: Environment) -> None:
    """Give the environment what compiled templates need."""
    environment.filters[COUNTED] = _counted
    environment.filters[OWN] = _own
    environment.filters[JOINED] = joined
    environment.filters[EMBEDDED] = _embedded


@pass_context
def _counted(context: Context, values: Any) -> Any:
    """What a loop goes over, each turn counted."""
    assert isinstance(context, ScopeContext)
    for value in values:
        context.scope.budget.step()
        yield known(value, "an element")


def _own(value: Any) -> Any:
    return OwnList(value) if isinstance(value, list) else OwnDict(value)


@pass_context
def _embedded(context: Context, text: str) -> Any:
    """A template inside a string literal, which the author of the template wrote."""
    assert isinstance(context, ScopeContext)
    return context.scope.templates.evaluate(text, context.scope)
