"""pywinrm's HTTP layer with guards: nothing unsealed leaves, nothing waits without a limit.

pywinrm keeps its session when the first exchange of a logon fails, and then sends the next
message in clear text. So the guard stands at the last door, the adapter through which every
request goes, repeated ones of the authentication handler included; and a wire that failed once
never sends again.
"""

from __future__ import annotations

import contextlib
import logging
import re
import socket
import ssl
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from winrm.exceptions import InvalidCredentialsError, WinRMTransportError
from winrm.transport import Transport

from runner.transports.winrm_clock import Deadline
from runner.transports.winrm_watchdog import WATCHDOG

CONNECT_SECONDS: Final = 5.0
"""How long a TCP connection may take; a host that is off is noticed by this."""
GRACE_SECONDS: Final = 1.0
"""How much longer than our deadline an answer may be on its way."""

_SEALED: Final = ("multipart/encrypted", "multipart/x-multi-encrypted")
_MESSAGE_ID: Final = re.compile(rb"MessageID>\s*(?:uuid:)?([0-9A-Fa-f-]{36})")
_RELATES_TO: Final = re.compile(rb"RelatesTo>\s*(?:uuid:)?([0-9A-Fa-f-]{36})")

# At debug level pyspnego prints logon tokens.
logging.getLogger("spnego").setLevel(logging.INFO)


class ClearTextRefused(Exception):
    """A message was about to leave unsealed; it did not."""


class AnswerRefused(Exception):
    """An answer that does not belong to the request, or that is not sealed as it must be."""


class DeadlinePassed(Exception):
    """Our deadline was over before the request was sent."""


class WireBroken(Exception):
    """This wire failed before and sends nothing any more."""


class LogonRefused(InvalidCredentialsError):
    """HTTP 401. ``offers`` are the schemes that the host named."""

    def __init__(self, offers: str) -> None:
        super().__init__("HTTP 401")
        self.offers = offers


class HttpRefused(WinRMTransportError):
    """Any other status than 200. ``excerpt`` is the start of the body, sealed or not."""

    def __init__(self, status: int, text: str, excerpt: str) -> None:
        super().__init__("http", status, text)
        self.excerpt = excerpt


class Wire(Transport):
    """One HTTP connection with one logon, used by pywinrm's Protocol.

    ``requests_sent`` counts HTTP requests. ``deadline`` and ``read_limit`` (seconds) bound the
    next request. ``fresh`` is true until the host has accepted a message.
    """

    def __init__(self, *, must_seal: bool, **settings: Any) -> None:
        super().__init__(**settings)
        self.must_seal = must_seal
        self.requests_sent = 0
        self.deadline = Deadline(CONNECT_SECONDS)
        self.read_limit = CONNECT_SECONDS
        self.broken = False
        self.fresh = True
        self.last_answer = b""
        self.sock: socket.socket | None = None
        self._cut = False

    def build_session(self) -> requests.Session:
        """Log on, where the scheme does that before the first message."""
        if self.broken:
            raise WireBroken
        if self.session is not None:
            return self.session
        try:
            session = super().build_session()
        except BaseException:
            self.break_off()
            raise
        self._tune(session)
        return session

    def break_off(self) -> None:
        """Close the connection for good."""
        self.broken = True
        self.close_session()

    def send_message(self, message: str | bytes) -> bytes:
        """One exchange. A SOAP fault leaves the wire usable, any other failure does not."""
        body = message.encode("utf-8") if isinstance(message, str) else message
        self.build_session()
        if self.must_seal and self.encryption is None:
            self.break_off()
            raise ClearTextRefused
        try:
            answer = super().send_message(body)
            _check_related(body, answer)
        except HttpRefused as refusal:
            if not refusal.response_text:
                self.break_off()
            raise
        except BaseException:
            self.break_off()
            raise
        self.fresh = False
        self.last_answer = answer
        return answer

    def before_request(self, request: requests.PreparedRequest) -> tuple[float, float]:
        """The guard at the last door; returns the (connect, read) timeouts in seconds."""
        kind = str(request.headers.get("Content-Type", ""))
        if self.must_seal and request.body and not kind.startswith(_SEALED):
            raise ClearTextRefused
        remaining = self.deadline.remaining
        if remaining <= 0:
            raise DeadlinePassed
        self.requests_sent += 1
        return min(CONNECT_SECONDS, remaining), min(self.read_limit, remaining + GRACE_SECONDS)

    def _tune(self, session: requests.Session) -> None:
        session.trust_env = False  # proxies and .netrc of the environment cost time and surprise
        if self.proxy is None:
            session.proxies = {}
        session.max_redirects = 0

    def _send_message_request(
        self, session: requests.Session, prepared_request: requests.PreparedRequest
    ) -> requests.Response:
        if not isinstance(session.get_adapter(self.endpoint), _Adapter):
            # Before the first request: pywinrm logs on while it builds the session.
            self._tune(session)
            session.adapters.clear()
            session.mount(self.endpoint.split(":", 1)[0] + "://", _Adapter(self))
        response = self._exchange(session, prepared_request)
        if response.status_code == 200:
            return response
        if response.status_code == 401:
            raise LogonRefused(response.headers.get("WWW-Authenticate", ""))
        excerpt = response.content[:200].decode("ascii", "replace")
        if not response.content or (self.encryption is not None and not _is_sealed(response)):
            raise HttpRefused(response.status_code, "", excerpt)
        text = self._get_message_response_text(response).decode("utf-8", "replace")
        raise HttpRefused(response.status_code, text, text[:200])

    def _exchange(
        self, session: requests.Session, request: requests.PreparedRequest
    ) -> requests.Response:
        limit = min(self.read_limit, self.deadline.remaining + GRACE_SECONDS) + GRACE_SECONDS
        self._cut = False
        try:
            with WATCHDOG.limit(limit, self._cut_off):
                return session.send(request, allow_redirects=False)
        except requests.RequestException as error:
            if self._cut:
                raise requests.ReadTimeout("the answer came too slowly") from error
            raise

    def _cut_off(self) -> None:
        """On the watchdog's thread: wake the reader, which finds its connection ended."""
        self._cut = True
        if self.sock is not None:
            with contextlib.suppress(OSError):
                # Not SSLSocket.shutdown, which would drop its state under the reading thread.
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)

    def _get_message_response_text(self, response: requests.Response) -> bytes:
        if self.encryption is not None and not _is_sealed(response):
            raise AnswerRefused("it is not sealed, though the request was")
        if self.encryption is None:
            return response.content
        return self.encryption.parse_encrypted_response(response)


