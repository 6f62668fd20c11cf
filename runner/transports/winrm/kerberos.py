"""Logging on with Kerberos: one security context for one connection.

The token travels in a ``Negotiate`` header, raw, as pywinrm and Windows' own clients accept it;
the host must prove itself in its answer (mutual authentication, RFC 4559 and RFC 4121). The
cryptography is MIT's, through pyspnego.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import Any, Final

import spnego
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from spnego.channel_bindings import GssChannelBindings

from runner.transports.winrm.clock import Deadline
from runner.transports.winrm.kerberos_tickets import (
    NOT_INTACT,
    NOT_OURS,
    TICKETS,
    Identity,
    Tickets,
    failure,
    in_background,
    in_time,
)
from runner.transports.winrm.refusals import NOT_FORWARDABLE, AnswerRefused, KerberosFailed

_TOKEN: Final = re.compile(r"\b(?:Negotiate|Kerberos)\s+([A-Za-z0-9+/]+=*)", re.IGNORECASE)


@dataclass(frozen=True)
class KerberosPlan:
    """What a logon needs to know. ``host`` and ``service`` make the SPN."""

    who: Identity
    host: str
    service: str
    delegate: bool = False


class KerberosLogon:
    """A security context. ``first`` makes the client's token, ``finish`` checks the host's."""

    def __init__(self, plan: KerberosPlan, tickets: Tickets | None = None) -> None:
        self._plan = plan
        self._tickets = tickets or TICKETS
        self._context: spnego.ContextProxy | None = None

    def first(self, deadline: Deadline, binding: bytes = b"", scheme: str = "Negotiate") -> str:
        """The value of the Authorization header. Raises KerberosFailed; no password travels."""
        credential = self._tickets.credential(self._plan.who, deadline)
        self._context, token = in_time(
            in_background(lambda: self._begin(credential, binding)), deadline
        )
        if self._plan.delegate and not self._context.context_attr & spnego.ContextReq.delegate:
            raise KerberosFailed("", NOT_FORWARDABLE)
        return f"{scheme} {base64.b64encode(token).decode('ascii')}"

    def _begin(
        self, credential: spnego.Credential, binding: bytes
    ) -> tuple[spnego.ContextProxy, bytes]:
        wanted = spnego.ContextReq.default
        if self._plan.delegate:
            wanted |= spnego.ContextReq.delegate
        try:
            context = spnego.client(
                credential,
                hostname=self._plan.host,
                service=self._plan.service,
                protocol="kerberos",
                context_req=wanted,
                channel_bindings=GssChannelBindings(application_data=binding) if binding else None,
            )
            return context, context.step() or b""
        except Exception as error:
            raise failure(error) from error

    def finish(self, headers: str) -> None:
        """Check that the host is who we meant. Raises AnswerRefused."""
        token = _token_in(headers)
        if self._context is None or token is None:
            raise AnswerRefused("the host did not prove who it is")
        try:
            self._context.step(token)
        except Exception as error:
            raise AnswerRefused(
                f"the host did not prove who it is: {failure(error).reason}"
            ) from error
        if not self._context.complete:
            raise AnswerRefused("the host did not prove who it is")

    def reason(self, headers: str) -> KerberosFailed | None:
        """Why the host refuses the ticket, where it says so."""
        token = _token_in(headers)
        if self._context is None or token is None:
            return None
        try:
            self._context.step(token)
        except Exception as error:  # noqa: BLE001 - a token that cannot be read says nothing
            said = failure(error)
            if said.code == NOT_INTACT:  # of a password it would mean something else
                said.code = NOT_OURS
            return said if said.code else None
        return None

    def wrap_winrm(self, data: bytes) -> Any:
        """Seal one message."""
        return self._ready().wrap_winrm(data)

    def unwrap_winrm(self, header: bytes, data: bytes) -> bytes:
        """Open one message. Raises AnswerRefused when it is not the host's, or out of order."""
        try:
            plain: bytes = self._ready().unwrap_winrm(header, data)
        except Exception as error:
            raise AnswerRefused(f"it cannot be opened: {failure(error).reason}") from error
        return plain

    def _ready(self) -> spnego.ContextProxy:
        if self._context is None or not self._context.complete:
            raise AnswerRefused("nobody is logged on")
        return self._context


def _token_in(headers: str) -> bytes | None:
    found = _TOKEN.search(headers)
    if found is None:
        return None
    try:
        return base64.b64decode(found[1], validate=True)
    except binascii.Error:
        return None


def endpoint_binding(certificate: bytes) -> bytes:
    """RFC 5929 tls-server-end-point of a certificate (DER); empty where it defines none."""
    try:
        algorithm = x509.load_der_x509_certificate(certificate).signature_hash_algorithm
    except (UnsupportedAlgorithm, ValueError):
        return b""
    if algorithm is None:
        return b""
    name = "sha256" if algorithm.name in ("md5", "sha1") else algorithm.name
    return b"tls-server-end-point:" + hashlib.new(name, certificate).digest()
