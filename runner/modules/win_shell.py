"""Run a script in PowerShell (the default) or in cmd.

PowerShell runs without a profile always; version 2.0 of Server 2008 R2 is enough. Server 2003 has
none: there give ``executable: cmd``.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, ClassVar

from pydantic import Field, field_validator, model_validator

from runner.interfaces import module as base
from runner.interfaces.exchange import Command, Reply, Request, Script
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Text
from runner.interfaces.module import CommandState
from runner.model.state import Change
from runner.modules._parts import command

_SHELLS: Mapping[str, str] = {"powershell": "powershell", "cmd": "cmd"}
_FOLDERS = (
    "c:\\windows\\system32\\",
    "%systemroot%\\system32\\",
    "c:\\windows\\system32\\windowspowershell\\v1.0\\",
)


class Params(command.CommandParams):
    """Parameters of Ansible's win_shell, and ``check``."""

    FREE_FORM: ClassVar[str | None] = "cmd"
    UNSUPPORTED: ClassVar[Mapping[str, str]] = {"output_encoding_override": command.ENCODING_REASON}

    cmd: Text = Field(min_length=1, description="the script")
    chdir: command.HostPath | None = Field(None, description="folder to run it in")
    executable: Text = Field("powershell", description="powershell or cmd")
    stdin: Text | None = Field(None, description="text for its standard input")
    no_profile: bool = Field(True, description="a profile is never loaded; 'no' is refused")
    check: Text | None = Field(
        None,
        description="a script in the same shell that changes nothing; exit code 0: already done",
    )

    @field_validator("executable")
    @classmethod
    def _shell(cls, executable: str) -> str:
        name = executable.lower()
        for folder in _FOLDERS:
            name = name.removeprefix(folder)
        shell = _SHELLS.get(name.removesuffix(".exe"))
        if shell is None:
            raise ValueError(f"'{executable}' is not supported; there are powershell and cmd")
        return shell

    @field_validator("no_profile")
    @classmethod
    def _never(cls, no_profile: bool) -> bool:
        if not no_profile:
            raise ValueError("must be yes: a profile is never loaded")
        return no_profile

    @model_validator(mode="after")
    def _one_line(self) -> Params:
        for text in (self.cmd, self.check):
            if self.executable == "cmd" and text and "\n" in text.strip("\r\n"):
                raise ValueError("cmd runs one line; join the lines with && or use powershell")
        return self


class Module(command.CommandModule[Params]):
    """Runs a script."""

    params = Params
    straight = True
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/windows/win_shell_module.html"
    )
    guide = Guide(
        example=("win_shell: echo %COMPUTERNAME%\nargs:\n  executable: cmd"),
        using=(
            Using("cmd"),
            Using(
                "powershell",
                since="2008r2",
                powershell=True,
                part="scripts without executable: cmd",
            ),
        ),
    )

    def subject(self, params: Params) -> str:
        first = params.cmd.strip().splitlines()
        return f"{params.executable} {first[0] if first else ''}"

    def shown(self, params: Params) -> str:
        return params.cmd

    def check_command(self, params: Params) -> Command | None:
        if params.check is None:
            return None
        return Script(params.executable, params.check, chdir=params.chdir)

    def apply(
        self, params: Params, change: Change[CommandState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        script = Script(params.executable, params.cmd, stdin=params.stdin, chdir=params.chdir)
        return (yield from command.run(script, params.cmd))
