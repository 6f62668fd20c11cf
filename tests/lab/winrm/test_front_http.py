"""The HTTP of a front: what HTTP.sys accepts and refuses, and the power switch of its machine."""

from __future__ import annotations

import socket
import ssl
import threading
import time

import pytest
import requests
from winrm.exceptions import WinRMTransportError

from runner.lab.spec import HostSpec
from runner.lab.winrm.front import Front, PortTaken
from runner.lab.winrm.options import FrontOptions
from tests.lab.conftest import PASSWORD, USER, Connect, Serve, run
from tests.lab.front_fake import FakeMachine

PLAIN = FrontOptions(allow_unencrypted=True)
AUTH = "Authorization: Basic YWRtaW46UzNjcmV0OndpdGg6Y29sb25z\r\n"


def _raw(front: Front, data: bytes, *, more: bytes = b"") -> bytes:
    """Everything that comes back for these bytes until the host closes."""
    with socket.create_connection((front.address, front.port), 5) as sock:
        sock.sendall(data)
        if more:
            time.sleep(0.05)
            sock.sendall(more)
        sock.shutdown(socket.SHUT_WR)
        answer = b""
        while part := sock.recv(65536):
            answer += part
        return answer


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("GET /wsman HTTP/1.1\r\n", 405),
        ("POST /other HTTP/1.1\r\n", 404),
        ("POST /wsman\r\n", 400),
        ("POST /wsman HTTP/1.1\r\nno colon\r\n", 400),
        ("POST /wsman HTTP/1.1\r\nContent-Length: -1\r\n", 400),
        ("POST /wsman HTTP/1.1\r\nTransfer-Encoding: chunked\r\n", 411),
        ("POST /wsman HTTP/1.1\r\nAuthorization: NTLM TlRM\r\n", 401),
        ("POST /wsman?PSVersion=5.1 HTTP/1.1\r\n" + AUTH, 200),
        ("POST /WSMAN HTTP/1.1\r\n" + AUTH, 200),
    ],
)
def test_heads(serve: Serve, head: str, status: int) -> None:
    answer = _raw(serve(options=PLAIN), f"{head}\r\n".encode())
    assert answer.startswith(f"HTTP/1.1 {status} \r\n".encode())
    assert b"\r\nContent-Length: 0\r\n\r\n" in answer


def test_a_head_without_end_is_cut_off(serve: Serve) -> None:
    answer = _raw(serve(), b"POST /wsman HTTP/1.1\r\n" + b"X: y\r\n" * 20000)
    assert answer.startswith(b"HTTP/1.1 431 ")


def test_requests_follow_one_another_on_one_connection(serve: Serve) -> None:
    front = serve(options=PLAIN)
    one = f"POST /wsman HTTP/1.1\r\n{AUTH}Content-Length: 0\r\n\r\n".encode()
    assert _raw(front, one * 3).count(b"HTTP/1.1 200 ") == 3
    assert front.counters()["connections"] == 1
    assert front.counters()["logons"] == 1


def test_a_client_may_ask_to_close(serve: Serve) -> None:
    one = f"POST /wsman HTTP/1.1\r\n{AUTH}Connection: Close\r\n\r\n".encode()
    assert _raw(serve(options=PLAIN), one * 2).count(b"HTTP/1.1 200 ") == 1


def test_a_client_may_wait_for_permission_to_send(serve: Serve) -> None:
    head = f"POST /wsman HTTP/1.1\r\n{AUTH}Expect: 100-continue\r\nContent-Length: 3\r\n\r\n"
    answer = _raw(serve(options=PLAIN), head.encode(), more=b"<a>")
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 500 ")
    assert b"2150858817" in answer


@pytest.mark.parametrize(("os", "limit"), [("2008r2-sp1", 150 * 1024), ("2016", 500 * 1024)])
def test_an_envelope_beyond_the_hosts_limit_is_413(
    serve: Serve, connect: Connect, os: str, limit: int
) -> None:
    front = serve(os=os)
    protocol = connect(front)
    shell = protocol.open_shell()
    command = protocol.run_command(shell, "cat")
    with pytest.raises(WinRMTransportError) as caught:
        protocol.send_command_input(shell, command, b"x" * limit)
    assert caught.value.code == 413
    assert front.counters()["sends"] == 0


