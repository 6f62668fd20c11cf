"""Run a program on a host with a POSIX shell, without a shell's interpretation of its arguments.

As in Ansible ``$NAME`` and ``~`` in the arguments are the host's, unless ``expand_argument_vars``
is off; pipes, redirections and the like are plain text.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from pydantic import Field, model_validator

from runner.interfaces.exchange import Command, Exec, Script
from runner.interfaces.guide import Guide
from runner.interfaces.loose import Text, Words
from runner.interfaces.module import CommandState, Facts
from runner.model.state import Change
from runner.modules._parts import posix
from runner.posix import quoting


class Params(posix.PosixParams):
    """Parameters of Ansible's command, and ``check``."""

    FREE_FORM: ClassVar[str | None] = "cmd"
    UNSUPPORTED: ClassVar[Mapping[str, str]] = {
        "executable": "the first word is the program; use the module 'shell' to choose a shell"
    }

    cmd: Text | None = Field(None, description="the program and its arguments in one line")
    argv: Words | None = Field(None, description="the program and its arguments as a list")
    expand_argument_vars: bool = Field(
        True, description="put the host's values in place of $NAME and ~"
    )

    @model_validator(mode="after")
    def _runnable(self) -> Params:
        if (self.cmd is None) == (self.argv is None):
            raise ValueError("give one command line, free form or as 'cmd', or 'argv'")
        for line in (self.cmd, self.check):
            if line is not None and not _split(line):
                raise ValueError("an empty command line")
        if self.argv is not None and not (self.argv and self.argv[0]):
            raise ValueError("'argv' has no program")
        return self

    @property
    def words(self) -> Sequence[str]:
        """The program and its arguments."""
        return self.argv if self.argv is not None else _split(self.cmd or "")


class Module(posix.PosixCommand[Params]):
    """Runs a program."""

    params = Params
    instead = "win_command"
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/builtin/command_module.html"
    )
    guide = Guide(
        example="command: smbd --version",
        where="posix",
    )

    def subject(self, params: Params) -> str:
        return f"command {shlex.join(params.words)}"

    def shown(self, params: Params) -> str:
        return shlex.join(params.words)

    def result(
        self,
        params: Params,
        change: Change[CommandState],
        facts: Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        """As of every command, with ``cmd`` as the list of its words."""
        result = {**super().result(params, change, facts, applied), "cmd": list(params.words)}
        result.pop("skipped", None)  # Ansible's command does not say so
        return result

    def check_command(self, params: Params) -> Command | None:
        if params.check is None:
            return None
        return _command_of(params, _split(params.check), stdin=None)

    def command(self, params: Params) -> Command:
        return _command_of(params, params.words, stdin=params.input)


def _split(line: str) -> list[str]:
    """The words of a line; raises ValueError for a quote that is never closed."""
    return shlex.split(line)


def _command_of(params: Params, words: Sequence[str], stdin: str | None) -> Command:
    expand = params.expand_argument_vars and any(quoting.expands(word) for word in words)
    if not expand and stdin is None and params.chdir is None:
        return Exec(*words)
    line = f"exec {quoting.join(words, expand=expand)}"
    return Script("posix", line, stdin=stdin, chdir=params.chdir)
