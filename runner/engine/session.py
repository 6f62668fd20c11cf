"""Sessions: one host's link for the run, and the drivers that carry modules' requests over it.

``Reader`` answers reads and nothing else: a dry run is given a Reader, so it has no path to a
mutation. ``Writer`` also sends writes; only the run and rollback visits make one. ``Preview``
walks through an apply without a host and notes what would be sent.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from runner.engine.access import Access, Place
from runner.engine.reconnecting import reconnect
from runner.engine.stop import Stop, StopLevel
from runner.errors import (
    ConnectionLost,
    HostError,
    ModuleError,
    TransportError,
)
from runner.interfaces.access import KeptConnection
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
from runner.interfaces.shell import Setting, Shell
from runner.interfaces.transport import Connection, Transport

T = TypeVar("T")

DEFAULT_TIMEOUT = 120.0
"""Seconds for a command that says nothing else."""


@dataclass(slots=True)
class Link:
    """How to reach one host, its open connection if there is one, and what is known of it.

    Whoever works on it holds ``lock``: mostly the host's own worker, but a task that is delegated
    here comes from another one. Nobody holds two of these locks, so there is no deadlock.
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
    access: Access | None = field(default=None, repr=False)
    waited: float = 0.0
    """Seconds spent so far on waiting for a turn to connect."""
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False, compare=False)

    def shell_of(self, command: Command) -> Shell:
        """The shell that renders this command."""
        language = command.shell if isinstance(command, Script) else self.login_shell
        return self.shells(language)

    def open(self, timeout: float | None = None) -> Connection:
        """The open connection, made when there is none."""
        if self.connection is None:
            access = self.access = self.access or Access(self.stop)
            place = Place(self.host, self.transport, self.options)
            wanted = self.connect_timeout if timeout is None else timeout
            self.connection, waited = access.connect(place, wanted)
            self.waited += waited
        return self.connection

    def drop(self) -> None:
        """Close the connection, if any; facts stay."""
        if self.connection is not None:
            connection, self.connection = self.connection, None
            connection.close()
            self.closed_exchanges += connection.exchanges

    def reach(self, timeout: float) -> None:
        """See whether anybody answers there. Raises TransportError."""
        if self.access is not None:
            self.access.reach(Place(self.host, self.transport, self.options), timeout)

    def forgive(self) -> None:
        """Let a host that refused us be asked once more: it is starting up."""
        if self.access is not None:
            self.access.forgive(Place(self.host, self.transport, self.options))

    def end_now(self, seconds: float) -> None:
        """End what runs and close, in so many seconds; whoever works on it meanwhile fails."""
        connection = self.connection
        if isinstance(connection, KeptConnection):
            connection.end_now(seconds)
        elif connection is not None:
            connection.close()

    @property
    def exchanges(self) -> int:
        """Round trips so far, on all connections."""
        return self.closed_exchanges + (self.connection.exchanges if self.connection else 0)


class Surrounded:
    """The shells of a link with a setting around what they render; one object for each shell."""

    def __init__(self, shell_of: Callable[[Command], Shell], setting: Setting) -> None:
        self._shell_of = shell_of
        self._setting = setting
        self._made: dict[str, Shell] = {}

    def of(self, command: Command) -> Shell:
        """The shell that renders this command. Raises ModuleError for a setting it cannot do."""
        shell = self._shell_of(command)
        if not self._setting:
            return shell
        if shell.name not in self._made:
            self._made[shell.name] = shell.under(self._setting)
        return self._made[shell.name]


class Reader:
    """Drives generators that only read. ``setting`` is around each of their commands."""

    def __init__(
        self,
        link: Link,
        timeout: float | None = None,
        setting: Setting = Setting(),  # noqa: B008 - it is frozen
    ) -> None:
        self.link = link
        self._deadline = time.monotonic() + timeout if timeout else None
        self._shells = Surrounded(link.shell_of, setting)

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
                connection = self._connect()
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
            shell = self._shells.of(command)
            if groups and groups[-1][0] is shell:
                groups[-1][1].append(command)
            else:
                groups.append((shell, [command]))
        return groups

    def _run(self, command: Command) -> Output:
        shell = self._shells.of(command)
        invocation = shell.render(command)
        connection = self._connect()
        timeout = self._timeout(command.timeout)
        raw = self._guard(lambda: connection.run(invocation, timeout=timeout))
        return shell.decode(raw, connection.encoding)

    def _connect(self) -> Connection:
        """The open connection; waiting for a turn to make it is not the task's own time."""
        link, limit = self.link, None
        if self._deadline is not None:
            limit = max(1.0, min(link.connect_timeout, self._deadline - time.monotonic()))
        before = link.waited
        connection = link.open(limit)
        if self._deadline is not None:
            self._deadline += link.waited - before
        return connection

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

    def __init__(
        self,
        link: Link,
        timeout: float | None = None,
        setting: Setting = Setting(),  # noqa: B008 - it is frozen
    ) -> None:
        super().__init__(link, timeout, setting)
        self.sent: list[str] = []
        self.answered = 0
        """How many writes came back; when it is not zero, something did happen."""

    def _answer(self, request: Request) -> Reply:
        match request:
            case Write(command):
                return (self._write(command),)
            case Reconnect():
                reconnect(self.link, request, self._sleep)
                return ()
        return super()._answer(request)

    def _write(self, command: Command) -> Output:
        invocation = self._shells.of(command).render(command)
        self._connect()
        self.sent.append(invocation.text)
        try:
            output = self._run(command)
        except ConnectionLost:
            if not command.disconnects:
                raise
            output = Output(0)
        self.answered += 1
        return output
