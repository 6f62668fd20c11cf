"""What a simulated Linux host is made of at the moment, as plain data that can be compared."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

_SKIPPED: Final = frozenset({"usr", "proc", "dev", ".host", ".own", ".old", "run", "tmp"})
"""Below the root: what is this computer's, what a restart empties, what is listed by itself."""
_LAB: Final = "var/lib/lab"
_BY_THEMSELVES: Final = (_LAB, "var/log", "var/tmp", "etc/ld.so.cache", "etc/alternatives")
_FAR: Final = 1024 * 1024
"""Of larger files only size and beginning are looked at."""


def state_of(root: Path) -> dict[str, Any]:
    """Packages, services, packet filter, and every file that is the host's own."""
    lab = root / _LAB
    return {
        "packages": _table(lab / "packages"),
        "services": dict.fromkeys(_lines(lab / "active"), "running"),
        "firewall": {
            path.name.removeprefix("rules-"): _lines(path)
            for path in sorted((root / "run/lab").glob("rules-*"))
            if _lines(path)
        },
        "files": dict(_files(root)),
    }


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8", "replace").splitlines()
    except OSError:
        return []


def _table(path: Path) -> dict[str, str]:
    rows = (line.split("\t") for line in _lines(path))
    return {row[0]: " ".join(row[1:]) for row in rows}


def _files(root: Path) -> Iterator[tuple[str, str]]:
    yield from _below(root, root, _SKIPPED)
    own = root / ".own"
    for place, shown in (("systemd", "usr/lib/systemd"), ("local", "usr/local")):
        for name, what in _below(own / place, own / place, frozenset()):
            yield f"/{shown}{name}", what


def _below(root: Path, folder: Path, skipped: frozenset[str]) -> Iterator[tuple[str, str]]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        path = Path(entry.path)
        name = path.relative_to(root).as_posix()
        if name in skipped or name in _BY_THEMSELVES:
            continue
        yield f"/{name}", _what(path)
        if entry.is_dir(follow_symlinks=False):
            yield from _below(root, path, skipped)


def _what(path: Path) -> str:
    try:
        found = path.lstat()
        mode = f"{stat.S_IMODE(found.st_mode):04o} {found.st_uid}:{found.st_gid}"
        if stat.S_ISLNK(found.st_mode):
            return f"link to {path.readlink()}"
        if stat.S_ISDIR(found.st_mode):
            return f"folder {mode}"
        if not stat.S_ISREG(found.st_mode):
            return f"special {mode}"
        with path.open("rb") as file:
            digest = hashlib.sha1(file.read(_FAR), usedforsecurity=False).hexdigest()
    except OSError as error:
        return f"not readable: {error.strerror}"
    return f"file {mode} {found.st_size} {digest}"
