"""A marked block of lines, as Ansible's blockinfile puts it into a text. Bytes only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

NEWLINE: Final = b"\n"


@dataclass(frozen=True, slots=True)
class Block:
    """A block between two marker lines, and where it goes when it is not there yet.

    An empty ``text`` takes the block away. ``blank_before`` and ``blank_after`` ask for an empty
    line around it.
    """

    begin: bytes
    end: bytes
    text: bytes = b""
    after: bytes | None = None
    before: bytes | None = None
    blank_before: bool = False
    blank_after: bool = False


def with_block(text: bytes, block: Block) -> bytes:
    """The text with the block in it, in place of the one that was there."""
    lines = text.splitlines(keepends=True)
    place = _take_out(lines, block)
    if place is None:
        place = _place(text, lines, block)
    if place > 0 and not lines[place - 1].endswith(NEWLINE):
        lines[place - 1] += NEWLINE
    if block.blank_before and place > 0 and lines[place - 1] != NEWLINE:
        lines.insert(place, NEWLINE)
        place += 1
    new = _lines(block)
    lines[place:place] = new
    behind = place + len(new)
    if block.blank_after and behind < len(lines) and lines[behind] != NEWLINE:
        lines.insert(behind, NEWLINE)
    return b"".join(lines)


def _lines(block: Block) -> list[bytes]:
    if not block.text:
        return []
    text = block.text if block.text.endswith(NEWLINE) else block.text + NEWLINE
    return [block.begin + NEWLINE, *text.splitlines(keepends=True), block.end + NEWLINE]


def _take_out(lines: list[bytes], block: Block) -> int | None:
    """Remove the block that is there; gives the place where it was. The last markers count."""
    begin = _last(lines, block.begin + NEWLINE)
    end = _last(lines, block.end + NEWLINE)
    if begin is None or end is None:
        return None
    first, last = min(begin, end), max(begin, end)
    del lines[first : last + 1]
    return first


def _last(lines: list[bytes], marker: bytes) -> int | None:
    return max((number for number, line in enumerate(lines) if line == marker), default=None)


def _place(text: bytes, lines: list[bytes], block: Block) -> int:
    if block.after not in (None, b"EOF"):
        found = _found(text, lines, re.compile(block.after or b""), behind=True)
        return len(lines) if found is None else found + 1
    if block.before not in (None, b"BOF"):
        found = _found(text, lines, re.compile(block.before or b""), behind=False)
        return len(lines) if found is None else found
    return 0 if block.before is not None else len(lines)


def _found(
    text: bytes, lines: list[bytes], pattern: re.Pattern[bytes], *, behind: bool
) -> int | None:
    """The last line that fits; with ``(?m)`` the one where the first match ends or begins."""
    if pattern.flags & re.MULTILINE:
        match = pattern.search(text)
        if match is None:
            return None
        return text.count(NEWLINE, 0, match.end() if behind else match.start())
    return max((n for n, line in enumerate(lines) if pattern.search(line)), default=None)
