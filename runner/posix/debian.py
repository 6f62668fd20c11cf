"""What dpkg and apt print, and how Debian orders versions.

Sources: Debian Policy 5.6.12 (versions), dpkg-query(1), apt-cache(8), apt-get(8), and the log that
apt keeps of its transactions (Dir::Log::History in apt.conf(5)).
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cmp_to_key
from typing import Final

DPKG_FORMAT: Final = "${Package}\\t${Architecture}\\t${db:Status-Status}\\t${Version}\\n"
NAME: Final = re.compile(r"[a-z0-9][a-z0-9+.-]*[a-z0-9+.](?::[a-z0-9-]+)?")
"""Debian Policy 5.6.1, with an architecture; without a minus at the end, which apt-get obeys."""

_SIGN: Final = re.compile(r"(>?=)")
_PARTS: Final = re.compile(r"(\D*)(\d*)")
_TABLE_VERSION: Final = re.compile(r"^ (?:\*\*\*|   ) (\S+)(?: -?\d+)?$")
_TABLE_SOURCE: Final = re.compile(r"^\s{8,}-?\d+ (\S+)")
_INSTALL: Final = re.compile(r"^Inst (\S+)(?: \[(\S+)\])? \((\S+)")
_REMOVE: Final = re.compile(r"^(?:Remv|Purg) (\S+)(?: \[(\S+)\])?")
_LOGGED: Final = re.compile(r"(\S+) \(([^)]*)\)")
_DPKG: Final = "/dpkg/status"

READ_HISTORY: Final = """\
eval "$(apt-config shell log Dir::Log::History/f)"
for f in "$log".*.gz "$log"; do
[ -f "$f" ] && zcat -f "$f"
done
exit 0
"""
READ_CACHE_TIME: Final = """\
date '+%s %N'
stat -c %Y /var/lib/apt/periodic/update-success-stamp 2>/dev/null && exit 0
eval "$(apt-config shell lists Dir::State::lists/d)"
stat -c %Y "$lists" 2>/dev/null || echo 0
"""
"""The host's clock (and nanoseconds), and when its package lists were last updated."""


@dataclass(frozen=True, slots=True)
class Installed:
    """What dpkg knows of a package; ``version`` None when only its configuration is left."""

    name: str
    architecture: str
    version: str | None


@dataclass(frozen=True, slots=True)
class Policy:
    """What apt knows of a package. ``versions`` are those that can be had, newest first."""

    candidate: str | None
    versions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Move:
    """A package's way from one version to another; None is not installed."""

    name: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        if self.before is None:
            return f"{self.name} {self.after} (new)"
        return f"{self.name} {self.before} -> {self.after or 'removed'}"


@dataclass(frozen=True, slots=True)
class Spec:
    """``foo``, ``foo=1.0`` or ``foo>=1.0``."""

    text: str
    name: str
    sign: str = ""
    version: str | None = None

    @classmethod
    def of(cls, text: str) -> Spec:
        """The parts of what a task says. Raises ValueError for more than one sign."""
        name, *rest = (part.strip() for part in _SIGN.split(text))
        if not rest:
            return cls(text, name)
        if len(rest) != 2 or not rest[1]:
            raise ValueError(f"'{text}' is no package with a version")
        return cls(text, name, rest[0], rest[1])

    @property
    def tail(self) -> str:
        """What follows the name."""
        return f"{self.sign}{self.version or ''}"

    def fits(self, version: str) -> bool:
        """Whether this version is what the task asks for."""
        if self.version is None:
            return True
        if self.sign == ">=":
            return compare(version, self.version) >= 0
        return fnmatch.fnmatchcase(version, self.version)


def compare(left: str, right: str) -> int:
    """Below, equal to or above 0 as the version ``left`` is older, the same or newer."""
    for one, other in zip(_split(left), _split(right), strict=True):
        if (order := _compare_part(one, other)) != 0:
            return order
    return 0


def newest(versions: tuple[str, ...]) -> str | None:
    """The newest of them."""
    return max(versions, key=cmp_to_key(compare), default=None)


