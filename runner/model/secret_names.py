"""Which values are secrets because their names say so, where nothing else says it."""

from __future__ import annotations

import re
from typing import Final

_SECRET: Final = re.compile(
    r"(?:^|_)(?:password|passwd|passphrase|pass|pwd|pw|secret|token|api_?key|secret_?key)$",
    re.IGNORECASE,
)
_ABOUT: Final = re.compile(
    r"^(?:update|change|set|no|needs?|with|use|has|require|enable|disable|allow|check)_"
    r"|(?:_can(?:not)?|_must)_change_|^vars?_|_(?:of|for|from)_",
    re.IGNORECASE,
)
"""Names that are about a password without being one: ``update_password: on_create``."""
_WORDS: Final = frozenset(
    {
        *("yes", "no", "true", "false", "on", "off", "none", "null", "omit", "default", "prompt"),
        *("enabled", "disabled", "enable", "disable", "always", "never", "on_create"),
        *("present", "absent", "required", "optional", "str", "string", "int", "bool", "dict"),
        "list",
    }
)


def is_secret(name: str, text: str) -> bool:
    """Whether this is a password, by the name of the variable or parameter that holds it.

    A mere word (``on_create``, ``absent``) is none.
    """
    said = text.strip().lower()
    if not said or said in _WORDS:
        return False
    return bool(_SECRET.search(name)) and not _ABOUT.search(name)