class _Adapter(HTTPAdapter):
    """One connection, no retries, our timeouts, one TLS context for all hosts of a kind."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
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
        timeouts = self._wire.before_request(request)
        return super().send(
            request, stream=stream, timeout=timeouts, verify=verify, cert=cert, proxies=proxies
        )

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: Any, cert: Any = None
    ) -> Any:
        host, pool = super().build_connection_pool_key_attributes(request, verify, cert)
        if host["scheme"] != "https" or cert is not None:
            return host, pool
        if verify is False:
            return host, {"ssl_context": _unverified_context(), "cert_reqs": "CERT_NONE"}
        context = _tls_context(verify if isinstance(verify, str) else None)
        return host, {"ssl_context": context, "cert_reqs": "CERT_REQUIRED"}

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        pool: Any = super().get_connection_with_tls_context(request, verify, proxies, cert)
        pool.ConnectionCls = self._make_connection(type(pool).ConnectionCls)
        return pool

    def _make_connection(self, kind: Callable[..., Any]) -> Callable[..., Any]:
        """Connections that show the wire their socket, so that it can be cut off."""

        def make(**settings: Any) -> Any:
            connection = kind(**settings)
            connect = connection.connect

            def and_show() -> None:
                connect()
                self._wire.sock = connection.sock

            connection.connect = and_show
            return connection

        return make

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        if cert is not None:
            super().cert_verify(conn, url, verify, cert)  # type: ignore[no-untyped-call]


@lru_cache(maxsize=64)
def _tls_context(ca_path: str | None) -> ssl.SSLContext:
    """Loading a CA bundle costs tens of milliseconds: once, not for each host."""
    if ca_path is None:
        context = ssl.create_default_context()
        context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
        return context
    try:
        return ssl.create_default_context(cafile=ca_path)
    except (IsADirectoryError, PermissionError, ssl.SSLError):
        return ssl.create_default_context(capath=ca_path)


@lru_cache(maxsize=1)
def _unverified_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _is_sealed(response: requests.Response) -> bool:
    return response.headers.get("Content-Type", "").startswith(_SEALED)


def _check_related(request: bytes, answer: bytes) -> None:
    asked, answered = _MESSAGE_ID.search(request), _RELATES_TO.search(answer)
    if asked and answered and asked[1].lower() != answered[1].lower():
        raise AnswerRefused("it belongs to another request")
