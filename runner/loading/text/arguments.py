"""Module arguments written as one text: ``reboot_timeout=600``, ``dir C:\\ chdir=D:\\work``.

Words are separated by spaces and line breaks; quotes and ``{{ }}`` keep what they enclose together.
Backslash escapes (``\\n``, ``\\t``, ``\\\\``) are read in values, as Ansible reads them, and not in
the free text of a command.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from runner.loading.text.words import words

_COMMAND_OPTIONS: Final = words(
    "creates removes chdir executable warn stdin stdin_add_newline strip_empty_ends"
)
"""What is taken out of a command's free text."""
_HEX: Final = "[0-9a-fA-F]"
_ESCAPE: Final = re.compile(
    rf"\\(?:U{_HEX}{{8}}|u{_HEX}{{4}}|x{_HEX}{{2}}|[0-7]{{1,3}}|N\{{[^}}]+\}}|[\\'\"abfnrtv])"
)
_NEVER_MEANT: Final = frozenset({"\\a", "\\b", "\\f", "\\v"})
"""Bell, backspace, form feed and vertical tab: a path with single backslashes, every time."""
_EQUALS: Final = re.compile(r"(?<=[^\\])=")
_BLOCKS: Final = {"{{": "}}", "{%": "%}", "{#": "#}"}


class ArgumentsError(ValueError):
    """What is wrong in the text, and at which character."""

    def __init__(self, message: str, offset: int, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Word:
    """One word with the white space before it. ``offset`` is where the word begins."""

    before: str
    text: str
    offset: int


@dataclass(slots=True)
class Arguments:
    """Named values with the offset of each, and the text that is left; None when none is."""

    values: dict[str, str] = field(default_factory=dict)
    offsets: dict[str, int] = field(default_factory=dict)
    free: str | None = None
    free_offset: int = 0


def split_words(text: str) -> list[Word]:
    """The words of a text. Raises ArgumentsError for a quote or block that is never closed."""
    words: list[Word] = []
    position = 0
    while position < len(text):
        start = position
        while start < len(text) and text[start] in " \n":
            start += 1
        if start == len(text):
            break
        end = _end_of_word(text, start)
        words.append(Word(text[position:start], text[start:end], start))
        position = end
    return words


def _end_of_word(text: str, start: int) -> int:
    quote, quote_at = "", 0
    closers: list[tuple[str, int]] = []
    position = start
    while position < len(text):
        char, pair = text[position], text[position : position + 2]
        if char in "\"'" and not _is_escaped(text, start, position):
            if not quote:
                quote, quote_at = char, position
            elif quote == char:
                quote = ""
        elif quote:
            pass
        elif closers and pair == closers[-1][0]:
            closers.pop()
            position += 1
        elif pair in _BLOCKS:
            closers.append((_BLOCKS[pair], position))
            position += 1
        elif char in " \n" and not closers:
            return position
        position += 1
    if quote:
        hint = (
            "write the text below a name (cmd: ...), where quotes need no partner, or use \\' here"
        )
        raise ArgumentsError(f"this {quote} is never closed", quote_at, hint)
    if closers:
        opener, at = closers[-1]
        raise ArgumentsError(f"the {opener} for this is missing", at)
    return position


def parse_arguments(text: str, *, command: bool) -> Arguments:
    """Named values and free text.

    ``command``: only the options that all commands have are named values, everything else is the
    command. Otherwise each word with ``=`` is a named value. Raises ArgumentsError.
    """
    found = Arguments()
    rest: list[Word] = []
    for word in split_words(text):
        equals = _EQUALS.search(word.text)
        name = word.text[: equals.start()] if equals else ""
        if equals is None or (command and name not in _COMMAND_OPTIONS):
            rest.append(word)
            continue
        if name in found.values:
            raise ArgumentsError(f"'{name}' is given twice", word.offset)
        found.values[name] = _decoded(word, equals.end())
        found.offsets[name] = word.offset
    if rest:
        joined = "".join(word.before + word.text for word in rest)
        found.free = joined.strip(" \n").replace("\\=", "=")
        found.free_offset = rest[0].offset
    return found


def _is_escaped(text: str, start: int, position: int) -> bool:
    """Whether an odd number of backslashes stands before this character."""
    before = text[start:position]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1


def _decoded(word: Word, start: int) -> str:
    """The value that begins at ``start``, without its quotes, escapes read."""
    value = word.text[start:]
    end = len(value) - 1
    if end > 0 and value[0] == value[end] and value[0] in "\"'" and not _is_escaped(value, 0, end):
        value = value[1:end]
        start += 1

    def replace(found: re.Match[str]) -> str:
        escape = found.group()
        hint = "double the backslashes of a path in name=value, or write the arguments as YAML"
        at = word.offset + start + found.start()
        if escape in _NEVER_MEANT:
            raise ArgumentsError(f"'{escape}' stands for a control character here", at, hint)
        try:
            return escape.encode("ascii").decode("unicode-escape")
        except UnicodeError:
            raise ArgumentsError(f"'{escape}' is no character", at, hint) from None

    return _ESCAPE.sub(replace, value)
