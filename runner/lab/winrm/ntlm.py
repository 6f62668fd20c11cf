"""Logging on: NTLM, raw or inside SPNEGO, Kerberos and CredSSP; and sealing messages afterwards.

NTLM's cryptography is pyspnego's acceptor. Source of the rules: [MS-WSMV] 2.2.9.1 (encrypted
messages), [MS-NLMP] 2.2.1.3 (AUTHENTICATE_MESSAGE) and 2.2.2.1 (MsvAvChannelBindings), RFC 5929
(tls-server-end-point).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import spnego
from spnego.channel_bindings import GssChannelBindings

from runner.lab.winrm.credssp import RECORD, CredentialRefused, CredsspContext, TlsVersion
from runner.lab.winrm.kerberos import KerberosContext, Realm, TicketRefused, is_kerberos
from runner.lab.winrm.ntlm_users import Account, UserFile
from runner.lab.winrm.seal import (
    CREDSSP,
    KERBEROS,
    SPNEGO,
    Part,
    Unreadable,
    framed,
    media_type,
    opened,
)

__all__ = ["Hardening", "Logon", "LogonFailed", "Means", "Step", "Unreadable", "sent_binding"]

Hardening = Literal["none", "relaxed", "strict"]
"""CbtHardeningLevel: whether a channel binding is ignored, checked if sent, or demanded."""

_AUTHENTICATE: Final = b"NTLMSSP\x00\x03\x00\x00\x00"
_CHANNEL_BINDINGS: Final = 10
_RESPONSE_HEADER: Final = 44
"""Bytes of an NTLMv2 response before its AV pairs (NTProofStr and the fixed part of the blob)."""
_FRAMES: Final = {
    "negotiate": SPNEGO,
    "ntlm": SPNEGO,
    "kerberos": KERBEROS,
    "credssp": CREDSSP,
}


class LogonFailed(Exception):
    """The token is not acceptable: wrong password, wrong binding, or no token at all.

    ``token`` tells the client why, where the protocol has a way to say it.
    """

    def __init__(self, why: str, token: bytes = b"") -> None:
        super().__init__(why)
        self.token = token


@dataclass(frozen=True, slots=True)
class Means:
    """What a host takes besides NTLM: tickets for its keytab, CredSSP, each only where given."""

    account: Account
    realm: Realm | None = None
    credssp: TlsVersion | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What one token led to: the token to answer with, and whether the logon is complete."""

    token: bytes | None
    complete: bool


class _Ntlm:
    """pyspnego's acceptor for NTLM and for SPNEGO."""

    delegated = False

    def __init__(self, token: bytes) -> None:
        options = spnego.NegotiateOptions
        if token.startswith(b"NTLMSSP\x00"):
            self._context = spnego.server(protocol="ntlm", options=options.use_ntlm)
        else:
            self._context = spnego.server(protocol="negotiate", options=options.use_negotiate)

    @property
    def complete(self) -> bool:
        return self._context.complete

    def step(self, token: bytes, channel_bindings: GssChannelBindings | None) -> bytes | None:
        return self._context.step(token, channel_bindings=channel_bindings)

    def wrap(self, plain: bytes) -> Part:
        sealed = self._context.wrap_winrm(plain)
        return Part(sealed.header, len(plain) + sealed.padding_length, sealed.data)

    def unwrap(self, part: Part) -> bytes:
        plain = self._context.unwrap_winrm(part.header, part.data)
        if len(plain) != part.length:
            raise ValueError(f"the message has {len(plain)} bytes and says {part.length}")
        return plain


