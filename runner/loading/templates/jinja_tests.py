"""Ansible's tests (``x is failed``), and Jinja2's own, guarded."""

from __future__ import annotations

import math
import operator
import os
import re
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from jinja2 import Environment

from runner.errors import TemplateError
from runner.loading.templates import addresses
from runner.loading.templates.filters import WRONG_VALUES, first_undefined, passed_first
from runner.loading.templates.given import settled, shallow
from runner.loading.templates.regexes import run_regex
from runner.loading.templates.versions import KINDS
from runner.loading.text.words import words

_ACCEPTS_UNDEFINED: Final = frozenset({"defined", "undefined"})
_SHALLOW: Final = words("mapping sequence iterable none string number contains in")
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
    return bool(_result(result).get("failed"))


def succeeded(result: Any) -> bool:
    """Whether a task did not fail."""
    return not failed(result)


def changed(result: Any) -> bool:
    """Whether a task, or any turn of its loop, changed something."""
    found = _result(result)
    if "changed" not in found and isinstance(found.get("results"), list):
        return any(isinstance(r, Mapping) and r.get("changed") for r in found["results"])
    return bool(found.get("changed"))


def skipped(result: Any) -> bool:
    """Whether a task was skipped."""
    return bool(_result(result).get("skipped"))


def unreachable(result: Any) -> bool:
    """Whether the host did not answer."""
    return bool(_result(result).get("unreachable"))


def reachable(result: Any) -> bool:
    """Whether the host answered."""
    return not unreachable(result)


def started(result: Any) -> bool:
    """Whether a task has started, as every one has that did not say otherwise."""
    return bool(_result(result).get("started", True))


def finished(result: Any) -> bool:
    """Whether a task has ended, as every one has that did not say otherwise."""
    return bool(_result(result).get("finished", True))


def timedout(result: Any) -> bool:
    """Whether a task ran out of time."""
    found = _result(result).get("timedout")
    return bool(isinstance(found, Mapping) and found.get("period"))


def regex(
    value: Any = "",
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
    return bool(run_regex("matches", pattern, flags, text, [match_type]))


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
    if convert_bool and isinstance(value, str | int | float):
        word = str(value).lower().strip()
        if word in _TRUE_WORDS or word in _FALSE_WORDS:
            return word in _TRUE_WORDS
    return bool(value)


_TRUE_WORDS: Final = words("y yes on 1 true t 1.0")
_FALSE_WORDS: Final = words("n no off 0 false f 0.0")


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
    return isinstance(value, int | float) and math.isnan(value)


def _by_name(look: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """Without numbers: what this process has open under one is no playbook's business."""
    return lambda path: not isinstance(path, int) and look(path)


def exists(path: str) -> bool:
    """Whether something is at a path of the controller; a link must lead somewhere."""
    return Path(path).exists()


def link_exists(path: str) -> bool:
    """Whether something is at a path of the controller, be it a link to nowhere."""
    return os.path.lexists(path)


def vaulted_file(path: str) -> bool:
    """Whether a file of the controller is encrypted."""
    with Path(path).open("rb") as stream:
        return stream.read(len(_VAULT_MARK)) == _VAULT_MARK


def vault_encrypted(value: Any) -> bool:
    """Whether a text is an encrypted value; what ``!vault`` stands for is not, it is decrypted."""
    return isinstance(value, str) and value.startswith(_VAULT_MARK.decode())


def is_uri(value: Any, schemes: Collection[str] | None = None) -> bool:
    """Whether a text is a URI, of one of the schemes if some are given."""
    try:
        scheme = urlsplit(value).scheme
    except (TypeError, ValueError, AttributeError):
        return False
    return not schemes or scheme in schemes


def is_url(value: Any, schemes: Collection[str] | None = None) -> bool:
    """Whether a text is a URI that names a host or a file."""
    if not is_uri(value, schemes):
        return False
    found = urlsplit(value)
    return bool(found.netloc or found.scheme == "file")


def is_urn(value: Any) -> bool:
    """Whether a text is a URN."""
    return is_uri(value, ["urn"])


_VAULT_MARK: Final = b"$ANSIBLE_VAULT"


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
    **dict.fromkeys(("abs", "is_abs"), os.path.isabs),
    **dict.fromkeys(("directory", "is_dir"), _by_name(os.path.isdir)),
    **dict.fromkeys(("file", "is_file"), _by_name(os.path.isfile)),
    **dict.fromkeys(("link", "is_link"), os.path.islink),
    **dict.fromkeys(("mount", "is_mount"), os.path.ismount),
    **dict.fromkeys(("same_file", "is_same_file"), os.path.samefile),
    "exists": exists,
    "link_exists": link_exists,
    "vaulted_file": vaulted_file,
    "vault_encrypted": vault_encrypted,
    "uri": is_uri,
    "url": is_url,
    "urn": is_urn,
    **addresses.TESTS,
}


def install_tests(environment: Environment) -> None:
    """Give the environment all tests."""
    environment.tests.update(TESTS)
    known: dict[str, Any] = dict(environment.tests)
    for name, function in known.items():
        if not passed_first(function):
            environment.tests[name] = _guarded(name, function)


def _guarded(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    prepare = shallow if name in _SHALLOW else settled

    def call(*args: Any, **kwargs: Any) -> Any:
        if name in _ACCEPTS_UNDEFINED:
            return function(*args, **kwargs)
        values = [prepare(value) for value in args]
        named = {key: prepare(value) for key, value in kwargs.items()}
        undefined = first_undefined(values, named)
        if undefined is not None:
            return undefined
        try:
            return function(*values, **named)
        except WRONG_VALUES as error:
            raise TemplateError(f"test '{name}': {error}") from None

    return call
