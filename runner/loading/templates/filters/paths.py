"""Filters on paths: those of the controller (POSIX) and of Windows."""

from __future__ import annotations

import glob
import ntpath
import os.path
import posixpath
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final


def win_splitdrive(path: str) -> list[str]:
    """The drive or share of a Windows path, and the rest."""
    return list(ntpath.splitdrive(path))


def path_join(paths: Any) -> str:
    """Path parts put together."""
    if isinstance(paths, str):
        return paths
    if not isinstance(paths, list | tuple):
        raise TypeError(f"needs a list or a text, not {type(paths).__name__}")
    return posixpath.join(*paths)


def commonpath(paths: Any) -> str:
    """The longest path that all of these begin with."""
    if not isinstance(paths, list | tuple):
        raise TypeError(f"needs a list, not {type(paths).__name__}")
    return posixpath.commonpath(paths)


def relpath(path: str, start: str | None = None) -> str:
    """The way from ``start`` (the working directory) to a path."""
    return posixpath.relpath(path, start)


def splitext(path: str) -> list[str]:
    """A path without its extension, and the extension."""
    return list(posixpath.splitext(path))


def fileglob(pattern: str) -> list[str]:
    """The controller's files whose path matches."""
    found = glob.glob(pattern)  # noqa: PTH207 - the pattern is a whole path, ** means what * does
    return sorted(name for name in found if Path(name).is_file())


def realpath(path: str, *, strict: bool = False) -> str:
    """A path of the controller without links and dots."""
    return os.path.realpath(path, strict=strict)


FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "basename": posixpath.basename,
    "dirname": posixpath.dirname,
    "splitext": splitext,
    "normpath": posixpath.normpath,
    "expanduser": os.path.expanduser,
    "expandvars": os.path.expandvars,
    "realpath": realpath,
    "relpath": relpath,
    "path_join": path_join,
    "commonpath": commonpath,
    "fileglob": fileglob,
    "win_basename": ntpath.basename,
    "win_dirname": ntpath.dirname,
    "win_splitdrive": win_splitdrive,
}
