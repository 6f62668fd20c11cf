"""What passes between the interpreter, its built-in commands and batch files."""

from __future__ import annotations

from dataclasses import dataclass

from runner.lab.streams import Sink, Source

__all__ = ["ExitBatch", "ExitShell", "Goto", "RedirectFault", "Streams", "signed"]


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
