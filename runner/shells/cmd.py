"""cmd: what a Windows host runs for WinRM, and for OpenSSH unless it was told otherwise."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Generator, Sequence
from functools import lru_cache
from typing import ClassVar, Self

from runner.errors import ModuleError
from runner.interfaces.detached import Jobs
from runner.interfaces.exchange import Command, Exec, Output, Script, Verbatim
from runner.interfaces.lease import Leases
from runner.interfaces.setting import Setting
from runner.interfaces.shell import Bundle, Invocation, RawOutput
from runner.interfaces.shell import Shell as Base
from runner.shells import load
from runner.shells.cmd_become import launch_as
from runner.shells.cmd_bundle import LONGEST_BUNDLE, Single, frame, pack
from runner.shells.cmd_detach import batch_line, launch
from runner.shells.cmd_quoting import LONGEST_LINE, check, command_line, utf16_length
from runner.shells.cmd_script import CmdChain, chain
from runner.shells.cmd_series import CmdSeries, is_parting, may_join, series
from runner.shells.cmd_setting import assignments, second_cmd
from runner.shells.text_decoding import output_of
from runner.windows.accounts import account_of
from runner.windows.detached import WindowsJobs
from runner.windows.lease import WindowsLeases
from runner.windows.task_jobs import TaskJobs


class Shell(Base):
    """Lines for cmd in command-line mode (``cmd /c LINE``), never for a batch file."""

    name: ClassVar[str] = "cmd"

    def __init__(self, setting: Setting | None = None) -> None:
        self._setting = setting or Setting()
        self._account = account_of(self._setting)
        self._before = assignments(self._setting.environment)

    def under(self, setting: Setting) -> Self:
        """A shell with these variables, as that user; see ``cmd_setting``, ``cmd_become``."""
        return type(self)(setting) if setting else self

    @property
    def apart(self) -> bool:
        return self._account is not None

    def render(self, command: Command) -> Invocation:
        """One line. Raises ModuleError for what cannot be quoted, and above 8100 characters."""
        if isinstance(command, Script) and command.shell != self.name:
            return load(command.shell).under(self._setting).render(command)
        plain = self._plain(command)
        return self._within(plain, command) if self._setting else plain

    def bundle(self, commands: Sequence[Command]) -> Sequence[Bundle]:
        """Programs share lines; scripts, and commands that hold a percent sign, go alone."""
        bundles: list[Bundle] = []
        together: list[str] = []

        def flush() -> None:
            fits = self._fits if self.apart else None
            packed = pack(together, self._before, fits)
            bundles.extend(frame(lines, self._before) for lines in packed)
            together.clear()

        for command in commands:
            if (line := self._shared(command)) is not None:
                together.append(line)
            else:
                flush()
                decides = isinstance(command, Exec)
                bundles.append(Single(self._decoder(command), self.render(command), decides))
        flush()
        return bundles

    def together(self, command: Command) -> bool:
        """Programs without a percent sign, and what was made for that, in no setting."""
        if self._setting:
            return False
        if isinstance(command, Exec) and Verbatim in map(type, command.argv):
            return False
        return self._shared(command) is not None

    def chain(self, commands: Sequence[Command]) -> CmdChain | None:
        """Programs in one line; see ``cmd_script``."""
        if not all(map(self.together, commands)):
            return None
        return chain([self._plain(command).line for command in commands])

    def joins(self, command: Command) -> bool:
        """Lines without a percent sign or an input, in no setting; see ``cmd_series``."""
        if self._setting or command.disconnects or command.timeout is not None:
            return False
        if isinstance(command, Script) and (command.shell, command.stdin) != (self.name, None):
            return False
        try:
            return may_join(self._plain(command).line)
        except ModuleError:
            return False  # which is said when its own turn comes

    def parts(self, command: Command) -> bool:
        """What may leave something behind; see ``cmd_series``."""
        return is_parting(self._plain(command).line)

    def series(self, commands: Sequence[Command]) -> CmdSeries | None:
        """Each in a cmd of its own; see ``cmd_series``."""
        head = self._head(commands[0]) if commands else None
        joining = itertools.takewhile(self.joins, commands[head is not None :])
        return series([self._plain(command).line for command in joining], head)

    def _head(self, command: Command) -> str | None:
        """The line of what is not the user's, but stands before it."""
        ours = isinstance(command, Script) and command.together and self.together(command)
        return self._plain(command).line if ours else None

    def decode(self, raw: RawOutput, encoding: str) -> Output:
        """The text of one answer; see ``text_decoding``."""
        return output_of(raw, encoding)

    def detach(
        self, command: Command, job: str, encoding: str
    ) -> Generator[Invocation, Output, None]:
        """A batch file that WMI starts; see ``cmd_detach``.

        What a batch file cannot hold (too long, not ASCII) is started by PowerShell.
        """
        if isinstance(command, Script) and command.shell != self.name:
            yield from load(command.shell).under(self._setting).detach(command, job, encoding)
            return
        yield from self.launch(self.render(command), job, encoding)

    def launch(
        self, invocation: Invocation, job: str, encoding: str
    ) -> Generator[Invocation, Output, None]:
        """What ``detach`` does, with a line that is rendered already."""
        data = invocation.stdin
        if data is not None and self._account is None:
            raise ModuleError(
                "a detached command of cmd cannot have a standard input",
                hint="use win_shell with PowerShell, or write the input to a file first",
            )
        if batch_line(invocation.line) is None and data is None:
            line = Verbatim(f'/d /v:off /s /c "{invocation.line}"')
            setting = dataclasses.replace(self._setting, environment={})
            by = load("powershell").under(setting)
            yield from by.detach(Exec("cmd.exe", line), job, encoding)
        elif self._account is not None:
            yield from launch_as(self._account, invocation.line, job, encoding, data=data)
        else:
            yield from launch(invocation.line, job, encoding)

    def jobs(self) -> Jobs:
        return TaskJobs() if self.apart else WindowsJobs()

    def leases(self) -> Leases:
        return WindowsLeases()

    def keeper(self) -> Base:
        return load(self.name)

    def _shared(self, command: Command) -> str | None:
        """The line of a command that can share one with others; None for another one."""
        if isinstance(command, Script):
            ours = command.together and command.shell == self.name
            return self._plain(command).line if ours else None
        plain = self._plain(command)
        return plain.line if _can_share(command, plain) else None

    def _plain(self, command: Command) -> Invocation:
        return script(command) if isinstance(command, Script) else _program(command)

    def _within(self, plain: Invocation, command: Command) -> Invocation:
        """The line with its variables set before it."""
        line = plain.line.removeprefix("@")
        if isinstance(command, Script) and "%" in line:
            sent = self._before + second_cmd(line)
        else:
            sent = self._before + line
        shown = assignments(self._setting.environment, masked=True) + line
        if self._account is not None:
            shown = f"as {self._account.name}: {shown}"
        return Invocation(_measured(sent), plain.stdin, shown)

    def _fits(self, lines: list[str]) -> bool:
        """Whether the bundle of these lines can be a line of a batch file."""
        return batch_line(frame(lines, self._before).invocation.line) is not None

    def _decoder(self, command: Command) -> Base:
        return load(command.shell) if isinstance(command, Script) else self


