"""Paths of a Windows host: which ones are taken, and how they stand in a line of cmd.

A path goes into a line of cmd between quotes, where everything but ``%``, ``!`` and a quote is
plain to cmd. Paths that hold one of these are refused rather than changed.
"""

from __future__ import annotations

import hashlib
import ntpath
import re
from collections.abc import Iterator, Sequence
from typing import Final

from runner.errors import ModuleError
from runner.windows import variables

_WHOLE: Final = re.compile(r"[A-Za-z]:\\")
_SHARE: Final = re.compile(r"\\\\[^\\.?][^\\]*\\[^\\]+")
_LONG: Final = re.compile(r"\\\\\?\\(UNC\\)?", re.IGNORECASE)
_DEVICES: Final = frozenset(
    {"con", "prn", "aux", "nul", *(f"{name}{n}" for name in ("com", "lpt") for n in range(1, 10))}
)
_BACKUPS: Final = "runner-backups"
TOGETHER: Final = 6000
"""Characters of names that fit into one line with what is done to them."""


def checked(path: str, *, shares: bool = False) -> str:
    r"""The path with backslashes; one at the end stays. Raises ValueError for what is none.

    ``\\?\`` in front is taken off: it only turns off what Windows would do to a path, and such
    a path is refused below. With ``shares`` a file of another host (``\\server\share\file``) is
    taken too. Source: Microsoft, "Naming Files, Paths, and Namespaces".
    """
    text = path.strip().replace("/", "\\")
    if long := _LONG.match(text):
        text = ("\\\\" if long.group(1) else "") + text[long.end() :]
    bad = sorted({char for char in text if char in '"<>|*?%!' or ord(char) < 0x20})
    if bad:
        hint = "; a variable of the host stands between two of them: %TEMP%" * ("%" in bad)
        if min(bad) < " ":
            hint = r"; in double quotes \t and \n are no backslashes: use single quotes, or none"
        raise ValueError(f"holds {' '.join(map(repr, bad))}, which no path can hold here{hint}")
    if text.startswith("\\\\"):
        _require_share(text, shares)
    elif not _WHOLE.match(text):
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


def _require_share(text: str, shares: bool) -> None:
    if not shares:
        raise ValueError(
            "what is on a share is changed on the host that has it; name a path on one of the "
            "drives of the task's own host"
        )
    if not _SHARE.match(text):
        raise ValueError(rf"must be a full path such as \\server\share\name, not '{text}'")


def named(path: str, *, shares: bool = False) -> str:
    """A path as a task names it: the same, and variables of the host may stand in it.

    Such a path is checked once the host has said what they are; here, what stands beside them is.
    """
    if not variables.holds(path):
        return checked(path, shares=shares)
    text = path.strip()
    if text.startswith("%"):
        text = variables.VARIABLE.sub(lambda _: r"C:\x", text, count=1)
    checked(variables.VARIABLE.sub("x", text), shares=shares)
    return path


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


def root(path: str) -> str:
    """The root of its drive or share."""
    return ntpath.splitdrive(path)[0] + "\\"


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
    return ntpath.join(root(path), _BACKUPS)


def same(one: str, other: str) -> bool:
    """Whether two paths are the same to Windows."""
    return ntpath.normcase(one) == ntpath.normcase(other)


def unique(*words: str) -> str:
    """A word of 16 characters that belongs to these and to nothing else."""
    return hashlib.sha256("\0".join(words).lower().encode()).hexdigest()[:16]


def batches(names: Sequence[str], most: int = TOGETHER) -> Iterator[list[str]]:
    """Names in groups that fit into one line, even where each stands in it twice."""
    some: list[str] = []
    used = 0
    for name in names:
        size = 2 * len(name) + 40
        if some and used + size > most:
            yield some
            some, used = [], 0
        some.append(name)
        used += size
    if some:
        yield some
