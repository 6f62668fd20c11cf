"""This machine behind the engine's own session: what a module asks really runs here."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, Final, TypeVar

from runner.engine.hosts.link import Link
from runner.engine.hosts.session import Reader, Writer
from runner.engine.stop import Stop
from runner.interfaces.exchange import Reply, Request
from runner.interfaces.module import CommandState, Module, Params
from runner.model.state import Change
from runner.shells import load as load_shell
from runner.transports import load as load_transport
from tests.modules.scripted import task

T = TypeVar("T")

FACTS: Final = {"shell_type": "posix"}
CHANGE: Final = Change("", CommandState(), CommandState(done=True))


def link() -> Link:
    """A link to this machine."""
    transport = load_transport("local")
    return Link("here", transport, transport.options("here", {}), load_shell, "posix", Stop())


def read(generator: Generator[Request, Reply, T]) -> T:
    """Drive a probe."""
    return Reader(link()).drive(generator)


def probe(name: str, /, facts: Mapping[str, Any] = FACTS, **raw: Any) -> Any:
    """What a task finds."""
    module, params = task(name, **raw)
    return read(module.probe(params, facts))


def run(name: str, /, facts: Mapping[str, Any] = FACTS, **raw: Any) -> dict[str, Any]:
    """What a command task returns."""
    module, params = task(name, **raw)
    return apply(module, params, facts)


def apply(
    module: Module[Any, Any], params: Params, facts: Mapping[str, Any] = FACTS
) -> dict[str, Any]:
    """The same with parsed parameters."""
    applied = Writer(link()).drive(module.apply(params, CHANGE, facts))
    return dict(module.result(params, CHANGE, facts, applied))
