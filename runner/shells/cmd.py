"""cmd: what a Windows host runs for WinRM, and for OpenSSH unless it was told otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from runner.errors import ModuleError
from runner.interfaces.exchange import Command, Exec, Output, Script, Verbatim
from runner.interfaces.shell import Bundle, Invocation, RawOutput
from runner.interfaces.shell import Shell as Base
from runner.shells import load
from runner.shells.cmd_bundle import LONGEST_BUNDLE, Single, frame, pack
from runner.shells.cmd_quoting import LONGEST_LINE, check, command_line, utf16_length
from runner.shells.text_decoding import output_of


class Shell(Base):
    """Lines for cmd in command-line mode (``cmd /c LINE``), never for a batch file."""

    name: ClassVar[str] = "cmd"

    def render(self, command: Command) -> Invocation:
        """One line. Raises ModuleError for what cannot be quoted, and above 8100 characters."""
        if isinstance(command, Exec):
            return Invocation(_measured(_exec_line(command)))
        if command.shell != self.name:
            return load(command.shell).render(command)
        return script(command)

    def bundle(self, commands: Sequence[Command]) -> Sequence[Bundle]:
        """Programs share lines; scripts, and commands that hold a percent sign, go alone."""
        bundles: list[Bundle] = []
        together: list[str] = []

        def flush() -> None:
            bundles.extend(frame(lines) for lines in pack(together))
            together.clear()

        for command in commands:
            invocation = self.render(command)
            if _can_share(command, invocation):
                together.append(invocation.line)
            else:
                flush()
                bundles.append(Single(self._decoder(command), invocation))
        flush()
        return bundles

    def decode(self, raw: RawOutput, encoding: str) -> Output:
        """The text of one answer; see ``text_decoding``."""
        return output_of(raw, encoding)

    def _decoder(self, command: Command) -> Base:
        return load(command.shell) if isinstance(command, Script) else self


def script(command: Script) -> Invocation:
    """A line of cmd as the user wrote it, with its input and its folder."""
    if command.params:
        raise ModuleError("a cmd script takes no params", hint="params are for powershell scripts")
    text = one_line(command.text)
    if command.chdir is not None:
        text = f"(cd /d {_folder(command.chdir)}||exit 1)&{text}"
    if command.stdin is None:
        return Invocation(_measured(text))
    return Invocation(_measured(text), stdin=command.stdin.encode("utf-8"))


def one_line(text: str) -> str:
    """The text without the line break at its end. Raises ModuleError for one in the middle.

    ``cmd /c`` reads the first line and silently drops the rest.
    """
    line = text.strip("\r\n")
    if "\n" in line or "\r" in line:
        raise ModuleError(
            "cmd runs one line, this script has several",
            hint="join the lines with && or &, or use a powershell script",
        )
    if not line.strip():
        raise ModuleError("an empty command line")
    check(line.replace("\t", " "), best_fit=False)
    return line


def _exec_line(command: Exec) -> str:
    # A program that waits for input (wmic always does) would never end: it gets none.
    return f"<nul {command_line(command.argv)}"


def _folder(path: str) -> str:
    """A folder for ``cd /d``, always in quotes: inside them all but % and ! is plain to cmd."""
    check(path)
    if any(char in path for char in '"%!'):
        raise ModuleError(f"not a folder for chdir: {path!r}", hint='without ", % and !, please')
    return f'"{path}"'


def _measured(line: str) -> str:
    length = utf16_length(line)
    if length > LONGEST_LINE:
        raise ModuleError(
            f"the command line has {length} characters, cmd takes {LONGEST_LINE}",
            hint="shorten it, use a powershell script (those may be longer), "
            "or copy a file to the host and run that",
        )
    return line


def _can_share(command: Command, invocation: Invocation) -> bool:
    if not isinstance(command, Exec) or command.disconnects:
        return False
    line = invocation.line
    if "%" in line or utf16_length(line) > LONGEST_BUNDLE - 400:
        return False
    authored = "".join(value for value in command.argv if isinstance(value, Verbatim))
    return authored.count('"') % 2 == 0
