"""The SSH transport against OpenSSH's own server: what breaks, and what is made of it."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.errors import (
    ConnectionLost,
    DeadlineExceeded,
    PolicyRefused,
    ProtocolFailed,
    Unreachable,
)
from runner.interfaces.access import Keeper
from runner.interfaces.shell import Invocation
from runner.transports.ssh import transport as ssh
from runner.transports.ssh.connection import SshConnection
from tests.ports import free_port
from tests.transports.failing import silent
from tests.transports.sshd import TRANSPORT, Sshd, connect, require_sshd, says, sshd

pytestmark = pytest.mark.xdist_group("sshd")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    require_sshd()
    with sshd(tmp_path_factory.mktemp("sshd")) as running:
        yield running


def runs(pid: int) -> bool:
    """Whether it is there and not just waiting to be buried."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


def test_nobody_listens(server: Sshd) -> None:
    with pytest.raises(Unreachable, match=r"[Rr]efused") as caught:
        connect(server, ansible_port=free_port())
    assert "sshd running" in caught.value.hint


def test_a_name_that_is_not_known(server: Sshd) -> None:
    with pytest.raises(Unreachable, match="name") as caught:
        connect(server, ansible_host="no-such-host.invalid")
    assert "ansible_host" in caught.value.hint


def test_packets_that_are_dropped(server: Sshd) -> None:
    with silent() as port, pytest.raises(Unreachable, match="no answer") as caught:
        connect(server, timeout=1, ansible_port=port)
    assert "is the host up" in caught.value.hint


def test_no_common_algorithm(tmp_path: Path) -> None:
    require_sshd()
    with sshd(tmp_path / "old", "Ciphers aes256-cbc", "MACs hmac-sha2-256") as server:
        words = f"-o UserKnownHostsFile={server.known_hosts} -o Ciphers=aes128-ctr"
        with pytest.raises(ProtocolFailed, match="algorithm") as caught:
            connect(server, ansible_ssh_common_args=words)
    assert "up to date" in caught.value.hint


