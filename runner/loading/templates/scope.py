"""The variables as a template sees them: rendered only when they are used.

A variable whose value holds templates is rendered when it is looked up. A mapping or list that
holds templates somewhere inside becomes a lazy view, so that ``config.path`` works although
``config.other`` refers to something that is not defined.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

from jinja2 import Environment, Undefined
from jinja2.exceptions import UndefinedError
from jinja2.utils import missing

from runner.errors import TemplateError
from runner.loading.templates.budget import Budget
from runner.loading.templates.plain import known, plain
from runner.loading.text.data import (
    OMIT,
    DataDict,
    DataList,
    DataStr,
    has_opener,
    holds_template,
    is_lazy,
)
from runner.model.secret import Secret

_OF_ALL: Final = "hostvars"


class ScopeFiles(Protocol):
    """Renders files; see ``files``."""

    def lookup(
        self, scope: Scope, path: Path, name: str, settings: Mapping[str, Any], own: Any
    ) -> Any:
        """What ``lookup('template', name)`` gives; ``own`` are its ``template_vars``."""


class ScopeTemplates(Protocol):
    """What renders for a scope; see ``templates``."""

    directory: Path

    @property
    def environment(self) -> Environment:
        """Jinja's, for all of them."""

    @property
    def files(self) -> ScopeFiles:
        """What renders template files."""

    def evaluate(self, text: str, scope: Scope) -> Any:
        """A text with templates in it, as Jinja2's own value."""

    def saw_secret(self, text: str) -> str:
        """Remember a secret that a template used, so that it can be masked everywhere."""

    def derived_secret(self, values: list[Any], result: str) -> None:
        """Remember what a filter made of a secret, or of something that holds one."""

    def decrypted(self, content: bytes, path: Path) -> bytes:
        """What an encrypted file holds. Raises TemplateError."""


class Scope:
    """One host's variables during one rendering. Used by one thread."""

    __slots__ = ("_cache", "_prefix", "budget", "templates", "variables")

    def __init__(
        self,
        templates: ScopeTemplates,
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
