"""What leaves on the wire: against servers that are scripted byte by byte."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
import requests

from runner.errors import (
    AuthenticationFailed,
    PolicyRefused,
    ProtocolFailed,
    TlsFailed,
    TransportError,
    Unreachable,
)
from runner.transports.winrm import again, clock
from runner.transports.winrm.clock import Deadline
from runner.transports.winrm.link import Link
from runner.transports.winrm.options import WinrmOptions, read_options
from runner.transports.winrm.wire import ClearTextRefused, Wire, WireBroken
from tests.transports.conftest import TRANSPORT

Reply = Callable[[socket.socket], None]


def sends(status: str, *headers: str, body: bytes = b"") -> Reply:
    """Answer with this status line, and go on listening."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return lambda sock: sock.sendall("\r\n".join(lines).encode() + body)


def resets(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    sock.close()


def drips(sock: socket.socket) -> None:
    """A byte now and then: each one is in time, the whole never is."""
    with contextlib.suppress(OSError):
        for _ in range(200):
            sock.sendall(b"H")
            time.sleep(0.02)


class Scripted:
    """Answers each request with the same reply, and keeps every byte it was sent."""

    def __init__(self, reply: Reply) -> None:
        self.received = b""
        self.requests = 0
        self._reply = reply
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._sockets: list[socket.socket] = []
        self._threads[0].start()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def close(self) -> None:
        # A blocked accept is only woken by a connection.
        self._done = True
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        self._listener.close()
        for sock in self._sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
        for thread in self._threads:
            thread.join(3)

    _done = False

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            if self._done:
                sock.close()
                return
            self._sockets.append(sock)
            thread = threading.Thread(target=self._serve, args=(sock,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while request := self._read_request(sock):
                self.requests += request.startswith(b"POST")  # else a look at who answers
                self._reply(sock)

    def _read_request(self, sock: socket.socket) -> bytes:
        """What came: an HTTP request, or whatever a TLS client says first; empty at the end."""
        data = b""
        while b"\r\n\r\n" not in data:
            more = sock.recv(65536)
            self.received += more
            data += more
            if not more or not data.startswith(b"POST"):
                return more
        head, _, body = data.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
        while len(body) < length:
            more = sock.recv(65536)
            self.received += more
            body += more
        return data


Script = Callable[[Reply], Scripted]


@pytest.fixture
def script() -> Iterator[Script]:
    with contextlib.ExitStack() as stack:

        def start(reply: Reply) -> Scripted:
            server = Scripted(reply)
            stack.callback(server.close)
            return server

        yield start


def options_for(server: Scripted, **more: object) -> WinrmOptions:
    variables = {
        "ansible_host": "127.0.0.1",
        "ansible_port": server.port,
        "ansible_winrm_scheme": "http",
        "ansible_user": "admin",
        "ansible_password": "S3cret",
    }
    return read_options("web01", {**variables, **more})


CHALLENGE = "WWW-Authenticate: Negotiate TlRMTVNTUAACAAAA"

FIRST_ANSWERS = [
    (sends("503 Service Unavailable"), Unreachable, 3),
    (sends("401 ", "WWW-Authenticate: Basic realm=x"), AuthenticationFailed, 1),
    (sends("401 ", "WWW-Authenticate: Negotiate"), ProtocolFailed, 3),
    (sends("401 ", CHALLENGE), ProtocolFailed, 1),
    (sends("401 "), AuthenticationFailed, 1),
    (resets, Unreachable, 3),
    (sends("500 "), PolicyRefused, 1),
    (sends("500 ", body=b"<html>oops</html>"), ProtocolFailed, 1),
    (sends("400 Bad Request"), ProtocolFailed, 1),
    (sends("404 Not Found", body=b"<html>no</html>"), ProtocolFailed, 1),
    (sends("413 "), ProtocolFailed, 1),
    (sends("307 ", "Location: http://127.0.0.1:1/wsman"), ProtocolFailed, 1),
    (sends("200 OK"), ProtocolFailed, 1),
    (sends("200 OK", "Content-Type: text/html", body=b"<html>hi</html>"), ProtocolFailed, 1),
    (lambda sock: sock.sendall(b"SSH-2.0-OpenSSH_9.6\r\n"), Unreachable, 3),
]


@pytest.mark.parametrize(("reply", "kind", "asked"), FIRST_ANSWERS)
def test_no_message_ever_leaves_in_clear_text(
    script: Script,
    monkeypatch: pytest.MonkeyPatch,
    reply: Reply,
    kind: type[TransportError],
    asked: int,
) -> None:
    monkeypatch.setattr(again, "RETRY_PAUSE", 0.01)
    server = script(reply)
    with pytest.raises(kind) as caught:
        TRANSPORT.connect(options_for(server), timeout=3)
    assert not caught.value.may_have_started
    assert caught.value.hint
    assert "S3cret" not in str(caught.value)
    assert server.requests == asked
    assert b"POST /wsman" in server.received
    assert b"Envelope" not in server.received
    assert b"S3cret" not in server.received


@pytest.mark.parametrize("reply", [reply for reply, _, _ in FIRST_ANSWERS])
def test_a_wire_that_failed_sends_nothing_again(script: Script, reply: Reply) -> None:
    server = script(reply)
    link = Link(options_for(server))
    with pytest.raises(Exception, match=r".") as first:
        link.create(65001, Deadline(3))
    assert first.type.__name__ == "LinkFailure"
    before = server.received
    for _ in range(3):
        with pytest.raises(Exception, match="failed before"):
            link.create(65001, Deadline(3))
    assert server.received == before
    assert b"Envelope" not in server.received


def a_wire(server: Scripted) -> Wire:
    return Wire(
        must_seal=True,
        endpoint=options_for(server).url,
        username="admin",
        password="S3cret",
        auth_method="ntlm",
        message_encryption="always",
        read_timeout_sec=3,
        proxy=None,
    )


def test_pywinrms_state_after_a_failed_logon_does_not_leak(script: Script) -> None:
    """pywinrm keeps the session of a failed logon and then sends in clear: shown, and stopped."""
    server = script(sends("200 OK"))
    wire = a_wire(server)
    wire.session = requests.Session()
    with pytest.raises(ClearTextRefused):
        wire.send_message("<Envelope/>")
    with pytest.raises(WireBroken):
        wire.send_message("<Envelope/>")
    assert server.received == b""


def test_the_last_door_is_guarded_too(script: Script) -> None:
    server = script(sends("200 OK"))
    wire = a_wire(server)
    session = requests.Session()
    request = session.prepare_request(
        requests.Request("POST", wire.endpoint, data=b"<Envelope/>", headers={"Content-Type": "a"})
    )
    with pytest.raises(ClearTextRefused):
        wire._send_message_request(session, request)
    assert server.received == b""
    session.close()


def test_an_answer_that_drips_is_cut_off(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "GRACE_SECONDS", 0.1)
    server = script(drips)
    begun = time.monotonic()
    with pytest.raises(Unreachable, match="no answer in time"):
        TRANSPORT.connect(options_for(server), timeout=0.2)
    assert time.monotonic() - begun < 3.5


def test_basic_over_http_only_when_clear_text_was_asked_for(script: Script) -> None:
    server = script(sends("401 ", 'WWW-Authenticate: Basic realm="WSMAN"'))
    clear = options_for(
        server, ansible_winrm_transport="basic", ansible_winrm_message_encryption="never"
    )
    with pytest.raises(AuthenticationFailed):
        TRANSPORT.connect(clear, timeout=3)
    assert b"Envelope" in server.received
    assert server.requests == 1


def test_https_to_a_port_that_speaks_http(script: Script) -> None:
    server = script(sends("400 Bad Request", "Connection: close"))
    with pytest.raises(TlsFailed) as caught:
        TRANSPORT.connect(options_for(server, ansible_winrm_scheme="https"), timeout=3)
    assert "5985 is http" in caught.value.hint


def test_a_redirect_is_not_followed(script: Script) -> None:
    elsewhere = script(sends("200 OK"))
    server = script(sends("307 ", f"Location: http://127.0.0.1:{elsewhere.port}/wsman"))
    with pytest.raises(ProtocolFailed):
        TRANSPORT.connect(options_for(server), timeout=3)
    assert elsewhere.received == b""