def test_a_session_without_an_exit_code(server: Sshd, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when what runs the command there is killed, and its channel closed in good order."""
    monkeypatch.setattr("paramiko.Channel._handle_request", lambda *_: None)
    link = connect(server)
    with pytest.raises(ConnectionLost, match="without an exit code") as caught:
        link.run(Invocation("true"), timeout=20)
    assert caught.value.may_have_started
    assert "was killed" in caught.value.hint


def test_something_else_answers(server: Sshd) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            peer, _ = listener.accept()
            with peer:
                peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 50)

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(ProtocolFailed):
            connect(server, timeout=5, ansible_port=listener.getsockname()[1])
        thread.join(5)


def test_silence_is_waited_for_no_longer_than_asked(server: Sshd) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        begun = time.monotonic()
        with pytest.raises((Unreachable, ProtocolFailed, DeadlineExceeded)):
            connect(server, timeout=1, ansible_port=listener.getsockname()[1])
        assert time.monotonic() - begun < 6


def test_a_hanging_command_is_ended_on_the_host(server: Sshd, tmp_path: Path) -> None:
    note = tmp_path / "pid"
    link = connect(server)
    with pytest.raises(DeadlineExceeded):
        link.run(Invocation(f"echo $$ >{note}; exec sleep 60"), timeout=1)
    pid = int(note.read_text())
    end = time.monotonic() + 5
    while runs(pid) and time.monotonic() < end:
        time.sleep(0.05)
    assert not runs(pid)


def test_a_command_that_a_signal_ended(server: Sshd) -> None:
    link = connect(server)
    raw = link.run(Invocation("echo before; kill -9 $$"), timeout=10)
    assert raw.code == 255
    assert raw.stdout == b"before\n"
    assert raw.stderr.endswith(b"(ended by the signal KILL)\n")
    link.close()


def test_a_lost_connection_may_have_started(server: Sshd) -> None:
    link = connect(server)
    with pytest.raises(ConnectionLost) as caught:
        link.run(Invocation("kill -9 $PPID; sleep 5"), timeout=10)
    assert caught.value.may_have_started


def test_one_session_at_a_time_is_enough(tmp_path: Path) -> None:
    require_sshd()
    with sshd(tmp_path / "s", "MaxSessions 1") as server:
        link = connect(server)
        for _ in range(5):
            assert link.run(Invocation("true"), timeout=10).code == 0
        link.close()


def test_no_sessions_at_all(tmp_path: Path) -> None:
    require_sshd()
    with sshd(tmp_path / "s", "MaxSessions 0") as server:
        link = connect(server)
        with pytest.raises(PolicyRefused, match="session"):
            link.run(Invocation("true"), timeout=10)


def test_a_host_that_stands_still_is_waited_for_no_longer_than_asked(server: Sshd) -> None:
    link = connect(server)
    session = int(link.run(Invocation("echo $PPID"), timeout=10).stdout)
    os.kill(session, signal.SIGSTOP)
    try:
        begun = time.monotonic()
        with pytest.raises((ConnectionLost, DeadlineExceeded)):
            link.run(Invocation("true"), timeout=1)
        assert time.monotonic() - begun < 8
        link.close()
    finally:
        os.kill(session, signal.SIGCONT)


def test_a_chatty_background_process_holds_nobody_up(server: Sshd) -> None:
    link = connect(server)
    begun = time.monotonic()
    line = "sh -c 'while echo x; do sleep 0.1; done' & echo in"
    raw = link.run(Invocation(line), timeout=2)
    assert raw.code == 0
    assert b"in\n" in raw.stdout
    assert time.monotonic() - begun < 10
    link.close()


def test_keepalives(server: Sshd) -> None:
    server.config.write_text("")
    words = f"-o UserKnownHostsFile={server.known_hosts} -o ServerAliveInterval=7"
    link = connect(server, ansible_ssh_common_args=f"{words} -o ServerAliveCountMax=2")
    assert isinstance(link, SshConnection)
    sock = link._transport.sock
    assert isinstance(sock, socket.socket)
    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 14000
    assert link._transport.packetizer._Packetizer__keepalive_interval == 7  # type: ignore[attr-defined]
    link.close()


class Crowded:
    """Takes up the only place that sshd has for those who have not logged on."""

    def __init__(self, server: Sshd) -> None:
        self._place = ("127.0.0.1", server.port)
        self._sock = self._greeted()

    def leave(self) -> None:
        """sshd notices in a moment."""
        self._sock.close()

    def _greeted(self) -> socket.socket:
        """A connection that sshd does not drop; who left may still have the place for a moment."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            sock = socket.create_connection(self._place, 30)
            if sock.recv(4) == b"SSH-":
                return sock
            sock.close()
            time.sleep(0.02)
        pytest.fail("sshd has no place")


@pytest.fixture
def crowded(tmp_path: Path) -> Iterator[Sshd]:
    """A server that drops everybody else while one has not logged on."""
    require_sshd()
    with sshd(tmp_path / "crowded", "MaxStartups 1:100:1") as server:
        yield server


def test_a_connection_that_sshd_drops_is_made_again(
    crowded: Sshd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does so at random when there are many, before it has said anything (MaxStartups)."""
    one = Crowded(crowded)
    asked: list[int] = []

    def pause(attempt: int, _base: float, _most: float) -> float:
        asked.append(attempt)
        one.leave()
        return 0.02

    monkeypatch.setattr(ssh, "full_jitter", pause)
    monkeypatch.setattr(ssh, "TRIES", 1000)  # however long sshd takes to notice
    assert says(connect(crowded, timeout=60), "echo in") == "in"
    assert asked[0] == 0, "it was dropped"


def test_a_server_that_has_no_place_is_asked_three_times(
    crowded: Sshd, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def pause(attempt: int, _base: float, _most: float) -> float:
        asked.append(attempt)
        return 0.0

    monkeypatch.setattr(ssh, "full_jitter", pause)
    one = Crowded(crowded)
    with pytest.raises(Unreachable) as caught:
        connect(crowded, timeout=60)
    assert "MaxStartups" in caught.value.hint
    assert not caught.value.may_have_started
    assert asked == [0, 1]
    one.leave()


def test_the_connection_that_was_made_to_see_whether_anybody_is_there_is_used(
    server: Sshd, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = TRANSPORT.options("h", server.variables())

    class Reached(Keeper):
        def __init__(self) -> None:
            self.sock = TRANSPORT.reach(options, timeout=30)

        def reached(self) -> socket.socket | None:
            sock, self.sock = self.sock, None
            return sock

    keeper = Reached()
    monkeypatch.setattr(ssh, "socket_to", lambda *_: pytest.fail("it was made anew"))
    assert says(TRANSPORT.open(options, timeout=30, keeper=keeper), "echo in") == "in"