def _split(version: str) -> tuple[str, str, str]:
    epoch, colon, rest = version.partition(":")
    if not colon:
        epoch, rest = "0", version
    upstream, _, revision = rest.rpartition("-") if "-" in rest else (rest, "", "0")
    return epoch, upstream, revision or "0"


def _compare_part(left: str, right: str) -> int:
    ones, others = _PARTS.findall(left), _PARTS.findall(right)
    for at in range(max(len(ones), len(others))):
        text, number = ones[at] if at < len(ones) else ("", "")
        other_text, other_number = others[at] if at < len(others) else ("", "")
        length = max(len(text), len(other_text)) + 1
        mine = [_weight(text, i) for i in range(length)]
        yours = [_weight(other_text, i) for i in range(length)]
        if mine != yours:
            return -1 if mine < yours else 1
        if (difference := int(number or 0) - int(other_number or 0)) != 0:
            return -1 if difference < 0 else 1
    return 0


def _weight(text: str, at: int) -> int:
    """A tilde sorts before the end, the end before letters, letters before everything else."""
    if at >= len(text):
        return 0
    if text[at] == "~":
        return -1
    return ord(text[at]) + (0 if text[at].isalpha() else 256)


def installed(text: str) -> tuple[Installed, ...]:
    """The lines of ``dpkg-query -W -f DPKG_FORMAT`` that say something is there."""
    found = []
    for line in text.splitlines():
        name, architecture, status, version = (line.split("\t") + [""] * 4)[:4]
        if status in ("installed", "triggers-awaited", "triggers-pending"):
            found.append(Installed(name, architecture, version))
        elif status not in ("not-installed", ""):
            found.append(Installed(name, architecture, None))
    return tuple(found)


def find(found: tuple[Installed, ...], name: str, native: str) -> Installed | None:
    """The package of that name, which may end in an architecture; the host's own otherwise."""
    short, _, architecture = name.partition(":")
    wanted = (architecture, "all") if architecture else (native, "all")
    same = [one for one in found if one.name == short]
    return next((one for one in same if one.architecture in wanted), None)


def policies(text: str) -> Mapping[str, Policy]:
    """The answers of ``apt-cache policy NAME...``, by name. An unknown name has none."""
    found: dict[str, Policy] = {}
    name, candidate, version = "", "", ""
    versions: list[str] = []

    def close() -> None:
        if name:
            found[name] = Policy(None if candidate in ("", "(none)") else candidate,
                                 tuple(dict.fromkeys(versions)))  # fmt: skip

    for line in text.splitlines():
        if line.endswith(":") and not line.startswith(" "):
            close()
            name, candidate, version, versions = line[:-1], "", "", []
        elif line.startswith("  Candidate: "):
            candidate = line.removeprefix("  Candidate: ").strip()
        elif row := _TABLE_VERSION.match(line):
            version = row[1]
        elif (source := _TABLE_SOURCE.match(line)) and version and not source[1].endswith(_DPKG):
            versions.append(version)
    close()
    return found


def simulated(text: str) -> tuple[Move, ...]:
    """What ``apt-get -s`` would do."""
    moves: list[Move] = []
    for line in text.splitlines():
        if row := _INSTALL.match(line):
            moves.append(Move(row[1], row[2], row[3]))
        elif row := _REMOVE.match(line):
            moves.append(Move(row[1], row[2] or "", None))
    return tuple(dict.fromkeys(moves))


def logged(text: str, mark: str) -> tuple[Move, ...]:
    """What apt's history says of the transactions whose command line holds the mark."""
    moves: list[Move] = []
    for entry in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in entry.splitlines() if ": " in line)
        if mark not in lines.get("Commandline", "").split():
            continue
        for name, versions in _LOGGED.findall(lines.get("Install", "")):
            moves.append(Move(name, None, versions.split(",")[0]))
        for kind in ("Upgrade", "Downgrade"):
            for name, versions in _LOGGED.findall(lines.get(kind, "")):
                old, _, new = versions.partition(", ")
                moves.append(Move(name, old, new.split(",")[0]))
        for kind in ("Remove", "Purge"):
            moves += [Move(n, v.split(",")[0], None) for n, v in _LOGGED.findall(
                lines.get(kind, ""))]  # fmt: skip
    return tuple(moves)
