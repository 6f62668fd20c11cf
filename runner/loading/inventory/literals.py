"""Values in text formats without types (INI, CSV), as Ansible reads them in INI inventories."""

from __future__ import annotations

import ast
import re
import warnings
from typing import Any, Final

_PLAIN_WORD: Final = re.compile(r"[A-Za-z_][^'\"#(\[{]*")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9]\d{0,17})")
_DOTTED: Final = re.compile(r"\d+(?:\.\d+){2,}")
_LITERAL_WORDS: Final = frozenset({"True", "False", "None"})


def literal(text: str) -> Any:
    """A Python literal, or else the text itself."""
    if _PLAIN_WORD.fullmatch(text) and text not in _LITERAL_WORDS:
        return text
    if _NUMBER.fullmatch(text):
        return int(text)
    if _DOTTED.fullmatch(text):
        return text
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a backslash in a path is no mistake here
            value = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return text
    return _plain(value)


def _plain(value: Any) -> Any:
    """The value as one that YAML could hold too."""
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, set):
        return [_plain(item) for item in sorted(value, key=repr)]
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items()}
    return "..." if value is ... else str(value)