class Logon:
    """One logon on one connection. ``certificate`` is the channel's token over https, or empty."""

    def __init__(
        self,
        users: UserFile,
        certificate: bytes,
        hardening: Hardening,
        means: Means | None = None,
    ) -> None:
        self._users = users
        self._certificate = certificate
        self._hardening = hardening
        self._means = means
        self._scheme = "negotiate"
        self._context: _Ntlm | KerberosContext | CredsspContext | None = None

    @property
    def complete(self) -> bool:
        """Whether the client has proved who it is."""
        return self._context is not None and self._context.complete

    @property
    def delegated(self) -> bool:
        """Whether the client has handed over what lets the host act for it elsewhere."""
        return self._context is not None and self._context.delegated

    def step(self, token: bytes, scheme: str = "negotiate") -> Step:
        """Take the client's next token. Raises LogonFailed; the logon then starts anew."""
        try:
            with self._users.active():
                if self._context is None or self._context.complete or scheme != self._scheme:
                    self._scheme = scheme
                    self._context = self._acceptor(token)
                answer = self._context.step(token, channel_bindings=self._bindings(token))
        except LogonFailed:
            self._context = None
            raise
        except (TicketRefused, CredentialRefused) as error:
            self._context = None
            raise LogonFailed(str(error), error.token) from error
        except Exception as error:
            # pyspnego reads hostile tokens loosely: KeyError and struct.error come out as well.
            self._context = None
            raise LogonFailed(str(error)) from error
        return Step(answer, self._context.complete)

    def _acceptor(self, token: bytes) -> _Ntlm | KerberosContext | CredsspContext:
        means = self._means
        if self._scheme == "credssp" and means is not None and means.credssp is not None:
            return CredsspContext(means.credssp, means.account.matches)
        if means is not None and means.realm is not None and is_kerberos(token):
            binding = self._certificate if self._hardening != "none" else b""
            return KerberosContext(
                means.realm,
                binding,
                strict=self._hardening == "strict",
                allowed=means.account.is_principal,
            )
        return _Ntlm(token)

    def _bindings(self, token: bytes) -> GssChannelBindings | None:
        if not self._certificate or self._hardening == "none":
            return None
        if not isinstance(self._context, _Ntlm) or _AUTHENTICATE not in token:
            return None
        if not sent_binding(token):
            if self._hardening == "strict":
                raise LogonFailed("no channel binding was sent")
            return None
        return GssChannelBindings(application_data=self._certificate)

    def unseal(self, body: bytes) -> bytes:
        """Open a sealed message. Raises Unreadable."""
        if self._context is None:
            raise Unreadable("nobody has logged on")
        return b"".join(
            _unwrapped(self._context.unwrap, part) for part in opened(_FRAMES[self._scheme], body)
        )

    def seal(self, plain: bytes) -> bytes:
        """Close a message for the client, with its MIME frame."""
        if self._context is None:
            raise Unreadable("nobody has logged on")
        sealed = self._context.wrap(plain)
        parts = sealed if isinstance(sealed, list) else [sealed]
        return framed(_FRAMES[self._scheme], parts)

    def media_type(self, plain: bytes) -> str:
        """The Content-Type of that message when it is sealed."""
        several = isinstance(self._context, CredsspContext) and len(plain) > RECORD
        return media_type(_FRAMES[self._scheme], several=several)


def _unwrapped(unwrap: Callable[[Part], bytes], part: Part) -> bytes:
    try:
        return unwrap(part)
    except Exception as error:
        raise Unreadable(str(error)) from error


def sent_binding(token: bytes) -> bytes:
    """The channel binding hash inside a type 3 message, raw or wrapped; empty if there is none.

    A hash of zeros says the same as none ([MS-NLMP] 2.2.2.1).
    """
    message = token[token.find(_AUTHENTICATE) :]
    try:
        length, _, offset = struct.unpack_from("<HHI", message, 20)
        response = message[offset : offset + length]
        at = _RESPONSE_HEADER
        while at < len(response):
            kind, size = struct.unpack_from("<HH", response, at)
            value = response[at + 4 : at + 4 + size]
            if kind == _CHANNEL_BINDINGS:
                return value if any(value) else b""
            if kind == 0:
                break
            at += 4 + size
    except struct.error:
        pass
    return b""
