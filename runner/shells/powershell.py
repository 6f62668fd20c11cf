"""PowerShell, 2.0 and later: scripts by -EncodedCommand, or through standard input when long."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Generator, Sequence
from typing import ClassVar, Final, Self

from runner.errors import ModuleError
from runner.interfaces.detached import Jobs
from runner.interfaces.exchange import Command, Exec, Output, Script
from runner.interfaces.lease import Leases
from runner.interfaces.listening import Stream
from runner.interfaces.setting import Setting
from runner.interfaces.shell import Bundle, Invocation, RawOutput
from runner.interfaces.shell import Shell as Base
from runner.model.secret import MASK, Secret
from runner.shells import load
from runner.shells.cmd_become import launch_as
from runner.shells.cmd_detach import launch
from runner.shells.cmd_quoting import LONGEST_LINE, check, native_line
from runner.shells.powershell_script import (
    bootstrap,
    encoded_command,
    reading_stdin,
    stdin_lines,
    text_of,
    variables,
    wrapped,
)
from runner.shells.text_decoding import output_of
from runner.windows.accounts import account_of
from runner.windows.detached import WindowsJobs
from runner.windows.lease import WindowsLeases
from runner.windows.task_jobs import TaskJobs

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
    encoding: ClassVar[str] = "utf-8"

    def __init__(self, setting: Setting | None = None) -> None:
        self._setting = setting or Setting()
        self._account = account_of(self._setting)
        environment = self._setting.environment
        self._before = variables(environment)
        self._has_secret = any(isinstance(value, Secret) for value in environment.values())

    def under(self, setting: Setting) -> Self:
        """A shell with these variables, as that user; see ``cmd_become``."""
        return type(self)(setting) if setting else self

    @property
    def apart(self) -> bool:
        return self._account is not None

    def render(self, command: Command) -> Invocation:
        """One command line. Raises ModuleError for what cannot be said in it."""
        # A secret goes through standard input: -EncodedCommand can be read by whoever sees it.
        # What goes into a batch file must fit in one of its lines.
        return self._rendered(command, by_input=self._has_secret or self.apart)

    def _rendered(self, command: Command, *, by_input: bool) -> Invocation:
        if isinstance(command, Script) and command.shell != self.name:
            return load(command.shell).under(self._setting).render(command)
        if isinstance(command, Exec):
            script = self._before + _program(command)
            line = f"powershell: {command.argv[0]} {native_line(command.argv)}"
            sent = _short(script) if not by_input else _by_input(script)
        else:
            sent = _script(command, self._before, by_input=by_input)
            line = _shown(command)
        who = f"as {self._account.name}: " if self._account is not None else ""
        return dataclasses.replace(sent, shown=f"{who}{line.rstrip()}{self._variables_shown()}")

    def bundle(self, commands: Sequence[Command]) -> Sequence[Bundle] | None:
        """None: each script has a process of its own."""
        return None

    def decode(self, raw: RawOutput, encoding: str) -> Output:
        """The text of one answer: UTF-8, which the scripts are started with, where it is that."""
        return output_of(raw, "utf-8" if _is_utf8(raw) else encoding)

    def shows(self, stream: Stream, line: str) -> bool:
        """Not CLIXML, which the error stream is in."""
        return stream == "stdout" or not line.startswith(("#< CLIXML", "<Objs "))

    def detach(
        self, command: Command, job: str, encoding: str
    ) -> Generator[Invocation, Output, None]:
        """A batch file that starts PowerShell, with the script as its input; see ``cmd_detach``."""
        yield from self.launch(self._rendered(command, by_input=True), job, encoding)

    def launch(
        self, invocation: Invocation, job: str, encoding: str
    ) -> Generator[Invocation, Output, None]:
        """What ``detach`` does, with a line that is rendered already."""
        line, stdin = invocation.line, invocation.stdin
        if self._account is not None:
            yield from launch_as(self._account, line, job, encoding, stdin)
        else:
            yield from launch(line, job, encoding, stdin)

    def jobs(self) -> Jobs:
        return TaskJobs() if self.apart else WindowsJobs()

    def leases(self) -> Leases:
        return WindowsLeases(self.name)

    def keeper(self) -> Base:
        return _Keeper(self)

    def _variables_shown(self) -> str:
        pairs = (
            f"{name}={MASK if isinstance(value, Secret) else value}"
            for name, value in self._setting.environment.items()
        )
        text = ", ".join(pairs)
        return f"  where {text}" if text else ""


class _Keeper(Base):
    """cmd, which looks after jobs of PowerShell: what those printed is decoded as theirs."""

    name: ClassVar[str] = "cmd"

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def render(self, command: Command) -> Invocation:
        return load(self.name).render(command)

    def bundle(self, commands: Sequence[Command]) -> Sequence[Bundle] | None:
        return load(self.name).bundle(commands)

    def decode(self, raw: RawOutput, encoding: str) -> Output:
        return self._shell.decode(raw, encoding)


def _shown(command: Script) -> str:
    """The script itself: what is sent is encoded, and nobody could read or mask it."""
    parts = [f"powershell: {command.text.strip()}"]
    if command.chdir is not None:
        parts.append(f"in {command.chdir}")
    if command.params:
        parts.append(f"with {json.dumps(command.params, ensure_ascii=False, default=str)}")
    return "  ".join(parts)


def _script(command: Script, before: str, *, by_input: bool) -> Invocation:
    if not command.text.strip():
        raise ModuleError("an empty script")
    params, chdir = command.params, command.chdir
    if command.stdin is None:
        script = wrapped(command.text, params=params, chdir=chdir, before=before)
        if len(script) <= _SHORT and not by_input:
            return Invocation(_line(script))
        return _by_input(script)
    script = wrapped(command.text, params=params, chdir=chdir, input_line=0, before=before)
    script = reading_stdin(script)
    if len(script) <= _SHORT and not by_input:
        return Invocation(_line(script, reads_input=True), stdin_lines(command.stdin))
    script = wrapped(command.text, params=params, chdir=chdir, input_line=1, before=before)
    return _by_input(script, command.stdin)


def _short(script: str) -> Invocation:
    return Invocation(_line(script))


def _by_input(*texts: str) -> Invocation:
    """A short line that runs the first of these texts, out of standard input."""
    return Invocation(_line(bootstrap(), reads_input=True), stdin_lines(*texts))


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
