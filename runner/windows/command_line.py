"""Command lines that a person wrote: split and joined by the rules of CommandLineToArgvW.

Source: Microsoft, "Parsing C Command-Line Arguments". Whether cmd would find something of its own
in a line is told apart from that: such a line must not reach cmd as it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_ACTIVE: Final = frozenset("&|<>^()!")
_BUILT_IN: Final = frozenset(
    {
        "assoc", "call", "cd", "chdir", "cls", "color", "copy", "date", "del", "dir", "echo",
        "erase", "exit", "for", "ftype", "goto", "if", "md", "mkdir", "mklink", "move", "path",
        "pause", "popd", "prompt", "pushd", "rd", "rem", "ren", "rename", "rmdir", "set",
        "setlocal", "shift", "start", "time", "title", "type", "ver", "verify", "vol",
    }
)  # fmt: skip


def is_plain(line: str) -> bool:
    """Whether cmd hands this line to a program unchanged.

    Inside quotes (as cmd counts them, without escapes) all but the percent sign is plain to it.
    """
    if "%" in line or "!" in line:
        return False
    return not any(_ACTIVE & set(part) for part in line.split('"')[::2])


def check(line: str, *, through_cmd: bool) -> None:
    """Raises ValueError for a line that cannot run as it is meant."""
    words = split(line)
    if not words:
        raise ValueError("the command line is empty")
    if "\n" in line.strip("\r\n"):
        raise ValueError("a command is one line; use win_shell for a script")
    if words[0].lower() in _BUILT_IN:
        raise ValueError(f"'{words[0]}' is a word of cmd, not a program; use win_shell")
    if line.count('"') % 2:
        raise ValueError("a quote is opened and never closed")
    if through_cmd and not is_plain(line):
        raise ValueError(
            "with chdir or stdin, none of % ! and (outside quotes) & | < > ^ ( ) can be passed on "
            "unchanged; leave them out, or use win_shell if the shell shall interpret them"
        )


def split(line: str) -> tuple[str, ...]:
    """The arguments of a command line, the program first."""
    words: list[str] = []
    word: list[str] = []
    started = quoted = False
    backslashes = 0
    for char in line.strip(" \t\r\n"):
        if char == "\\":
            backslashes += 1
            started = True
            continue
        if char == '"':
            word.append("\\" * (backslashes // 2))
            if backslashes % 2:
                word.append('"')
            else:
                quoted = not quoted
            started = True
        else:
            word.append("\\" * backslashes)
            if char in " \t" and not quoted:
                if started:
                    words.append("".join(word))
                word, started = [], False
            else:
                word.append(char)
                started = True
        backslashes = 0
    word.append("\\" * backslashes)
    if started:
        words.append("".join(word))
    return tuple(words)


def join(words: Iterable[str]) -> str:
    """One command line that splits into these arguments."""
    return " ".join(_quoted(word) for word in words)


def _quoted(word: str) -> str:
    if word and not set(word) & set(' \t"&|<>^()'):
        return word
    out: list[str] = []
    backslashes = 0
    for char in word:
        if char == "\\":
            backslashes += 1
            continue
        out.append("\\" * (2 * backslashes + 1 if char == '"' else backslashes) + char)
        backslashes = 0
    return '"' + "".join(out) + "\\" * (2 * backslashes) + '"'
