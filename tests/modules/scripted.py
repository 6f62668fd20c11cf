"""A host that is a table: the answer of each command, by the words it begins with."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from runner.errors import ModuleError
from runner.interfaces.exchange import (
    Command,
    Exec,
    Output,
    Poll,
    Read,
    Reconnect,
    Reply,
    Request,
    Script,
    Sleep,
    Write,
)
from runner.interfaces.module import Module, Params
from runner.interfaces.params import parse
from runner.model.source import Source
from runner.modules import load

T = TypeVar("T")
Answer = Output | Exception
Answers = Mapping[str, Answer | Sequence[Answer]]

_MOST_POLLS = 50


def line(command: Command) -> str:
    """A command in one line, for tables and for people."""
    return " ".join(command.argv) if isinstance(command, Exec) else command.text


@dataclass
class Scripted:
    """Answers by the longest key with which a command begins; 1 for what is not in the table.

    A list is answered one by one, its last entry for ever. ``sent`` are the writes, in order.
    """

    answers: Answers = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    scripts: list[Script] = field(default_factory=list)
    reconnects: int = 0
    slept: float = 0.0
    _used: dict[str, int] = field(default_factory=dict)

    def drive(self, generator: Generator[Request, Reply, T]) -> T:
        """Run a generator to its end."""
        try:
            request = next(generator)
            while True:
                try:
                    reply = self._reply(request)
                except Exception as error:  # noqa: BLE001 - a host's error goes into the module
                    request = generator.throw(error)
                else:
                    request = generator.send(reply)
        except StopIteration as stop:
            result: T = stop.value
            return result

    def _reply(self, request: Request) -> Reply:
        match request:
            case Read(commands):
                self.asked += [line(command) for command in commands]
                return tuple(self._answer(command) for command in commands)
            case Write(command):
                self.sent.append(line(command))
                return (self._answer(command),)
            case Sleep(seconds):
                self.slept += seconds
            case Reconnect():
                self.reconnects += 1
            case Poll(commands, done):
                for _ in range(_MOST_POLLS):
                    reply = tuple(self._answer(command) for command in commands)
                    if done(reply):
                        return reply
                raise ModuleError(f"{request.what}: never")
        return ()

    def _answer(self, command: Command) -> Output:
        if isinstance(command, Script):
            self.scripts.append(command)
        text = line(command).lower()
        key = max((k for k in self.answers if text.startswith(k.lower())), key=len, default=None)
        if key is None:
            return Output(1)
        found = self.answers[key]
        if not isinstance(found, Output | Exception):
            index = self._used.get(key, 0)
            self._used[key] = index + 1
            found = found[min(index, len(found) - 1)]
        if isinstance(found, Exception):
            raise found
        return found


def task(module_name: str, /, **raw: Any) -> tuple[Module[Any, Any], Params]:
    """A module with parsed parameters."""
    module = load(module_name)
    return module, parse(module, raw, {}, Source("play.yml", 1, 1))
