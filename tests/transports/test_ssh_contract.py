"""The SSH transport passes what every transport must, against OpenSSH's own server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from runner.interfaces.transport import Connection
from runner.transports.ssh import Transport
from tests.transports.contract import Lines, TransportContract
from tests.transports.sshd import Sshd, require_sshd, sshd


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    require_sshd()
    with sshd(tmp_path_factory.mktemp("sshd")) as running:
        yield running


@pytest.mark.xdist_group("sshd")
class TestSsh(TransportContract):
    lines = Lines(
        both="echo one; echo two >&2; echo three",
        exit="exit {}",
        cat="cat",
        big="head -c 262144 /dev/zero",
        text="printf 'h\\303\\251llo'",
        wait="sleep 30",
        nothing=":",
    )

    @pytest.fixture
    def link(self, server: Sshd) -> Iterator[Connection]:
        transport = Transport()
        connection = transport.connect(transport.options("h", server.variables()), timeout=10)
        yield connection
        connection.close()
