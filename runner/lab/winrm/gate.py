"""Who may talk on one connection: the schemes that a host offers, and what each one asks for."""

from __future__ import annotations

import base64
import binascii
import logging
import socket
import ssl
from typing import Final

from runner.lab.ports.books import Books
from runner.lab.winrm.ntlm import Logon, LogonFailed, Means
from runner.lab.winrm.options import FrontOptions
from runner.lab.winrm.tls_clients import MUTUAL, ask_late, stands_for

_log = logging.getLogger(__name__)

_BASIC: Final = 'Basic realm="WSMAN"'


class NotYet(Exception):
    """The logon needs one more token of the client; ``header`` has the host's."""

    def __init__(self, header: str) -> None:
        super().__init__()
        self.header = header


class NotAdmitted(Exception):
    """The logon is refused; ``headers`` say why, or what would be taken."""

    def __init__(self, headers: tuple[str, ...]) -> None:
        super().__init__()
        self.headers = headers


class Gate:
    """The logon of one connection. ``secure`` tells whether it is https."""

    def __init__(
        self,
        name: str,
        logon: Logon,
        means: Means,
        options: FrontOptions,
        books: Books,
        secure: bool,
    ) -> None:
        self._name = name
        self._logon = logon
        self._means = means
        self._options = options
        self._books = books
        self._basic_offered = options.basic and (secure or options.allow_unencrypted)
        self._told_who = False
        handshakes = {"negotiate": "Negotiate"} if options.negotiate else {}
        if options.ntlm:
            handshakes["ntlm"] = "NTLM"
        if options.keytab is not None:
            handshakes["kerberos"] = "Kerberos"
        if options.credssp is not None:
            handshakes["credssp"] = "CredSSP"
        self._handshakes = handshakes

    @property
    def open(self) -> bool:
        """Whether requests without an Authorization header are admitted."""
        return self._logon.complete

    def offers(self) -> tuple[str, ...]:
        """What WWW-Authenticate says, one header each."""
        return (*self._handshakes.values(), *((_BASIC,) if self._basic_offered else ()))

    def admit(self, authorization: str, sock: socket.socket) -> str:
        """Take a request's Authorization header; returns the host's last token, or nothing.

        Raises NotYet and NotAdmitted.
        """
        scheme, _, value = authorization.partition(" ")
        if scheme.lower() in self._handshakes:
            return self._shake_hands(scheme.lower(), _decoded(value))
        if scheme == MUTUAL and self._shows_certificate(sock):
            self._count_once()
            return ""
        if scheme.lower() == "basic" and self._basic_offered:
            self._check_basic(_decoded(value))
            return ""
        if not scheme and self._logon.complete:
            return ""
        raise NotAdmitted(self.offers())

    def _shake_hands(self, scheme: str, token: bytes) -> str:
        if not token or self._books.awaits("asks_first"):
            raise NotAdmitted(self.offers())
        try:
            step = self._logon.step(token, scheme)
        except LogonFailed as error:
            _log.info("%s: logon refused: %s", self._name, error)
            self._books.count("failed_logons")
            why = (self._header(scheme, error.token),) if error.token else self.offers()
            raise NotAdmitted(why) from None
        if not step.complete:
            raise NotYet(self._header(scheme, step.token or b""))
        if self._books.take("refuse_logon"):
            self._books.count("failed_logons")
            raise NotAdmitted(self.offers())
        self._books.count("logons")
        if self._logon.delegated:
            self._books.count("delegations")
        return self._header(scheme, step.token) if step.token else ""

    def _header(self, scheme: str, token: bytes) -> str:
        return f"{self._handshakes[scheme]} {base64.b64encode(token).decode('ascii')}"

    def _check_basic(self, value: bytes) -> None:
        user, _, password = value.decode("utf-8", "replace").partition(":")
        refused = not self._told_who and self._books.take("refuse_logon")
        if refused or not self._means.account.matches(user, password):
            self._books.count("failed_logons")
            raise NotAdmitted(self.offers())
        self._count_once()

    def _count_once(self) -> None:
        """Some logons come with every request; one connection is one logon."""
        if not self._told_who:
            self._books.count("logons")
        self._told_who = True

    def _shows_certificate(self, sock: socket.socket) -> bool:
        mapping = self._options.client_certificate
        if mapping is None or not isinstance(sock, ssl.SSLSocket):
            return False
        if mapping.late and sock.getpeercert(binary_form=True) is None:
            ask_late(sock, self._options.patience)
        found = stands_for(sock, mapping)
        if not found:
            self._books.count("failed_logons")
        return found


def _decoded(value: str) -> bytes:
    try:
        return base64.b64decode(value.strip(), validate=True)
    except binascii.Error:
        return b""
