"""A real OpenSSH sshd on a port of its own, with keys made for the occasion."""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from runner.interfaces.shell import Invocation
from runner.interfaces.transport import Connection
from runner.transports.ssh.transport import Transport
from tests.ports import free_port

TRANSPORT: Final = Transport()
SSHD = "/usr/sbin/sshd"
IN_CI = bool(os.environ.get("CI"))


def require_sshd() -> None:
    """Skip where OpenSSH's server is missing; under CI that is a failure."""
    missing = not Path(SSHD).exists() or shutil.which("ssh-keygen") is None
    if missing and IN_CI:
        pytest.fail("install openssh-server: these tests talk to a real sshd")
    if missing:
        pytest.skip("openssh-server is not installed (Debian: apt-get install openssh-server)")


def keygen(path: Path, kind: str = "ed25519", passphrase: str = "") -> Path:
    """A new key pair."""
    command = ["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-f", str(path), "-C", "test"]
    subprocess.run(command, check=True, timeout=30)
    return path


@dataclass
class Sshd:
    """One running server. ``variables`` are what an inventory says to reach it."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]
    key: Path

    @property
    def known_hosts(self) -> Path:
        return self.folder / "known_hosts"

    @property
    def config(self) -> Path:
        return self.folder / "ssh_config"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    def variables(self, **more: object) -> dict[str, object]:
        found: dict[str, object] = {
            "ansible_host": "127.0.0.1",
            "ansible_port": self.port,
            "ansible_user": getpass.getuser(),
            "ansible_ssh_private_key_file": str(self.key),
            "ansible_ssh_common_args": f"-o UserKnownHostsFile={self.known_hosts}"
            " -o IdentitiesOnly=yes",
            "runner_ssh_config": str(self.config),
        }
        found.update(more)
        return {name: value for name, value in found.items() if value is not None}


@contextmanager
def sshd(folder: Path, *lines: str, know: bool = True, sftp: bool = True) -> Iterator[Sshd]:
    """Run one until the end of the block; ``lines`` go into its configuration first."""
    folder.mkdir(parents=True, exist_ok=True)
    host_key = keygen(folder / "host_key")
    key = keygen(folder / "id_test")
    authorized = folder / "authorized_keys"
    authorized.write_text((folder / "id_test.pub").read_text())
    port = free_port()
    (folder / "ssh_config").write_text("")
    configuration = [
        *lines,
        f"Port {port}",
        "ListenAddress 127.0.0.1",
        f"HostKey {host_key}",
        f"PidFile {folder / 'pid'}",
        f"AuthorizedKeysFile {authorized}",
        "StrictModes no",
        "UsePAM no",
        "PermitRootLogin yes",
        *(["Subsystem sftp internal-sftp"] if sftp else []),
    ]
    file = folder / "sshd_config"
    file.write_text("\n".join(configuration) + "\n")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    process = subprocess.Popen(
        [SSHD, "-D", "-f", str(file), "-E", str(folder / "log")], stdin=subprocess.DEVNULL
    )
    server = Sshd(folder, port, process, key)
    public = " ".join((folder / "host_key.pub").read_text().split()[:2])
    if know:
        server.known_hosts.write_text(f"[127.0.0.1]:{port} {public}\n")
    try:
        _wait(server)
        yield server
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
        if process.poll() is None:
            process.kill()
            process.wait(5)


def _wait(server: Sshd) -> None:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if server.process.poll() is not None:
            raise RuntimeError(f"sshd ended at once: {server.log}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", server.port), 1):
            return
        time.sleep(0.05)
    raise RuntimeError("sshd does not listen")


def connect(server: Sshd, timeout: float = 10, **more: Any) -> Connection:
    """A connection to it, with more of a host's variables."""
    options = TRANSPORT.options("h", server.variables(**more))
    return TRANSPORT.connect(options, timeout=timeout)


def says(link: Connection, line: str) -> str:
    """What a command prints there; the connection is closed."""
    try:
        return link.run(Invocation(line), timeout=10).stdout.decode().strip()
    finally:
        link.close()
