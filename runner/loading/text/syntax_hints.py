"""What to do about text that is no YAML or no template: what people mostly meant."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import yaml

_GLUED_DASH: Final = re.compile(r"\s*-[A-Za-z_]\w*:(\s|$)")
_RESERVED: Final = "%@`"
"""Characters with which no plain text may begin."""
_OPERATORS: Final = (
    ("'&'", "write 'and' for &&"),
    ("'|'", "write 'or' for ||"),
    ("'!'", "write 'not' for !"),
    ("'='", "write == to compare"),
)
"""What Jinja2 names in its message, when somebody wrote another language's operator."""


def yaml_hint(error: yaml.MarkedYAMLError, text: str, column: int, lines: Sequence[str]) -> str:
    """``text`` and ``column`` are what the error points at, ``lines`` the whole file."""
    problem = error.problem or ""
    before = text[: column + 1]
    if "\t" in before and "token" in problem:
        return "this line has a tab: YAML is indented with spaces"
    strange = next((c for c in text[: _indent(text)] if c not in " \t"), "")
    if strange:
        return f"this line begins with U+{ord(strange):04X}, which is no space: type spaces there"
    if "cannot start any token" in problem and text[column : column + 1] in tuple(_RESERVED):
        return f"a value that begins with {text[column]} must stand in quotes"
    if any(_GLUED_DASH.match(line) for line in _around(error, lines)):
        return "a dash needs a space behind it: '- name:'"
    if "mapping values are not allowed" in problem:
        return 'a text with ": " in it must stand in quotes; else look at the indentation'
    if "expected '-' indicator" in problem:
        return (
            "this line stands as far left as the '-' of the list above it: what belongs to an "
            "entry stands under the entry's first word, two more to the right"
        )
    if "hexdecimal" in problem or "unknown escape" in problem:
        return (
            "in double quotes a backslash begins an escape: for a path use single quotes, or none"
        )
    if "expected a single document" in (error.context or ""):
        return "one file holds one document: remove the second ---"
    if "alias" in problem:
        return "an alias (*name) needs an anchor (&name) before it"
    return "look at the indentation and the quotes here and in the line above"


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip())


def _around(error: yaml.MarkedYAMLError, lines: Sequence[str]) -> list[str]:
    """The line of an error and the one above it."""
    if error.problem_mark is None:
        return []
    row = error.problem_mark.line
    return [line for line in lines[max(row - 1, 0) : row + 1] if line.strip()]


def template_hint(message: str, text: str) -> str:
    """``message`` is what Jinja2 says of ``text``."""
    for sign, hint in _OPERATORS:
        if sign in message and (sign != "'|'" or "||" in text):
            return hint
    if "'}'" in message or text.count("{{") != text.count("}}"):
        return "what {{ and each ( [ open must be closed again: }} ) ]"
    return ""
