"""Paths of a Windows host: which ones are taken, and how they stand in a line of cmd.

A path goes into a line of cmd between quotes, where everything but ``%``, ``!`` and a quote is
plain to cmd. Paths that hold one of these are refused rather than changed.
"""

from __future__ import annotations

import hashlib
import ntpath
import re
from typing import Final

from runner.errors import ModuleError

_WHOLE: Final = re.compile(r"[A-Za-z]:\\")
_DEVICES: Final = frozenset(
    {"con", "prn", "aux", "nul", *(f"{name}{n}" for name in ("com", "lpt") for n in range(1, 10))}
)
_BACKUPS: Final = "runner-backups"


def checked(path: str) -> str:
    """The path with backslashes; one at the end stays. Raises ValueError for what is none.

    Source: Microsoft, "Naming Files, Paths, and Namespaces".
    """
    text = path.strip().replace("/", "\\")
    bad = sorted({char for char in text if char in '"<>|*?%!' or ord(char) < 0x20})
    if bad:
        hint = "; a variable of the host is in ansible_env, or use the full path" * ("%" in bad)
        raise ValueError(f"holds {' '.join(map(repr, bad))}, which no path can hold here{hint}")
    if text.startswith("\\\\"):
        raise ValueError(
            "a share cannot be reached from here: a remote logon has no password to "
            "show there; name a path on one of the host's drives"
        )
    if not _WHOLE.match(text):
        raise ValueError(rf"must be a full path such as C:\folder\name, not '{path}'")
    if ":" in text[2:]:
        raise ValueError("holds a colon: streams of a file are not handled")
    whole = ntpath.normpath(text)
    for part in ntpath.splitdrive(whole)[1].split("\\"):
        if part.partition(".")[0].lower() in _DEVICES:
            raise ValueError(f"'{part}' is the name of a device")
        if part != part.rstrip(" ."):
            raise ValueError(f"'{part}' ends in a blank or a full stop, which Windows takes off")
    return f"{whole}\\" if text.endswith("\\") and not whole.endswith("\\") else whole


def quoted(path: str) -> str:
    """A path as it stands in a line of cmd. Raises ModuleError for one that cannot."""
    if any(char in '"%!' or ord(char) < 0x20 for char in path):
        raise ModuleError(f"this path cannot stand in a line of cmd: {path!r}")
    return f'"{path}"'


def parent(path: str) -> str:
    """The folder that holds it; that of a drive's root is the root."""
    return ntpath.dirname(path.rstrip("\\")) or path


def name(path: str) -> str:
    """The last part."""
    return ntpath.basename(path.rstrip("\\"))


def join(folder: str, *names: str) -> str:
    """Parts of a path put together; slashes in the names become backslashes."""
    return ntpath.join(folder, *(part.replace("/", "\\") for part in names))


def is_root(path: str) -> bool:
    """Whether it is the root of a drive."""
    return ntpath.splitdrive(path)[1] in ("", "\\")


def ancestors(path: str) -> tuple[str, ...]:
    """The folders above a path, the nearest first, without the root."""
    found: list[str] = []
    while not is_root(up := parent(path)) and up != path:
        found.append(up)
        path = up
    return tuple(found)


def backups(path: str) -> str:
    """The folder, on the same volume, to which what is replaced or removed is moved."""
    return ntpath.join(ntpath.splitdrive(path)[0] + "\\", _BACKUPS)


def same(one: str, other: str) -> bool:
    """Whether two paths are the same to Windows."""
    return ntpath.normcase(one) == ntpath.normcase(other)


def unique(*words: str) -> str:
    """A word of 16 characters that belongs to these and to nothing else."""
    return hashlib.sha256("\0".join(words).lower().encode()).hexdigest()[:16]