def _program(command: Exec) -> Invocation:
    if Verbatim not in map(type, command.argv):
        return _of_plain(command.argv)
    return Invocation(_measured(_exec_line(command.argv)))


@lru_cache(maxsize=1024)  # fleets are asked the same everywhere
def _of_plain(argv: tuple[str, ...]) -> Invocation:
    """Not for a Verbatim: it equals the text that must be quoted."""
    return Invocation(_measured(_exec_line(argv)))


def script(command: Script) -> Invocation:
    """A line of cmd as the user wrote it, with its input and its folder."""
    if command.params:
        raise ModuleError("a cmd script takes no params", hint="params are for powershell scripts")
    text = _in_folder(command.text, command.chdir)
    if command.stdin is None:
        return Invocation(text)
    return Invocation(text, stdin=command.stdin.encode("utf-8"))


# Fleets are told the same everywhere.
@lru_cache(maxsize=1024)
def _in_folder(text: str, chdir: str | None) -> str:
    line = one_line(text)
    return _measured(line if chdir is None else f"(cd /d {_folder(chdir)}||exit 1)&{line}")


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


def _exec_line(argv: tuple[str, ...]) -> str:
    # A program that waits for input (wmic always does) would never end: it gets none.
    return f"<nul {command_line(argv)}"


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


def _can_share(command: Exec, invocation: Invocation) -> bool:
    if command.disconnects:
        return False
    line = invocation.line
    if "%" in line or utf16_length(line) > LONGEST_BUNDLE - 400:
        return False
    if Verbatim not in map(type, command.argv):
        return True
    authored = "".join(value for value in command.argv if isinstance(value, Verbatim))
    return authored.count('"') % 2 == 0
