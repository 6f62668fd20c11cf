"""cmd: what a Windows host runs for WinRM, and for OpenSSH unless it was told otherwise."""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Sequence
from typing import ClassVar, Self

from runner.errors import ModuleError
from runner.interfaces.detached import Jobs
from runner.interfaces.exchange import Command, Exec, Output, Script, Verbatim
from runner.interfaces.lease import Leases
from runner.interfaces.shell import Bundle, Invocation, RawOutput, Setting
from runner.interfaces.shell import Shell as Base
from runner.shells import load
from runner.shells.cmd_become import launch_as
from runner.shells.cmd_bundle import LONGEST_BUNDLE, Single, frame, pack
from runner.shells.cmd_detach import batch_line, launch
from runner.shells.cmd_quoting import LONGEST_LINE, check, command_line, utf16_length
from runner.shells.cmd_script import CmdChain, chain
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
            if isinstance(command, Exec) and _can_share(command, plain := self._plain(command)):
                together.append(plain.line)
            else:
                flush()
                decides = isinstance(command, Exec)
                bundles.append(Single(self._decoder(command), self.render(command), decides))
        flush()
        return bundles

    def together(self, command: Command) -> bool:
        """Programs without a percent sign, in no setting."""
        if self._setting or not isinstance(command, Exec):
            return False
        if any(isinstance(value, Verbatim) for value in command.argv):
            return False
        return _can_share(command, self._plain(command))

    def chain(self, commands: Sequence[Command]) -> CmdChain | None:
        """Programs in one line; see ``cmd_script``."""
        if not all(map(self.together, commands)):
            return None
        return chain([self._plain(command).line for command in commands])

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
    return Invocation(_measured(_exec_line(command)))


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


def _can_share(command: Exec, invocation: Invocation) -> bool:
    if command.disconnects:
        return False
    line = invocation.line
    if "%" in line or utf16_length(line) > LONGEST_BUNDLE - 400:
        return False
    authored = "".join(value for value in command.argv if isinstance(value, Verbatim))
    return authored.count('"') % 2 == 0
