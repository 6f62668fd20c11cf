"""Filters on texts: regular expressions, quoting, splitting, formatting."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from jinja2 import Undefined

from runner.loading.templates.filters.encodings import as_text
from runner.loading.templates.filters.windows import quote_windows
from runner.loading.templates.regexes import LARGEST, run_regex
from runner.model.secret import Secret

_GROUP: Final = re.compile(r"\\g<(\S+)>")
_NUMBER: Final = re.compile(r"\\(\d+)")


def _flags(ignorecase: bool, multiline: bool) -> int:
    return (re.IGNORECASE if ignorecase else 0) | (re.MULTILINE if multiline else 0)


def regex_replace(
    value: Any = "",
    pattern: str = "",
    replacement: str = "",
    ignorecase: bool = False,
    multiline: bool = False,
    count: int = 0,
    mandatory_count: int = 0,
) -> str:
    """Every match of a regular expression replaced; ``mandatory_count`` matches must be there."""
    flags = _flags(ignorecase, multiline)
    text, replaced = run_regex("sub", pattern, flags, as_text(value), (replacement, count))
    if mandatory_count and mandatory_count != replaced:
        raise ValueError(
            f"'{pattern}' should match {mandatory_count} times, but matches {replaced}"
        )
    return str(text)


def regex_search(
    value: Any, regex: str, *groups: str, ignorecase: bool = False, multiline: bool = False
) -> Any:
    r"""The first match, or None; with ``\\1`` or ``\\g<name>`` a list of those groups."""
    wanted: list[int | str] = []
    for group in groups:
        if named := _GROUP.match(group):
            wanted.append(named[1])
        elif numbered := _NUMBER.match(group):
            wanted.append(int(numbered[1]))
        else:
            raise ValueError(f"'{group}' is neither \\1 nor \\g<name>")
    return run_regex("search", regex, _flags(ignorecase, multiline), as_text(value), wanted)


def regex_findall(
    value: Any, regex: str, multiline: bool = False, ignorecase: bool = False
) -> list[Any]:
    """All matches."""
    found: list[Any] = run_regex("findall", regex, _flags(ignorecase, multiline), as_text(value))
    return found


def regex_escape(value: Any, re_type: str = "python") -> str:
    """The text as a regular expression that matches it."""
    if re_type == "python":
        return re.escape(as_text(value))
    if re_type == "posix_basic":
        return re.sub(r"([].[^$*\\])", r"\\\1", as_text(value))
    raise ValueError(f"there is no kind of regular expression '{re_type}'")


def replace(value: Any, old: str, new: str, count: int | None = None) -> str:
    """Each (or the first ``count``) of one text replaced by another."""
    text, wanted, instead = as_text(value), as_text(old), as_text(new)
    if (text.count(wanted) if wanted else len(text) + 1) * len(instead) > LARGEST:
        raise ValueError(f"gives more than {LARGEST:,} characters")
    return text.replace(wanted, instead, -1 if count is None else count)


def split(value: Any, sep: str | None = None, maxsplit: int = -1) -> list[str]:
    """The parts of a text."""
    if not isinstance(value, str):
        raise TypeError(f"needs a text, not {type(value).__name__}")
    return value.split(sep, maxsplit)


def quote(value: Any) -> str:
    """The text as one word of a POSIX shell."""
    return shlex.quote("" if value is None else as_text(value))


def percent_format(value: Any, *args: Any, **kwargs: Any) -> str:
    """``'%s' | format(x)``."""
    if args and kwargs:
        raise ValueError("takes positional or named values, not both")
    pattern = as_text(value)
    if re.search(r"\d{7,}", pattern) or any(isinstance(a, int) and "*" in pattern for a in args):
        raise ValueError("this width is too much")
    return pattern % (kwargs or args)


_COMMENTS: Final = {
    "plain": {"decoration": "# "},
    "erlang": {"decoration": "% "},
    "c": {"decoration": "// "},
    "cblock": {"beginning": "/*", "decoration": " * ", "end": " */"},
    "xml": {"beginning": "<!--", "decoration": " - ", "end": "-->"},
}


def comment(text: str, style: str = "plain", **settings: Any) -> str:
    """The text as a comment, in one of five styles or as the settings say."""
    if style not in _COMMENTS:
        raise ValueError(f"style is one of {', '.join(_COMMENTS)}, not '{style}'")
    given = {**_COMMENTS[style], **settings}
    border = str(given["decoration"]).rstrip()
    look: dict[str, Any] = {
        **dict.fromkeys(("beginning", "end"), ""),
        **dict.fromkeys(("prefix", "postfix"), border),
        **dict.fromkeys(("prefix_count", "postfix_count"), 1),
        "newline": "\n",
        **given,
    }
    newline, decoration = str(look["newline"]), str(look["decoration"])
    before, after = int(look["prefix_count"]), int(look["postfix_count"])
    many = before * len(str(look["prefix"])) + after * len(str(look["postfix"])) + before + after
    if many + (text.count(newline) if newline else len(text)) * len(decoration) > LARGEST:
        raise ValueError(f"gives more than {LARGEST:,} characters")
    lines = decoration + text.replace(newline, newline + decoration)
    lines = lines.replace(decoration + newline, decoration.rstrip() + newline)
    prefix = str(look["prefix"])
    ending = "" if prefix == newline else newline
    return "".join(
        (
            f"{look['beginning']}{newline}" if look["beginning"] else "",
            (prefix + ending) * before if prefix else "",
            lines,
            newline.join(["", *[str(look["postfix"])] * after]),
            f"{newline}{look['end']}" if look["end"] else "",
        )
    )


_TYPES: Final[Mapping[type, str]] = {
    str: "str",
    Secret: "str",
    dict: "dict",
    list: "list",
    datetime: "datetime",
    date: "date",
    timedelta: "timedelta",
}


def type_debug(value: Any) -> str:
    """The name of the value's type."""
    if isinstance(value, Undefined):
        return "UndefinedMarker"
    named = next((name for kind, name in _TYPES.items() if isinstance(value, kind)), None)
    return named or type(value).__name__


FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "regex_replace": regex_replace,
    "regex_search": regex_search,
    "regex_findall": regex_findall,
    "regex_escape": regex_escape,
    "replace": replace,
    "split": split,
    "quote": quote,
    "ansible.windows.quote": quote_windows,
    "format": percent_format,
    "comment": comment,
    "type_debug": type_debug,
}
