"""Undefined values: they fail when they are used, with the nearest name that is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from jinja2 import StrictUndefined
from jinja2.exceptions import UndefinedError
from jinja2.utils import missing

from runner.loading.templates.scope import Scope
from runner.loading.text.words import suggestion


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
