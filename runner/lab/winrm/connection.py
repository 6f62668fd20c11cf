"""One TCP connection to a simulated host: logon, sealing, and one request after the other."""

from __future__ import annotations

import contextlib
import logging
import socket
import ssl
import struct
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NoReturn

from runner.lab.ports.books import Books
from runner.lab.winrm.gate import Gate, NotAdmitted, NotYet
from runner.lab.winrm.http_message import BadRequest, HttpRequest, Wire
from runner.lab.winrm.http_tls import Identity
from runner.lab.winrm.ntlm import Logon, Means, Unreadable
from runner.lab.winrm.ntlm_users import UserFile
from runner.lab.winrm.options import FrontOptions
from runner.lab.winrm.wsman.service import Caller, Hang, Reset, Service

_log = logging.getLogger(__name__)

_CLOSE: Final = ("Connection", "close")
_SOAP: Final = "application/soap+xml;charset=UTF-8"
_FRAME: Final = 2048
"""Bytes that sealing adds to an envelope at most."""
_GARBAGE: Final = b"<html><head><title>Welcome</title></head><body>It works!</body></html>"


@dataclass(frozen=True)
class Served:
    """What every connection to one host shares."""

    name: str
    service: Service
    users: UserFile
    means: Means
    options: FrontOptions
    books: Books
    envelope: int
    identity: Identity | None


class _Answered(Exception):
    """The request has been answered; the next one may come."""


class _Over(Exception):
    """The request has been answered, and the connection is finished."""


