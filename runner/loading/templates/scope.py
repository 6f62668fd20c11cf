"""The variables as a template sees them: rendered only when they are used.

A variable whose value holds templates is rendered when it is looked up. A mapping or list that
holds templates somewhere inside becomes a lazy view, so that ``config.path`` works although
``config.other`` refers to something that is not defined.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Undefined
from jinja2.exceptions import UndefinedError
from jinja2.utils import missing

from runner.errors import DependsOnUnknown, TemplateError
from runner.loading.templates.budget import Budget, weigh
from runner.loading.text.data import (
    OMIT,
    DataDict,
    DataList,
    DataStr,
    has_opener,
    holds_template,
    is_lazy,
    is_scalar,
)
from runner.model.secret import Secret
from runner.model.state import UNKNOWN

if TYPE_CHECKING:
    from runner.loading.templates.templates import JinjaTemplates


_OF_ALL: Final = "hostvars"


class Scope:
    """One host's variables during one rendering. Used by one thread."""

    __slots__ = ("_cache", "_prefix", "budget", "templates", "variables")

    def __init__(
        self,
        templates: JinjaTemplates,
        variables: Mapping[str, Any],
        budget: Budget | None = None,
        prefix: str = "",
    ) -> None:
        self.templates = templates
        self.variables = variables
        self.budget = budget or Budget()
        self._prefix = prefix
        self._cache: dict[str, Any] = {}

    def lookup(self, name: str) -> Any:
        """The rendered value of a variable; jinja2's ``missing`` when there is none."""
        if name in self._cache:
            return self._cache[name]
        if name == "omit":
            return OMIT
        try:
            raw = self.variables[name]
        except KeyError:
            return AllVars(self.variables, self) if name == "vars" else missing
        if name == _OF_ALL and isinstance(raw, Mapping):
            value: Any = HostVars(raw, self)
        else:
            value = self.native(raw, self._prefix + name)
        self._cache[name] = value
        return value

    def native(self, raw: Any, label: str) -> Any:
        """What a raw value means; ``label`` names it for messages."""
        match raw:
            case DataStr() | DataDict() | DataList():
                return raw
            case str():
                return self._text(raw, label) if has_opener(raw) else raw
            case Secret():
                text = self._text(raw.reveal(), label) if holds_template(raw) else raw.reveal()
                return self.templates.saw_secret(text) if isinstance(text, str) else text
            case dict():
                return LazyDict(raw, self, label) if is_lazy(raw) else raw
            case list() | tuple():
                return LazyList(raw, self, label) if is_lazy(raw) else raw
        return known(raw, label)

    def _text(self, raw: str, label: str) -> Any:
        self.budget.step()
        with self.budget.entering(label):
            try:
                value = self.templates.evaluate(raw, self)
            except UndefinedError as error:
                return self._undefined(str(error.message), label)
            except TemplateError as error:
                if error.source is not None or "variable" in error.message:
                    raise
                raise TemplateError(
                    f"{error.message} (in the variable '{label}')", hint=error.hint
                ) from None
            if isinstance(value, Undefined):
                return self._undefined(value._undefined_message, label)
            return value

    def _undefined(self, message: str, label: str) -> Undefined:
        if "used by the variable" not in message:
            message = f"{message}, used by the variable '{label}'"
        return self.templates.environment.undefined(hint=message)


class LazyDict(Mapping[Any, Any]):
    """A mapping whose values are rendered when they are read."""

    __slots__ = ("_label", "_raw", "_scope")

    def __init__(self, raw: Mapping[Any, Any], scope: Scope, label: str) -> None:
        self._raw = raw
        self._scope = scope
        self._label = label

    def __getitem__(self, key: Any) -> Any:
        label = f"{self._label}.{key}" if self._label else str(key)
        return self._scope.native(self._raw[key], label)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._raw)

    def __len__(self) -> int:
        return len(self._raw)

    def __contains__(self, key: object) -> bool:
        return key in self._raw

    def __repr__(self) -> str:
        return repr(plain(self))


class AllVars(LazyDict):
    """Variables as templates see them by their names: ``vars``."""

    __slots__ = ()

    def __init__(self, raw: Mapping[Any, Any], scope: Scope, label: str = "") -> None:
        super().__init__(raw, scope, label)

    def __getitem__(self, key: Any) -> Any:
        if key not in self._raw:
            raise KeyError(key)
        return self._scope.lookup(key)


class OneHost(AllVars):
    """The variables of one host in ``hostvars``. They know ``hostvars`` too; shown as a whole they
    do without, or each host would show all."""

    __slots__ = ()

    def __iter__(self) -> Iterator[Any]:
        return iter([name for name in self._raw if name != _OF_ALL])

    def __len__(self) -> int:
        return sum(1 for _ in self)


