"""The SSH transport passes what every transport must, against OpenSSH's own server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from paramiko.common import DEFAULT_WINDOW_SIZE

from runner.interfaces.shell import Invocation
from runner.interfaces.transport import Connection
from runner.transports.ssh.transport import Transport
from tests.transports.contract import Lines, TransportContract
from tests.transports.lab_ssh import Shell, lab_ssh
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

    @pytest.mark.parametrize(
        "line",
        ["head -c {0} /dev/zero >&2; head -c {0} /dev/zero", "tee /dev/stderr"],
        ids=["one after the other", "while input goes out"],
    )
    def test_more_than_a_window_on_both_streams(self, link: Connection, line: str) -> None:
        """Who reads one to its end, or sends all input first, waits for ever (RFC 4254, 5.2)."""
        data = bytes(3 * DEFAULT_WINDOW_SIZE)
        given = data if "tee" in line else None
        raw = link.run(Invocation(line.format(len(data)), given), timeout=60)
        assert raw.code == 0
        assert raw.stdout == raw.stderr == data


class OverWindows(TransportContract):
    """OpenSSH for Windows, as the lab serves it: exit codes have all their 32 bits."""

    shell: Shell = "cmd"
    lines = Lines(
        both="both",
        exit="exit {}",
        cat="cat",
        big="big 262144",
        text="text",
        wait="wait",
        nothing="nop",
        slow="slow 4",
        codes=(0, 1, 255, 1060, 3010, 0xC0000005, 0xFFFFFFFF, 0x80240017),
    )

    @pytest.fixture
    def link(self, tmp_path: Path) -> Iterator[Connection]:
        with lab_ssh(tmp_path, shell=self.shell, simple=True) as host:
            connection = host.connect()
            yield connection
            connection.close()


class TestWindowsWithCmd(OverWindows):
    pass


class TestWindowsWithPowershell(OverWindows):
    shell: Shell = "powershell"
