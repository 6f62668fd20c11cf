"""Jinja2 as Ansible speaks it: native types, lazy variables, a sandbox, errors with places."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, TypeVar

from jinja2.exceptions import SecurityError, UndefinedError
from jinja2.runtime import Context
from jinja2.utils import pass_context

from runner.errors import RunnerError, TemplateError
from runner.interfaces.template import Templates
from runner.loading.compile import COUNTED, EMBEDDED, JOINED, OWN, Compiler
from runner.loading.data import (
    OMIT,
    DataDict,
    DataList,
    DataStr,
    as_data,
    has_opener,
    holds_template,
    strip_omitted,
)
from runner.loading.environment import (
    Environment,
    OwnDict,
    OwnList,
    ScopeContext,
    concat,
    joined,
    undefined_hint,
)
from runner.loading.filters import install_filters
from runner.loading.jinja_tests import install_tests
from runner.loading.lookups import LOOKUPS, install_lookups
from runner.loading.scope import Scope, known, plain
from runner.model.secret import Secret
from runner.model.source import Source

__all__ = ["OMIT", "JinjaTemplates", "strip_omitted"]

ResultT = TypeVar("ResultT")
_COMPILED: Final = 8192
"""Compiled templates that are kept."""
_FALSE_WORDS: Final = frozenset({"false", "no", "off", "0", "n", "f", "none", "null"})


class JinjaTemplates(Templates):
    """One for a whole run, shared by all threads.

    ``directory`` is where ``lookup('file', ...)`` looks when the variable ``playbook_dir`` is not
    set. ``secrets_seen`` are the texts of all Secrets that templates have used so far: give them
    to the Redactor.
    """

    def __init__(self, directory: Path | None = None) -> None:
        self.directory = directory or Path()
        self.secrets_seen: set[str] = set()
        self.environment = Environment()
        install_filters(self.environment)
        install_tests(self.environment)
        install_lookups(self.environment)
        self.environment.filters[COUNTED] = _counted
        self.environment.filters[OWN] = _own
        self.environment.filters[JOINED] = joined
        self.environment.filters[EMBEDDED] = _embedded
        compiler = Compiler(self.environment, LOOKUPS)
        self._template = lru_cache(_COMPILED)(compiler.template)
        self._expression = lru_cache(_COMPILED)(compiler.expression)

    def render(self, value: Any, variables: Mapping[str, Any], source: Source | None = None) -> Any:
        """The value with its templates evaluated, at every depth; keeps native types."""
        if not holds_template(value):
            return value
        scope = Scope(self, variables)
        return self._guarded(lambda: self._rendered(value, scope), scope, source, value)

    def condition(
        self, expression: str, variables: Mapping[str, Any], source: Source | None = None
    ) -> bool:
        """Whether a bare expression holds.

        A text is true unless it is empty, but one that reads like ``no`` is an error: whether it
        was meant as yes or no is for the ``bool`` filter to say.
        """
        value = self.expression(expression, variables, source)
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.strip().lower() in _FALSE_WORDS:
            raise TemplateError(
                f"'{expression}' gives the text '{value}', which is neither true nor false",
                source=source,
                hint=f"write: {expression} | bool",
            )
        return bool(value)

    def expression(
        self, expression: str, variables: Mapping[str, Any], source: Source | None = None
    ) -> Any:
        """The native value of a bare expression."""
        scope = Scope(self, variables)

        def run() -> Any:
            return plain(self._run(self._expression(expression), scope))

        return self._guarded(run, scope, source, expression)

    def as_data(self, value: Any) -> Any:
        """Marks a value (at every depth) as data that is never evaluated as a template."""
        return as_data(value)

    def is_template(self, value: Any) -> bool:
        """Whether this value holds a template at any depth."""
        return holds_template(value)

    def check(self, value: Any, source: Source | None = None) -> None:
        """Parse without evaluating: syntax, unknown filters, tests and lookups."""
        match value:
            case DataStr() | DataDict() | DataList():
                return
            case str():
                if has_opener(value):
                    self._checked(self._template, value, source)
            case dict():
                for item in value.values():
                    self.check(item, source)
            case list() | tuple():
                for item in value:
                    self.check(item, source)
            case Secret():
                self.check(value.reveal(), source)

    def check_expression(self, expression: str, source: Source | None = None) -> None:
        """The same for a bare expression."""
        self._checked(self._expression, expression, source)

    def evaluate(self, text: str, scope: Scope) -> Any:
        """A text with templates in it, as Jinja2's own value: for Scope, not for others."""
        value = self._run(self._template(text), scope)
        if isinstance(value, str) and text.endswith("\n"):
            wanted = len(text) - len(text.rstrip("\n"))
            value += "\n" * (wanted - (len(value) - len(value.rstrip("\n"))))
        return value

    def saw_secret(self, text: str) -> str:
        """Remember a secret that a template used, so that it can be masked everywhere."""
        if text:
            self.secrets_seen.add(text)
        return text

    def derived_secret(self, value: Any, result: str) -> None:
        """Remember what a filter made of a secret (its base64, say)."""
        if isinstance(value, str) and value in self.secrets_seen:
            self.saw_secret(result)

    def _rendered(self, value: Any, scope: Scope) -> Any:
        match value:
            case DataStr() | DataDict() | DataList():
                return value
            case str():
                return plain(self.evaluate(value, scope)) if has_opener(value) else value
            case dict():
                return strip_omitted({k: self._rendered(v, scope) for k, v in value.items()})
            case list() | tuple():
                return strip_omitted([self._rendered(item, scope) for item in value])
            case Secret():
                text = plain(scope.native(value, "a secret"))
                return Secret(str(text))
        return known(value)

    def _run(self, template: Any, scope: Scope) -> Any:
        context = ScopeContext(self.environment, {}, None, template.blocks)
        context.scope = scope
        return concat(template.root_render_func(context))

    def _checked(self, compiled: Callable[[str], Any], text: str, source: Source | None) -> None:
        try:
            compiled(text)
        except TemplateError as error:
            raise _placed(error, source, text) from None

    def _guarded(
        self, run: Callable[[], ResultT], scope: Scope, source: Source | None, what: Any
    ) -> ResultT:
        """Run; whatever goes wrong is a TemplateError with its place, or passes as our own."""
        try:
            return run()
        except TemplateError as error:
            raise _placed(error, source, what) from None
        except RunnerError:
            raise
        except UndefinedError as error:
            found = TemplateError(str(error.message), hint=undefined_hint(error, scope))
            raise _placed(found, source, what) from None
        except SecurityError as error:
            raise _placed(TemplateError(str(error.message)), source, what) from None
        except RecursionError:
            raise _placed(TemplateError("this template calls itself"), source, what) from None
        except Exception as error:
            found = TemplateError(f"{error or type(error).__name__}")
            raise _placed(found, source, what) from error


def _placed(error: TemplateError, source: Source | None, what: Any) -> TemplateError:
    """The same error with its place; without one, the template itself is named."""
    if error.source is not None:
        return error
    message = error.message
    if source is None and isinstance(what, str):
        shown = what.strip() if len(what) < 80 else f"{what.strip()[:77]}..."
        message = f"{message}, in: {shown}"
    return TemplateError(message, source=source, hint=error.hint)


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
