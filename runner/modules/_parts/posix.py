"""What ``command`` and ``shell`` have in common: POSIX paths, streams, where they can run."""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from collections.abc import Generator, Mapping, Sequence
from typing import Any, Final, TypeVar

from pydantic import Field

from runner.errors import ModuleError
from runner.interfaces import module as base
from runner.interfaces.exchange import Command, Output, Query, Reply, Request, Script, write
from runner.interfaces.loose import Text
from runner.interfaces.module import CommandState
from runner.model.state import Change
from runner.modules._parts import command as _command
from runner.posix import quoting

SHELLS: Final = ("posix", "sh")
"""What the fact ``shell_type`` says of a host with a POSIX shell."""


def is_posix(facts: base.Facts) -> bool:
    """Whether a POSIX shell answers there; a host of which nothing is known is a Windows host."""
    return facts.get("shell_type", "cmd") in SHELLS


def require_posix(facts: base.Facts, module: str, instead: str) -> None:
    """Raises ModuleError on a host that is known to have another shell."""
    shell = facts.get("shell_type", SHELLS[0])
    if shell not in SHELLS:
        raise ModuleError(
            f"'{module}' is for hosts with a POSIX shell, this one has {shell}",
            hint=f"use '{instead}' there",
        )


class PosixParams(_command.GuardedParams):
    """Parameters of Ansible's command and shell that are the same in both, and ``check``."""

    chdir: Text | None = Field(None, description="folder to run it in")
    stdin: Text | None = Field(None, description="text for its standard input")
    stdin_add_newline: bool = Field(True, description="put a line break behind stdin")
    warn: bool | None = Field(
        None, description="does nothing; Ansible took it up to 2.13, and older playbooks have it"
    )
    strip_empty_ends: bool = Field(True, description="take line breaks off the ends of the output")
    check: Text | None = Field(
        None, description="a command that changes nothing; exit code 0 says: already done"
    )

    @property
    def input(self) -> str | None:
        """What the command reads."""
        if self.stdin is None:
            return None
        return self.stdin + "\n" * self.stdin_add_newline


ParamsT = TypeVar("ParamsT", bound=PosixParams)


class PosixCommand(_command.CommandModule[ParamsT]):
    """A module that runs what the user wrote on a host with a POSIX shell."""

    instead: str
    """Its like for Windows hosts."""

    @abstractmethod
    def command(self, params: ParamsT) -> Command:
        """What is run."""

    def probe(self, params: ParamsT, facts: base.Facts) -> Generator[Query, Reply, CommandState]:
        name = type(self).__module__.rpartition(".")[2]
        require_posix(facts, name, self.instead)
        looking = _command.Looking(lambda path: [look(path, params.chdir)], found)
        return (yield from _command.probe(params, self.check_command(params), looking))

    def apply(
        self, params: ParamsT, change: Change[CommandState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        begun = _command.now()
        output = yield from write(self.command(params))
        if params.strip_empty_ends:
            output = dataclasses.replace(
                output, stdout=output.stdout.rstrip("\r\n"), stderr=output.stderr.rstrip("\r\n")
            )
        return _command.returned(output, self.shown(params), begun)


def look(path: str, chdir: str | None) -> Script:
    """Whether something matches; a link that leads nowhere is something, as for Ansible."""
    words = quoting.path(path, wildcards=True)
    words = f"./{words}" if path.startswith("-") else words
    return Script("posix", f"ls -d {words} >/dev/null 2>&1", chdir=chdir)


def found(outputs: Sequence[Output]) -> bool:
    return all(output.code == 0 for output in outputs)
