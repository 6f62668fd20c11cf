"""A host's link for a run: how to reach it, its connection, what is known of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from runner.engine.hosts.access import Access, Place
from runner.engine.stop import Stop
from runner.interfaces.access import KeptConnection
from runner.interfaces.exchange import Command, Script
from runner.interfaces.lease import Lease, Leases
from runner.interfaces.setting import Setting
from runner.interfaces.shell import Shell
from runner.interfaces.transport import Connection, Transport


@dataclass(frozen=True, slots=True)
class Taking:
    """An entry that is written by the first command of a script. ``begun`` by the run's clock."""

    command: Command
    entry: Lease
    begun: float


class Hold(Protocol):
    """What keeps other controllers off a host; see ``leasing``."""

    def hold(self, link: Link, seconds: float, setting: Setting) -> None:
        """Have the host for so many more seconds. Raises LeaseHeld."""

    def taking(self, link: Link, seconds: float, setting: Setting) -> Taking | None:
        """What takes it at the head of a script; None where ``hold`` is the way."""

    def taken(self, taking: Taking) -> None:
        """That came out well."""

    def parting(self, link: Link) -> Command | None:
        """What gives it back behind the last look; None where there is nothing to give back."""

    def parted(self) -> None:
        """That was done."""

    def release(self, link: Link) -> None:
        """Give it back, if it was taken by this link."""


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
    lease: Hold | None = field(default=None, repr=False)
    waited: float = 0.0
    """Seconds spent so far on waiting for a turn to connect."""
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False, compare=False)

    def shell_of(self, command: Command) -> Shell:
        """The shell that renders this command."""
        language = command.shell if isinstance(command, Script) else self.login_shell
        return self.shells(language)

    def open(self, timeout: float | None = None, *, knock: bool = False) -> Connection:
        """The open connection, made when there is none; see ``Access.connect``."""
        if self.connection is None:
            access = self.access = self.access or Access(self.stop)
            wanted = self.connect_timeout if timeout is None else timeout
            self.connection, waited = access.connect(self.place, wanted, knock=knock)
            self.waited += waited
        return self.connection

    def leases(self) -> Leases | None:
        """How leases are kept on this host; None where there are none."""
        return self.shells(self.login_shell).leases() if self.transport.shared else None

    def hold(self, setting: Setting, seconds: float = 0.0) -> None:
        """Keep other controllers off, for so many seconds at least, before a change is made in
        this setting. Raises LeaseHeld."""
        if self.lease is not None:
            self.lease.hold(self, seconds, setting)

    def taking(self, setting: Setting, seconds: float) -> Taking | None:
        """What does that at the head of a script that takes so many seconds, if it is not done;
        None where ``hold`` is the way."""
        return None if self.lease is None else self.lease.taking(self, seconds, setting)

    def release(self) -> None:
        """Let other controllers in again."""
        if self.lease is not None:
            self.lease.release(self)

    @property
    def place(self) -> Place:
        """Where it leads, and as whom."""
        return Place(self.host, self.transport, self.options)

    def drop(self) -> None:
        """Close the connection, if any; facts stay."""
        if self.connection is not None:
            connection, self.connection = self.connection, None
            connection.close()
            self.closed_exchanges += connection.exchanges

    def forgive(self) -> None:
        """Let a host that refused us be asked once more: it is starting up."""
        if self.access is not None:
            self.access.forgive(self.place)

    def end_now(self, seconds: float) -> None:
        """End what runs and close, in so many seconds; whoever works on it meanwhile fails.

        A lease is given back by a link that nobody works on; others expire.
        """
        if self.lock.acquire(blocking=False):
            try:
                self.release()
            finally:
                self.lock.release()
        connection = self.connection
        if isinstance(connection, KeptConnection):
            connection.end_now(seconds)
        elif connection is not None:
            connection.close()

    @property
    def exchanges(self) -> int:
        """Round trips so far, on all connections."""
        return self.closed_exchanges + (self.connection.exchanges if self.connection else 0)
