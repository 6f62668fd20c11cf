"""Windows path text: making it absolute, taking it apart, matching wildcards."""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["absolute", "base_name", "is_wild", "parent_of", "root_of", "wildcard"]


_SHARE = re.compile(r"\\\\[^\\]+\\[^\\]+")
"""The root of what another server shares: as good as a drive."""


@lru_cache(maxsize=4096)
def absolute(path: str, cwd: str) -> str:
    """`path` as an absolute path without `.` and `..`, seen from `cwd`; no trailing backslash."""
    path = path.replace("/", "\\")
    if path.startswith("\\\\?\\"):
        path = path[4:]
    share = _SHARE.match(path)
    if share:
        drive, rest = share[0], path[share.end() :]
    elif re.match(r"^[A-Za-z]:", path):
        drive, rest = path[:2].upper(), path[2:]
        if not rest.startswith("\\"):
            base = cwd[2:] if cwd[:2].upper() == drive else ""
            rest = f"{base}\\{rest}"
    else:
        drive = cwd[:2]
        rest = path if path.startswith("\\") else f"{cwd[2:]}\\{path}"
    parts: list[str] = []
    for part in rest.split("\\"):
        if part == "..":
            parts[-1:] = []
        elif part not in ("", "."):
            parts.append(part if set(part) <= {"."} else part.rstrip(" ."))
    return drive + "\\" + "\\".join(parts) if parts else drive + "\\"


def parent_of(path: str) -> str:
    """The directory that holds an absolute path; the root of a drive or share is its own parent."""
    root = root_of(path)
    head, _, _ = path.rpartition("\\")
    return head if len(head) >= len(root) else root


def root_of(path: str) -> str:
    """The root of the drive or share of an absolute path."""
    share = _SHARE.match(path)
    return (share[0] if share else path[:2]) + "\\"


def base_name(path: str) -> str:
    """The last part of a path."""
    return path.replace("/", "\\").rpartition("\\")[2]


def is_wild(path: str) -> bool:
    """Whether a path holds `*` or `?`."""
    return "*" in path or "?" in path


@lru_cache(maxsize=512)
def wildcard(pattern: str) -> re.Pattern[str]:
    """The meaning of a wildcard as cmd's own commands see it: `*.*` is every name."""
    if pattern in ("*.*", "*"):
        return re.compile(r".*\Z", re.DOTALL)
    text = "".join({"*": ".*", "?": ".?"}.get(c, re.escape(c)) for c in pattern)
    return re.compile(text + r"\Z", re.IGNORECASE | re.DOTALL)
