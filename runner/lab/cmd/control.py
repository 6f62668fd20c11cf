"""What passes between the interpreter, its built-in commands and batch files."""

from __future__ import annotations

from dataclasses import dataclass

from runner.lab.state.streams import Sink, Source

__all__ = [
    "ExitBatch",
    "ExitShell",
    "Goto",
    "RedirectFault",
    "Streams",
    "signed",
    "strip_quotes",
]


@dataclass(frozen=True, slots=True)
class Streams:
    """The three standard handles of a command."""

    stdin: Source
    stdout: Sink
    stderr: Sink


class ExitShell(Exception):
    """`exit`: the interpreter ends with this code."""

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(code)


class ExitBatch(Exception):
    """`exit /b`, or the end of a batch file that another one started without `call`."""


class Goto(Exception):
    """`goto LABEL`."""

    def __init__(self, label: str) -> None:
        self.label = label
        super().__init__(label)


class RedirectFault(Exception):
    """A redirection could not be opened; the message is what cmd prints."""


def signed(code: int) -> int:
    """A 32-bit exit code as %errorlevel% shows it."""
    code &= 0xFFFFFFFF
    return code - 0x100000000 if code & 0x80000000 else code


def strip_quotes(text: str, *, s_switch: bool = False, is_program: bool = False) -> str:
    """What `cmd /c TEXT` runs: the outer quotes go, unless they only quote a program's name.

    Source: `cmd /?`. `is_program` says whether the text between the only two quotes names one.
    """
    if not text.startswith('"'):
        return text
    if not s_switch and text.count('"') == 2 and is_program:
        inner = text[1 : text.index('"', 1)]
        if " " in inner and not set(inner) & set("&<>()@^|"):
            return text
    last = text.rfind('"')
    return text[1:] if last == 0 else text[1:last] + text[last + 1 :]
