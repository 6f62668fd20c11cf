"""Filters on texts: regular expressions, quoting, encoding, hashes, paths."""

from __future__ import annotations

import base64
import hashlib
import ntpath
import os.path
import posixpath
import re
import shlex
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import unquote_plus

_LARGEST: Final = 16_000_000


def _flags(ignorecase: bool, multiline: bool) -> int:
    return (re.IGNORECASE if ignorecase else 0) | (re.MULTILINE if multiline else 0)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(value)


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
    found = re.compile(pattern, flags=_flags(ignorecase, multiline))
    text, replaced = found.subn(replacement, _text(value), count=count)
    if mandatory_count and mandatory_count != replaced:
        raise ValueError(
            f"'{pattern}' should match {mandatory_count} times, but matches {replaced}"
        )
    return text


def regex_search(
    value: Any, regex: str, *groups: str, ignorecase: bool = False, multiline: bool = False
) -> Any:
    r"""The first match, or None; with ``\\1`` or ``\\g<name>`` a list of those groups."""
    wanted: list[int | str] = []
    for group in groups:
        if named := re.fullmatch(r"\\g<(\S+)>", group):
            wanted.append(named[1])
        elif numbered := re.fullmatch(r"\\(\d+)", group):
            wanted.append(int(numbered[1]))
        else:
            raise ValueError(f"'{group}' is neither \\1 nor \\g<name>")
    found = re.search(regex, _text(value), flags=_flags(ignorecase, multiline))
    if found is None:
        return None
    return [found.group(group) for group in wanted] if wanted else found.group()


def regex_findall(
    value: Any, regex: str, multiline: bool = False, ignorecase: bool = False
) -> list[Any]:
    """All matches."""
    return re.findall(regex, _text(value), flags=_flags(ignorecase, multiline))


def regex_escape(value: Any, re_type: str = "python") -> str:
    """The text as a regular expression that matches it."""
    if re_type == "python":
        return re.escape(_text(value))
    if re_type == "posix_basic":
        return re.sub(r"([].[^$*\\])", r"\\\1", _text(value))
    raise ValueError(f"there is no kind of regular expression '{re_type}'")


def replace(value: Any, old: str, new: str, count: int | None = None) -> str:
    """Each (or the first ``count``) of one text replaced by another."""
    text, wanted, instead = _text(value), _text(old), _text(new)
    if (text.count(wanted) if wanted else len(text) + 1) * len(instead) > _LARGEST:
        raise ValueError(f"gives more than {_LARGEST:,} characters")
    return text.replace(wanted, instead, -1 if count is None else count)


def split(value: Any, separator: str | None = None, maxsplit: int = -1) -> list[str]:
    """The parts of a text."""
    if not isinstance(value, str):
        raise TypeError(f"needs a text, not {type(value).__name__}")
    return value.split(separator, maxsplit)


def quote(value: Any) -> str:
    """The text as one word of a POSIX shell."""
    return shlex.quote("" if value is None else _text(value))


def b64encode(value: str, encoding: str = "utf-8") -> str:
    """Base64 of the text in an encoding (utf-16-le for PowerShell's -EncodedCommand)."""
    return base64.b64encode(value.encode(encoding)).decode("ascii")


def b64decode(value: str, encoding: str = "utf-8") -> str:
    """The text behind base64."""
    return base64.b64decode(value).decode(encoding)


def hashed(value: Any, hashtype: str = "sha1") -> str:
    """A hash of the text (UTF-8), in hex."""
    if hashtype not in hashlib.algorithms_available:
        raise ValueError(f"there is no hash '{hashtype}'")
    return hashlib.new(hashtype, _text(value).encode(), usedforsecurity=False).hexdigest()


def md5(value: Any) -> str:
    """MD5 of the text, in hex."""
    return hashed(value, "md5")


def to_bool(value: Any) -> bool:
    """Ansible's: yes, on, 1, true (in any case) are true, everything else is false."""
    if isinstance(value, str):
        return value.lower() in ("yes", "on", "1", "true")
    return bool(value == 1)


def win_splitdrive(path: str) -> tuple[str, str]:
    """The drive or share of a Windows path, and the rest."""
    return ntpath.splitdrive(path)


def path_join(paths: Any) -> str:
    """Path parts put together for POSIX."""
    return paths if isinstance(paths, str) else posixpath.join(*paths)


def relpath(path: str, start: str = ".") -> str:
    """The way from ``start`` to a path."""
    return posixpath.relpath(path, start)


def urldecode(value: str) -> str:
    """The text behind a URL-encoded one."""
    return unquote_plus(value)


def percent_format(value: Any, *args: Any, **kwargs: Any) -> str:
    """``'%s' | format(x)``."""
    if args and kwargs:
        raise ValueError("takes positional or named values, not both")
    pattern = _text(value)
    if re.search(r"\d{7,}", pattern) or any(isinstance(a, int) and "*" in pattern for a in args):
        raise ValueError("this width is too much")
    return pattern % (kwargs or args)


def type_debug(value: Any) -> str:
    """The name of the value's type."""
    names: Mapping[type, str] = {str: "str", dict: "dict", list: "list"}
    return next((n for t, n in names.items() if isinstance(value, t)), type(value).__name__)


FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "regex_replace": regex_replace,
    "regex_search": regex_search,
    "regex_findall": regex_findall,
    "regex_escape": regex_escape,
    "replace": replace,
    "split": split,
    "quote": quote,
    "b64encode": b64encode,
    "b64decode": b64decode,
    "hash": hashed,
    "sha1": hashed,
    "checksum": hashed,
    "md5": md5,
    "bool": to_bool,
    "basename": posixpath.basename,
    "dirname": posixpath.dirname,
    "splitext": posixpath.splitext,
    "normpath": posixpath.normpath,
    "expanduser": os.path.expanduser,
    "realpath": os.path.realpath,
    "relpath": relpath,
    "path_join": path_join,
    "commonpath": posixpath.commonpath,
    "win_basename": ntpath.basename,
    "win_dirname": ntpath.dirname,
    "win_splitdrive": win_splitdrive,
    "urldecode": urldecode,
    "format": percent_format,
    "type_debug": type_debug,
}
