"""Sessions: one host's link for the run, and the drivers that carry modules' requests over it.

``Reader`` answers reads and nothing else: a dry run is given a Reader, so it has no path to a
mutation. ``Writer`` also sends writes; only the run and rollback visits make one. ``Preview``
walks through an apply without a host and notes what would be sent.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from runner.engine.stop import Stop, StopLevel
from runner.errors import (
    ConnectionLost,
    DependsOnUnknown,
    HostError,
    ModuleError,
    TransportError,
    Unreachable,
)
from runner.interfaces.exchange import (
    Command,
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
from runner.interfaces.shell import Shell
from runner.interfaces.transport import Connection, Transport

T = TypeVar("T")

DEFAULT_TIMEOUT = 120.0
"""Seconds for a command that says nothing else."""


@dataclass(slots=True)
class Link:
    """How to reach one host, its open connection if there is one, and what is known of it.

    Used by one worker at a time (the walk sees to that).
    """

    host: str
    transport: Transport
    options: Any
    shells: Callable[[str], Shell]
    login_shell: str
    stop: Stop
    connect_timeout: float = 30.0
    facts: Mapping[str, Any] | None = None
    closed_exchanges: int = 0
    connection: Connection | None = field(default=None, repr=False)

    def shell_of(self, command: Command) -> Shell:
        """The shell that renders this command."""
        language = command.shell if isinstance(command, Script) else self.login_shell
        return self.shells(language)

    def open(self, timeout: float | None = None) -> Connection:
        """The open connection, made when there is none."""
        if self.connection is None:
            self.connection = self.transport.connect(
                self.options, timeout=timeout or self.connect_timeout
            )
        return self.connection

    def drop(self) -> None:
        """Close the connection, if any; facts stay."""
        if self.connection is not None:
            connection, self.connection = self.connection, None
            connection.close()
            self.closed_exchanges += connection.exchanges

    @property
    def exchanges(self) -> int:
        """Round trips so far, on all connections."""
        return self.closed_exchanges + (self.connection.exchanges if self.connection else 0)


class Reader:
    """Drives generators that only read."""

    def __init__(self, link: Link, timeout: float | None = None) -> None:
        self.link = link
        self._deadline = time.monotonic() + timeout if timeout else None

    def drive(self, generator: Generator[Request, Reply, T]) -> T:
        """Run a module's generator to its end and give back what it returns."""
        try:
            request = next(generator)
            while True:
                try:
                    reply = self._answer(request)
                except HostError as error:
                    request = generator.throw(error)
                else:
                    request = generator.send(reply)
        except StopIteration as stop:
            result: T = stop.value
            return result

    def _answer(self, request: Request) -> Reply:
        match request:
            case Read(commands):
                return self._read(commands)
            case Sleep(seconds):
                self._sleep(seconds)
                return ()
            case Poll():
                return self._poll(request)
        raise TypeError(f"a probe must not ask for {type(request).__name__}")

    def _read(self, commands: Sequence[Command]) -> Reply:
        outputs: list[Output] = []
        for shell, group in self._grouped(commands):
            bundles = shell.bundle(group)
            if bundles is None:
                outputs += [self._run(command) for command in group]
                continue
            for bundle in bundles:
                connection = self.link.open()
                raw = self._guard(
                    lambda c=connection, b=bundle: c.run(  # type: ignore[misc]
                        b.invocation, timeout=self._timeout(None)
                    )
                )
                outputs += bundle.outputs(raw, connection.encoding)
        return tuple(outputs)

    def _grouped(self, commands: Sequence[Command]) -> list[tuple[Shell, list[Command]]]:
        groups: list[tuple[Shell, list[Command]]] = []
        for command in commands:
            shell = self.link.shell_of(command)
            if groups and groups[-1][0] is shell:
                groups[-1][1].append(command)
            else:
                groups.append((shell, [command]))
        return groups

    def _run(self, command: Command) -> Output:
        shell = self.link.shell_of(command)
        invocation = shell.render(command)
        connection = self.link.open()
        timeout = self._timeout(command.timeout)
        raw = self._guard(lambda: connection.run(invocation, timeout=timeout))
        return shell.decode(raw, connection.encoding)

    def _guard(self, call: Callable[[], T]) -> T:
        try:
            return call()
        except TransportError:
            # After any failure the link may be out of step with the host: never used again.
            self.link.drop()
            raise

    def _timeout(self, wanted: float | None) -> float:
        timeout = wanted or DEFAULT_TIMEOUT
        if self._deadline is not None:
            timeout = min(timeout, max(1.0, self._deadline - time.monotonic()))
        return timeout

    def _sleep(self, seconds: float) -> None:
        # What is in flight is finished when the run is asked to end: a restart is waited for.
        if self.link.stop.sleep(seconds, StopLevel.NOW):
            raise ModuleError("stopped while waiting", hint="the run was interrupted")

    def _poll(self, poll: Poll) -> Reply:
        end = time.monotonic() + self._timeout(poll.timeout)
        while True:
            reply = self._read(poll.commands)
            if poll.done(reply):
                return reply
            if time.monotonic() >= end:
                raise ModuleError(f"{poll.what}: not within {poll.timeout:g} s")
            self._sleep(poll.interval)


class Writer(Reader):
    """Drives generators that change the host; notes each command that it sends.

    Whoever makes one has made the intent durable.
    """

    def __init__(self, link: Link, timeout: float | None = None) -> None:
        super().__init__(link, timeout)
        self.sent: list[str] = []
        self.answered = 0
        """How many writes came back; when it is not zero, something did happen."""

    def _answer(self, request: Request) -> Reply:
        match request:
            case Write(command):
                return (self._write(command),)
            case Reconnect():
                self._reconnect(request)
                return ()
        return super()._answer(request)

    def _write(self, command: Command) -> Output:
        invocation = self.link.shell_of(command).render(command)
        self.link.open()
        self.sent.append(invocation.text)
        try:
            output = self._run(command)
        except ConnectionLost:
            if not command.disconnects:
                raise
            output = Output(0)
        self.answered += 1
        return output

    def _reconnect(self, request: Reconnect) -> None:
        self.link.drop()
        self.link.facts = None  # another boot may be another build
        end = time.monotonic() + request.timeout
        self._sleep(request.delay)
        last: TransportError | None = None
        while time.monotonic() < end:
            try:
                self.link.open(request.connect_timeout)
                return
            except TransportError as error:
                if not error.unreachable:
                    raise
                last = error
            self._sleep(request.pause)
        reason = f"; last: {last.message}" if last else ""
        raise Unreachable(f"not back within {request.timeout:g} s{reason}")


class Preview:
    """Goes through an apply without a host: every write succeeds, every wait ends at once."""

    _LIMIT = 200

    def __init__(self, shell_of: Callable[[Command], Shell]) -> None:
        self._shell_of = shell_of
        self.commands: list[str] = []

    def drive(self, generator: Generator[Request, Reply, Any]) -> tuple[str, ...]:
        """The command lines that would be sent, in order.

        Where what is sent depends on an answer that only the real run gets, the list ends there
        with an ellipsis.
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
            self.commands.append("...")
        return tuple(self.commands)

    def _answer(self, request: Request) -> Reply:
        match request:
            case Write(command):
                self.commands.append(self._shell_of(command).render(command).text)
                return (Output(0),)
            case Read(commands):
                return tuple(Output(0) for _ in commands)
        return ()
