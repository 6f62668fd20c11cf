"""HTTP/1.1 as HTTP.sys speaks it: reading one request from a socket, writing one answer."""

from __future__ import annotations

import select
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from typing import Final

SERVER: Final = "Microsoft-HTTPAPI/2.0"
_LONGEST_HEAD: Final = 65536
_DRAIN: Final = 32 << 20
"""Bytes of an unwanted body that are read and thrown away before the refusal is sent."""


class BadRequest(Exception):
    """Not a request of HTTP/1.1; ``status`` is the answer."""

    def __init__(self, status: int = 400) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request. Names of headers are in lower case; ``body`` is read only when asked for."""

    method: str
    path: str
    headers: Mapping[str, str]
    length: int

    @property
    def media_type(self) -> str:
        """Content-Type without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def charset(self) -> str:
        """The charset parameter of Content-Type, utf-8 by default."""
        _, found, value = self.headers.get("content-type", "").lower().partition("charset=")
        return value.partition(";")[0].strip(' "') if found and value else "utf-8"


class Wire:
    """A connected socket as a sequence of requests. One thread at a time.

    Once ``aborted`` is set, nothing more is read: a read raises ConnectionAbortedError.
    """

    def __init__(self, sock: socket.socket, aborted: threading.Event) -> None:
        self._socket = sock
        self._aborted = aborted
        self._buffer = bytearray()

    def read_head(self, idle: float, patience: float) -> HttpRequest | None:
        """The next request line and headers; None when the client closed in between.

        ``idle`` is how many seconds may pass before it begins, ``patience`` until it is whole.
        Raises BadRequest, OSError (TimeoutError).
        """
        self._socket.settimeout(idle)
        if not self._buffer and not self._more():
            return None
        deadline = time.monotonic() + patience
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            if not 0x41 <= self._buffer[0] <= 0x5A:  # no method: HTTP.sys does not wait for more
                raise BadRequest(400)
            if len(self._buffer) > _LONGEST_HEAD:
                raise BadRequest(431)
            self._socket.settimeout(max(deadline - time.monotonic(), 0.001))
            if not self._more():
                return None
        head = bytes(self._buffer[:end])
        del self._buffer[: end + 4]
        return _parsed(head)

    def read_body(self, request: HttpRequest, patience: float) -> bytes:
        """The body of that request. Raises ConnectionError when it ends early, TimeoutError."""
        if request.length and request.headers.get("expect", "").lower() == "100-continue":
            self._socket.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        deadline = time.monotonic() + patience
        while len(self._buffer) < request.length:
            self._socket.settimeout(max(deadline - time.monotonic(), 0.001))
            if not self._more():
                raise ConnectionError("the client closed within a body")
        body = bytes(self._buffer[: request.length])
        del self._buffer[: request.length]
        return body

    def drain(self, request: HttpRequest, patience: float) -> None:
        """Read a body that nobody wants, so that the client gets to see the refusal."""
        left = min(request.length, _DRAIN) - len(self._buffer)
        self._buffer.clear()
        self._socket.settimeout(patience)
        while left > 0 and self._more():
            left -= len(self._buffer)
            self._buffer.clear()

    def write(
        self,
        status: int,
        body: bytes = b"",
        headers: Iterable[tuple[str, str]] = (),
        patience: float = 30.0,
    ) -> None:
        """Send one answer in one piece. The reason phrase is empty, as newer Windows has it."""
        lines = [f"HTTP/1.1 {status} "]
        lines += [f"{name}: {value}" for name, value in headers]
        lines += [
            f"Server: {SERVER}",
            f"Date: {formatdate(usegmt=True)}",
            f"Content-Length: {len(body)}",
        ]
        self._socket.settimeout(patience)
        self._socket.sendall("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)

    def wait_for_close(self) -> None:
        """Block until the client closes or sends something more."""
        self._socket.settimeout(None)
        self._more()

    def _more(self) -> bool:
        if isinstance(self._socket, ssl.SSLSocket) and not self._socket.pending():
            self._await_input()
        data = self._socket.recv(65536)
        self._buffer += data
        return bool(data)

    def _await_input(self) -> None:
        """Wait outside of OpenSSL, which would answer an abort with an alert to the client."""
        timeout = self._socket.gettimeout()
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        if not poll.poll(None if timeout is None else timeout * 1000):
            raise TimeoutError
        if self._aborted.is_set():
            raise ConnectionAbortedError


def _parsed(head: bytes) -> HttpRequest:
    lines = head.decode("latin-1").split("\r\n")
    words = lines[0].split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise BadRequest(400)
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise BadRequest(400)
        headers.setdefault(name.lower(), value.strip())
    if "transfer-encoding" in headers:
        raise BadRequest(411)
    length = headers.get("content-length", "0")
    if not length.isdigit():
        raise BadRequest(400)
    return HttpRequest(words[0], words[1].partition("?")[0], headers, int(length))
