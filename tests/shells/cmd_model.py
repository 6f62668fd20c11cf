"""How cmd and a C program read a command line back: a model written from their descriptions.

cmd in command-line mode with delayed expansion off ("How does the Windows Command Interpreter
parse scripts?", phases 1 and 2), and CommandLineToArgvW ("Parsing C command-line arguments",
Microsoft Learn). It shares nothing with the quoting under test.
"""

from __future__ import annotations

from collections.abc import Mapping


class Escaped(Exception):
    """A character of the line was read as an operator of cmd."""


def expand_percent(line: str, variables: Mapping[str, str]) -> str:
    """Phase 1. A name that is not defined stays as it is, percent sign and all."""
    known = {name.upper(): value for name, value in variables.items()}
    out = []
    at = 0
    while at < len(line):
        if line[at] != "%":
            out.append(line[at])
            at += 1
            continue
        end = line.find("%", at + 1)
        name = line[at + 1 : end].split(":", 1)[0].upper() if end > 0 else ""
        if name and name in known:
            out.append(known[name])
            at = end + 1
        else:
            out.append("%")
            at += 1
    return "".join(out)


def remove_carets(line: str) -> str:
    """Phase 2: quotes toggle, a caret outside them makes the next character plain."""
    out = []
    quoted = False
    at = 0
    while at < len(line):
        char = line[at]
        if char == '"':
            quoted = not quoted
        elif char == "^" and not quoted:
            at += 1
            if at == len(line):
                raise Escaped("a caret at the end joins the next line")
            char = line[at]
        elif char in "&|<>()\n" and not quoted:
            raise Escaped(f"{char!r} at {at} in {line!r}")
        out.append(char)
        at += 1
    return "".join(out)


def split_arguments(line: str) -> list[str]:
    """CommandLineToArgvW for everything after the program's name."""
    arguments: list[str] = []
    current: list[str] = []
    started = quoted = False
    at = 0
    while at < len(line):
        slashes = 0
        while at < len(line) and line[at] == "\\":
            slashes += 1
            at += 1
        if at < len(line) and line[at] == '"':
            current += "\\" * (slashes // 2)
            started = True
            if slashes % 2:
                current.append('"')
            elif quoted and line[at + 1 : at + 2] == '"':
                current.append('"')
                at += 1
            else:
                quoted = not quoted
            at += 1
            continue
        current += "\\" * slashes
        started = started or slashes > 0
        if at == len(line):
            break
        if line[at] in " \t" and not quoted:
            if started:
                arguments.append("".join(current))
            current, started = [], False
        else:
            current.append(line[at])
            started = True
        at += 1
    if started:
        arguments.append("".join(current))
    return arguments


def arguments_of(line: str, variables: Mapping[str, str]) -> list[str]:
    """What a program finds in argv when cmd runs this line, the program's name included."""
    return split_arguments(remove_carets(expand_percent(line, variables)))
