"""The sandbox in which templates run: what they may reach, how much they may spend.

Differences from plain Jinja2, all of them Ansible's except the limits:

- a template that is one expression keeps its type; text around it makes it a text;
- backslashes in string literals between ``{{`` and ``}}`` stand for themselves;
- an undefined value fails when it is used, and so does any attribute of it;
- values cannot be changed in place, except lists and mappings that the template itself made.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final, cast

from jinja2 import Undefined, nodes
from jinja2.exceptions import SecurityError
from jinja2.lexer import Lexer, Token
from jinja2.nativetypes import NativeCodeGenerator
from jinja2.runtime import Context
from jinja2.sandbox import SandboxedEnvironment, modifies_known_mutable
from jinja2.utils import missing

from runner.errors import TemplateError
from runner.loading.templates.budget import weigh, weigh_all
from runner.loading.templates.plain import known, plain, touch
from runner.loading.templates.scope import Scope
from runner.loading.templates.undefined import Missing
from runner.loading.text.data import OMIT

LARGEST: Final = 1_048_576
"""Characters or elements that a template may build."""
_HUGE_WIDTH: Final = re.compile(r"\d{7,}")
_GIVEN_WIDTH: Final = re.compile(r"\{[^{}]*:[^{}]*\{")
_PADDING: Final = frozenset({"center", "ljust", "rjust", "zfill", "expandtabs"})


class Everything(dict[str, Any]):
    """What one part of a template file hands to another that sees all it sees."""


class ScopeContext(Context):
    """Looks variables up in the template, in its Scope, then among the globals."""

    scope: Scope

    def resolve_or_missing(self, key: str) -> Any:
        if key in self.vars:
            return self.vars[key]
        if key in self.parent:
            return self.parent[key]
        value = self.scope.lookup(key)
        return self.environment.globals.get(key, missing) if value is missing else value

    def get_all(self) -> dict[str, Any]:
        """What the template itself has set; the rest is in the Scope."""
        return Everything({**self.parent, **self.vars})

    def derived(self, locals: dict[str, Any] | None = None) -> ScopeContext:
        """The same with more variables, for a block."""
        given = {k: v for k, v in (locals or {}).items() if v is not missing}
        context = ScopeContext(self.environment, {**self.get_all(), **given}, self.name, {})
        context.scope = self.scope
        context.eval_ctx = self.eval_ctx
        context.blocks.update((name, list(blocks)) for name, blocks in self.blocks.items())
        return context


class OwnList(list[Any]):
    """A list that a template made itself and may therefore change."""


class OwnDict(dict[Any, Any]):
    """A mapping that a template made itself and may therefore change."""


class _Lexer(Lexer):
    """Doubles backslashes in literals between ``{{`` and ``}}``, so that they stay themselves."""

    def wrap(
        self,
        stream: Iterable[tuple[int, str, str]],
        name: str | None = None,
        filename: str | None = None,
    ) -> Iterator[Token]:
        return super().wrap(self._doubled(stream), name, filename)

    @staticmethod
    def _doubled(stream: Iterable[tuple[int, str, str]]) -> Iterator[tuple[int, str, str]]:
        inside = False
        for line, kind, text in stream:
            if kind in ("variable_begin", "variable_end"):
                inside = kind == "variable_begin"
            doubled = inside and kind == "string"
            yield line, kind, text.replace("\\", "\\\\") if doubled else text


class _CodeGenerator(NativeCodeGenerator):
    """Native values, without folding constants into text."""

    def _output_child_to_const(self, node: nodes.Expr, frame: Any, finalize: Any) -> Any:
        if not isinstance(node, nodes.TemplateData):
            raise nodes.Impossible
        return super()._output_child_to_const(node, frame, finalize)


def concat(values: Iterable[Any]) -> Any:
    """What a template gives: nothing, its one value, or the text of all of them.

    What is none leaves no trace in a text.
    """
    iterator = (value for value in values if value is not None)
    head = list(islice(iterator, 2))
    if not head:
        return None
    if len(head) == 1:
        return head[0]
    parts: list[str] = []
    size = 0
    for value in (*head, *iterator):
        text = value if isinstance(value, str) else _as_text(value)
        size += len(text)
        if size > LARGEST:
            raise TemplateError(f"this template gives more than {LARGEST:,} characters")
        parts.append(text)
    return "".join(parts)


def joined(values: Iterable[Any]) -> str:
    """``a ~ b``: the texts of all values together."""
    parts = [value if isinstance(value, str) else _as_text(value) for value in values]
    _refuse_size(sum(map(len, parts)))
    return "".join(parts)


def _as_text(value: Any) -> str:
    if isinstance(value, Undefined):
        return str(value)
    value = plain(value)
    touch(value)
    if value is OMIT:
        raise TemplateError("omit cannot stand inside a text: it leaves out a whole parameter")
    return str(value)


class Environment(SandboxedEnvironment):
    """Jinja's environment for all templates of a run. Shared by all threads."""

    code_generator_class = _CodeGenerator
    context_class = ScopeContext
    concat = staticmethod(concat)
    intercepted_binops = frozenset({"*", "**", "%", "+"})

    def __init__(self, **settings: Any) -> None:
        # optimized: nothing is evaluated while a template is only read
        super().__init__(undefined=Missing, optimized=False, **{"trim_blocks": True, **settings})
        self._own_lexer: Lexer = _Lexer(self)

    def variant(self, **settings: Any) -> Environment:
        """The same with other delimiters and white space."""
        other = Environment(**settings)
        other.filters, other.tests, other.globals = self.filters, self.tests, self.globals
        return other

    @property
    def lexer(self) -> Lexer:
        """Ours in place of the shared one."""
        return self._own_lexer

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """No private names; nothing that changes a value which others see."""
        if not super().is_safe_attribute(obj, attr, value):
            return False
        return isinstance(obj, OwnList | OwnDict) or not modifies_known_mutable(obj, attr)

    def unsafe_undefined(self, obj: Any, attribute: str) -> Undefined:
        """What a forbidden attribute gives: an undefined value that says so when used."""
        if modifies_known_mutable(obj, attribute):
            reason = f"'{attribute}' would change a variable in place; use +, combine or union"
        else:
            reason = f"'{attribute}' is not for templates"
        return self.undefined(reason, name=attribute, obj=obj, exc=SecurityError)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """``obj.attribute``; what a mapping holds under a forbidden name is no attribute."""
        value = super().getattr(obj, attribute)
        if isinstance(value, Undefined) and isinstance(obj, Mapping) and attribute in obj:
            value = obj[attribute]
        return known(value, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """``obj[argument]``."""
        if isinstance(obj, Undefined):
            return obj
        return known(super().getitem(obj, argument), str(argument))

    def call(*args: Any, **kwargs: Any) -> Any:
        """Call something from a template, within the budget."""
        self, context, target, *rest = args
        context.scope.budget.step()
        weigh_all((*rest, *kwargs.values()))
        name, owner = getattr(target, "__name__", ""), getattr(target, "__self__", None)
        if isinstance(owner, str):
            _refuse_growth(name, owner, rest, kwargs)
        result = SandboxedEnvironment.call(self, context, target, *rest, **kwargs)
        if isinstance(result, str | list):
            context.scope.budget.spend(len(result))
        return result

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        """``'...'.format``: the sandbox's own, within reason."""
        wrapped = super().wrap_str_format(value)
        if wrapped is None:
            return None
        pattern = str(value.__self__)

        def call(*args: Any, **kwargs: Any) -> str:
            numbers = [a for a in (*args, *kwargs.values()) if isinstance(a, int)]
            if _HUGE_WIDTH.search(pattern) or (
                _GIVEN_WIDTH.search(pattern) and max(numbers, default=0) > LARGEST
            ):
                _refuse_size(LARGEST + 1)
            return wrapped(*args, **kwargs)

        return call

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """``left * right`` and other operators that can make much out of little."""
        scope = cast(ScopeContext, context).scope
        scope.budget.step()
        known(left)
        known(right)
        if operator == "*":
            for many, times in ((left, right), (right, left)):
                if isinstance(times, int) and isinstance(many, str | list | tuple):
                    _refuse_size(len(many) * times)
            if isinstance(left, int) and isinstance(right, int):
                _refuse_size(left.bit_length() + right.bit_length())
        if operator == "**" and isinstance(left, int) and isinstance(right, int):
            _refuse_size(left.bit_length() * abs(right))
        if operator == "%" and isinstance(left, str):
            weigh(right)
            if _has_wide_field(left, right):
                _refuse_size(LARGEST + 1)
        result = super().call_binop(context, operator, left, right)
        if isinstance(result, str | list):
            _refuse_size(len(result))
            scope.budget.spend(len(result))
        return result


def _has_wide_field(pattern: str, values: Any) -> bool:
    """Whether ``pattern % values`` has a field of more characters than a template may build."""
    given = values if isinstance(values, tuple) else (values,)
    wide = "*" in pattern and any(isinstance(n, int) and abs(n) > LARGEST for n in given)
    return bool(_HUGE_WIDTH.search(pattern)) or wide


def _refuse_size(size: int) -> None:
    if size > LARGEST:
        raise TemplateError(f"this template makes a value larger than {LARGEST:,}")


def _refuse_growth(name: str, text: str, args: list[Any], kwargs: Mapping[str, Any]) -> None:
    """Methods of texts that can make a large one out of a number."""
    if name in _PADDING:
        numbers = [a for a in (*args, *kwargs.values()) if isinstance(a, int)]
        _refuse_size(max(numbers, default=0) * (1 + text.count("\t") * (name == "expandtabs")))
    elif name == "replace" and len(args) > 1:
        _refuse_size((text.count(str(args[0])) + 1) * len(str(args[1])))
    elif name == "join" and args and hasattr(args[0], "__len__"):
        _refuse_size(len(text) * len(args[0]))
