"""The expansions of cmd.exe: `%NAME%` before a line is parsed, `!NAME!` when a command runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from runner.lab.faults import NotSimulated

__all__ = ["delayed", "percent"]

Lookup = Callable[[str], str | None]
_SLICE = re.compile(r"~\s*([+-]?\d*)\s*(?:,\s*([+-]?\d*)\s*)?\Z")


def percent(text: str, lookup: Lookup, arguments: Sequence[str] | None = None) -> str:
    """Expand `%NAME%`, `%NAME:~a,b%` and `%NAME:a=b%`.

    With `arguments` (a batch file's %0 to %9) an undefined name is empty and `%%` is a percent
    sign; without, on the command line, what is not defined stays as it stands.
    """
    if "%" not in text:
        return text
    out: list[str] = []
    at = 0
    while True:
        mark = text.find("%", at)
        if mark < 0:
            out.append(text[at:])
            return "".join(out)
        out.append(text[at:mark])
        at = mark + 1
        if arguments is not None:
            argument, used = _argument(text, at, arguments)
            if used:
                out.append(argument)
                at += used
                continue
        value, end = _variable(text, at, lookup, "%")
        if end is None:
            if arguments is None:
                out.append("%")
                continue
            _, end = _undefined(text, at)
        at = end
        out.append(value)


def _argument(text: str, at: int, arguments: Sequence[str]) -> tuple[str, int]:
    char = text[at : at + 1]
    if char == "%":
        return "%", 1
    if char == "*":
        return " ".join(arguments[1:]), 1
    if char.isdigit() and char.isascii():
        return _nth(arguments, int(char)), 1
    if char == "~":
        match = re.match(r"~([a-z]*)(\d)", text[at:], re.IGNORECASE)
        if match is None:
            return "", 0
        value = _nth(arguments, int(match[2])).strip('"')
        if match[1].lower() == "dp":
            value = value.rpartition("\\")[0] + "\\"
        elif match[1].lower() == "nx":
            value = value.rpartition("\\")[2]
        elif match[1].lower() not in ("", "f"):
            raise NotSimulated(f"cmd: %~{match[1]}{match[2]}")
        return value, match.end()
    return "", 0


def _nth(arguments: Sequence[str], index: int) -> str:
    return arguments[index] if index < len(arguments) else ""


def _undefined(text: str, at: int) -> tuple[str, int]:
    """In a batch file an undefined `%NAME%` vanishes, and so does a lone percent sign."""
    match = re.compile(r"[^%:\n]*(?::(?=%))?%").match(text, at)
    return "", match.end() if match else at


def _variable(text: str, at: int, lookup: Lookup, mark: str) -> tuple[str, int | None]:
    """The value of the reference whose name starts at `at`, and where it ends (None: no value)."""
    end = at
    while end < len(text) and text[end] not in (mark, ":", "\n"):
        end += 1
    if text[end : end + 2] == ":" + mark:
        end += 1
    if end >= len(text) or text[end] == "\n" or end == at:
        return "", None
    value = lookup(text[at:end])
    if value is None:
        return "", None
    if text[end] == mark:
        return value, end + 1
    close = text.find(mark, end + 1)
    if close < 0:
        return "", None
    edited = _edit(value, text[end + 1 : close])
    return ("", None) if edited is None else (edited, close + 1)


def _edit(value: str, edit: str) -> str | None:
    match = _SLICE.match(edit)
    if match:
        size = len(value)
        start = int(match[1] or 0)
        start = max(size + start, 0) if start < 0 else min(start, size)
        if not match[2]:
            return value[start:]
        length = int(match[2])
        stop = size + length if length < 0 else start + length
        return value[start : max(stop, start)]
    search, equals, replacement = edit.partition("=")
    if not equals or not search:
        return None
    if search.startswith("*"):
        found = value.lower().find(search[1:].lower())
        return value if found < 0 else replacement + value[found + len(search) - 1 :]
    return re.sub(re.escape(search), lambda _: replacement, value, flags=re.IGNORECASE)


def delayed(text: str, lookup: Lookup) -> str:
    """Expand `!NAME!` (undefined is empty); in a text with a `!`, carets escape once more."""
    if "!" not in text:
        return text
    out: list[str] = []
    at = 0
    while at < len(text):
        char = text[at]
        at += 1
        if char == "^" and at < len(text):
            out.append(text[at])
            at += 1
        elif char == "!":
            value, end = _variable(text, at, lookup, "!")
            close = text.find("!", at)
            if end is not None:
                out.append(value)
                at = end
            elif close >= 0:
                at = close + 1
        else:
            out.append(char)
    return "".join(out)
