"""What the modules that run a user's command have in common.

A command that ends with another code than 0 has failed: ``apply`` returns its output with
``failed: True`` and ``msg`` in the mapping, which the engine turns into the outcome, so that
``register`` and ``failed_when`` still see everything. It does not raise.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Generator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from pydantic import Field, field_validator

from runner.interfaces import module as base
from runner.interfaces.exchange import Command, Output, Query, Reply, Request, read, write
from runner.interfaces.loose import Text
from runner.interfaces.module import CommandState
from runner.model.state import Change
from runner.windows import files

ENCODING_REASON: Final = "the host's own code page is asked for and used; nothing to override"


class CommandParams(base.Params):
    """What tells whether a command's work is already done."""

    creates: Text | None = Field(None, description="skip when this path exists")
    removes: Text | None = Field(None, description="skip when this path does not exist")

    @field_validator("creates", "removes")
    @classmethod
    def _path(cls, path: str | None) -> str | None:
        if path is None:
            return None
        if problem := files.bad_path(path):
            raise ValueError(problem)
        if "%" in path:
            raise ValueError(
                "must be the path itself: write {{ ansible_env.NAME }} in place of %NAME%"
            )
        return path


ParamsT = TypeVar("ParamsT", bound=CommandParams)


class CommandModule(base.Module[ParamsT, CommandState]):
    """A module that runs what the user wrote; its work can be known to be done already."""

    state = CommandState
    effect = base.Effect.COMMAND

    @abstractmethod
    def shown(self, params: ParamsT) -> str:
        """What runs, for ``cmd`` in the result."""

    @abstractmethod
    def check_command(self, params: ParamsT) -> Command | None:
        """What ``check`` runs; None when it is not given."""

    def probe(self, params: ParamsT, facts: base.Facts) -> Generator[Query, Reply, CommandState]:
        """Whether the work is done, by ``creates``, ``removes`` and ``check``."""
        return (yield from probe(params, self.check_command(params)))

    def plan(self, params: ParamsT, before: CommandState, facts: base.Facts) -> CommandState:
        """Its work is done."""
        return planned(before)

    def result(
        self,
        params: ParamsT,
        change: Change[CommandState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        """What it returned, or that it was not run."""
        return applied or skipped(change.after, self.shown(params))


def probe(
    params: CommandParams, check: Command | None = None
) -> Generator[Query, Reply, CommandState]:
    """Whether the work is done, by ``creates``, ``removes`` and the ``check`` command.

    One of them that says so is enough. None of them given: nobody can tell.
    """
    exists: dict[str, bool] = {}
    paths = [path for path in (params.creates, params.removes) if path is not None]
    if paths:
        commands = [command for path in paths for command in files.look(path)]
        outputs = yield from read(*commands)
        for index, path in enumerate(paths):
            exists[path] = files.found(outputs[2 * index : 2 * index + 2])
    if params.creates is not None and exists[params.creates]:
        return CommandState(done=True, because=f"{params.creates} exists")
    if params.removes is not None and not exists[params.removes]:
        return CommandState(done=True, because=f"{params.removes} does not exist")
    if check is not None:
        (output,) = yield from read(check)
        if output.code == 0:
            return CommandState(done=True, because="check: it is already done")
        return CommandState(done=False, because=f"check: exit code {output.signed}")
    if params.creates is not None:
        return CommandState(done=False, because=f"{params.creates} does not exist")
    if params.removes is not None:
        return CommandState(done=False, because=f"{params.removes} exists")
    return CommandState()


def planned(before: CommandState) -> CommandState:
    """What a command leaves behind: its work is done."""
    return CommandState(done=True, because=before.because)


def run(command: Command, shown: str) -> Generator[Request, Reply, Mapping[str, Any]]:
    """Send the command and return Ansible's return values; see the top of this file."""
    begun = datetime.now()
    output = yield from write(command)
    return returned(output, shown, begun)


def returned(output: Output, shown: str, begun: datetime) -> dict[str, Any]:
    """Ansible's return values of one command."""
    ended = datetime.now()
    values: dict[str, Any] = {
        "cmd": shown,
        "rc": output.signed,
        "stdout": output.stdout,
        "stdout_lines": output.stdout.splitlines(),
        "stderr": output.stderr,
        "stderr_lines": output.stderr.splitlines(),
        "start": str(begun),
        "end": str(ended),
        "delta": str(timedelta(seconds=round((ended - begun).total_seconds(), 6))),
    }
    if output.code != 0:
        values |= {"failed": True, "msg": failure(output)}
    return values


def failure(output: Output) -> str:
    """A failed command in one line: its code, and the first thing it said."""
    said = [line.strip() for line in f"{output.stderr}\n{output.stdout}".splitlines()]
    first = next((line for line in said if line), "")
    return f"exit code {output.signed}{f': {first}' if first else ''}"


def skipped(state: CommandState, shown: str) -> Mapping[str, Any]:
    """Ansible's return values of a command that was not run."""
    return {"cmd": shown, "rc": 0, "skipped": True, "msg": f"skipped, since {state.because}"}
