"""Ansible's tests (``x is failed``), and Jinja2's own, guarded."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from jinja2 import Environment, Undefined

from runner.errors import TemplateError
from runner.loading.filters import WRONG_VALUES, passed_first
from runner.loading.filters.text import to_bool
from runner.loading.scope import settled
from runner.loading.versions import KINDS
from runner.loading.words import words

_ACCEPTS_UNDEFINED: Final = frozenset({"defined", "undefined"})
_COMPARISONS: Final = {
    "==": operator.eq, "=": operator.eq, "eq": operator.eq,
    "!=": operator.ne, "<>": operator.ne, "ne": operator.ne,
    "<": operator.lt, "lt": operator.lt,
    "<=": operator.le, "le": operator.le,
    ">": operator.gt, "gt": operator.gt,
    ">=": operator.ge, "ge": operator.ge,
}  # fmt: skip


def _result(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise TypeError(f"needs a registered result, not {type(value).__name__}")
    return value


def failed(result: Any) -> bool:
    """Whether a task failed."""
    return bool(_result(result).get("failed", False))


def succeeded(result: Any) -> bool:
    """Whether a task did not fail."""
    return not failed(result)


def changed(result: Any) -> bool:
    """Whether a task, or any turn of its loop, changed something."""
    found = _result(result)
    if "changed" not in found and isinstance(found.get("results"), list):
        return any(isinstance(r, Mapping) and r.get("changed", False) for r in found["results"])
    return bool(found.get("changed", False))


def skipped(result: Any) -> bool:
    """Whether a task was skipped."""
    return bool(_result(result).get("skipped", False))


def unreachable(result: Any) -> bool:
    """Whether the host did not answer."""
    return bool(_result(result).get("unreachable", False))


def reachable(result: Any) -> bool:
    """Whether the host answered."""
    return not unreachable(result)


def started(result: Any) -> bool:
    """Whether an asynchronous task has started."""
    return bool(_result(result).get("started", 0))


def finished(result: Any) -> bool:
    """Whether an asynchronous task has ended."""
    return bool(_result(result).get("finished", 1))


def timedout(result: Any) -> bool:
    """Whether a task ran out of time."""
    found = _result(result).get("timedout", False)
    return bool(isinstance(found, Mapping) and found.get("period", False))


def regex(
    value: Any,
    pattern: str = "",
    ignorecase: bool = False,
    multiline: bool = False,
    match_type: str = "search",
) -> bool:
    """Whether a regular expression matches: ``search``, ``match`` or ``fullmatch``."""
    if match_type not in ("search", "match", "fullmatch"):
        raise ValueError(f"match_type is search, match or fullmatch, not '{match_type}'")
    flags = (re.IGNORECASE if ignorecase else 0) | (re.MULTILINE if multiline else 0)
    text = value if isinstance(value, str) else str(value)
    return bool(getattr(re.compile(pattern, flags), match_type)(text))


def match(value: Any, pattern: str = "", ignorecase: bool = False, multiline: bool = False) -> bool:
    """Whether a regular expression matches at the beginning."""
    return regex(value, pattern, ignorecase, multiline, "match")


def search(
    value: Any, pattern: str = "", ignorecase: bool = False, multiline: bool = False
) -> bool:
    """Whether a regular expression matches somewhere."""
    return regex(value, pattern, ignorecase, multiline, "search")


def version(
    value: Any,
    other: Any,
    comparison: str = "eq",
    strict: bool | None = None,
    version_type: str | None = None,
) -> bool:
    """How two version numbers compare."""
    left, right = str(value), str(other)
    if not left or not right:
        raise ValueError("a version number is empty")
    if strict is not None and version_type:
        raise ValueError("takes strict or version_type, not both")
    kind = version_type or ("strict" if strict else "loose")
    if kind not in KINDS:
        raise ValueError(f"version_type is one of {', '.join(KINDS)}, not '{kind}'")
    if comparison not in _COMPARISONS:
        raise ValueError(f"there is no comparison '{comparison}'")
    try:
        return bool(_COMPARISONS[comparison](KINDS[kind](left), KINDS[kind](right)))
    except TypeError:
        raise ValueError(f"'{left}' and '{right}' cannot be compared") from None


def truthy(value: Any, convert_bool: bool = False) -> bool:
    """Whether a value counts as true; ``convert_bool`` reads ``no`` as false."""
    if convert_bool and isinstance(value, str) and value.lower() in _WORDS:
        return to_bool(value)
    return bool(value)


_WORDS: Final = words("yes no on off true false y n t f 1 0")


def falsy(value: Any, convert_bool: bool = False) -> bool:
    """The reverse of truthy."""
    return not truthy(value, convert_bool)


def contains(values: Any, item: Any) -> bool:
    """Whether ``item`` is in a list, text or mapping."""
    return item in values


def subset(left: Any, right: Any) -> bool:
    """Whether everything in the first list is in the second."""
    known = list(right)
    return all(value in known for value in left)


def superset(left: Any, right: Any) -> bool:
    """Whether everything in the second list is in the first."""
    return subset(right, left)


def is_nan(value: Any) -> bool:
    """Whether a number is not a number."""
    return math.isnan(value)


TESTS: Final[dict[str, Callable[..., bool]]] = {
    **dict.fromkeys(("failed", "failure"), failed),
    **dict.fromkeys(("succeeded", "success", "successful"), succeeded),
    **dict.fromkeys(("changed", "change"), changed),
    **dict.fromkeys(("skipped", "skip"), skipped),
    "unreachable": unreachable,
    "reachable": reachable,
    "started": started,
    "finished": finished,
    "timedout": timedout,
    "match": match,
    "search": search,
    "regex": regex,
    **dict.fromkeys(("version", "version_compare"), version),
    "truthy": truthy,
    "falsy": falsy,
    "contains": contains,
    **dict.fromkeys(("subset", "issubset"), subset),
    **dict.fromkeys(("superset", "issuperset"), superset),
    "any": any,
    "all": all,
    **dict.fromkeys(("nan", "isnan"), is_nan),
}


def install_tests(environment: Environment) -> None:
    """Give the environment all tests."""
    environment.tests.update(TESTS)
    known: dict[str, Any] = dict(environment.tests)
    for name, function in known.items():
        if not passed_first(function):
            environment.tests[name] = _guarded(name, function)


def _guarded(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        if name in _ACCEPTS_UNDEFINED:
            return function(*args, **kwargs)
        values = [settled(value) for value in args]
        for value in values:
            if isinstance(value, Undefined):
                str(value)
        try:
            return function(*values, **{k: settled(v) for k, v in kwargs.items()})
        except WRONG_VALUES as error:
            raise TemplateError(f"test '{name}': {error}") from None

    return call
