"""What the modules that run a user's command have in common.

A command that ends with another code than 0 has failed: ``apply`` returns its output with
``failed: True`` and ``msg`` in the mapping, which the engine turns into the outcome, so that
``register`` and ``failed_when`` still see everything. It does not raise.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, TypeAlias, TypeVar

from pydantic import Field, field_validator

from runner.interfaces import module as base
from runner.interfaces.exchange import Command, Output, Query, Reply, Request, read, write
from runner.interfaces.loose import Text
from runner.interfaces.module import CommandState
from runner.model.state import Change
from runner.windows import files, variables

ENCODING_REASON: Final = (
    "what a program prints is decoded in the code page of the connection: for one that always "
    "prints UTF-8, set the host variable runner_codepage: 65001"
)


class GuardedParams(base.Params):
    """What tells whether a command's work is already done."""

    creates: Text | None = Field(None, description="skip when this path exists")
    removes: Text | None = Field(None, description="skip when this path does not exist")


HostPath: TypeAlias = Annotated[Text, variables.FILLED]
"""A path of Windows in which variables of the host may stand."""


class CommandParams(GuardedParams):
    """The same with paths of Windows."""

    creates: HostPath | None = Field(None, description="skip when this path exists")
    removes: HostPath | None = Field(None, description="skip when this path does not exist")

    @field_validator("creates", "removes")
    @classmethod
    def _path(cls, path: str | None) -> str | None:
        if path is None:
            return None
        bare = variables.VARIABLE.sub("x", path)
        if problem := files.bad_path(bare):
            raise ValueError(problem)
        if "%" in bare:
            raise ValueError("holds a '%' that belongs to no variable such as %TEMP%")
        return path


@dataclass(frozen=True, slots=True)
class Looking:
    """How to see on a host whether something matches a path."""

    commands: Callable[[str], Sequence[Command]]
    found: Callable[[Sequence[Output]], bool]


ON_WINDOWS: Final = Looking(files.look, files.found)

FAILED: Final = "non-zero return code"
"""What Ansible's command modules say in ``msg`` of every failed command."""

ParamsT = TypeVar("ParamsT", bound=GuardedParams)


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

    def failure(self, applied: Mapping[str, Any]) -> str:
        """A failed command in one line: its code, and the first thing it said."""
        return one_line(applied.get("rc"), applied.get("stderr", ""), applied.get("stdout", ""))


def probe(
    params: GuardedParams, check: Command | None = None, looking: Looking = ON_WINDOWS
) -> Generator[Query, Reply, CommandState]:
    """Whether the work is done, by ``creates``, ``removes`` and the ``check`` command.

    One of them that says so is enough. None of them given: nobody can tell.
    """
    exists: dict[str, bool] = {}
    paths = [path for path in (params.creates, params.removes) if path is not None]
    if paths:
        looks = [looking.commands(path) for path in paths]
        outputs = iter((yield from read(*(command for look in looks for command in look))))
        for path, look in zip(paths, looks, strict=True):
            exists[path] = looking.found([next(outputs) for _ in look])
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


def now() -> datetime:
    """The time of the controller, as in ``start`` and ``end``."""
    return datetime.now()


def run(command: Command, shown: str) -> Generator[Request, Reply, Mapping[str, Any]]:
    """Send the command and return Ansible's return values; see the top of this file."""
    begun = now()
    output = yield from write(command)
    return returned(output, shown, begun)


def returned(output: Output, shown: str, begun: datetime) -> dict[str, Any]:
    """Ansible's return values of one command.

    What travelled with others has ended before anybody asked: then its own time counts.
    """
    ended = now()
    begun = min(begun, ended - timedelta(seconds=output.seconds))
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
        values |= {"failed": True, "msg": FAILED}
    return values


def one_line(code: object, stderr: str, stdout: str) -> str:
    """A failed command in one line: its exit code, and the first thing it said."""
    said = f"{stderr}\n{stdout}".splitlines()
    first = next((line.strip() for line in said if line.strip()), "")
    return f"exit code {code}{f': {first}' if first else ''}"


def skipped(state: CommandState, shown: str) -> Mapping[str, Any]:
    """Ansible's return values of a command that was not run."""
    because = f"skipped, since {state.because}"
    return {"cmd": shown, "rc": 0, "skipped": True, "stdout": because, "msg": because}