def test_an_idle_connection_is_closed_after_a_while(serve: Serve) -> None:
    front = serve(options=FrontOptions(keep_alive=0.1))
    with socket.create_connection((front.address, front.port), 5) as sock:
        assert sock.recv(1) == b""


def test_power_off_resets_connections_and_refuses_new_ones(serve: Serve, connect: Connect) -> None:
    machine = FakeMachine()
    front = serve(machine)
    protocol = connect(front)
    shell = protocol.open_shell(codepage=65001)
    command = protocol.run_command(shell, "wait")
    protocol.get_command_output_raw(shell, command)
    thread = threading.Timer(0.1, machine.power_off)
    thread.start()
    with pytest.raises(requests.ConnectionError, match="reset"):
        protocol.get_command_output_raw(shell, command)
    thread.join()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((front.address, front.port), 5)
    assert front.counters()["open_shells"] == 0
    end = time.monotonic() + 5  # the client sees the reset a moment before the thread ends
    while front.counters()["open_connections"] and time.monotonic() < end:
        time.sleep(0.005)
    assert front.counters()["open_connections"] == 0
    port = front.port
    machine.power_on()
    assert front.port == port
    assert run(connect(front), "say back")[0] == b"back\r\n"


def test_power_off_resets_idle_connections(serve: Serve) -> None:
    machine = FakeMachine()
    front = serve(machine)
    with socket.create_connection((front.address, front.port), 5) as sock:
        while not front.counters()["open_connections"]:
            time.sleep(0.005)
        machine.power_off()
        with pytest.raises(ConnectionResetError):
            sock.recv(1)


def test_power_off_resets_tls_connections(serve: Serve) -> None:
    machine = FakeMachine()
    front = serve(machine, scheme="https")
    context = ssl.create_default_context(cadata=front.ca_pem.decode())
    with (
        socket.create_connection((front.address, front.port), 5) as sock,
        context.wrap_socket(sock, server_hostname=front.address) as secure,
    ):
        secure.sendall(f"POST /wsman HTTP/1.1\r\n{AUTH}\r\n".encode())
        assert secure.recv(65536).startswith(b"HTTP/1.1 200")
        machine.power_off()
        with pytest.raises(ConnectionResetError):  # OpenSSL would make an end of file of it
            socket.socket.recv(secure, 1)


def test_the_switch_may_be_thrown_many_times(serve: Serve, connect: Connect) -> None:
    machine = FakeMachine()
    front = serve(machine)
    for _ in range(20):
        machine.power_off()
        machine.power_on()
        machine.power_on()
    assert run(connect(front), "say x")[0] == b"x\r\n"


def test_a_machine_without_power_holds_its_port(serve: Serve) -> None:
    machine = FakeMachine()
    machine.power_off()
    front = serve(machine)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((front.address, front.port), 5)
    machine.power_on()
    socket.create_connection((front.address, front.port), 5).close()


def test_a_port_in_use_is_reported_with_the_host(serve: Serve) -> None:
    front = serve()
    spec = HostSpec(name="web02", port=front.port, user=USER, password=PASSWORD, os="2016")
    with (
        pytest.raises(PortTaken, match=rf"host web02: .*127\.0\.0\.1:{front.port}.*in use"),
        Front(FakeMachine(name="web02"), spec),
    ):
        pass


def test_nothing_is_left_after_a_front(connect: Connect) -> None:
    before = set(threading.enumerate())
    machine = FakeMachine()
    spec = HostSpec(name="web01", port=0, user=USER, password=PASSWORD, os="2016")
    with Front(machine, spec) as front:
        protocol = connect(front)
        shell = protocol.open_shell(codepage=65001)
        protocol.run_command(shell, "wait")
    deadline = time.monotonic() + 5
    while set(threading.enumerate()) - before:
        assert time.monotonic() < deadline, threading.enumerate()
        time.sleep(0.005)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((front.address, front.port), 5)
