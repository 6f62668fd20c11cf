"""Looking for files with nothing but ``cmd``, and reading a file's hash and version."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from runner.interfaces.exchange import Exec, Output, Verbatim

_DIGEST: Final = re.compile(r"^[0-9a-f]{40}$")
_VERSION: Final = re.compile(r"^\s*Version=(\d+)\.(\d+)\.(\d+)\.(\d+)\s*$", re.MULTILINE)
_ROOT: Final = re.compile(r"^([A-Za-z]):\\(windows|winnt)$", re.IGNORECASE)

Version = tuple[int, int, int, int]


def bad_path(path: str) -> str:
    """Why this cannot be a Windows path; an empty string when it can."""
    bad = sorted({char for char in path if char in '"<>|' or ord(char) < 0x20})
    if bad:
        return f"holds {' '.join(repr(char) for char in bad)}, which no Windows path can hold"
    return "" if path.strip() else "is empty"


def look(path: str) -> tuple[Exec, Exec]:
    """Two commands that tell whether something matches the path; their outputs go to ``found``.

    ``dir /b`` fails on an empty folder, so folders are asked for as well. Wildcards work.
    """
    return Exec("dir", "/b", "/a", path), Exec("dir", "/ad", path)


def found(outputs: Sequence[Output]) -> bool:
    """Whether one of the two commands of ``look`` found something."""
    return any(output.code == 0 for output in outputs)


def listing(folder: str) -> Exec:
    """The command that prints the names in a folder, one a line."""
    return Exec("dir", "/b", folder)


def sha1(path: str) -> Exec:
    """The command that prints the SHA-1 of a file."""
    return Exec("certutil", "-hashfile", path, "SHA1", timeout=600)


def digest(output: Output) -> str:
    """The SHA-1 that ``certutil -hashfile`` printed; empty when it printed none.

    Before Windows 10 the digits are printed in pairs with blanks between them.
    """
    if output.code != 0:
        return ""
    lines = ("".join(line.split()).lower() for line in output.stdout.splitlines())
    return next((line for line in lines if _DIGEST.match(line)), "")


def make_folder(path: str) -> Exec:
    """The command that creates a folder."""
    return Exec("mkdir", path)


def remove_folder(path: str) -> Exec:
    """The command that removes a folder with all in it."""
    return Exec("rmdir", "/s", "/q", path)


def driver_version(system_root: str, driver: str) -> Exec | None:
    """The wmic command that prints the version of a driver file such as ``srv.sys``.

    None when Windows lies where no constant of ours names it: wmic reads its raw command line, so
    no value that came from a host may stand in it.
    """
    found = _ROOT.match(system_root)
    if not found or driver not in _DRIVERS:
        return None
    drive, folder = _DRIVES[found[1].upper()], _FOLDERS[found[2].lower()]
    where = rf'name="{drive}:\\{folder}\\System32\\drivers\\{_DRIVERS[driver]}"'
    return Exec("wmic", "datafile", "where", Verbatim(where), "get", "Version", "/value")


_DRIVES: Final = {letter: letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
_FOLDERS: Final = {"windows": "Windows", "winnt": "WINNT"}
_DRIVERS: Final = {"srv.sys": "srv.sys"}


def version(output: Output) -> Version | None:
    """The version that wmic printed; None when the file is missing or has none."""
    found = _VERSION.search(output.stdout)
    return (int(found[1]), int(found[2]), int(found[3]), int(found[4])) if found else None


def version_text(found: Version) -> str:
    """``6.1.7601.23689``."""
    return ".".join(str(part) for part in found)
