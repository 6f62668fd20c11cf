"""The last door: the HTTP adapter through which every request of a wire leaves.

One connection, no retries, our timeouts. It tells its gate of every request before it goes, of
every connection before anything is sent on it, and of what came back.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Callable
from typing import Any, Final, Protocol

import requests
from requests.adapters import HTTPAdapter

from runner.transports.winrm.certificate import tls_context, unverified_context

_PROBE_SECONDS: Final = 1.0
_NOT_TLS: Final = ("WRONG_VERSION_NUMBER", "UNEXPECTED_EOF_WHILE_READING", "HTTP_REQUEST")


class Gate(Protocol):
    """What the adapter asks and tells."""

    def before_request(self, request: requests.PreparedRequest) -> tuple[float, float]:
        """May refuse, by raising; returns the (connect, read) timeouts in seconds."""

    def reached(self) -> socket.socket | None:
        """A TCP connection to the host that is there already; it is taken."""

    def connected(self, sock: socket.socket) -> None:
        """A new connection is there. May refuse, by raising: then nothing is sent on it."""

    def answered(self, response: requests.Response) -> None:
        """An answer came, to whichever request."""


class Adapter(HTTPAdapter):
    """``certificate`` is the client's (certificate, key), both PEM files, or None."""

    def __init__(self, gate: Gate, certificate: tuple[str, str] | None = None) -> None:
        self._gate = gate
        self._certificate = certificate
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> requests.Response:
        timeouts = self._gate.before_request(request)
        response = super().send(
            request, stream=stream, timeout=timeouts, verify=verify, cert=cert, proxies=proxies
        )
        self._gate.answered(response)
        return response

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: Any, cert: Any = None
    ) -> Any:
        host, pool = super().build_connection_pool_key_attributes(request, verify, cert)
        if host["scheme"] != "https":
            return host, pool
        if verify is False:
            context = unverified_context(self._certificate)
            return host, {"ssl_context": context, "cert_reqs": "CERT_NONE"}
        context = tls_context(verify if isinstance(verify, str) else None, self._certificate)
        return host, {"ssl_context": context, "cert_reqs": "CERT_REQUIRED"}

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        pool: Any = super().get_connection_with_tls_context(request, verify, proxies, cert)
        pool.ConnectionCls = self._make_connection(type(pool).ConnectionCls)
        return pool

    def _make_connection(self, kind: Callable[..., Any]) -> Callable[..., Any]:
        def make(**settings: Any) -> Any:
            connection = kind(**settings)
            connect, dial = connection.connect, connection._new_conn

            def dial_or_take() -> socket.socket:
                sock = self._gate.reached()
                if sock is None:
                    dialled: socket.socket = dial()
                    return dialled
                sock.settimeout(connection.timeout)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return sock

            def and_tell() -> None:
                connect()
                self._gate.connected(connection.sock)

            connection.connect, connection._new_conn = and_tell, dial_or_take
            return connection

        return make

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """The context has all of it; requests would load the CA bundle for each host."""


def speaks_tls(host: str, port: int) -> bool:
    """Whether a TLS server answers there; asked where plain HTTP was cut off without a word."""
    context = unverified_context(None)
    try:
        with (
            socket.create_connection((host, port), _PROBE_SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=host),
        ):
            return True
    except ssl.SSLError as error:
        return error.reason not in _NOT_TLS and not isinstance(error, ssl.SSLEOFError)
    except (OSError, ValueError):
        return False


def cut(sock: socket.socket | None) -> None:
    """Wake whoever reads from this socket: its connection is over."""
    if sock is not None:
        with contextlib.suppress(OSError):
            # Not SSLSocket.shutdown, which would drop its state under the reading thread.
            socket.socket.shutdown(sock, socket.SHUT_RDWR)
