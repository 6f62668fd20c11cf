"""findstr.exe: lines that match. Exit codes: 0 found, 1 not found, 2 wrong."""

from __future__ import annotations

import re

from runner.lab.state.process import Process
from runner.lab.toolkit.textfile import file_lines, lines_of

_SPECIAL = set(".*^$[]")


class _Search:
    """The switches and search texts of one run."""

    def __init__(self) -> None:
        self.flags: set[str] = set()
        self.texts: list[str] = []
        self.files: list[str] = []

    def patterns(self) -> list[re.Pattern[str]]:
        """One pattern for each search text."""
        literal = "l" in self.flags or (
            "r" not in self.flags and not any(_SPECIAL & set(text) for text in self.texts)
        )
        options = re.IGNORECASE if "i" in self.flags else 0
        found = []
        for text in self.texts:
            pattern = re.escape(text.replace("\\\\", "\\")) if literal else _translated(text)
            if "x" in self.flags:
                pattern = rf"\A(?:{pattern})\Z"
            elif "b" in self.flags:
                pattern = rf"\A(?:{pattern})"
            elif "e" in self.flags:
                pattern = rf"(?:{pattern})\Z"
            found.append(re.compile(pattern, options))
        return found


def main(process: Process) -> int:
    r"""`findstr [/b /e /l /r /s /i /x /v /n /m] [/c:"text"] words [files]`."""
    search = _Search()
    words = list(process.args)
    while words and words[0][:1] == "/":
        word = words.pop(0)
        if word.lower().startswith("/c:"):
            search.texts.append(word[3:])
            continue
        letters = word[1:].lower().replace("/", "")
        if not letters or set(letters) - set("belrixvnm"):
            process.not_simulated(f"findstr {word}")
        search.flags |= set(letters)
    if not search.texts:
        if not words:
            return process.fail(2, "FINDSTR: Bad command line\n")
        search.texts = words.pop(0).split(" ")
    search.texts = [text for text in search.texts if text]
    search.files = words
    patterns = search.patterns()
    if not search.files:
        lines = lines_of(process, process.read())
        return 0 if _print(process, lines, patterns, search.flags, "") else 1
    found = False
    for name in search.files:
        lines_or_none = file_lines(process, name)
        if lines_or_none is None:
            process.err(f"FINDSTR: Cannot open {name}\n")
            continue
        prefix = f"{name}:" if len(search.files) > 1 else ""
        found |= _print(process, lines_or_none, patterns, search.flags, prefix)
    return 0 if found else 1


def _print(
    process: Process,
    lines: list[str],
    patterns: list[re.Pattern[str]],
    flags: set[str],
    prefix: str,
) -> bool:
    found = False
    for number, line in enumerate(lines, 1):
        if any(pattern.search(line) for pattern in patterns) == ("v" in flags):
            continue
        found = True
        if "m" not in flags:
            process.out(f"{prefix}{f'{number}:' if 'n' in flags else ''}{line}\n")
    if found and "m" in flags:
        process.out(f"{prefix.rstrip(':') or '(standard input)'}\n")
    return found


def _translated(text: str) -> str:
    r"""findstr's few operators: `.`, `*`, `^`, `$`, `[class]`, `\<`, `\>`, `\x`."""
    out, at = [], 0
    while at < len(text):
        char = text[at]
        at += 1
        if char == "\\" and at < len(text):
            out.append({"<": r"\b(?=\w)", ">": r"\b(?<=\w)"}.get(text[at], re.escape(text[at])))
            at += 1
        elif char == "[" and (end := text.find("]", at + 1)) > 0:
            body = text[at:end].replace("\\", "\\\\")
            out.append(f"[{body}]")
            at = end + 1
        elif char == "*" and not out:
            out.append(r"\*")
        else:
            out.append(char if char in ".*^$" else re.escape(char))
    return "".join(out)
