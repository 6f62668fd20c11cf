"""Lab hosts that are reached over SSH, with what an inventory says to reach them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.interfaces.transport import Connection
from runner.lab.machine import Machine
from runner.lab.spec import HostSpec
from runner.lab.ssh.front import SshFront
from runner.lab.ssh.options import Shell, SshOptions
from runner.transports.ssh.options import SshOptions as Options
from runner.transports.ssh.transport import Transport
from tests.transports.machine import Machine as Simple

__all__ = ["LabSsh", "Shell", "lab_ssh"]

USER = "Administrator"
PASSWORD = "Lab-Passw0rd"
TRANSPORT = Transport()


class _Quoted(Simple):
    """Takes the quotes off that OpenSSH puts around a line; knows its code page."""

    def run(self, line: str, **more: Any) -> int:
        assert line.startswith('"')
        assert line.endswith('"')
        if line == '"chcp"':
            more["write"]("stdout", b"Active code page: 437\r\n")
            return 0
        return super().run(line[1:-1], **more)


@dataclass
class LabSsh:
    """One served host."""

    machine: Any
    front: SshFront
    folder: Path
    shell: Shell

    def variables(self, **more: Any) -> dict[str, Any]:
        """The inventory variables of this host; None takes one away."""
        known = self.folder / f"known_hosts_{self.front.port}"
        known.write_text(self.front.known_hosts)
        config = self.folder / "ssh_config"
        config.write_text("")
        found: dict[str, Any] = {
            "ansible_host": self.front.address,
            "ansible_port": self.front.port,
            "ansible_user": USER,
            "ansible_password": PASSWORD,
            "ansible_shell_type": self.shell,
            "ansible_ssh_common_args": f"-o UserKnownHostsFile={known} -o IdentityAgent=none"
            " -o PubkeyAuthentication=no",
            "runner_ssh_config": str(config),
            **more,
        }
        return {name: value for name, value in found.items() if value is not None}

    def options(self, **more: Any) -> Options:
        """The settings, read."""
        return TRANSPORT.options("web01", self.variables(**more))

    def connect(self, timeout: float = 10.0, **more: Any) -> Connection:
        """An open connection."""
        return TRANSPORT.connect(self.options(**more), timeout=timeout)

    def count(self, what: str) -> int:
        """One of the front's counters."""
        return self.front.counters()[what]


@contextmanager
def lab_ssh(
    folder: Path, *, os: str = "2019", shell: Shell = "cmd", simple: bool = False, **more: Any
) -> Iterator[LabSsh]:
    """Serve one host; ``simple`` puts a machine behind it that knows test words only."""
    spec = HostSpec.model_validate(
        {"name": "web01", "port": 0, "scheme": "ssh", "shell": shell, "user": USER,
         "password": PASSWORD, "os": os}
    )  # fmt: skip
    machine: Any = _Quoted(os) if simple else Machine(spec)
    with SshFront(machine, spec, SshOptions(shell=shell, **more)) as front:
        yield LabSsh(machine, front, folder, shell)
