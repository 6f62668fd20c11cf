"""Quoting for cmd: the one place where values become part of a command line.

Two layers. The program splits its command line by the rules of CommandLineToArgvW ("Parsing C
command-line arguments", Microsoft Learn); ``argv_quote`` writes for that. Before it, cmd reads
the line in command-line mode (not in a batch file) with delayed expansion off; ``cmd_escape``
writes for that.

In command-line mode ``%NAME%`` of an undefined variable stays as it is, and the name is looked
up before carets are removed. So a percent sign is written ``^%`` with a caret before the next
character too: cmd then looks for a variable whose name starts with a caret, finds none, leaves
the text alone, and drops the carets afterwards. In a batch file the rule is another one: this
text must never be put into one.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from runner.errors import ModuleError
from runner.interfaces.exchange import Verbatim

LONGEST_LINE: Final = 8100
"""Characters of a line that cmd surely takes: its limit is 8191 (Microsoft, "Command prompt line
string limitation"), of which the host's own ``cmd.exe /c ""`` may use up some."""

_SAFE: Final = re.compile(r"[A-Za-z0-9_\-.:\\/=,+@$~]+")
_PROGRAM: Final = re.compile(r"[A-Za-z0-9_.\-]+")
_PROGRAM_PATH: Final = re.compile(
    r"(?:[A-Za-z]:\\|\\\\\w)[^\x00-\x1f/\"%!&|<>^*?]*[^\x00-\x1f/\"%!&|<>^*?\\ ]"
)
_UNPRINTABLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
_BEST_FIT: Final = re.compile("[\uff02\uff3c\uff0f]")
_SPECIAL: Final = frozenset('"%^&|<>()!')
_CMD_ACTIVE: Final = frozenset("&|<>()^!")
_KEY_VALUE: Final = re.compile(r"([A-Za-z0-9_\-]+)=(.*)", re.DOTALL)

_KEY_VALUE_TOOLS: Final = frozenset({"netsh", "msiexec"})
"""They take ``key=value`` with only the value in quotes."""

_NO_INNER_QUOTES: Final = ("wmic", ".bat", ".cmd")
"""They read their raw command line without the rule for a backslash before a quote."""

_NOT_PROGRAMS: Final = frozenset(
    {
        "call",
        "echo",
        "else",
        "endlocal",
        "exit",
        "for",
        "goto",
        "if",
        "prompt",
        "rem",
        "set",
        "setlocal",
        "start",
        "title",
    }
)
"""Words of cmd that read quotes in their own way, or (call) read the line twice."""

_UNICODE_TOOLS: Final = frozenset(
    {
        "sc",
        "reg",
        "netsh",
        "net",
        "net1",
        "wmic",
        "dism",
        "taskkill",
        "tasklist",
        "schtasks",
        "icacls",
        "takeown",
        "wusa",
        "msiexec",
        "shutdown",
        "certutil",
        "wevtutil",
        "bcdedit",
        "powercfg",
        "secedit",
        "whoami",
    }
)
"""Tools that take their arguments as UTF-16. To any other program Windows may hand them in the
ANSI code page, where full-width quotes and slashes become plain ones ("best fit" mapping)."""


def program_name(program: str) -> str:
    """The bare lower-case name of a program, without folder and ``.exe``."""
    name = program.rsplit("\\", 1)[-1].lower()
    return name.removesuffix(".exe")


def check(value: str, *, best_fit: bool = True) -> str:
    """The value itself, if it can stand on a command line. Raises ModuleError otherwise."""
    if found := _UNPRINTABLE.search(value):
        raise ModuleError(
            f"the character U+{ord(found[0]):04X} cannot be part of a command line: {value!r}",
            hint="remove the line break or control character from this value",
        )
    if best_fit and (found := _BEST_FIT.search(value)):
        raise ModuleError(
            f"the character U+{ord(found[0]):04X} is not safe on this program's command line: "
            f"{value!r}",
            hint="Windows may turn it into a plain quote or slash; use another character",
        )
    return value


def argv_quote(value: str) -> str:
    """One argument for a program that splits its line as CommandLineToArgvW does."""
    if value and _SAFE.fullmatch(value):
        return value
    out = ['"']
    backslashes = 0
    for char in value:
        if char == "\\":
            backslashes += 1
            continue
        if char == '"':
            out.append("\\" * (2 * backslashes + 1) + '"')
        else:
            out.append("\\" * backslashes + char)
        backslashes = 0
    out.append("\\" * (2 * backslashes) + '"')
    return "".join(out)


def key_value(key: str, value: str) -> str:
    """``key=value`` as netsh and msiexec take it, the value alone in quotes."""
    if '"' in value:
        raise ModuleError(
            f"a double quote cannot be part of {key}=: {value!r}",
            hint="this tool has no way to escape a double quote; remove it",
        )
    return f"{key}={argv_quote(value)}"


def cmd_escape(text: str) -> str:
    """The text so that cmd, in command-line mode, hands it on unchanged."""
    if _SAFE.fullmatch(text):
        return text
    if "%" not in text:
        quotes = text.count('"')
        if quotes == 2 and text[0] == text[-1] == '"':
            return text
        if quotes == 0 and not _CMD_ACTIVE.intersection(text):
            return text
    out: list[str] = []
    previous = ""
    for char in text:
        out.append("^" + char if char in _SPECIAL or previous == "%" else char)
        previous = char
    return "".join(out)


def command_line(argv: tuple[str, ...]) -> str:
    """A program and its arguments as one line for cmd. Raises ModuleError if it cannot be safe.

    The program finds exactly these arguments. What it makes of them is its own affair: one that
    runs text (cmd /c, powershell -Command) must not be given a value from elsewhere.
    """
    if not argv:
        raise ModuleError("a command without a program")
    program = _program(argv[0])
    name = program_name(argv[0])
    return " ".join([program, *[_argument(name, value) for value in argv[1:]]])


def native_line(argv: tuple[str, ...]) -> str:
    """The arguments alone, quoted for the program only: for starting it without cmd."""
    name = program_name(argv[0])
    return " ".join(_layer_one(name, value) for value in argv[1:])


def utf16_length(text: str) -> int:
    """How many characters Windows counts."""
    return len(text) if text.isascii() else len(text) + sum(char > "\uffff" for char in text)


def _program(program: str) -> str:
    if isinstance(program, Verbatim):
        return str(program)
    if _PROGRAM.fullmatch(program):
        if program.lower() in _NOT_PROGRAMS:
            raise ModuleError(f"{program!r} is a word of cmd, not a program")
        return program
    check(program)
    if _PROGRAM_PATH.fullmatch(program) and "%" not in program:
        return f'"{program}"'
    raise ModuleError(
        f"not a program name or full path: {program!r}",
        hint='give a bare name (reg) or a full path with backslashes and none of % ! & | < > ^ "',
    )


# Fleets are asked the same everywhere. Typed: a Verbatim equals the text that must be quoted.
@lru_cache(maxsize=1024, typed=True)
def _argument(name: str, value: str) -> str:
    if isinstance(value, Verbatim):
        return str(value)
    return cmd_escape(_layer_one(name, value))


def _layer_one(name: str, value: str) -> str:
    if isinstance(value, Verbatim):
        return str(value)
    check(value, best_fit=name not in _UNICODE_TOOLS)
    if value and _SAFE.fullmatch(value):
        return value
    if name.endswith(_NO_INNER_QUOTES) and ('"' in value or ("%" in value and name != "wmic")):
        raise ModuleError(
            f"{value!r} cannot be quoted safely for {name}",
            hint=f"{name} reads its command line by rules of its own; avoid quotes and % here",
        )
    if name in _KEY_VALUE_TOOLS and (pair := _KEY_VALUE.fullmatch(value)):
        return key_value(pair[1], pair[2])
    return argv_quote(value)
