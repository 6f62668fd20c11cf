"""Text from hosts made safe and fitted to a screen.

What a host sends is data: terminal escape sequences (ECMA-48), control characters, and the
Unicode characters that reorder or hide text are taken out before anything is shown, so that no
host can move the cursor, rename the window or forge a line of a report.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

_SEQUENCE: Final = re.compile(
    r"""
      (?: \x1b\[ | \x9b ) [0-?]* [ -/]* [@-~]                     # CSI: colours, cursor
    | (?: \x1b[\]P^_X] | [\x9d\x90\x9e\x9f\x98] )                 # OSC, DCS, PM, APC, SOS
      [^\x07\x1b\x9c]{0,4096} (?: \x07 | \x1b\\ | \x9c )          #   with their end
    | \x1b [ -/]+ [0-~]                                           # character sets
    | \x1b [0-~]                                                  # two-character ones
    """,
    re.VERBOSE,
)
_DROPPED: Final = frozenset({"Cc", "Cf", "Co", "Cn"})
_BREAKS: Final = frozenset({"Zl", "Zp"})
_MOST_MARKS: Final = 4
ELLIPSIS: Final = "…"


def clean(text: str) -> str:
    """The text without escape sequences and control characters; only line feeds and tabs stay."""
    if text.isascii() and (
        text.isprintable() or text.replace("\n", "").replace("\t", "").isprintable()
    ):
        return text
    text = _SEQUENCE.sub("", text.replace("\r\n", "\n"))
    return "".join(_clean_characters(text))


def _clean_characters(text: str) -> list[str]:
    kept: list[str] = []
    marks = 0
    for char in text:
        if char == "\n" or char == "\t" or " " <= char <= "~":
            kept.append(char)
            marks = 0
            continue
        if char in "\r\x0b\x0c\x85":
            kept.append("\n")
            continue
        category = unicodedata.category(char)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if category == "Cs":
            kept.append("\ufffd")
        elif category in _BREAKS:
            kept.append("\n")
        elif category not in _DROPPED and marks <= _MOST_MARKS:
            kept.append(char)
    return kept


def one_line(text: str) -> str:
    """Clean, with every run of white space that holds a line break or tab made one space."""
    if text.isascii() and text.isprintable():
        return text  # as nearly all are
    text = clean(text)
    if "\n" in text or "\t" in text:
        text = " ".join(text.split())
    return text


def width(text: str) -> int:
    """Cells that the text takes on a terminal; wide (East Asian) characters take two."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def clip(text: str, cells: int) -> str:
    """The text, cut to this many cells with an ellipsis at the end if it is longer."""
    if cells <= 0:
        return ""
    if len(text) > 8 * cells + 64:  # characters without width must not pile up
        text = text[: 8 * cells + 64]
    if width(text) <= cells:
        return text
    if cells == 1:
        return ELLIPSIS
    if text.isascii():
        return text[: cells - 1] + ELLIPSIS
    from rich.cells import set_cell_size

    return set_cell_size(text, cells - 1).rstrip() + ELLIPSIS


def pad(text: str, cells: int, *, right: bool = False) -> str:
    """The text in exactly this many cells; ``right`` aligns numbers."""
    text = clip(text, cells)
    room = " " * (cells - width(text))
    return room + text if right else text + room


def plural(count: int, noun: str, many: str = "") -> str:
    """``1 host``, ``2 hosts``, ``10,000 hosts``."""
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"


def duration(seconds: float) -> str:
    """``0.4s``, ``12s``, ``3m12s``, ``1h04m``."""
    seconds = max(0.0, seconds)
    if seconds < 10:
        return f"{seconds:.1f}s"
    whole = int(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02}m"


def host_list(hosts: Sequence[str], most: int = 3) -> str:
    """``web01``, ``web01, web02``, or ``web01, web02, … (14 hosts)``; ``most`` names at most."""
    names = [one_line(host) for host in hosts[: most + 1]]
    if len(hosts) <= most:
        return ", ".join(names)
    shown = ", ".join(names[: max(1, most - 1)])
    return f"{shown}, {ELLIPSIS} ({plural(len(hosts), 'host')})"


def percent(part: int, whole: int) -> str:
    """One decimal, rounded down: 100 % is said only when it is all of them."""
    if whole == 0 or part >= whole:
        return "100 %"
    tenths = part * 1000 // whole
    return f"{tenths // 10}.{tenths % 10} %"
