"""Styled lines, and the printer that puts them on a terminal or into a file.

Every report is built from Line and Span; the text of a span is cleaned as it is made, so that
nothing a host sent reaches a terminal unfiltered, whichever report shows it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TextIO

from runner.reporting.text import clip, one_line, width

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text


class Span(NamedTuple):
    """A piece of a line in one style (rich's style language). Make it with ``span``."""

    text: str
    style: str = ""


def span(text: str, style: str = "") -> Span:
    """A span whose text is clean and has no line break."""
    return Span(one_line(text), style)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a report; when a terminal must wrap it, it goes on ``hang`` cells further in."""

    spans: tuple[Span, ...] = ()
    hang: int = 0

    @property
    def plain(self) -> str:
        """The line without its styles."""
        return "".join(piece.text for piece in self.spans).rstrip()


EMPTY = Line()


def line(*parts: str | Span, hang: int = 0) -> Line:
    """A line of these parts; plain strings have no style."""
    spans = [part if isinstance(part, Span) else Span(one_line(part)) for part in parts]
    return Line(tuple([piece for piece in spans if piece.text]), hang)


def crop(content: Line, cells: int) -> Line:
    """The line, cut to this many cells."""
    kept: list[Span] = []
    for piece in content.spans:
        used = width(piece.text)
        if used > cells:
            kept.append(Span(clip(piece.text, cells), piece.style))
            break
        kept.append(piece)
        cells -= used
    return Line(tuple(kept), content.hang)


def to_text(content: Line) -> Text:
    """The line as rich's Text, never read as markup."""
    from rich.text import Text

    text = Text(no_wrap=True, overflow="crop", end="")
    for piece in content.spans:
        text.append(piece.text, piece.style or None)
    return text


def plain_text(lines: Iterable[Line]) -> str:
    """The lines without styles, one below the other."""
    return "".join(f"{content.plain}\n" for content in lines)


class Printer:
    """Writes lines to one stream: with colours and wrapped on a terminal, else as they are."""

    def __init__(
        self, stream: TextIO, *, terminal: bool = False, console: Console | None = None
    ) -> None:
        self._stream = stream
        self._console = console
        if terminal and console is None:
            self._console = terminal_console(stream)

    @property
    def width(self) -> int | None:
        """Cells in a line of the terminal; None when nothing needs to be fitted."""
        return self._console.width if self._console else None

    def write(self, lines: Iterable[Line]) -> None:
        """Print these lines and flush. Raises OSError when nobody reads any more."""
        if self._console:
            for content in lines:
                for text in fitted(content, self._console.width):
                    self._console.print(text, highlight=False, soft_wrap=True)
        else:
            write_safely(self._stream, plain_text(lines))


def fitted(content: Line, room: int) -> list[Text]:
    """The line as rich's Texts of at most ``room`` cells, continued under its hanging indent."""
    from rich.text import Text

    whole = to_text(content)
    whole.rstrip()
    hang = content.hang if content.hang <= room // 2 else 2
    pieces = [whole[start:end] for start, end in folds(whole.plain, room, hang)]
    return [pieces[0], *(Text(" " * hang) + piece for piece in pieces[1:])]


def folds(text: str, room: int, hang: int) -> list[tuple[int, int]]:
    """Where to cut a line for a terminal of ``room`` cells: (start, end) of every piece.

    Cuts at a space where one is near enough, else anywhere; all pieces but the first leave room
    for ``hang`` cells before them.
    """
    pieces: list[tuple[int, int]] = []
    start, limit = 0, room
    while width(text[start:]) > limit:
        cut = start + _fitting(text[start:], limit)
        end = _gap(text, start, cut, limit)
        pieces.append((start, start + len(text[start:end].rstrip(" "))))
        start = end + (len(text[end:]) - len(text[end:].lstrip(" ")))
        limit = max(2, room - hang)
    if start < len(text) or not pieces:
        pieces.append((start, len(text)))
    return pieces


def _gap(text: str, start: int, cut: int, limit: int) -> int:
    """The best place to cut before ``cut``: between columns, between words, or just there."""
    for gap, least in (("  ", limit * 2 // 3), (" ", limit // 2)):
        space = text.rfind(gap, start, cut + 1)
        if space > start + least and text[start:space].strip():
            return space
    return cut


def _fitting(text: str, cells: int) -> int:
    """How many characters of the text fit into this many cells; at least one."""
    if text.isascii():
        return max(1, cells)
    from rich.cells import chop_cells

    return max(1, len(chop_cells(text, cells)[0]))


def terminal_console(stream: TextIO) -> Console:
    """Rich's console on this stream; it honours NO_COLOR, TERM, COLUMNS and LINES itself."""
    from rich.console import Console

    return Console(
        file=stream,
        force_terminal=True,
        markup=False,
        emoji=False,
        highlight=False,
        soft_wrap=False,
        legacy_windows=False,
    )


def write_safely(stream: TextIO, text: str) -> None:
    """Write and flush; characters that the stream's encoding lacks become ``?``."""
    try:
        stream.write(text)
    except UnicodeEncodeError:
        encoding = stream.encoding or "ascii"
        stream.write(text.encode(encoding, "replace").decode(encoding))
    stream.flush()
