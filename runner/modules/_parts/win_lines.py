"""Lines of a Windows text: how it is encoded, and one line found, replaced, added or removed.

Works as Ansible's win_lineinfile does: the encoding is told by the byte order mark, else it is
UTF-8; a text that is changed gets one kind of line break throughout; whether it ends in one stays.
Bytes that are no text in that encoding come out as they went in.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import Final

_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NAMES: Final = {
    "unicode": "utf-16-le", "utf-16": "utf-16-le", "utf-16le": "utf-16-le",
    "bigendianunicode": "utf-16-be", "utf-16be": "utf-16-be", "unicodefffe": "utf-16-be",
    "utf-32": "utf-32-le", "utf-32le": "utf-32-le", "us-ascii": "ascii", "utf8": "utf-8",
}  # fmt: skip
""".NET's names of encodings (Microsoft, "Encoding class") for which Python has others."""
_WITH_MARK: Final = frozenset({"utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"})
"""Those of which .NET writes the byte order mark; of UTF-8 only where the file had one."""
_WINDOWS: Final = re.compile(r"windows-(\d+)", re.IGNORECASE)
_BREAK: Final = re.compile(r"\r\n|\r|\n")
_GROUP: Final = re.compile(r"\$(?:\$|(\d+)|\{(\w+)\})")


@dataclass(frozen=True, slots=True)
class Encoding:
    """Python's name of it, and the byte order mark that the text begins with."""

    name: str
    mark: bytes = b""

    def decoded(self, data: bytes) -> str:
        """The text without its mark."""
        return data.removeprefix(self.mark).decode(self.name, _errors(self.name))

    def encoded(self, text: str) -> bytes:
        """The text with its mark. Raises UnicodeError for what the encoding does not have."""
        return self.mark + text.encode(self.name, _errors(self.name))


def _errors(name: str) -> str:
    return "surrogatepass" if name in _WITH_MARK else "surrogateescape"


def python_name(name: str) -> str:
    """Python's name of an encoding that .NET calls so. Raises LookupError."""
    plain = _NAMES.get(name.lower(), name)
    if found := _WINDOWS.fullmatch(plain):
        plain = f"cp{found[1]}"
    return _NAMES.get(codecs.lookup(plain).name, codecs.lookup(plain).name)


def encoding_of(data: bytes, wanted: str) -> Encoding:
    """How a text is encoded; ``wanted`` is ``auto`` or a name that ``python_name`` knows."""
    if wanted == "auto":
        return next(
            (Encoding(name, m) for m, name in _MARKS if data.startswith(m)), Encoding("utf-8")
        )
    name = python_name(wanted)
    marks = [mark for mark, of in _MARKS if of == name]
    if marks and (data.startswith(marks[0]) or (not data and name in _WITH_MARK)):
        return Encoding(name, marks[0])
    return Encoding(name)


@dataclass(frozen=True, slots=True)
class Edit:
    """What became of the lines; ``found`` counts those that had to go."""

    lines: tuple[str, ...]
    message: str = ""
    found: int = 0


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which line, and where. Empty ``after`` and ``before``: at the end."""

    line: str
    regex: re.Pattern[str] | None = None
    after: str = ""
    before: str = ""
    backrefs: bool = False


def split(text: str) -> tuple[tuple[str, ...], bool]:
    """The lines, and whether the last one ends in a line break."""
    lines = _BREAK.split(text)
    ends = len(lines) > 1 and not lines[-1]
    return tuple(lines[:-1] if ends or not text else lines), ends


def joined(lines: tuple[str, ...], newline: str, *, ends: bool) -> str:
    """The text of the lines."""
    return newline.join((*lines, "")) if ends and lines else newline.join(lines)


def present(lines: tuple[str, ...], wanted: Wanted) -> Edit:
    """The lines with the wanted one among them; the last one that fits is replaced."""
    fitting = [at for at, line in enumerate(lines) if _fits(line, wanted)]
    if fitting:
        at = fitting[-1]
        new = _expanded(lines[at], wanted)
        if lines[at] == new:
            return Edit(lines)
        return Edit((*lines[:at], new, *lines[at + 1 :]), "line replaced")
    if wanted.backrefs:
        return Edit(lines)  # nobody knows what the references would stand for
    at = _place(lines, wanted)
    return Edit((*lines[:at], wanted.line, *lines[at:]), "line added")


def absent(lines: tuple[str, ...], wanted: Wanted) -> Edit:
    """The lines without those that fit."""
    kept = tuple(line for line in lines if not _fits(line, wanted))
    gone = len(lines) - len(kept)
    return Edit(kept, f"{gone} line(s) removed", gone)


def _fits(line: str, wanted: Wanted) -> bool:
    if wanted.regex is not None:
        return wanted.regex.search(line) is not None
    return line == wanted.line


def _place(lines: tuple[str, ...], wanted: Wanted) -> int:
    if "BOF" in (wanted.before, wanted.after):
        return 0
    anchor = wanted.before or wanted.after
    if anchor in ("", "EOF"):
        return len(lines)
    found = [at for at, line in enumerate(lines) if re.search(anchor, line)]
    if not found:
        return len(lines)
    return found[-1] if wanted.before else found[-1] + 1


def _expanded(line: str, wanted: Wanted) -> str:
    if not wanted.backrefs or wanted.regex is None:
        return wanted.line
    return wanted.regex.sub(lambda match: expand(match, wanted.line), line)


def expand(match: re.Match[str], text: str) -> str:
    """.NET's references: ``$1``, ``${name}``, ``$$`` for the sign itself.

    A reference to a group that the expression does not have stays as text (Microsoft,
    "Substitutions in Regular Expressions").
    """

    def one(reference: re.Match[str]) -> str:
        if reference[0] == "$$":
            return "$"
        key = reference[1] or reference[2]
        try:
            return match[int(key) if key.isdigit() else key] or ""
        except (IndexError, LookupError):
            return reference[0]

    return _GROUP.sub(one, text)
