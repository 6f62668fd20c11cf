"""The port of one simulated host: who is connected, and what its power switch does to them.

What is spoken there is a matter of the class that is derived: WinRM (``front``), SSH (``ssh``).
"""

from __future__ import annotations

import contextlib
import errno
import socket
import threading
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Any, Protocol, Self

from runner.lab.ports.books import Books
from runner.lab.ports.host import Host
from runner.lab.ports.loop import Loop


class Endpoint(Protocol):
    """Where a host is served and who may log on: the part of a HostSpec that a port needs."""

    @property
    def name(self) -> str: ...
    @property
    def address(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def scheme(self) -> str: ...
    @property
    def user(self) -> str: ...
    @property
    def password(self) -> str: ...


class PortTaken(Exception):
    """A host's address and port cannot be listened on."""

    def __init__(self, host: str, address: str, port: int, why: str) -> None:
        super().__init__(f"host {host}: cannot listen on {address}:{port}: {why}")
        self.host = host
        self.address = address
        self.port = port


class Client(Protocol):
    """One client that is connected."""

    def serve(self) -> None:
        """The whole life of the connection. Never raises."""

    def abort(self) -> None:
        """Have the connection reset, from any thread and at once."""


class Port(ABC):
    """Serves one machine while it has power. A context manager.

    ``loop`` is shared by the hosts of one process; a port that is given none makes its own.
    ``port`` 0 takes a free one.
    """

    def __init__(self, machine: Host, spec: Endpoint, loop: Loop | None = None) -> None:
        self.machine = machine
        self.name = spec.name
        self.address = spec.address
        self.port = spec.port
        self.scheme = spec.scheme
        self.books = Books()
        self._spec = spec
        self._own_loop = loop is None
        self._loop = loop or Loop()
        self._cleanup = contextlib.ExitStack()
        self._lock = threading.RLock()  # power; may be held while the loop works
        self._members = threading.Lock()  # connections; taken on the loop's thread, held briefly
        self._socket: socket.socket | None = None
        self._listening = False
        self._running = False
        self._connections: dict[Client, threading.Thread] = {}

    @abstractmethod
    def _client(self, sock: socket.socket, peer: tuple[str, int]) -> Client:
        """Who serves a new connection; called on the loop's thread, so it must be quick."""

    @abstractmethod
    def _end_all(self) -> None:
        """End what was started for clients, as a loss of power does."""

    @abstractmethod
    def counters(self) -> dict[str, int]:
        """What happened so far, and what there is now."""

    @property
    def ca_pem(self) -> bytes:
        """What a client must trust for https."""
        return b""

    @property
    def url(self) -> str:
        """The endpoint for a client."""
        return f"{self.scheme}://{self.address}:{self.port}"

    def start(self) -> None:
        """Open the port if the machine has power, else only hold it. Raises PortTaken."""
        with self._lock:
            self._running = True
            self._bind()
            self.machine.subscribe_power(self._power_changed)
            self._follow_power()

    def stop(self) -> None:
        """Drop everything; returns when the threads of all connections have ended."""
        with self._lock:
            self._running = False
            self._drop()
            if self._socket is not None:
                self._socket.close()
                self._socket = None
        with self._members:
            threads = list(self._connections.values())
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(5.0)
        if self._own_loop:
            self._loop.stop()
        self._cleanup.close()

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def inject(self, kind: str, count: int = 1) -> None:
        """Commit this fault on the next ``count`` occasions. Raises UnknownFault, ValueError."""
        self.books.inject(kind, count)

    def _bind(self) -> None:
        """Hold the port without listening: a client is refused, and nobody else gets it."""
        family = socket.AF_INET6 if ":" in self.address else socket.AF_INET
        holder = socket.socket(family, socket.SOCK_STREAM)
        try:
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            holder.bind((self.address, self.port))
        except OSError as error:
            holder.close()
            why = error.strerror or str(error)
            raise PortTaken(self.name, self.address, self.port, why) from error
        self.port = int(holder.getsockname()[1])
        self._socket = holder

    def _power_changed(self, machine: Any) -> None:
        del machine  # a front knows its own
        with self._lock:
            if self._running:
                self._follow_power()

    def _follow_power(self) -> None:
        if self.machine.power != "on":
            self._drop()
        elif not self._listening and self._socket is not None:
            self._listen(self._socket)

    def _listen(self, holder: socket.socket) -> None:
        try:
            holder.listen(128)
        except OSError as error:
            why = "in use" if error.errno == errno.EADDRINUSE else str(error)
            raise PortTaken(self.name, self.address, self.port, why) from error
        self._listening = True
        self._loop.listen(holder, self._accepted)

    def _drop(self) -> None:
        """Reset every connection, end what runs, and stop listening while holding the port."""
        with self._members:
            was_listening, self._listening = self._listening, False
            connections = list(self._connections)
        for connection in connections:
            connection.abort()
        self._end_all()
        if was_listening and self._socket is not None:
            self._loop.close(self._socket)
            self._socket = None
            if self._running:
                self._bind()

    def _accepted(self, sock: socket.socket, peer: tuple[str, int]) -> None:
        connection = self._client(sock, peer)
        thread = threading.Thread(
            target=self._serve, args=(connection,), name=f"{self.name} connection", daemon=True
        )
        with self._members:
            if not self._listening:
                sock.close()
                return
            thread.start()
            self._connections[connection] = thread
        self.books.count("connections")

    def _serve(self, connection: Client) -> None:
        try:
            connection.serve()
        finally:
            with self._members:
                self._connections.pop(connection, None)
