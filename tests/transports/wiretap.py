"""Something in between: it records what the client sends, and may interfere.

HTTP only, one request after the other, over plain TCP or with TLS ended on both sides.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

RESET_BEFORE = b"reset before"
RESET_AFTER = b"reset after"

Interfere = Callable[[int], bytes | None]
"""Given the number of a request, from 1: None lets it pass, RESET_BEFORE and RESET_AFTER cut the
connection before or after the host has seen it, anything else is sent back instead."""


def answer(status: str, *headers: str) -> bytes:
    """An empty HTTP answer."""
    return "\r\n".join((f"HTTP/1.1 {status}", "Content-Length: 0", *headers, "", "")).encode()


@dataclass
class Request:
    """One request as it came: its head, and its body."""

    head: bytes
    body: bytes


@dataclass
class Wiretap:
    """``requests`` has everything the client sent, ``unread`` what was no HTTP request."""

    port: int
    requests: list[Request] = field(default_factory=list)
    unread: bytearray = field(default_factory=bytearray)
    connections: int = 0

    @property
    def everything(self) -> bytes:
        """All bytes the client sent."""
        return b"".join(r.head + r.body for r in self.requests) + bytes(self.unread)

    @property
    def sealed(self) -> int:
        """How many requests carried a sealed message."""
        return sum(b"encrypted" in r.head and len(r.body) > 0 for r in self.requests)


class _Closed(Exception):
    """One of both sides is gone."""


@contextmanager
def wiretap(
    target: tuple[str, int],
    interfere: Interfere = lambda number: None,
    *,
    tls: ssl.SSLContext | None = None,
    change: Callable[[bytes], bytes] = bytes,
) -> Iterator[Wiretap]:
    """Stand in front of ``target``. With ``tls`` both sides are TLS, ours with this certificate.

    ``change`` may change the head of an answer.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    tap = Wiretap(int(listener.getsockname()[1]))
    done = threading.Event()
    threads: list[threading.Thread] = []
    sockets: list[socket.socket] = []
    number = _Counter()

    def serve(client: socket.socket) -> None:
        with contextlib.suppress(OSError, _Closed):
            client = tls.wrap_socket(client, server_side=True) if tls else client
            sockets.append(client)
            server = socket.create_connection(target, 5)
            if tls:
                outward = ssl.create_default_context()
                outward.check_hostname = False
                outward.verify_mode = ssl.CERT_NONE
                server = outward.wrap_socket(server)
            sockets.append(server)
            while True:
                _pass_one(client, server)
        _cut(client)

    def _pass_one(client: socket.socket, server: socket.socket) -> None:
        head, body = _read(client, tap.unread)
        tap.requests.append(Request(head, body))
        wish = interfere(number.next())
        if wish == RESET_BEFORE:
            raise _Closed
        if wish is not None and wish != RESET_AFTER:
            client.sendall(wish)
            return
        server.sendall(head + body)
        head, body = _read(server, bytearray())
        if wish == RESET_AFTER:
            raise _Closed
        client.sendall(change(head) + body)
        if b"connection: close" in head.lower():
            raise _Closed

    def accept() -> None:
        while not done.is_set():
            try:
                client, _ = listener.accept()
            except OSError:
                return
            if done.is_set():
                client.close()
                return
            tap.connections += 1
            thread = threading.Thread(target=serve, args=(client,), daemon=True)
            threads.append(thread)
            thread.start()

    threads.append(threading.Thread(target=accept, daemon=True))
    threads[0].start()
    try:
        yield tap
    finally:
        done.set()
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", tap.port), 1).close()
        listener.close()
        for sock in sockets:
            _shut(sock)
        for thread in threads:
            thread.join(5)
        for sock in sockets:
            sock.close()


class _Counter:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._value = 0

    def next(self) -> int:
        with self._lock:
            self._value += 1
            return self._value


def _read(sock: socket.socket, unread: bytearray) -> tuple[bytes, bytes]:
    """One message: head with the empty line, and body."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = sock.recv(65536)
        if not more:
            unread += data
            raise _Closed
        data += more
        if not data[:1].isupper():  # no HTTP: a look at whether TLS is spoken here
            unread += data
            raise _Closed
    head, _, body = data.partition(b"\r\n\r\n")
    _, found, value = head.lower().partition(b"content-length:")
    length = int(value.split(b"\r\n")[0]) if found else 0
    while len(body) < length:
        more = sock.recv(65536)
        if not more:
            unread += head + body
            raise _Closed
        body += more
    return head + b"\r\n\r\n", body


def _cut(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def _shut(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
