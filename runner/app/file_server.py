"""An HTTP server for the files that hosts fetch: named files only, each by a URL that is used up.

A URL holds a random token that stands for one file and one host, or for a folder; then the file's
name stands behind it. Nothing else of the file system can be asked for: tokens and names are looked
up, paths are never made of what a client says. A file that was
fetched to its end is not given again; until then its rest can be asked for (RFC 9110, section 14).
"""

from __future__ import annotations

import contextlib
import re
import secrets
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Final
from urllib.parse import quote, unquote, urlsplit

from runner.errors import UsageError
from runner.interfaces.local_file import LocalFile

Log = Callable[[str], None]
_PIECE: Final = 256 * 1024
_SILENCE: Final = 60.0
"""Seconds without a byte after which a client is given up."""
_RANGE: Final = re.compile(r"bytes=(\d*)-(\d*)")


@dataclass(slots=True)
class _Ticket:
    """One file for one host; ``once``: until it was fetched to its end."""

    file: LocalFile
    name: str
    host: str
    once: bool
    sent: int = 0
    is_used: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)


class FileServer:
    """Serves until it is closed. ``log`` is told of each request. Thread-safe.

    Raises UsageError when the address cannot be listened on.
    """

    def __init__(self, listen: tuple[str, int], log: Log) -> None:
        self._tickets: dict[str, _Ticket] = {}
        self._lock = threading.Lock()
        self._log = log
        handler = type("Handler", (_Handler,), {"files": self})
        address, port = listen
        try:
            self._server = _Server((address, port), handler)
        except OSError as error:
            raise UsageError(
                f"cannot serve files at {address}:{port}: {error.strerror or error}",
                hint="is the port free, and the address one of this machine?",
            ) from None
        self.address = address
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True
        )
        self._thread.start()

    def offer(
        self,
        file: LocalFile,
        name: str,
        host: str,
        *,
        at: str = "",
        once: bool = True,
        folder: str = "",
    ) -> str:
        """A new URL of a file. ``at`` is this machine's address as the host sees it.

        ``folder`` is the token of a folder of files (see ``new_token``), which differ by name.
        """
        token = folder or new_token()
        with self._lock:
            self._tickets[f"{folder}/{name}" if folder else token] = _Ticket(file, name, host, once)
        where = at or self.address
        shown = f"[{where}]" if ":" in where else where
        return f"http://{shown}:{self.port}/{token}/{quote(name)}"

    def withdraw(self, url: str) -> None:
        """Forget a URL."""
        with self._lock:
            self._tickets.pop(_token(url), None)

    def close(self) -> None:
        """Stop listening; what is under way is cut. May be repeated."""
        with self._lock:
            self._tickets.clear()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)

    def ticket(self, path: str) -> _Ticket | None:
        """The ticket of a URL that was asked for."""
        with self._lock:
            found = self._tickets.get(_token(path)) or self._tickets.get(_named(path))
        return None if found is None or found.is_used else found

    def tell(self, text: str) -> None:
        """Note what a client did."""
        self._log(text)


def new_token() -> str:
    """A word that nobody guesses."""
    return secrets.token_urlsafe(24)


def _token(url: str) -> str:
    return urlsplit(url).path.strip("/").partition("/")[0]


def _named(url: str) -> str:
    """The token of a folder, and the name of a file of it."""
    return unquote(urlsplit(url).path).strip("/")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no error of ours."""


class _Handler(BaseHTTPRequestHandler):
    files: ClassVar[FileServer]
    protocol_version = "HTTP/1.1"
    server_version = "runner"
    sys_version = ""
    timeout = _SILENCE

    def log_message(self, format: str, *args: object) -> None:
        """What was sent is told by ``_tell``."""

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        ticket = self.files.ticket(self.path)
        if ticket is None:
            self._refuse(HTTPStatus.NOT_FOUND)
            self._tell("an unknown or used URL was asked for")
            return
        size = ticket.file.size
        bounds = _bounds(self.headers.get("Range", ""), size)
        if bounds is None:
            self._refuse(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, f"bytes */{size}")
            return
        start, end = bounds
        whole = (start, end) == (0, size)
        self.send_response(HTTPStatus.OK if whole else HTTPStatus.PARTIAL_CONTENT)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(end - start))
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Cache-Control", "no-store")
        if not whole:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{size}")
        self.end_headers()
        if body:
            self._send(ticket, start, end)

    def _send(self, ticket: _Ticket, start: int, end: int) -> None:
        at, begun = 0, time.monotonic()
        sent = 0
        try:
            for piece in ticket.file.pieces(_PIECE):
                part = piece[max(0, start - at) : max(0, end - at)]
                at += len(piece)
                if part:
                    self.wfile.write(part)
                    sent += len(part)
                if at >= end:
                    break
        finally:
            complete = start + sent == ticket.file.size
            if complete and ticket.once:
                with ticket.lock:
                    ticket.is_used = True
            seconds = max(0.001, time.monotonic() - begun)
            how = "to its end" if complete else "not to its end"
            self._tell(
                f"{ticket.host} fetched {ticket.name} {how}: {sent} bytes from {start} "
                f"in {seconds:.1f} s"
            )

    def _refuse(self, status: HTTPStatus, content_range: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        if content_range:
            self.send_header("Content-Range", content_range)
        self.end_headers()

    def _tell(self, text: str) -> None:
        self.files.tell(f"file server: {self.client_address[0]}: {text}")


def _bounds(text: str, size: int) -> tuple[int, int] | None:
    """First byte and the one after the last, of a Range header; None where it cannot be met.

    What is no single range of bytes is as if it was not there, as RFC 9110 allows.
    """
    match = _RANGE.fullmatch(text.strip())
    if not match or not (match[1] or match[2]):
        return 0, size
    if not match[1]:
        return (max(0, size - int(match[2])), size) if int(match[2]) else None
    start = int(match[1])
    end = min(int(match[2]) + 1, size) if match[2] else size
    return (start, end) if start < end else None


def route_to(host: str) -> str:
    """This machine's address on the way to a host. Raises OSError."""
    family, kind, proto, _, where = socket.getaddrinfo(host, 9, type=socket.SOCK_DGRAM)[0]
    with contextlib.closing(socket.socket(family, kind, proto)) as probe:
        probe.connect(where)  # nothing is sent: the system only looks up the route
        found: str = probe.getsockname()[0]
        return found


def listening(text: str) -> tuple[str, int]:
    """``ADDR:PORT``, ``:PORT``, ``ADDR`` or ``[IPV6]:PORT``. Raises ValueError."""
    match = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([^:\[\]]*))(?::(\d{1,5}))?", text.strip())
    if not match or int(match[3] or 0) > 65535:
        raise ValueError(f"not an address to listen on: '{text}' (say 10.0.0.5:8080, or :8080)")
    return match[1] or match[2] or "0.0.0.0", int(match[3] or 0)
