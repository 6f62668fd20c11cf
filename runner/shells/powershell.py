"""PowerShell, 2.0 and later: scripts by -EncodedCommand, or through standard input when long."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from typing import ClassVar, Final

from runner.errors import ModuleError
from runner.interfaces.exchange import Command, Exec, Output, Script
from runner.interfaces.shell import Bundle, Invocation, RawOutput
from runner.interfaces.shell import Shell as Base
from runner.shells import load
from runner.shells.cmd_quoting import LONGEST_LINE, check, native_line
from runner.shells.powershell_script import (
    bootstrap,
    encoded_command,
    reading_stdin,
    stdin_lines,
    text_of,
    wrapped,
)
from runner.shells.text_decoding import output_of

_SHORT: Final = 3000
"""Characters of a script whose encoded form (8 for 3) fits in a line of cmd."""

# Programs are started without a shell, so their arguments need the program's own quoting only.
_START: Final = """\
$i=New-Object Diagnostics.ProcessStartInfo
$i.FileName=%s
$i.Arguments=%s
$i.UseShellExecute=$false
$p=[Diagnostics.Process]::Start($i)
$p.WaitForExit()
exit $p.ExitCode
"""


class Shell(Base):
    """Renders scripts, and programs for a host whose login shell is PowerShell."""

    name: ClassVar[str] = "powershell"

    def render(self, command: Command) -> Invocation:
        """One command line. Raises ModuleError for what cannot be said in it."""
        if isinstance(command, Exec):
            sent = _line(_program(command))
            shown = f"powershell: {command.argv[0]} {native_line(command.argv)}"
            return Invocation(sent, shown=shown.rstrip())
        if command.shell == self.name:
            return dataclasses.replace(_script(command), shown=_shown(command))
        return load(command.shell).render(command)

    def bundle(self, commands: Sequence[Command]) -> Sequence[Bundle] | None:
        """None: each script has a process of its own."""
        return None

    def decode(self, raw: RawOutput, encoding: str) -> Output:
        """The text of one answer: UTF-8, which the scripts are started with, where it is that."""
        return output_of(raw, "utf-8" if _is_utf8(raw) else encoding)


def _shown(command: Script) -> str:
    """The script itself: what is sent is encoded, and nobody could read or mask it."""
    parts = [f"powershell: {command.text.strip()}"]
    if command.chdir is not None:
        parts.append(f"in {command.chdir}")
    if command.params:
        parts.append(f"with {json.dumps(command.params, ensure_ascii=False, default=str)}")
    return "  ".join(parts)


def _script(command: Script) -> Invocation:
    if not command.text.strip():
        raise ModuleError("an empty script")
    params, chdir = command.params, command.chdir
    if command.stdin is None:
        script = wrapped(command.text, params=params, chdir=chdir)
        if len(script) <= _SHORT:
            return Invocation(_line(script))
        return Invocation(_line(bootstrap(), reads_input=True), stdin_lines(script))
    script = reading_stdin(wrapped(command.text, params=params, chdir=chdir, input_line=0))
    if len(script) <= _SHORT:
        return Invocation(_line(script, reads_input=True), stdin_lines(command.stdin))
    script = wrapped(command.text, params=params, chdir=chdir, input_line=1)
    return Invocation(_line(bootstrap(), reads_input=True), stdin_lines(script, command.stdin))


def _line(script: str, *, reads_input: bool = False) -> str:
    line = encoded_command(script, reads_input=reads_input)
    if len(line) > LONGEST_LINE:
        raise ModuleError(
            f"the command line has {len(line)} characters, the host takes {LONGEST_LINE}",
            hint="shorten the arguments",
        )
    return line


def _program(command: Exec) -> str:
    if not command.argv:
        raise ModuleError("a command without a program")
    program = check(command.argv[0])
    return _START % (text_of(program), text_of(native_line(command.argv)))


def _is_utf8(raw: RawOutput) -> bool:
    try:
        raw.stdout.decode("utf-8")
        raw.stderr.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
