"""A connection that a program carries (ProxyCommand), to a real sshd."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runner.errors import TransportError
from runner.interfaces.shell import Invocation
from tests.transports.ssh.test_breaks import runs
from tests.transports.sshd import Sshd, connect, require_sshd, says, sshd

pytestmark = pytest.mark.xdist_group("sshd")

# What `nc HOST PORT` does, and who it was.
CARRIER = """\
import os, socket, sys, threading
open(sys.argv[3], "w").write(f"{os.getpid()} {sys.argv[1]} {sys.argv[2]}")
link = socket.create_connection((sys.argv[1], int(sys.argv[2])))
def up():
    while data := os.read(0, 65536):
        link.sendall(data)
    os._exit(0)
threading.Thread(target=up, daemon=True).start()
while data := link.recv(65536):
    while data:
        data = data[os.write(1, data):]
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    require_sshd()
    with sshd(tmp_path_factory.mktemp("sshd")) as running:
        yield running


@pytest.fixture
def carrier(tmp_path: Path) -> Path:
    path = tmp_path / "carrier.py"
    path.write_text(CARRIER)
    return path


def through(server: Sshd, line: str) -> dict[str, Any]:
    keys = f"-o UserKnownHostsFile={server.known_hosts} -o IdentitiesOnly=yes"
    return {"ansible_ssh_common_args": f"{keys} -o 'ProxyCommand={line}'"}


def test_a_command_carries_the_connection(server: Sshd, carrier: Path, tmp_path: Path) -> None:
    note = tmp_path / "note"
    line = f"{sys.executable} {carrier} %h %p {note}"
    link = connect(server, **through(server, line))
    output = link.run(Invocation("echo out; head -c 300000 /dev/zero; exit 7"), timeout=20)
    assert (output.code, len(output.stdout)) == (7, 300_004)
    pid, host, port = note.read_text().split()
    assert (host, int(port)) == ("127.0.0.1", server.port)
    assert runs(int(pid))
    assert says(link, "echo again") == "again"
    assert not runs(int(pid))  # it is ended with the connection


def test_a_command_that_fails_is_named(server: Sshd) -> None:
    line = "echo no way through >&2; exit 3"
    with pytest.raises(TransportError) as caught:
        connect(server, **through(server, line))
    assert "no way through" in f"{caught.value.message} {caught.value.hint}"


def test_a_command_that_is_killed_is_a_lost_connection(
    server: Sshd, carrier: Path, tmp_path: Path
) -> None:
    note = tmp_path / "note"
    link = connect(server, **through(server, f"{sys.executable} {carrier} %h %p {note}"))
    assert link.run(Invocation("echo here"), timeout=20).stdout == b"here\n"
    os.kill(int(note.read_text().split()[0]), 9)
    with pytest.raises(TransportError):
        link.run(Invocation("echo here"), timeout=20)
    link.close()
