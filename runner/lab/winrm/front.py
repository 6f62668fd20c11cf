"""The WinRM listener of one simulated host: its port, its connections, its power switch."""

from __future__ import annotations

import socket
import tempfile
from pathlib import Path

from runner.lab.ports.host import Host
from runner.lab.ports.loop import Loop
from runner.lab.ports.port import Endpoint, Port, PortTaken
from runner.lab.winrm.connection import Connection, Served
from runner.lab.winrm.http_tls import Authority
from runner.lab.winrm.kerberos import Realm
from runner.lab.winrm.ntlm import Means
from runner.lab.winrm.ntlm_users import Account, UserFile
from runner.lab.winrm.options import FrontOptions
from runner.lab.winrm.tls_clients import ask
from runner.lab.winrm.wsman.limits import Limits
from runner.lab.winrm.wsman.service import Service

__all__ = ["Endpoint", "Front", "PortTaken"]


class Front(Port):
    """Serves one machine over WinRM while it has power. A context manager.

    ``loop``, ``directory`` and ``authority`` are shared by the hosts of one process; a front
    that is given none makes its own and cleans up after itself. ``port`` 0 takes a free one.
    """

    def __init__(
        self,
        machine: Host,
        spec: Endpoint,
        options: FrontOptions | None = None,
        *,
        loop: Loop | None = None,
        directory: Path | None = None,
        authority: Authority | None = None,
    ) -> None:
        super().__init__(machine, spec, loop)
        self._options = options or FrontOptions()
        self._authority = authority
        if directory is None:
            directory = Path(self._cleanup.enter_context(tempfile.TemporaryDirectory()))
        self._served = self._serving(directory)

    def _serving(self, directory: Path) -> Served:
        limits = self._options.limits or Limits.of(self.machine.profile)
        identity = None
        if self.scheme == "https":
            self._authority = self._authority or Authority()
            identity = self._authority.issue(
                self.name, self.address, self._options.certificate_flaw
            )
            if self._options.client_certificate is not None:
                ask(identity.context, self._options.client_certificate)
        account = Account(self.name, self._spec.user, self._spec.password)
        keytab = self._options.keytab
        realm = None if keytab is None else Realm(keytab, directory / "replays")
        return Served(
            name=self.name,
            service=Service(self.machine, limits, self.books, self._loop, self._options),
            users=UserFile(account, directory, keytab),
            means=Means(account, realm, self._options.credssp),
            options=self._options,
            books=self.books,
            envelope=limits.envelope,
            identity=identity,
        )

    @property
    def url(self) -> str:
        """The endpoint for a client."""
        return f"{self.scheme}://{self.address}:{self.port}/wsman"

    @property
    def ca_pem(self) -> bytes:
        """What a client must trust for https: the authority, or the certificate itself."""
        identity = self._served.identity
        if identity is None or self._authority is None:
            return b""
        return (
            identity.pem if self._options.certificate_flaw == "self_signed" else self._authority.pem
        )

    def counters(self) -> dict[str, int]:
        """What happened so far, and how many connections, shells and commands there are now."""
        shells, commands = self._served.service.shells.sizes()
        with self._members:
            connections = len(self._connections)
        return {
            **self.books.counters(),
            "open_connections": connections,
            "open_shells": shells,
            "running_commands": commands,
        }

    def _client(self, sock: socket.socket, peer: tuple[str, int]) -> Connection:
        return Connection(sock, peer, self._served)

    def _end_all(self) -> None:
        self._served.service.shells.clear()
