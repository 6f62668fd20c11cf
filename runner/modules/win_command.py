"""Run a program on a Windows host, without a shell's interpretation of its arguments.

What cmd would treat specially (``| & < > ^ %``) reaches the program as it is written. Together with
``chdir`` or ``stdin`` the line has to pass through cmd as a whole; then a line in which cmd would
find something special is refused rather than changed.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from functools import lru_cache
from typing import Any, ClassVar

from pydantic import Field, model_validator

from runner.interfaces import module as base
from runner.interfaces.exchange import Command, Exec, Reply, Request, Script
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Text, Words
from runner.interfaces.module import CommandState
from runner.model.state import Change
from runner.modules._parts import command as _command
from runner.windows import command_line


class Params(_command.CommandParams):
    """Parameters of Ansible's win_command, and ``check``."""

    FREE_FORM: ClassVar[str | None] = "cmd"
    UNSUPPORTED: ClassVar[Mapping[str, str]] = {
        "output_encoding_override": _command.ENCODING_REASON
    }

    cmd: Text | None = Field(None, description="the program and its arguments in one line")
    argv: Words | None = Field(None, description="the program and its arguments as a list")
    chdir: _command.HostPath | None = Field(None, description="folder to run it in")
    stdin: Text | None = Field(None, description="text for its standard input")
    check: Text | None = Field(
        None, description="a command that changes nothing; exit code 0 says: already done"
    )

    @model_validator(mode="after")
    def _runnable(self) -> Params:
        if (self.cmd is None) == (self.argv is None):
            raise ValueError("give one command line, free form or as 'cmd', or 'argv'")
        for line in (self.line, self.check):
            if line is not None:
                command_line.check(line, through_cmd=bool(self.chdir or self.stdin is not None))
        return self

    @property
    def line(self) -> str:
        """The command line as the program gets it."""
        return self.cmd if self.cmd is not None else command_line.join(self.argv or ())


class Module(_command.CommandModule[Params]):
    """Runs a program."""

    params = Params
    straight = True
    doc_url = "https://docs.ansible.com/ansible/latest/collections/ansible/windows/win_command_module.html"
    guide = Guide(
        example="win_command: ipconfig /flushdns",
        using=(Using("cmd"),),
    )

    def subject(self, params: Params) -> str:
        return f"command {params.line}"

    def shown(self, params: Params) -> str:
        return params.line

    def check_command(self, params: Params) -> Command | None:
        if params.check is None:
            return None
        return _command_of(params.check, params.chdir)

    def apply(
        self, params: Params, change: Change[CommandState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        command = _command_of(params.line, params.chdir, params.stdin)
        return (yield from _command.run(command, params.line))


def _command_of(line: str, chdir: str | None, stdin: str | None = None) -> Command:
    text = line.strip("\r\n")
    if stdin is not None:
        # cmd /c takes away the first and last quote of a line that begins with one.
        return Script("cmd", f"@{text}", stdin=stdin, chdir=chdir)
    return _without_input(text, chdir)


@lru_cache(maxsize=1024)
def _without_input(text: str, chdir: str | None) -> Command:
    """Mostly the same for all hosts."""
    if chdir is not None or command_line.is_plain(text):
        return Script("cmd", f"<nul {text}", chdir=chdir)
    return Exec(*command_line.split(text))
