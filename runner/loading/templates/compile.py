"""From the text of a template or expression to code, checked: syntax, filters, tests, lookups.

Jinja2 finds an unknown filter or test only when it comes to it; here all are found at once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import asdict
from typing import Any, Final, cast

from jinja2 import nodes
from jinja2.exceptions import TemplateSyntaxError
from jinja2.parser import Parser
from jinja2.visitor import NodeTransformer

from runner.errors import TemplateError
from runner.loading.templates.environment import Environment
from runner.loading.templates.options import DEFAULT_OPTIONS
from runner.loading.templates.plugin_names import resolve
from runner.loading.text.data import HEADER, has_opener
from runner.loading.text.syntax_hints import template_hint
from runner.model.source import Source

COUNTED: Final = "runner counted"
OWN: Final = "runner own"
EMBEDDED: Final = "runner embedded"
JOINED: Final = "runner joined"
"""Filters that only the compiler puts into a template: their names cannot be written."""

_LOOKUPS: Final = frozenset({"lookup", "query", "q"})
_TAKES_FILTER: Final = frozenset({"map"})
_TAKES_TEST: Final = {"select": 0, "reject": 0, "selectattr": 1, "rejectattr": 1}


class Compiler:
    """Compiles for one environment. ``lookups`` are the names that lookup() knows."""

    def __init__(self, environment: Environment, lookups: Collection[str]) -> None:
        self._environment = environment
        self._lookups = lookups

    def template(self, text: str) -> Any:
        """The code of a text with templates in it. Raises TemplateError."""
        try:
            environment, body = self._environment, text
            if text.startswith(HEADER):
                options, body = DEFAULT_OPTIONS.with_header(text)
                environment = self._environment.variant(**asdict(options))
            return self._compile(environment.parse(body), environment, conditions=False)
        except TemplateSyntaxError as error:
            raise _syntax_error(error, text) from None
        except RecursionError:
            raise TemplateError("this template is nested too deep") from None

    def expression(self, text: str) -> Any:
        """The code of a bare expression (``when``). Raises TemplateError."""
        inner = _without_braces(text)
        if not inner.strip():
            hint = "remove it, or write the condition"
            raise TemplateError("this condition is empty", hint=hint)
        try:
            parser = Parser(self._environment, inner, state="variable")
            parsed = parser.parse_expression()
            if not parser.stream.eos:
                parser.fail(f"unexpected '{parser.stream.current.value}'")
            tree = nodes.Template([nodes.Output([parsed], lineno=1)], lineno=1)
            return self._compile(tree, self._environment, conditions=True)
        except TemplateSyntaxError as error:
            hint = ""
            if has_opener(text):
                hint = "a condition is an expression by itself: write names without {{ }}"
            raise _syntax_error(error, text, hint) from None
        except RecursionError:
            raise TemplateError("this expression is nested too deep") from None

    def _compile(self, tree: nodes.Template, environment: Environment, *, conditions: bool) -> Any:
        tree = Preparation(environment, self._lookups, conditions=conditions).visit(tree)
        tree.set_environment(environment)
        code = environment.compile(tree)
        return environment.template_class.from_code(environment, code, environment.globals)


def _without_braces(text: str) -> str:
    """The expression of a condition that was written as one whole ``{{ ... }}``."""
    stripped = text.strip()
    if stripped.startswith("{{") and stripped.endswith("}}") and stripped.count("{{") == 1:
        return stripped[2:-2].strip("-+")
    return text


def _syntax_error(error: TemplateSyntaxError, text: str, hint: str = "") -> TemplateError:
    message = error.message or "this cannot be read"
    where = f" (line {error.lineno} of this text)" if "\n" in text.strip() else ""
    found = TemplateError(f"not a template: {message}{where}")
    found.hint = hint or template_hint(message, text)
    return found


class Preparation(NodeTransformer):
    """Checks names and puts the sandbox's counters into the tree."""

    def __init__(
        self,
        environment: Environment,
        lookups: Collection[str],
        *,
        conditions: bool,
        where: Callable[[int], Source] | None = None,
    ) -> None:
        self._environment = environment
        self._lookups = lookups
        self._conditions = conditions
        self._where = where

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802 - Jinja2's name
        """Each loop counts its turns."""
        self.generic_visit(node)
        node.iter = _filtered(node.iter, COUNTED)
        return node

    def visit_Assign(self, node: nodes.Assign) -> nodes.Node:  # noqa: N802
        """A list or mapping written in ``set`` is the template's own: it may change it."""
        self.generic_visit(node)
        if isinstance(node.node, nodes.List | nodes.Dict):
            node.node = _filtered(node.node, OWN)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        """``a ~ b`` can double a text again and again: it is measured."""
        self.generic_visit(node)
        return _filtered(nodes.List(node.nodes, lineno=node.lineno), JOINED)

    def visit_Const(self, node: nodes.Const) -> nodes.Node:  # noqa: N802
        """Ansible evaluates templates in the string literals of conditions."""
        if self._conditions and isinstance(node.value, str) and has_opener(node.value):
            return _filtered(node, EMBEDDED)
        return node

    def visit_Filter(self, node: nodes.Filter) -> nodes.Node:  # noqa: N802
        """Is there such a filter? ``map('upper')`` names one, ``select('match')`` a test."""
        self._named_once(node)
        node.name = self._known("filter", node.name, self._environment.filters, node)
        if node.name in _TAKES_FILTER and (name := _constant(node.args, 0)) is not None:
            found = self._known("filter", name, self._environment.filters, node)
            node.args[0] = nodes.Const(found, lineno=node.lineno)
        position = _TAKES_TEST.get(node.name)
        if position is not None and (name := _constant(node.args, position)) is not None:
            found = self._known("test", name, self._environment.tests, node)
            node.args[position] = nodes.Const(found, lineno=node.lineno)
        self.generic_visit(node)
        return node

    def visit_Test(self, node: nodes.Test) -> nodes.Node:  # noqa: N802
        """Is there such a test?"""
        self._named_once(node)
        node.name = self._known("test", node.name, self._environment.tests, node)
        self.generic_visit(node)
        return node

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802
        """Is there such a lookup?"""
        self._named_once(node)
        if isinstance(node.node, nodes.Name) and node.node.name in _LOOKUPS:
            if (name := _constant(node.args, 0)) is not None:
                found = self._known("lookup", name, self._lookups, node)
                node.args[0] = nodes.Const(found, lineno=node.lineno)
            self._conditions, before = True, self._conditions
            self.generic_visit(node)
            self._conditions = before
            return node
        self.generic_visit(node)
        return node

    def visit_Include(self, node: nodes.Node) -> nodes.Node:  # noqa: N802
        """A template inside a playbook has no other templates beside it; a file has."""
        if self._where is None:
            hint = "write the text into a template file, and use win_template or lookup('template')"
            raise TemplateError("include, import and extends are for template files", hint=hint)
        return self.generic_visit(node)

    visit_Import = visit_FromImport = visit_Extends = visit_Include  # noqa: N815

    def _named_once(self, node: nodes.Call | nodes.Filter | nodes.Test) -> None:
        """Jinja2 leaves ``f(a=1, a=2)`` to Python, which then knows no place in the template."""
        names = [keyword.key for keyword in node.kwargs]
        for name in names:
            if names.count(name) > 1:
                where = self._where(node.lineno) if self._where is not None else None
                raise TemplateError(f"not a template: '{name}' is given twice", source=where)

    def _known(self, kind: str, name: str, names: Collection[str], node: nodes.Node) -> str:
        try:
            return resolve(kind, name, names)
        except TemplateError as error:
            if self._where is not None:
                error.source = self._where(node.lineno)
            raise


def _filtered(node: nodes.Node, name: str) -> nodes.Filter:
    return nodes.Filter(cast(nodes.Expr, node), name, [], [], None, None, lineno=node.lineno)


def _constant(args: list[Any], position: int) -> str | None:
    """The text that stands as this positional argument, if one does."""
    if position < len(args) and isinstance(args[position], nodes.Const):
        value = args[position].value
        return value if isinstance(value, str) else None
    return None
