"""Chocolatey's command ``choco``: what it prints with ``--limit-output``, and its arguments.

``list`` was about sources up to version 1 and is about the host from 2 on, where ``--local-only``
is an error (docs.chocolatey.org, "Upgrading to Chocolatey v2.0.0"). With ``--limit-output`` a line
is ``name|version`` in every language (docs.chocolatey.org, "List/Search", "Outdated", "Pin").
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from runner.interfaces.exchange import Exec, Output

RESTART: Final = (1641, 3010)
CHANGED: Final = (0, *RESTART)
REMOVED: Final = (0, 1605, 1614, *RESTART)
"""Exit codes of success: 1605 and 1614 say that the product is not installed (any more)."""

VERSION: Final = Exec("choco", "--version", timeout=120.0)
PINS: Final = Exec("choco", "pin", "list", "--limit-output", timeout=300.0)
_LINE: Final = re.compile(r"^([A-Za-z0-9_.+\-]+)\|([0-9][A-Za-z0-9.+\-]*)\s*(?:\||$)", re.MULTILINE)
_NUMBER: Final = re.compile(r"^\s*v?(\d+)\.\d+", re.MULTILINE)


def major(output: Output) -> int:
    """The major version that ``VERSION`` answered; 0 when it told none."""
    found = _NUMBER.search(output.stdout)
    return int(found[1]) if found else 0


def installed(version: int) -> Exec:
    """The command that lists what is installed."""
    local = ("--local-only",) if version < 2 else ()
    return Exec("choco", "list", *local, "--limit-output", timeout=300.0)


def search(name: str, source: str, version: str, *, prerelease: bool) -> Exec:
    """The command that asks the sources for one package, in a version or in the newest."""
    which = ("--version=" + version,) if version else ()
    more = ("--prerelease",) if prerelease else ()
    at = ("--source=" + source,) if source else ()
    return Exec(
        "choco", "search", name, "--exact", "--limit-output", *which, *more, *at, timeout=300.0
    )


def outdated(source: str, prerelease: bool) -> Exec:
    """The command that lists what has a newer version; pinned packages too."""
    more = ("--prerelease",) if prerelease else ()
    at = ("--source=" + source,) if source else ()
    return Exec("choco", "outdated", "--limit-output", "--ignore-unfound", *more, *at,
                timeout=1800.0)  # fmt: skip


def newer(output: Output) -> dict[str, str]:
    """Names in lower case and the versions to be had: ``name|installed|available|pinned``."""
    lines = (line.strip().split("|") for line in output.stdout.splitlines())
    return {line[0].lower(): line[2] for line in lines if len(line) == 4}


def rows(output: Output) -> dict[str, str]:
    """Names in lower case and versions that a command printed."""
    return {name.lower(): version for name, version in _LINE.findall(output.stdout)}


def change(verb: str, name: str, options: Sequence[str], seconds: float) -> Exec:
    """The command that installs, upgrades or removes one package."""
    words = ("--yes", "--limit-output", "--no-progress", f"--timeout={seconds:.0f}")
    return Exec("choco", verb, name, *words, *options, timeout=seconds + 60.0)


def pin(name: str, *, pinned: bool) -> Exec:
    """The command that keeps a package from being upgraded, or lets it."""
    return Exec("choco", "pin", "add" if pinned else "remove", f"--name={name}", "--limit-output",
                timeout=300.0)  # fmt: skip


def ordered(version: str) -> tuple[tuple[int, ...], bool, str]:
    """A key by which versions can be compared; a prerelease comes before its release."""
    numbers, dash, suffix = version.partition("+")[0].partition("-")
    parts = tuple(int(part) if part.isdigit() else 0 for part in numbers.split("."))
    return (*parts, 0, 0, 0, 0)[:4], not dash, suffix.lower()
