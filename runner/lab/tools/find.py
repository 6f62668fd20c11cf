"""find.exe: lines that contain a text. Exit codes: 0 found, 1 not found, 2 wrong."""

from __future__ import annotations

import re

from runner.lab.state.process import Process
from runner.lab.toolkit.textfile import file_lines, lines_of

_PARTS = re.compile(r'\s*(?:(/[^\s"/]+)|"((?:[^"]|"")*)"|(\S+))')


def main(process: Process) -> int:
    """`find [/v] [/c] [/n] [/i] "TEXT" [FILE...]`."""
    flags: set[str] = set()
    text: str | None = None
    files: list[str] = []
    for switch, quoted, word in _PARTS.findall(process.tail.rstrip()):
        if switch:
            flags.add(switch.lower())
        elif text is None and not word:
            text = quoted.replace('""', '"')
        elif text is None:
            return process.fail(2, "FIND: Parameter format not correct\n")
        else:
            files.append(word or quoted)
    if flags - {"/v", "/c", "/n", "/i"}:
        return process.fail(2, "FIND: Invalid switch\n")
    if text is None:
        return process.fail(2, "FIND: Parameter format not correct\n")
    found = False
    if not files:
        return 0 if _search(process, lines_of(process, process.read()), text, flags, "") else 1
    for name in files:
        lines = file_lines(process, name)
        if lines is None:
            process.err(f"File not found - {name.upper()}\n")
            continue
        found |= _search(process, lines, text, flags, f"\n---------- {name.upper()}")
    return 0 if found else 1


def _search(process: Process, lines: list[str], text: str, flags: set[str], title: str) -> bool:
    wanted = text.lower() if "/i" in flags else text
    hits = []
    for number, line in enumerate(lines, 1):
        inside = wanted in (line.lower() if "/i" in flags else line)
        if (inside != ("/v" in flags) and text) or (not text and "/v" in flags):
            hits.append(f"[{number}]{line}" if "/n" in flags else line)
    if "/c" in flags:
        process.out(f"{title}: {len(hits)}\n" if title else f"{len(hits)}\n")
    else:
        process.out((title + "\n" if title else "") + "".join(hit + "\n" for hit in hits))
    return bool(hits)
