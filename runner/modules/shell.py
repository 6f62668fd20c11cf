"""Run a script in ``/bin/sh`` or another shell of a POSIX host."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from runner.interfaces.exchange import Command, Script
from runner.interfaces.guide import Guide
from runner.interfaces.loose import Text
from runner.modules._parts import posix
from runner.posix import quoting

_DEFAULT = "/bin/sh"


class Params(posix.PosixParams):
    """Parameters of Ansible's shell, and ``check``."""

    FREE_FORM: ClassVar[str | None] = "cmd"

    cmd: Text = Field(min_length=1, description="the script")
    executable: Text = Field(_DEFAULT, min_length=1, description="the shell's path")
    check: Text | None = Field(
        None,
        description="a script in the same shell that changes nothing; exit code 0: already done",
    )


class Module(posix.PosixCommand[Params]):
    """Runs a script."""

    params = Params
    instead = "win_shell"
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/builtin/shell_module.html"
    )
    guide = Guide(
        example="shell: ss -ltn | grep :445",
        where="posix",
    )

    def subject(self, params: Params) -> str:
        first = params.cmd.strip().splitlines()
        return f"shell {first[0] if first else ''}"

    def shown(self, params: Params) -> str:
        return params.cmd

    def check_command(self, params: Params) -> Command | None:
        return None if params.check is None else _script(params, params.check, None)

    def command(self, params: Params) -> Command:
        return _script(params, params.cmd, params.input)


def _script(params: Params, text: str, stdin: str | None) -> Script:
    if params.executable != _DEFAULT:
        text = f"exec {quoting.join([params.executable, '-c', text])}"
    return Script("posix", text, stdin=stdin, chdir=params.chdir)
