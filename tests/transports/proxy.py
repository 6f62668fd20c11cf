"""An HTTP proxy: CONNECT for https, whole URLs for http. It remembers what it was asked for."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Proxy:
    """``asked`` has the first line of every request, ``seen`` every byte it could read."""

    url: str
    asked: list[str] = field(default_factory=list)
    seen: bytearray = field(default_factory=bytearray)


@contextmanager
def http_proxy(refuse: str = "") -> Iterator[Proxy]:
    """Serve one. ``refuse`` is the status with which it answers everything."""
    listener = socket.create_server(("127.0.0.1", 0))
    proxy = Proxy(f"http://127.0.0.1:{listener.getsockname()[1]}")
    sockets: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def serve(client: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError):
            head = client.recv(65536)
            line = head.split(b"\r\n")[0].decode("latin-1")
            proxy.asked.append(line)
            if refuse:
                client.sendall(f"HTTP/1.1 {refuse}\r\nContent-Length: 0\r\n\r\n".encode())
                return
            word, where, _ = line.split(" ")
            url = urlsplit(where if word != "CONNECT" else f"//{where}")
            server = socket.create_connection((url.hostname or "", url.port or 0), 5)
            sockets.append(server)
            if word == "CONNECT":
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                server.sendall(_origin_form(head, where))
            _carry(client, server, proxy)

    def accept() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            sockets.append(client)
            thread = threading.Thread(target=serve, args=(client,), daemon=True)
            threads.append(thread)
            thread.start()

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    try:
        yield proxy
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        accepting.join(5)
        for sock in sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(5)
        for sock in sockets:
            sock.close()


def _origin_form(data: bytes, where: str) -> bytes:
    url = urlsplit(where)
    return data.replace(where.encode(), (url.path or "/").encode(), 1)


def _carry(client: socket.socket, server: socket.socket, proxy: Proxy) -> None:
    while True:
        ready, _, _ = select.select([client, server], [], [], 10)
        for source in ready:
            data = source.recv(65536)
            if not data:
                server.close()
                client.close()
                return
            if source is client:
                proxy.seen += data
                if data.startswith(b"POST http"):
                    line = data.split(b"\r\n")[0].decode("latin-1")
                    proxy.asked.append(line)
                    data = _origin_form(data, line.split(" ")[1])
                server.sendall(data)
            else:
                client.sendall(data)
