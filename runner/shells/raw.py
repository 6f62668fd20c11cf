"""raw: the user's text for whatever shell answers, sent as it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from runner.errors import ModuleError
from runner.interfaces.exchange import Command, Exec, Output
from runner.interfaces.shell import Bundle, Invocation, RawOutput
from runner.interfaces.shell import Shell as Base
from runner.shells.cmd_quoting import check
from runner.shells.text_decoding import output_of


class Shell(Base):
    """Adds nothing and quotes nothing."""

    name: ClassVar[str] = "raw"

    def render(self, command: Command) -> Invocation:
        """The script's text. Raises ModuleError for anything that would have to be added to it."""
        if isinstance(command, Exec):
            raise ModuleError("raw has no quoting: it takes a script, not a program with arguments")
        if command.params or command.chdir is not None:
            raise ModuleError("raw takes neither params nor chdir")
        text = command.text.strip("\r\n")
        if not text.strip():
            raise ModuleError("an empty command line")
        check("".join(char for char in text if char not in "\t\r\n"), best_fit=False)
        stdin = None if command.stdin is None else command.stdin.encode("utf-8")
        return Invocation(text, stdin)

    def bundle(self, commands: Sequence[Command]) -> Sequence[Bundle] | None:
        """None: what the text does is not known, so nothing is put around it."""
        return None

    def decode(self, raw: RawOutput, encoding: str) -> Output:
        """The text of the answer; see ``text_decoding``."""
        return output_of(raw, encoding)
