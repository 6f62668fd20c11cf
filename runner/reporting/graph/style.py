"""How drawings of job graphs look: colours, lines, fonts, and how wide a text is."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Final

from runner.reporting.graph.nodes import ELLIPSIS, EdgeKind, NodeKind

FONTS: Final = ("DejaVu Sans", "Segoe UI", "Helvetica", "Arial", "sans-serif")
INK: Final = "#1f2933"
MUTED: Final = "#52606d"


@dataclass(frozen=True, slots=True)
class Look:
    """Line and fill colour, line width in px, and a dash pattern for what is not solid."""

    line: str
    fill: str = "none"
    width: float = 1.2
    dash: str = ""


NODES: Final[dict[NodeKind, Look]] = {
    "task": Look("#3e6fa3", "#ffffff"),
    "handler": Look("#7d5ba6", "#faf6ff", dash="5 3"),
    "gate": Look("#b7791f", "#fff8e6", width=1.8),
    "facts": Look("#829ab1", "#eef2f6"),
}
EDGES: Final[dict[EdgeKind, Look]] = {
    "host": Look("#52606d", width=1.4),
    "all": Look("#c2410c", width=2.0),
    "play": Look("#829ab1", width=1.4, dash="6 4"),
}
GROUP: Final = Look("#c3cfdb", "#f7f9fb", width=1.0)

_WIDTHS = {
    **dict.fromkeys("ijl'|.,:;I! ", 0.34),
    **dict.fromkeys("tfr()[]-/\\`J", 0.44),
    **dict.fromkeys("csvxyzk*?", 0.59),
    **dict.fromkeys("mwMW@%—…", 1.0),
    **dict.fromkeys("#<>+=~&^", 0.86),
}
"""In em; DejaVu Sans, rounded up."""


def text_width(text: str, size: float) -> float:
    """The width in px, on the safe side: measured by the widest of our fonts."""
    return sum(_em(character) for character in text) * size


def _em(character: str) -> float:
    if unicodedata.combining(character):
        return 0.0
    if unicodedata.east_asian_width(character) in "WF":
        return 1.05
    ordinary = 0.64 if character.isascii() and not character.isupper() else 0.78
    return _WIDTHS.get(character, ordinary)


def wrap(text: str, width: float, size: float, *, lines: int) -> list[str]:
    """The text in at most so many lines of this width; an ellipsis stands for the rest."""
    found: list[str] = []
    rest = text.strip()
    if lines == 2 and text_width(rest, size) > width and (halves := _halves(rest, width, size)):
        return halves
    while rest and len(found) < lines - 1:
        head = _head(rest, width, size)
        if head == rest:
            break
        cut = head.rfind(" ")
        if cut > len(head) // 3:
            head = head[:cut]
        found.append(head.rstrip())
        rest = rest[len(head) :].lstrip()
    return [*found, shorten(rest, width, size)] if rest or not found else found


def _halves(text: str, width: float, size: float) -> list[str]:
    """The text in two lines as nearly equal as its blanks allow; nothing if it does not fit."""
    cuts = [i for i, character in enumerate(text) if character == " "]
    pairs = [[text[:i].rstrip(), text[i:].lstrip()] for i in cuts]
    widths = [max(text_width(part, size) for part in pair) for pair in pairs]
    return pairs[widths.index(min(widths))] if widths and min(widths) <= width else []


def shorten(text: str, width: float, size: float) -> str:
    """The text, or as much of its beginning as fits with an ellipsis."""
    if text_width(text, size) <= width:
        return text
    return _head(text, width - text_width(ELLIPSIS, size), size).rstrip() + ELLIPSIS


def _head(text: str, width: float, size: float) -> str:
    used = 0.0
    for position, character in enumerate(text):
        used += _em(character) * size
        if used > width:
            return text[: max(1, position)]
    return text
