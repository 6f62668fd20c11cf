"""Preview: walks through an apply without a host and notes what would be sent."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from runner.engine.hosts.session import Surrounded
from runner.errors import DependsOnUnknown, HostError, ModuleError
from runner.interfaces.exchange import Command, Output, Read, Reply, Request, Upload, Write
from runner.interfaces.setting import Setting
from runner.interfaces.shell import Shell


class Preview:
    """Goes through an apply without a host: every write succeeds, every wait ends at once."""

    _LIMIT = 200

    def __init__(
        self,
        shell_of: Callable[[Command], Shell],
        setting: Setting = Setting(),  # noqa: B008 - it is frozen
    ) -> None:
        self._shells = Surrounded(shell_of, setting)
        self._impossible: ModuleError | None = None
        self.commands: list[str] = []

    def drive(self, generator: Generator[Request, Reply, Any]) -> tuple[str, ...]:
        """The command lines that would be sent, in order.

        Where what is sent depends on an answer that only the real run gets, the list ends there
        with an ellipsis. Raises ModuleError when the shell cannot do the setting at all.
        """
        try:
            request = next(generator)
            for _ in range(self._LIMIT):
                request = generator.send(self._answer(request))
            generator.close()
            self.commands.append("...")
        except StopIteration:
            pass
        except (HostError, DependsOnUnknown, LookupError, ValueError):
            if self._impossible is not None:
                raise self._impossible from None
            self.commands.append("...")
        return tuple(self.commands)

    def _answer(self, request: Request) -> Reply:
        match request:
            case Write(command):
                self.commands.append(self._shell(command).render(command).text)
                return (Output(0),)
            case Upload(path, before=before):
                if before is not None:
                    self.commands.append(self._shell(before).render(before).text)
                self.commands.append(f"upload {path} ({request.content.size} bytes)")
                return (Output(0),)
            case Read(commands):
                return tuple(Output(0) for _ in commands)
        return ()

    def _shell(self, command: Command) -> Shell:
        try:
            return self._shells.of(command)
        except ModuleError as error:
            self._impossible = error
            raise
