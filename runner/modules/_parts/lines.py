"""One line of a text, as Ansible's lineinfile finds, replaces, adds and removes it. Bytes only.

A line ends with its line feed; what is before that, a carriage return too, belongs to it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

NEWLINE: Final = b"\n"


@dataclass(frozen=True, slots=True)
class Edit:
    """What became of a text, and how often something was found that had to go."""

    text: bytes
    message: str = ""
    found: int = 0


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which line shall be there, and where.

    ``regexp`` or ``search`` finds the one that it replaces: the last that fits, or with ``first``
    the first. ``after`` and ``before`` are where it goes when there is none.
    """

    line: bytes
    regexp: re.Pattern[bytes] | None = None
    search: bytes | None = None
    after: bytes | None = None
    before: bytes | None = None
    backrefs: bool = False
    first: bool = False


def present(text: bytes, wanted: Wanted) -> Edit:
    """The text with the line in it."""
    lines = _split(text)
    at, match = _matching(lines, wanted)
    anchor = -1
    if at < 0:
        at, anchor = _standing(lines, wanted)
    if at >= 0:
        new = match.expand(wanted.line) if wanted.backrefs and match else wanted.line
        new = new if new.endswith(NEWLINE) else new + NEWLINE
        if lines[at] == new:
            return Edit(text)
        lines[at] = new
        return Edit(b"".join(lines), "line replaced")
    if wanted.backrefs:
        return Edit(text)  # nobody knows what the references would stand for
    place = _place(lines, wanted, anchor)
    if place is None:
        return Edit(text)
    if place == len(lines) and lines and not lines[-1].endswith((b"\n", b"\r")):
        lines[-1] += NEWLINE
    lines.insert(place, wanted.line + NEWLINE)
    return Edit(b"".join(lines), "line added")


def absent(text: bytes, wanted: Wanted) -> Edit:
    """The text without every line that fits."""
    lines = _split(text)
    kept = [line for line in lines if not _fits(line, wanted)]
    gone = len(lines) - len(kept)
    return Edit(b"".join(kept), f"{gone} line(s) removed" if gone else "", gone)


def _split(text: bytes) -> list[bytes]:
    parts = text.split(NEWLINE)
    lines = [part + NEWLINE for part in parts[:-1]]
    return [*lines, parts[-1]] if parts[-1] else lines


def _matching(lines: list[bytes], wanted: Wanted) -> tuple[int, re.Match[bytes] | None]:
    """Which line the new one replaces; -1 when none fits."""
    at, found = -1, None
    for number, line in enumerate(lines):
        match = wanted.regexp.search(line) if wanted.regexp is not None else None
        if match or (wanted.search is not None and wanted.search in line):
            at, found = number, match
            if wanted.first:
                break
    return at, found


def _standing(lines: list[bytes], wanted: Wanted) -> tuple[int, int]:
    """Where the line itself stands, and where ``after`` or ``before`` says; -1 for nowhere."""
    pattern = _anchor(wanted)
    at = anchor = -1
    for number, line in enumerate(lines):
        if line.rstrip(b"\r\n") == wanted.line:
            at = number
        elif pattern is not None and pattern.search(line):
            anchor = number + 1 if wanted.after else number
            if wanted.first:
                break
    return at, anchor


def _anchor(wanted: Wanted) -> re.Pattern[bytes] | None:
    if wanted.after not in (None, b"BOF", b"EOF"):
        return re.compile(wanted.after or b"")
    if wanted.before not in (None, b"BOF"):
        return re.compile(wanted.before or b"")
    return None


def _place(lines: list[bytes], wanted: Wanted, anchor: int) -> int | None:
    """Where the new line goes; None when it stands there already."""
    if b"BOF" in (wanted.before, wanted.after):
        return 0
    if wanted.after == b"EOF" or anchor < 0:
        return len(lines)
    if wanted.after:
        there = lines[anchor - 1] if anchor == len(lines) else lines[anchor]
        if there.rstrip(b"\r\n") == wanted.line:
            return None
    return anchor


def _fits(line: bytes, wanted: Wanted) -> bool:
    if wanted.regexp is not None:
        return wanted.regexp.search(line) is not None
    if wanted.search is not None:
        return wanted.search in line
    return line.rstrip(b"\r\n") == wanted.line
