"""pywinrm's HTTP layer with guards: nothing unsealed leaves, nothing waits without a limit.

pywinrm keeps its session when the first exchange of a logon fails, and then sends the next
message in clear text. So the guard stands at the last door, the adapter through which every
request goes, repeated ones of the authentication handler included; and a wire that failed once
never sends again. Nor does a sealed message travel on another connection than the one that was
logged on.
"""

from __future__ import annotations

import re
import socket
import ssl
from typing import Any, Final
from urllib.parse import urlsplit

import requests

from runner.transports.tcp_watchdog import WATCHDOG
from runner.transports.winrm import clock
from runner.transports.winrm.adapter import Adapter, cut, speaks_tls
from runner.transports.winrm.clock import CONNECT_SECONDS, Deadline
from runner.transports.winrm.guards import SEALED_TYPES
from runner.transports.winrm.kerberos import KerberosPlan
from runner.transports.winrm.logon import HANDSHAKE_FAILURES, LogonTransport, reason_of
from runner.transports.winrm.refusals import (
    AnswerRefused,
    ClearTextRefused,
    ConnectionDropped,
    DeadlinePassed,
    HttpRefused,
    LogonRefused,
    WireBroken,
    WrongScheme,
)
from runner.transports.winrm.seal import host_of, without_padding

__all__ = [
    "AnswerRefused",
    "ClearTextRefused",
    "DeadlinePassed",
    "HttpRefused",
    "LogonRefused",
    "Wire",
    "WireBroken",
]

_MESSAGE_ID: Final = re.compile(rb"MessageID>\s*(?:uuid:)?([0-9A-Fa-f-]{36})")
_RELATES_TO: Final = re.compile(rb"RelatesTo>\s*(?:uuid:)?([0-9A-Fa-f-]{36})")


class Wire(LogonTransport):
    """One HTTP connection with one logon, used by pywinrm's Protocol.

    ``requests_sent`` counts HTTP requests. ``deadline``, ``connect_limit`` and ``read_limit``
    (seconds) bound the next request. ``fresh`` is true until the host has accepted a message.
    """

    def __init__(
        self,
        *,
        must_seal: bool,
        kerberos: KerberosPlan | None = None,
        reached: socket.socket | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(must_seal=must_seal, kerberos=kerberos, **settings)
        self.requests_sent = 0
        self.connect_limit = CONNECT_SECONDS
        self.read_limit = CONNECT_SECONDS
        self.deadline = Deadline(CONNECT_SECONDS)
        self.broken = False
        self.fresh = True
        self.sock: socket.socket | None = None
        self._reached = reached
        self._cut = False
        self._last_status = 0
        self._last_response: requests.Response | None = None
        self._offers = ""

    def build_session(self) -> requests.Session:
        """Log on, where the scheme does that before the first message."""
        if self.broken:
            raise WireBroken
        if self.session is not None:
            return self.session
        try:
            session = self.open_session()
        except BaseException:
            self.break_off()
            raise
        self._tune(session)
        return session

    def break_off(self) -> None:
        """Close the connection for good."""
        self.broken = True
        self.close_session()
        if (unused := self.reached()) is not None:
            unused.close()
        if self._last_response is not None:
            # A handler of authentication that failed has not given its connection back.
            self._last_response.close()

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
        return answer

    def before_request(self, request: requests.PreparedRequest) -> tuple[float, float]:
        """The guard at the last door; returns the (connect, read) timeouts in seconds."""
        kind = str(request.headers.get("Content-Type", ""))
        if self.must_seal and request.body and not kind.startswith(SEALED_TYPES):
            raise ClearTextRefused
        remaining = self.deadline.remaining
        if remaining <= 0:
            raise DeadlinePassed
        self.requests_sent += 1
        return min(self.connect_limit, remaining), min(
            self.read_limit, remaining + clock.GRACE_SECONDS
        )

    def reached(self) -> socket.socket | None:
        """The connection that was there before the first request, once."""
        sock, self._reached = self._reached, None
        return sock

    def connected(self, sock: socket.socket) -> None:
        """Remember the socket, to cut it off; refuse it where the keys belong to another one."""
        self.sock = sock
        if self.encryption is not None:
            self.requests_sent -= 1  # it was announced, and does not leave
            raise ConnectionDropped
        if isinstance(sock, ssl.SSLSocket):
            self.peer = sock.getpeercert(binary_form=True) or b""

    def answered(self, response: requests.Response) -> None:
        """Remember what handlers of authentication do not tell."""
        self._last_status = response.status_code
        self._last_response = response
        if response.status_code == 401:
            self._offers = response.headers.get("WWW-Authenticate", "")

    def _tune(self, session: requests.Session) -> None:
        session.trust_env = False  # proxies and .netrc of the environment cost time and surprise
        if self.proxy is None:
            session.proxies = {}
        session.max_redirects = 0

    def _send_message_request(
        self, session: requests.Session, prepared_request: requests.PreparedRequest
    ) -> requests.Response:
        if not isinstance(session.get_adapter(self.endpoint), Adapter):
            # Before the first request: pywinrm logs on while it builds the session.
            self._tune(session)
            session.adapters.clear()
            session.mount(self.endpoint.split(":", 1)[0] + "://", Adapter(self, self.certificate))
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
        limit = (
            min(self.read_limit, self.deadline.remaining + clock.GRACE_SECONDS)
            + clock.GRACE_SECONDS
        )
        self._cut = False
        self._last_status = 0
        try:
            with WATCHDOG.limit(limit, self._cut_off):
                return session.send(request, allow_redirects=False)
        except requests.RequestException as error:
            if self._cut:
                raise requests.ReadTimeout("the answer came too slowly") from error
            if self._meant_tls(error):
                raise WrongScheme from error
            raise
        except HANDSHAKE_FAILURES as error:
            # The handlers of authentication say that a logon failed whatever the host answered.
            if self._last_status == 401:
                raise LogonRefused(self._offers, reason_of(error)) from error
            raise HttpRefused(self._last_status, "", "") from error
        except (PermissionError, KeyError) as error:
            if self._last_status in (0, 200, 401):
                raise
            raise HttpRefused(self._last_status, "", "") from error

    def _meant_tls(self, error: requests.RequestException) -> bool:
        """Whether the very first plain request was cut off because the port speaks TLS."""
        first = self.fresh and self._last_status == 0 and self.sock is not None
        if not first or self.proxy is not None or not self.endpoint.startswith("http:"):
            return False
        if not isinstance(error, requests.ConnectionError) or isinstance(error, requests.Timeout):
            return False
        if "BadStatusLine" in str(error):  # it did answer; a TLS server does with an alert
            return "\\x15\\x03" in str(error)
        port = urlsplit(self.endpoint).port
        return port is not None and speaks_tls(host_of(self.endpoint), port)

    def _cut_off(self) -> None:
        """On the watchdog's thread: wake the reader, which finds its connection ended."""
        self._cut = True
        cut(self.sock)

    def _get_message_response_text(self, response: requests.Response) -> bytes:
        if self.encryption is None:
            return response.content
        if not _is_sealed(response):
            raise AnswerRefused("it is not sealed, though the request was")
        return without_padding(self.encryption.parse_encrypted_response(response))


def _is_sealed(response: requests.Response) -> bool:
    return response.headers.get("Content-Type", "").startswith(SEALED_TYPES)


def _check_related(request: bytes, answer: bytes) -> None:
    asked, answered = _MESSAGE_ID.search(request), _RELATES_TO.search(answer)
    if asked and answered and asked[1].lower() != answered[1].lower():
        raise AnswerRefused("it belongs to another request")
