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
from typing import Any, Final, NoReturn, cast

from jinja2 import StrictUndefined, Undefined, nodes
from jinja2.exceptions import SecurityError, UndefinedError
from jinja2.lexer import Lexer, Token
from jinja2.nativetypes import NativeCodeGenerator
from jinja2.runtime import Context
from jinja2.sandbox import SandboxedEnvironment, modifies_known_mutable
from jinja2.utils import missing

from runner.errors import TemplateError
from runner.loading.data import OMIT
from runner.loading.scope import Scope, known, plain, touch
from runner.loading.words import suggestion

LARGEST: Final = 1_048_576
"""Characters or elements that a template may build."""
_HUGE_WIDTH: Final = re.compile(r"\d{7,}")
_GIVEN_WIDTH: Final = re.compile(r"\{[^{}]*:[^{}]*\{")
_PADDING: Final = frozenset({"center", "ljust", "rjust", "zfill", "expandtabs"})


class Missing(StrictUndefined):
    """An undefined value: it fails when used, and its attributes are the same undefined value."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __getitem__(self, key: Any) -> Any:
        return self

    @property
    def _undefined_message(self) -> str:
        if self._undefined_hint:
            return self._undefined_hint
        if self._undefined_obj is missing:
            return f"'{self._undefined_name}' is undefined"
        kind = "mapping" if isinstance(self._undefined_obj, Mapping) else "value"
        return f"the {kind} has no '{self._undefined_name}'"

    def _fail_with_undefined_error(self, *args: Any, **kwargs: Any) -> NoReturn:
        error = self._undefined_exception(self._undefined_message)
        if isinstance(error, UndefinedError):
            error.about = self  # type: ignore[attr-defined]
        raise error

    __iter__ = __str__ = __len__ = _fail_with_undefined_error
    __eq__ = __ne__ = __bool__ = __contains__ = _fail_with_undefined_error
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _fail_with_undefined_error
    __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = _fail_with_undefined_error
    __mod__ = __rmod__ = __pos__ = __neg__ = __call__ = _fail_with_undefined_error
    __lt__ = __le__ = __gt__ = __ge__ = __int__ = __float__ = _fail_with_undefined_error
    __complex__ = __pow__ = __rpow__ = __hash__ = _fail_with_undefined_error


def undefined_hint(error: UndefinedError, scope: Scope) -> str:
    """The nearest known name, for an error about an undefined one."""
    about = getattr(error, "about", None)
    if not isinstance(about, Missing) or not isinstance(about._undefined_name, str):
        return ""
    if about._undefined_obj is missing:
        names: Iterable[Any] = scope.variables
    else:
        names = about._undefined_obj if isinstance(about._undefined_obj, Mapping) else ()
    return suggestion(about._undefined_name, (name for name in names if isinstance(name, str)))


class ScopeContext(Context):
    """Looks variables up in a Scope, then among the globals."""

    scope: Scope

    def resolve_or_missing(self, key: str) -> Any:
        if key in self.vars:
            return self.vars[key]
        value = self.scope.lookup(key)
        return self.environment.globals.get(key, missing) if value is missing else value


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
    """What a template gives: nothing, its one value, or the text of all of them."""
    iterator = iter(values)
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

    def __init__(self) -> None:
        super().__init__(undefined=Missing, trim_blocks=True)
        self._own_lexer = _Lexer(self)

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
        """``obj.attribute``."""
        return known(super().getattr(obj, attribute), attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """``obj[argument]``."""
        if isinstance(obj, Undefined):
            return obj
        return known(super().getitem(obj, argument), str(argument))

    def call(*args: Any, **kwargs: Any) -> Any:
        """Call something from a template, within the budget."""
        self, context, target, *rest = args
        context.scope.budget.step()
        name, owner = getattr(target, "__name__", ""), getattr(target, "__self__", None)
        if isinstance(owner, str):
            _refuse_growth(name, owner, rest, kwargs)
        return SandboxedEnvironment.call(self, context, target, *rest, **kwargs)

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
        if operator == "**" and isinstance(left, int) and isinstance(right, int):
            _refuse_size(left.bit_length() * abs(right))
        if operator == "%" and isinstance(left, str) and _HUGE_WIDTH.search(left):
            _refuse_size(LARGEST + 1)
        result = super().call_binop(context, operator, left, right)
        if isinstance(result, str | list):
            _refuse_size(len(result))
        return result


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
