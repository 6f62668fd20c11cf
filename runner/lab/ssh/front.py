"""The SSH service of one simulated host: OpenSSH for Windows, as far as a client sees it.

Sources: PowerShell/openssh-portable, contrib/win32/win32compat/w32-doexec.c (how a command is
started, that its streams are pipes) and inc/sys/wait.h (its exit code is passed on in full).
"""

from __future__ import annotations

import socket

from runner.lab.ports.host import Host
from runner.lab.ports.loop import Loop
from runner.lab.ports.port import Endpoint, Port
from runner.lab.ssh.client import SshClient
from runner.lab.ssh.options import SshOptions


class SshFront(Port):
    """Serves one machine over SSH while it has power. A context manager."""

    def __init__(
        self,
        machine: Host,
        spec: Endpoint,
        options: SshOptions | None = None,
        *,
        loop: Loop | None = None,
    ) -> None:
        super().__init__(machine, spec, loop)
        self._options = options or SshOptions()
        self._clients: set[SshClient] = set()

    @property
    def known_hosts(self) -> str:
        """The line that a client's known_hosts has for it."""
        key = self._options.host_key
        return f"[{self.address}]:{self.port} {key.get_name()} {key.get_base64()}\n"

    def counters(self) -> dict[str, int]:
        """What happened so far, and how many connections and commands there are now."""
        with self._members:
            clients = [c for c in self._connections if isinstance(c, SshClient)]
        return {
            **self.books.counters(),
            "open_connections": len(clients),
            "running_commands": sum(client.running for client in clients),
        }

    def _client(self, sock: socket.socket, peer: tuple[str, int]) -> SshClient:
        return SshClient(sock, peer, self.machine, self._spec, self._options, self.books)

    def _end_all(self) -> None:
        """Each client ends its own commands when it is aborted."""
