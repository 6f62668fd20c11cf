"""Quoting for the POSIX shell: the one place where values become part of its text.

Inside single quotes every character but the single quote stands for itself (POSIX.1-2017, Shell
Command Language, 2.2.2), so there is nothing else to know.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from typing import Final

from runner.errors import ModuleError

_KEYWORDS: Final = frozenset(
    {"case", "do", "done", "elif", "else", "esac", "fi", "for", "function", "if", "in", "select",
     "then", "time", "until", "while"}
)  # fmt: skip
"""Reserved words (2.4), those of bash and ksh too: unquoted they are no program's name."""
_VARIABLE: Final = re.compile(r"\$(?:(?P<plain>[A-Za-z_]\w*)|\{(?P<braced>[A-Za-z_]\w*)\})")
_TILDE: Final = re.compile(r"~[A-Za-z0-9._-]*(?:/|$)")
_GLOB: Final = re.compile(r"[*?]|\[[^]/]+\]")


def check(value: str) -> str:
    """The value itself, if it can reach a program. Raises ModuleError otherwise."""
    if "\0" in value:
        raise ModuleError(f"a zero character cannot be part of a command: {value!r}")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise ModuleError(f"half a character cannot be part of a command: {value!r}") from None
    return value


def quote(value: str) -> str:
    """The value as one word of the shell, equal to it for every program."""
    return shlex.quote(check(value))


def join(argv: Iterable[str], *, expand: bool = False) -> str:
    """A program with its arguments as a simple command. Raises ModuleError for an empty one.

    With ``expand`` the host puts its values in place of ``~`` and ``$NAME`` in each of them.
    """
    words = list(argv)
    if not words or not words[0]:
        raise ModuleError("a command without a program")
    program, *arguments = (path(word) if expand else quote(word) for word in words)
    if program in _KEYWORDS or ("=" in program and program == words[0]):
        program = f"'{program}'"  # else it is no program but syntax, or an assignment
    return " ".join([program, *(f"'{a}'" if a.startswith("=") else a for a in arguments)])


def path(text: str, *, wildcards: bool = False) -> str:
    """A path as one word in which ``~``, ``~user`` and ``$NAME`` are the host's.

    With ``wildcards`` also ``*``, ``?`` and ``[...]``. Everything else stands for itself; so does
    the name of a variable that is not set. (Ansible expands the same in parameters of type path.)
    """
    tilde = _TILDE.match(check(text))
    parts = [tilde[0] if tilde else ""]
    at = tilde.end() if tilde else 0
    active = (_VARIABLE, _GLOB) if wildcards else (_VARIABLE,)
    while found := [match for kind in active if (match := kind.search(text, at))]:
        match = min(found, key=lambda one: one.start())
        parts.append(_plain(text[at : match.start()]))
        parts.append(_variable(match) if match.re is _VARIABLE else match[0])
        at = match.end()
    parts.append(_plain(text[at:]))
    return "".join(parts) or "''"


def expands(value: str) -> bool:
    """Whether ``path`` would let the host put something in place of a part of the value."""
    return bool(_TILDE.match(value) or _VARIABLE.search(value))


def _variable(match: re.Match[str]) -> str:
    """Its value; the text itself where there is no such variable, as Python's expandvars does."""
    if match["plain"]:
        return f'"${{{match["plain"]}-\\${match["plain"]}}}"'
    return f'"${{{match["braced"]}-\\${{{match["braced"]}\\}}}}"'


def _plain(text: str) -> str:
    return shlex.quote(text) if text else ""
