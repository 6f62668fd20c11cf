"""posix: the Bourne shell of Unix hosts, as POSIX.1-2017 describes it (dash, bash, busybox, ksh).

A program with its arguments is a line that any login shell reads the same. Everything else is
handed to ``/bin/sh -c`` as one quoted word, so that the login shell has nothing to interpret.
"""

from __future__ import annotations

import dataclasses
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
from runner.posix.detached import PosixJobs
from runner.posix.lease import PosixLeases
from runner.posix.quoting import check, join, path, quote
from runner.shells.posix_bundle import Single, frame, pack, text_of
from runner.shells.posix_detach import launch
from runner.shells.posix_setting import Dress

LONGEST: Final = 120_000
"""Bytes of a line: Linux takes 131071 in one argument (MAX_ARG_STRLEN, execve(2))."""

_LANGUAGES: Final = ("posix", "sh", "raw")


class Shell(Base):
    """Renders programs and scripts; its output is UTF-8 unless the connection says otherwise."""

    name: ClassVar[str] = "posix"

    def __init__(self, setting: Setting | None = None) -> None:
        self._setting = setting or Setting()
        self._dress = Dress(self._setting)

    def under(self, setting: Setting) -> Self:
        """A shell of the same language in that setting; see ``posix_setting``."""
        return type(self)(setting) if setting else self

    def render(self, command: Command) -> Invocation:
        """One line. Raises ModuleError for what cannot be quoted, and above 120000 bytes."""
        return _measured(self._dress.on(_body(command), _input(command), _shown(command)))

    def bundle(self, commands: Sequence[Command]) -> Sequence[Bundle]:
        """Everything that reads no input shares lines; each command is a process of its own."""
        bundles: list[Bundle] = []
        together: list[str] = []

        def flush() -> None:
            bundles.extend(frame(lines, self._dress) for lines in pack(together))
            together.clear()

        for command in commands:
            if isinstance(command, Script) and command.stdin is not None:
                flush()
                bundles.append(Single(self, self.render(command)))
            else:
                together.append(_body(command))
        flush()
        return bundles

    def decode(self, raw: RawOutput, encoding: str) -> Output:
        """The text as it was printed, line ends included.

        Raises ModuleError when the command never ran because the other user refused it.
        """
        return text_of(self._dress.off(raw), encoding)

    def shows(self, stream: Stream, line: str) -> bool:
        """Not the mark behind which the other user's command begins."""
        return not self._dress.is_mark(line)

    def detach(
        self, command: Command, job: str, encoding: str
    ) -> Generator[Invocation, Output, None]:
        """A process group of its own, led by a shell that keeps the exit code."""
        data = _input(command)
        script = Script(self.name, launch(_body(command), job, has_input=data is not None))
        answer = yield _measured(self._dress.on(_body(script), data, _shown(command)))
        if answer.code != 0:
            said = answer.stderr.strip() or f"exit code {answer.code}"
            raise ModuleError(f"the command could not be detached: {said}")

    def jobs(self) -> Jobs:
        return PosixJobs()

    def leases(self) -> Leases:
        return PosixLeases()

    def keeper(self) -> Shell:
        """The same user: the job's files are in the home of the one that it runs as."""
        return type(self)(dataclasses.replace(self._setting, environment={}))


def _input(command: Command) -> bytes | None:
    if isinstance(command, Exec) or command.stdin is None:
        return None
    return command.stdin.encode("utf-8", "surrogateescape")


def _body(command: Command) -> str:
    """A simple command of the shell: the program, or ``/bin/sh -c`` with the script."""
    if isinstance(command, Exec):
        return join(command.argv)
    if command.shell not in _LANGUAGES:
        raise ModuleError(
            f"there is no {command.shell} on a host with the shell 'posix'",
            hint="use the modules 'command' and 'shell' there; win_ modules are for Windows",
        )
    if command.params:
        raise ModuleError("a posix script takes no params", hint="they are for powershell scripts")
    if not command.text.strip():
        raise ModuleError("an empty command line")
    text = check(command.text)
    if command.chdir is not None:
        text = f"CDPATH= cd -- {path(command.chdir)} >/dev/null || exit 1\n{text}"
    return f"/bin/sh -c {quote(text)}"


def _shown(command: Command) -> str:
    if isinstance(command, Exec):
        return join(command.argv)
    text = command.text.strip()
    return f"cd {path(command.chdir)} && {text}" if command.chdir is not None else text


def _measured(invocation: Invocation) -> Invocation:
    size = len(invocation.line.encode())
    if size > LONGEST:
        raise ModuleError(
            f"the command line has {size} bytes, a host takes {LONGEST}",
            hint="copy a file to the host and run that, or give the text as stdin",
        )
    return invocation
