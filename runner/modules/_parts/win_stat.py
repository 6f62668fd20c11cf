"""What win_stat and win_find say of a path, under Ansible's names."""

from __future__ import annotations

from typing import Any, Final

from runner.windows import paths
from runner.windows.looking import ABSENT, FILE, FOLDER, Seen

_ATTRIBUTES: Final = {
    "r": "ReadOnly", "h": "Hidden", "s": "System", "d": "Directory", "a": "Archive",
    "t": "Temporary", "l": "ReparsePoint", "c": "Compressed", "o": "Offline", "e": "Encrypted",
}  # fmt: skip
"""Letters of ``%~ai`` in the order of the bits behind them, with .NET's names, as Ansible's."""


def described(seen: Seen) -> dict[str, Any]:
    """Everything that cmd tells of a path."""
    if seen.kind == ABSENT:
        return {"exists": False}
    is_file = seen.kind == FILE
    name = paths.name(seen.path)
    names = [word for letter, word in _ATTRIBUTES.items() if letter in seen.letters]
    found: dict[str, Any] = {
        "exists": True,
        "path": seen.path,
        "filename": name,
        "attributes": ", ".join(names) or "Normal",
        "isdir": seen.kind == FOLDER,
        "isreg": is_file,
        "islnk": seen.is_link,
        "isreadonly": "r" in seen.letters,
        "ishidden": "h" in seen.letters,
        "isarchive": "a" in seen.letters,
        "modified": seen.when,
    }
    if is_file:
        stem, dot, ending = name.rpartition(".")
        found |= {"size": seen.size, "extension": f"{dot}{ending}" if stem or dot else ""}
        if seen.checksum:
            found["checksum"] = seen.checksum
    return found