class Connection:
    """Serves one client on a thread of its own until one of both closes."""

    def __init__(self, sock: socket.socket, peer: tuple[str, int], served: Served) -> None:
        self._raw = sock
        self._peer = peer
        self._served = served
        self._books = served.books
        self._aborted = threading.Event()
        self._wire = Wire(sock, self._aborted)
        self._closing = False
        binding = served.identity.binding if served.identity else b""
        means = served.means
        self._logon = Logon(served.users, binding, served.options.channel_binding, means)
        secure = served.identity is not None
        self._gate = Gate(served.name, self._logon, means, served.options, served.books, secure)

    def abort(self) -> None:
        """Have the connection reset, from any thread and at once."""
        self._aborted.set()
        with contextlib.suppress(OSError):
            # Wakes a blocked read without telling the client; the thread then resets. Not the
            # method of SSLSocket, which would drop its state under the reading thread.
            socket.socket.shutdown(self._raw, socket.SHUT_RD)

    def serve(self) -> None:
        """The whole life of the connection. Never raises."""
        reset = False
        try:
            self._raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._secure()
            while self._one_request():
                pass
        except _Over:
            pass
        except (Reset, ssl.SSLError):
            reset = True
        except OSError:
            reset = self._aborted.is_set()
        except Exception:  # noqa: BLE001 - a bug costs one connection, not the host
            _log.exception("%s: a request failed", self._served.name)
            reset = True
        self._close(reset=reset or self._aborted.is_set())

    def _close(self, *, reset: bool) -> None:
        with contextlib.suppress(OSError):
            if reset:
                self._books.count("resets")
                linger = struct.pack("ii", 1, 0)
                self._raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._raw.close()

    def _secure(self) -> None:
        identity = self._served.identity
        if identity is None:
            return
        self._raw.settimeout(10.0)
        secure = identity.context.wrap_socket(
            self._raw, server_side=True, do_handshake_on_connect=False
        )
        # Known to abort() before the handshake begins.
        self._raw, self._wire = secure, Wire(secure, self._aborted)
        if not self._aborted.is_set():
            secure.do_handshake()

    def _one_request(self) -> bool:
        options = self._served.options
        try:
            request = self._wire.read_head(options.keep_alive, options.patience)
        except BadRequest as error:
            self._answer(error.status, headers=(_CLOSE,))
            return False
        if request is None or self._aborted.is_set():
            return False
        self._books.count("requests")
        if request.path.rstrip("/").lower() != "/wsman" or request.method != "POST":
            self._wire.drain(request, options.patience)
            known = request.path.rstrip("/").lower() == "/wsman"
            self._answer(405 if known else 404, headers=(_CLOSE,))
            return False
        try:
            self._post(request)
        except _Answered:
            pass
        except Hang:
            self._wire.wait_for_close()
            return False
        return not self._closing and request.headers.get("connection", "").lower() != "close"

    def _post(self, request: HttpRequest) -> None:
        """Answer one POST. Raises _Over when the answer was the last one."""
        sealed = request.media_type in ("multipart/encrypted", "multipart/x-multi-encrypted")
        clear = not sealed and self._served.identity is None and not _identify(request)
        if request.length and clear:
            self._books.count("clear_bodies")  # before any answer: a refused leak is a leak
        if request.length > self._served.envelope + _FRAME:
            self._wire.drain(request, self._served.options.patience)
            self._refuse(413)
        body = self._wire.read_body(request, self._served.options.patience)
        caller, headers = self._authenticate(request, body)
        if caller is not None and self._books.take("http_503"):
            self._refuse(503)
        if not body:
            self._answer(200, headers=headers)
            return
        if sealed:
            self._sealed(body, caller, headers)
        else:
            self._plain(request, body, caller, headers)

    def _sealed(
        self, body: bytes, caller: Caller | None, headers: Sequence[tuple[str, str]]
    ) -> None:
        if not self._logon.complete or self._books.take("http_400_sealed"):
            self._refuse(400)
        try:
            envelope = self._logon.unseal(body)
        except Unreadable as error:
            _log.debug("%s: %s", self._served.name, error)
            self._refuse(400)
        if len(envelope) > self._served.envelope:
            self._refuse(413)
        status, answer = self._ask(envelope, "utf-8", caller)
        headers = (("Content-Type", self._logon.media_type(answer)), *headers)
        self._answer(status, self._logon.seal(answer), headers)

    def _plain(
        self,
        request: HttpRequest,
        body: bytes,
        caller: Caller | None,
        headers: Sequence[tuple[str, str]],
    ) -> None:
        clear = self._served.identity is None and not self._served.options.allow_unencrypted
        if caller is not None and clear:
            self._refuse(500)
        if len(body) > self._served.envelope:
            self._refuse(413)
        status, answer = self._ask(body, request.charset, caller)
        self._answer(status, answer, (("Content-Type", _SOAP), *headers))

    def _ask(self, envelope: bytes, charset: str, caller: Caller | None) -> tuple[int, bytes]:
        answer = self._served.service.answer(envelope, charset, caller)
        if answer is None:
            self._unauthorized(self._gate.offers())
        if self._aborted.is_set():
            raise Reset
        if self._books.take("garbage_200"):
            self._answer(200, _GARBAGE, (("Content-Type", "text/html"),))
            raise _Over
        self._closing = self._books.take("idle_close")
        return answer

    def _authenticate(
        self, request: HttpRequest, body: bytes
    ) -> tuple[Caller | None, Sequence[tuple[str, str]]]:
        """Who sent this, and the headers that the answer must carry.

        The caller is None only for an Identify that asks to be answered without a logon.
        """
        if "authorization" not in request.headers and not self._gate.open:
            if body and _identify(request):
                return None, ()
            self._books.take("asks_first")
            self._unauthorized(self._gate.offers())
        try:
            token = self._gate.admit(request.headers.get("authorization", ""), self._raw)
        except NotYet as more:
            self._answer(401, headers=(("WWW-Authenticate", more.header),))
            raise _Answered from None
        except NotAdmitted as refusal:
            self._unauthorized(refusal.headers)
        return self._caller(request), (("WWW-Authenticate", token),) if token else ()

    def _caller(self, request: HttpRequest) -> Caller:
        scheme = "http" if self._served.identity is None else "https"
        host = request.headers.get("host", self._served.name)
        return Caller(self._served.means.account.user, self._peer[0], f"{scheme}://{host}/wsman")

    def _answer(
        self, status: int, body: bytes = b"", headers: Sequence[tuple[str, str]] = ()
    ) -> None:
        if self._served.options.latency:
            time.sleep(self._served.options.latency)
        if self._aborted.is_set():
            raise Reset
        self._wire.write(status, body, headers)

    def _refuse(self, status: int) -> NoReturn:
        """Answer with an empty body and close, as HTTP.sys does."""
        self._answer(status, headers=(_CLOSE,))
        raise _Over

    def _unauthorized(self, offers: Sequence[str]) -> NoReturn:
        self._answer(401, headers=(*(("WWW-Authenticate", offer) for offer in offers), _CLOSE))
        raise _Over


def _identify(request: HttpRequest) -> bool:
    """Whether the client asks for an Identify without a logon ([MS-WSMV] 3.1.4.1.23)."""
    return request.headers.get("wsmanidentify", "").lower() == "unauthenticated"
