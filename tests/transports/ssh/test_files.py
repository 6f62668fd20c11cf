"""Files past the shell (sftp) and through it, over SSH; interrupted, refused, and gone on with."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.engine.hosts.link import Link
from runner.engine.hosts.session import Writer
from runner.engine.stop import Stop
from runner.errors import ConnectionLost, DeadlineExceeded
from runner.interfaces.exchange import NO_WAY, REFUSED, Upload
from runner.interfaces.local_file import PIECE, LocalFile
from runner.interfaces.setting import Setting
from runner.model.secret import Secret
from runner.posix.put import Put, put
from runner.shells import load
from runner.transports.ssh.connection import SshConnection
from runner.transports.ssh.files import answers
from tests.transports.lab_ssh import lab_ssh
from tests.transports.sshd import TRANSPORT, Sshd, connect, require_sshd, sshd
from tests.transports.tcp_proxy import Kind, Proxy, Trouble

pytestmark = pytest.mark.xdist_group("sshd")
SIZE = 3 * PIECE + 12345


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    require_sshd()
    with sshd(tmp_path_factory.mktemp("sshd")) as running:
        yield running


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """An sshd without Subsystem sftp."""
    require_sshd()
    with sshd(tmp_path_factory.mktemp("plain"), sftp=False) as running:
        yield running


@pytest.fixture
def content(tmp_path: Path) -> LocalFile:
    path = tmp_path / "source"
    path.write_bytes(os.urandom(SIZE))
    return LocalFile(str(path))


def linked(server: Sshd, **more: object) -> Link:
    options = TRANSPORT.options("h", server.variables(**more))
    return Link("h", TRANSPORT, options, load, "posix", Stop())


def spec(path: Path, content: LocalFile) -> Put:
    return Put(str(path), content.sha1, 0o640, size=content.size)


def same(path: Path, content: LocalFile) -> bool:
    return hashlib.sha1(path.read_bytes()).hexdigest() == content.sha1


def drive(link: Link, target: Path, content: LocalFile, setting: Setting | None = None) -> Writer:
    writer = Writer(link, None, setting or Setting())
    try:
        writer.drive(put(spec(target, content), content))
    finally:
        link.drop()
    return writer


def test_a_large_file_goes_by_sftp(server: Sshd, tmp_path: Path, content: LocalFile) -> None:
    target = tmp_path / "target"
    target.write_text("old")
    writer = drive(linked(server), target, content)
    assert same(target, content)
    assert target.stat().st_mode & 0o777 == 0o640
    assert sum(line.startswith("upload ") for line in writer.sent) == 1
    assert len(writer.sent) == 3
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".runner")] == []


def test_without_sftp_it_goes_through_the_shell(
    plain: Sshd, tmp_path: Path, content: LocalFile
) -> None:
    target = tmp_path / "target"
    writer = drive(linked(plain), target, content)
    assert same(target, content)
    assert len(writer.sent) > 4


def test_a_small_file_is_one_command(server: Sshd, tmp_path: Path) -> None:
    content = LocalFile("x", b"small")
    writer = drive(linked(server), tmp_path / "target", content)
    assert (tmp_path / "target").read_bytes() == b"small"
    assert len(writer.sent) == 1


def test_as_another_user_it_goes_through_the_shell(
    server: Sshd, tmp_path: Path, content: LocalFile
) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root, which may become anybody")
    setting = Setting(become="su", user="root", password=Secret("none is asked for"))
    writer = drive(linked(server), tmp_path / "target", content, setting)
    assert same(tmp_path / "target", content)
    assert not any(line.startswith("upload ") for line in writer.sent)


def test_a_lost_connection_is_gone_on_from(
    server: Sshd, tmp_path: Path, content: LocalFile
) -> None:
    target = tmp_path / "target"
    with Proxy(server.port) as between:
        words = f"-o UserKnownHostsFile={server.known_hosts} -o HostKeyAlias=[127.0.0.1]:"
        words = f"{words}{server.port} -o IdentitiesOnly=yes"
        link = linked(server, ansible_port=between.port, ansible_ssh_common_args=words)
        between.plan(Trouble(Kind.RESET, up=True, byte=2 * PIECE))
        writer = drive(link, target, content)
    assert same(target, content)
    assert sum(line.startswith("upload ") for line in writer.sent) == 2
    assert between.happened
    assert between.passed[0] < SIZE + 2 * PIECE  # it did not begin anew


def test_a_dead_host_is_not_taken_for_one_that_refuses(server: Sshd, tmp_path: Path) -> None:
    """paramiko calls a connection active for a moment after the host has cut it."""
    with Proxy(server.port) as between:
        words = f"-o UserKnownHostsFile={server.known_hosts} -o HostKeyAlias=[127.0.0.1]:"
        words = f"{words}{server.port} -o IdentitiesOnly=yes"
        link = linked(server, ansible_port=between.port, ansible_ssh_common_args=words)
        connection = link.open()
        assert isinstance(connection, SshConnection)
        transport = connection._transport
        assert answers(transport)
        between.plan(Trouble(Kind.RESET, up=True, byte=1))
        assert transport.is_active()  # it knows nothing of it yet
        assert not answers(transport)
        link.drop()


def test_what_the_host_refuses_leaves_the_connection(server: Sshd, content: LocalFile) -> None:
    link = connect(server)
    assert isinstance(link, SshConnection)
    assert link.put(Upload("/no/such/folder/file", content), timeout=10) == REFUSED
    assert link.put(Upload("/proc/version", content), timeout=10) == REFUSED
    from runner.interfaces.shell import Invocation

    assert link.run(Invocation("echo in"), timeout=10).stdout == b"in\n"
    link.close()
    with pytest.raises(ConnectionLost):
        link.put(Upload("/tmp/x", content), timeout=10)


def test_no_sftp_is_asked_for_once(plain: Sshd, content: LocalFile) -> None:
    link = connect(plain)
    assert isinstance(link, SshConnection)
    before = link.exchanges
    for _ in range(3):
        assert link.put(Upload("/tmp/x", content), timeout=10) == NO_WAY
    assert link.exchanges == before + 1
    link.close()


def test_one_session_at_a_time_is_enough(tmp_path: Path, content: LocalFile) -> None:
    require_sshd()
    for most in (1, 2):
        with sshd(tmp_path / f"s{most}", f"MaxSessions {most}") as server:
            drive(linked(server), tmp_path / f"target{most}", content)
            assert same(tmp_path / f"target{most}", content)


def test_an_upload_ends_at_its_time(server: Sshd, tmp_path: Path) -> None:
    """A named pipe that nobody reads from takes nothing."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: os.close(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)))
    link = connect(server)
    assert isinstance(link, SshConnection)
    with pytest.raises((DeadlineExceeded, ConnectionLost)):
        link.put(Upload(str(pipe), LocalFile("x", bytes(4 * PIECE))), timeout=1)
    reader.start()
    reader.join(5)


@pytest.mark.parametrize("sftp", [True, False])
def test_onto_a_windows_host(tmp_path: Path, content: LocalFile, sftp: bool) -> None:
    with lab_ssh(tmp_path, sftp=sftp) as host:
        link = host.connect()
        assert isinstance(link, SshConnection)
        place = "C:\\Windows\\Temp\\big file.bin"
        code = link.put(Upload(place, content), timeout=20)
        link.close()
        if not sftp:
            assert code == NO_WAY
            return
        assert code == 0
        entry = host.machine.disk("Administrator").find(place)
        assert entry.sha1 == content.sha1
        again = host.connect()
        assert isinstance(again, SshConnection)
        assert again.put(Upload(place, content, start=PIECE), timeout=20) == 0
        assert host.machine.disk("Administrator").find(place).sha1 == content.sha1
        again.close()
