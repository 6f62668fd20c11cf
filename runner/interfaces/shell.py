"""Shell: the script language at the other end. It quotes, frames and decodes; it sends nothing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from runner.interfaces.exchange import Command, Output


@dataclass(frozen=True, slots=True)
class RawOutput:
    """What a transport brought back, undecoded. ``code`` unsigned 32-bit."""

    code: int
    stdout: bytes = b""
    stderr: bytes = b""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Invocation:
    """One thing to hand to a transport: a command line, and bytes for its standard input.

    ``shown`` is what a person sees of it where the line itself cannot be read (it is encoded). No
    secret hides in it: it is plain text, which is masked before it is shown.
    """

    line: str
    stdin: bytes | None = None
    shown: str = ""

    @property
    def text(self) -> str:
        """What previews, reports and the journal show."""
        return self.shown or self.line


class Bundle(ABC):
    """Several reads framed into one invocation, with the key to take the answer apart."""

    invocation: Invocation

    @abstractmethod
    def outputs(self, raw: RawOutput, encoding: str) -> tuple[Output, ...]:
        """One Output per command. Raises ProtocolFailed when the frame is not whole."""


class Shell(ABC):
    """One script language, in ``runner/shells/NAME.py`` as class ``Shell``."""

    name: ClassVar[str]

    @abstractmethod
    def render(self, command: Command) -> Invocation:
        """The invocation of one command. Raises ModuleError for a value that cannot be quoted."""

    @abstractmethod
    def bundle(self, commands: Sequence[Command]) -> Sequence[Bundle] | None:
        """The same reads in as few invocations as fit, in order; None when it cannot frame."""

    @abstractmethod
    def decode(self, raw: RawOutput, encoding: str) -> Output:
        """The text of one answer. Never fails: what cannot be decoded is replaced."""
