"""Quoting for the command lines of Windows, as the filter ansible.windows.quote does it.

By default for a program's own reading of its command line (Microsoft: "Parsing C command-line
arguments"); for ``cmd`` with a caret before each character that means something; for
``powershell`` in single quotes, of which PowerShell knows five kinds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

_APART: Final = re.compile(r'[\s"]')
_BEFORE_QUOTE: Final = re.compile(r'(\\*)"')
_AT_END: Final = re.compile(r"(\\+)\Z")
_CMD_SPECIAL: Final = re.compile(r'[\s()^|%!"<>&]')
_CMD_ESCAPED: Final = re.compile(r'[\^()%!<>&|"]')
_SINGLE_QUOTES: Final = re.compile("(['\u2018\u2019\u201a\u201b])")


def _program(text: str) -> str:
    if text and not _APART.search(text):
        return text
    escaped = _BEFORE_QUOTE.sub(r'\1\1\\"', text)
    return '"' + _AT_END.sub(r"\1\1", escaped) + '"'


def _cmd(text: str) -> str:
    if not text:
        return '""'
    if not _CMD_SPECIAL.search(text):
        return text
    escaped = _CMD_ESCAPED.sub(lambda m: ("\\^" if m[0] == '"' else "^") + m[0], text)
    return f'^"{escaped}^"'


def _powershell(text: str) -> str:
    return "'" + _SINGLE_QUOTES.sub(r"\1\1", text) + "'"


_SHELLS: Final[dict[str | None, Callable[[str], str]]] = {
    None: _program,
    "cmd": _cmd,
    "powershell": _powershell,
}


def quote_windows(value: Any, shell: str | None = None) -> str:
    """One or more arguments for a command line; a mapping gives ``KEY="value"`` for an MSI."""
    if (shell or None) not in _SHELLS:
        raise ValueError(f"shell is cmd or powershell, not '{shell}'")
    quoted = _SHELLS[shell or None]
    words: list[str] = []
    for word in value if isinstance(value, list | tuple) else [value]:
        if isinstance(word, Mapping):
            words.extend(f"{key}={quoted(str(entry))}" for key, entry in word.items())
        else:
            words.append(quoted(str(word)))
    return " ".join(words)
