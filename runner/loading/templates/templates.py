"""Jinja2 as Ansible speaks it: native types, lazy variables, a sandbox, errors with places."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from jinja2.exceptions import UndefinedError

from runner.errors import TemplateError
from runner.interfaces.template import Templates
from runner.loading.templates.compile import Compiler
from runner.loading.templates.environment import Environment, ScopeContext, concat
from runner.loading.templates.errors import guarded, indirect, placed
from runner.loading.templates.files import TemplateFiles, file_variables, over
from runner.loading.templates.filters import install_filters
from runner.loading.templates.inner_filters import install_inner_filters
from runner.loading.templates.jinja_tests import install_tests
from runner.loading.templates.lookups.lookups import LOOKUPS, install_lookups
from runner.loading.templates.loop_items import loop_items
from runner.loading.templates.options import DEFAULT_OPTIONS, TemplateOptions
from runner.loading.templates.plain import known, plain
from runner.loading.templates.scope import Scope
from runner.loading.templates.search_path import must_find, read_text
from runner.loading.text.data import (
    OMIT,
    DataDict,
    DataList,
    DataStr,
    as_data,
    derives,
    has_opener,
    holds_template,
    is_lazy,
    strip_omitted,
)
from runner.loading.text.vault import VaultKeys
from runner.model.secret import Secret
from runner.model.source import Source

__all__ = ["OMIT", "JinjaTemplates", "strip_omitted"]

_COMPILED: Final = 8192
"""Compiled templates that are kept."""
_FALSE_WORDS: Final = frozenset({"false", "no", "off", "0", "n", "f", "none", "null"})


class JinjaTemplates(Templates):
    """One for a whole run, shared by all threads.

    ``directory`` is where ``lookup('file', ...)`` looks when the variable ``playbook_dir`` is not
    set. ``secrets_seen`` are the texts of all Secrets that templates have used so far, and what
    filters made of them; ``on_secret`` is called with each when it is first seen, so that it can
    be masked from then on. ``keys`` open encrypted files that lookups and templates read.
    """

    def __init__(
        self,
        directory: Path | None = None,
        on_secret: Callable[[str], None] | None = None,
        keys: VaultKeys | None = None,
    ) -> None:
        self.directory = directory or Path()
        self.secrets_seen: set[str] = set()
        self._on_secret = on_secret
        self._keys = keys or VaultKeys()
        self.environment = Environment()
        install_filters(self.environment)
        install_tests(self.environment)
        install_lookups(self.environment)
        install_inner_filters(self.environment)
        self.files = TemplateFiles(self.environment, LOOKUPS)
        compiler = Compiler(self.environment, LOOKUPS)
        self._template = lru_cache(_COMPILED)(compiler.template)
        self._expression = lru_cache(_COMPILED)(compiler.expression)

    def render(self, value: Any, variables: Mapping[str, Any], source: Source | None = None) -> Any:
        """The value with its templates evaluated, at every depth; keeps native types."""
        if not is_lazy(value):
            return value
        scope = Scope(self, variables)
        return guarded(lambda: self._rendered(value, scope), scope, source, value)

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
        if isinstance(value, str) and expression.strip().startswith("{{"):
            return indirect(expression, value, source)
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

        return guarded(run, scope, source, expression)

    def loop_items(
        self,
        kind: str,
        terms: Any,
        variables: Mapping[str, Any],
        source: Source | None = None,
        *,
        module: str = "",
    ) -> list[Any]:
        """The elements of a loop. ``module`` is what the task calls, if that is known.

        What is undefined among the terms of ``first_found`` is left out.
        """
        scope = Scope(self, variables)
        lenient = kind.endswith("first_found")

        def run() -> list[Any]:
            rendered = self._known_terms(terms, scope) if lenient else self._rendered(terms, scope)
            return loop_items(kind, rendered, scope, module)

        return guarded(run, scope, source, terms)

    def find_file(
        self, folder: str, name: str, variables: Mapping[str, Any], source: Source | None = None
    ) -> Path:
        """A file of the controller, looked for as Ansible does: in ``folder`` (files, templates)
        of the places in ``ansible_search_path``, and of the playbook. Raises TemplateError.
        """
        scope = Scope(self, variables)
        return guarded(lambda: must_find(scope, folder, name), scope, source, name)

    def render_file(
        self,
        path: Path,
        variables: Mapping[str, Any],
        source: Source | None = None,
        *,
        name: str | None = None,
        destination: str | None = None,
        text: str | None = None,
        options: TemplateOptions = DEFAULT_OPTIONS,
        settings: Mapping[str, Any] | None = None,
    ) -> str:
        """What a template file gives as a text. Raises TemplateError with the place in the file.

        ``name`` is the path as the playbook writes it, ``destination`` where the text goes; both
        are for the template to show. ``text`` is the file's content where that is already known.
        ``settings`` are options by their names.
        """

        def run() -> str:
            more = file_variables(path, name or str(path), variables, destination)
            scope = Scope(self, over(more, variables))
            content = read_text(scope, path) if text is None else text
            chosen = options.changed(settings) if settings else options
            value = plain(self.files.render(scope, path, content, chosen))
            return "" if value is None else str(value)

        return guarded(run, Scope(self, variables), source, str(path))

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
        if text and text not in self.secrets_seen:
            self.secrets_seen.add(text)
            if self._on_secret is not None:
                self._on_secret(text)
        return text

    def derived_secret(self, values: list[Any], result: str) -> None:
        """Remember what a filter made of a secret, or of something that holds one."""
        if result in self.secrets_seen:
            return
        secrets = tuple(self.secrets_seen)  # other threads may add to it
        if any(derives(secret, values, result) for secret in secrets):
            self.saw_secret(result)

    def decrypted(self, content: bytes, path: Path) -> bytes:
        """What an encrypted file holds; it is masked wherever it shows. Raises TemplateError."""
        opened = self._keys.open(content.decode("utf-8", "replace"), TemplateError)
        self.saw_secret(opened.content.decode("utf-8", "replace").strip())
        return opened.content

    def _known_terms(self, terms: Any, scope: Scope) -> Any:
        """The terms without those that are undefined."""
        if isinstance(terms, list | tuple):
            found = [self._known_terms(term, scope) for term in terms]
            return [term for term in found if term is not OMIT]
        if isinstance(terms, dict):
            pairs = {key: self._known_terms(value, scope) for key, value in terms.items()}
            return {key: value for key, value in pairs.items() if value is not OMIT}
        try:
            return self._rendered(terms, scope)
        except UndefinedError:
            return OMIT

    def _rendered(self, value: Any, scope: Scope) -> Any:
        match value:
            case DataStr() | DataDict() | DataList():
                return value
            case str():
                return plain(self.evaluate(value, scope)) if has_opener(value) else value
            case dict():
                return strip_omitted({k: self._inner(v, scope) for k, v in value.items()})
            case list() | tuple():
                return strip_omitted([self._inner(item, scope) for item in value])
            case Secret():
                text = plain(scope.native(value, "a secret"))
                return Secret(text if isinstance(text, str) else str(text))
        return known(value)

    def _inner(self, value: Any, scope: Scope) -> Any:
        """A value inside another: a secret is what it stands for, and masked where it shows."""
        rendered = self._rendered(value, scope)
        return rendered.reveal() if isinstance(rendered, Secret) else rendered

    def _run(self, template: Any, scope: Scope) -> Any:
        context = ScopeContext(self.environment, {}, None, template.blocks)
        context.scope = scope
        return concat(template.root_render_func(context))

    def _checked(self, compiled: Callable[[str], Any], text: str, source: Source | None) -> None:
        try:
            compiled(text)
        except TemplateError as error:
            raise placed(error, source, text) from None