class LazyList(Sequence[Any]):
    """A list whose elements are rendered when they are read."""

    __slots__ = ("_label", "_raw", "_scope")

    def __init__(self, raw: Sequence[Any], scope: Scope, label: str) -> None:
        self._raw = raw
        self._scope = scope
        self._label = label

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self._raw)))]
        return self._scope.native(self._raw[index], f"{self._label}[{index}]")

    def __len__(self) -> int:
        return len(self._raw)

    def __add__(self, other: Iterable[Any]) -> list[Any]:
        return [*self, *other]

    def __radd__(self, other: Iterable[Any]) -> list[Any]:
        return [*other, *self]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, LazyList | list | tuple):
            return NotImplemented
        return list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(plain(self))


class HostVars(Mapping[str, Any]):
    """``hostvars``: each host's variables, rendered among that host's own variables."""

    __slots__ = ("_raw", "_scope")

    def __init__(self, raw: Mapping[str, Any], scope: Scope) -> None:
        self._raw = raw
        self._scope = scope

    def __getitem__(self, host: str) -> Any:
        raw = self._raw[host]
        if not isinstance(raw, Mapping):
            return known(raw, f"hostvars['{host}']")
        label = f"hostvars['{host}']"
        inner = Scope(self._scope.templates, raw, self._scope.budget, f"{label}.")
        return OneHost(raw, inner, label)

    def __iter__(self) -> Iterator[str]:
        return iter(self._raw)

    def __len__(self) -> int:
        return len(self._raw)

    def __repr__(self) -> str:
        return repr(plain(self))


_VIEWS: Final = frozenset({LazyDict, AllVars, OneHost, LazyList, HostVars})


def known(value: Any, what: str = "") -> Any:
    """The value itself. Raises DependsOnUnknown for one that only the real run can settle."""
    if value is UNKNOWN:
        named = f"'{what}', which only" if what else "a value that only"
        raise DependsOnUnknown(f"{named} the real run can tell")
    return value


def settled(value: Any) -> Any:
    """What a filter or test is given: lazy views become the mappings and lists they stand for.

    Raises DependsOnUnknown for a value that a dry run cannot know: even ``is string`` would guess.
    """
    if is_scalar(value) or isinstance(value, DataDict | DataList | Undefined):
        return value
    if isinstance(value, LazyDict | LazyList | HostVars):
        return plain(value)
    if isinstance(value, dict | list | tuple):
        inner = value.values() if isinstance(value, dict) else value
        if any(type(item) in _VIEWS or item is UNKNOWN for item in inner):
            return plain(value)
        return value
    str(known(value))
    return value


def touch(value: Any) -> None:
    """Raises DependsOnUnknown when something in a value that becomes text is not known."""
    if isinstance(value, dict):
        for item in value.values():
            touch(item)
    elif isinstance(value, list | tuple):
        for item in value:
            touch(item)
    elif not is_scalar(value) and not isinstance(value, Undefined):
        str(known(value))


def shallow(value: Any) -> Any:
    """What a filter is given that looks only at parts of a value: lazy views stay lazy."""
    if isinstance(value, LazyDict | LazyList | HostVars):
        return value
    if isinstance(value, dict | list | tuple):
        for item in value.values() if isinstance(value, dict) else value:
            known(item)
        return value
    return settled(value)


def plain(value: Any) -> Any:
    """The value as a result: no lazy views, no iterators; texts with braces marked as data.

    What is OMIT is left out of mappings and lists. Raises UndefinedError or DependsOnUnknown for
    what cannot be a result.
    """
    if isinstance(value, dict | list | tuple) and not isinstance(value, DataDict | DataList):
        weigh(value)
    return _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return DataStr(value) if has_opener(value) else value
    if is_scalar(value) or value is OMIT or isinstance(value, DataDict | DataList | timedelta):
        return value
    if isinstance(value, Undefined):
        value._fail_with_undefined_error()
    if isinstance(value, Secret):
        return value.reveal()
    known(value)
    if isinstance(value, Mapping):
        return {_key(key): _plain(item) for key, item in value.items() if item is not OMIT}
    if isinstance(value, Iterable) and not isinstance(value, type | range):
        return [_plain(item) for item in value if item is not OMIT]
    str(value)  # a value that a dry run cannot know says so when it is touched
    if isinstance(value, range):
        raise TemplateError("a range is not a value", hint="make it a list: | list")
    raise TemplateError(f"this gives a {type(value).__name__}, which is not a value")


def _key(key: Any) -> Any:
    """A key of a mapping, which must be a single value."""
    return _plain(key) if isinstance(key, str | Undefined) or is_scalar(key) else str(_plain(key))
