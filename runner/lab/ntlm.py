"""Logging on with NTLM, raw or inside SPNEGO, and sealing messages afterwards.

The cryptography is pyspnego's acceptor. Source of the rules: [MS-WSMV] 2.2.9.1 (encrypted
messages), [MS-NLMP] 2.2.1.3 (AUTHENTICATE_MESSAGE) and 2.2.2.1 (MsvAvChannelBindings), RFC 5929
(tls-server-end-point).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final, Literal

import spnego
from spnego.channel_bindings import GssChannelBindings

from runner.lab.ntlm_users import UserFile

Hardening = Literal["none", "relaxed", "strict"]
"""CbtHardeningLevel: whether a channel binding is ignored, checked if sent, or demanded."""

_PROTOCOL: Final = b"application/HTTP-SPNEGO-session-encrypted"
_BOUNDARY: Final = b"--Encrypted Boundary"
_OCTETS: Final = b"\tContent-Type: application/octet-stream\r\n"
SEALED_TYPE: Final = (
    f'multipart/encrypted;protocol="{_PROTOCOL.decode()}";boundary="Encrypted Boundary"'
)
_AUTHENTICATE: Final = b"NTLMSSP\x00\x03\x00\x00\x00"
_CHANNEL_BINDINGS: Final = 10
_RESPONSE_HEADER: Final = 44
"""Bytes of an NTLMv2 response before its AV pairs (NTProofStr and the fixed part of the blob)."""


class LogonFailed(Exception):
    """The token is not acceptable: wrong password, wrong binding, or no token at all."""


class Unreadable(Exception):
    """A sealed message that cannot be opened with the keys of this connection."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one token led to: the token to answer with, and whether the logon is complete."""

    token: bytes | None
    complete: bool


class Logon:
    """One logon on one connection. ``certificate`` is the channel's token over https, or empty."""

    def __init__(self, users: UserFile, certificate: bytes, hardening: Hardening) -> None:
        self._users = users
        self._certificate = certificate
        self._hardening = hardening
        self._context: spnego.ContextProxy | None = None

    @property
    def complete(self) -> bool:
        """Whether the client has proved who it is."""
        return self._context is not None and self._context.complete

    def step(self, token: bytes) -> Step:
        """Take the client's next token. Raises LogonFailed; the logon then starts anew."""
        try:
            with self._users.active():
                if self._context is None or self._context.complete:
                    self._context = _acceptor(token)
                answer = self._context.step(token, channel_bindings=self._bindings(token))
        except LogonFailed:
            self._context = None
            raise
        except Exception as error:
            # pyspnego reads hostile tokens loosely: KeyError and struct.error come out as well.
            self._context = None
            raise LogonFailed(str(error)) from error
        return Step(answer, self._context.complete)

    def _bindings(self, token: bytes) -> GssChannelBindings | None:
        if not self._certificate or self._hardening == "none":
            return None
        if _AUTHENTICATE not in token:
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
        header, length, sealed = _opened(body)
        try:
            plain = self._context.unwrap_winrm(header, sealed)
        except Exception as error:
            raise Unreadable(str(error)) from error
        if len(plain) != length:
            raise Unreadable(f"the message has {len(plain)} bytes and says {length}")
        return plain

    def seal(self, plain: bytes) -> bytes:
        """Close a message for the client, with its MIME frame."""
        if self._context is None:
            raise Unreadable("nobody has logged on")
        sealed = self._context.wrap_winrm(plain)
        return b"".join(
            (
                _BOUNDARY + b"\r\n\tContent-Type: " + _PROTOCOL,
                b"\r\n\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=",
                str(len(plain) + sealed.padding_length).encode("ascii"),
                b"\r\n" + _BOUNDARY + b"\r\n" + _OCTETS,
                struct.pack("<i", len(sealed.header)) + sealed.header + sealed.data,
                _BOUNDARY + b"--\r\n",
            )
        )


def _acceptor(token: bytes) -> spnego.ContextProxy:
    if token.startswith(b"NTLMSSP\x00"):
        return spnego.server(protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm)
    return spnego.server(protocol="negotiate", options=spnego.NegotiateOptions.use_negotiate)


def _opened(body: bytes) -> tuple[bytes, int, bytes]:
    """The signature, plain length and sealed bytes in a MIME frame. Raises Unreadable."""
    try:
        before, rest = body.split(_OCTETS, 1)
        length = int(before.rpartition(b"Length=")[2].split(b"\r\n", 1)[0])
        (size,) = struct.unpack_from("<i", rest)
        end = len(rest) - len(_BOUNDARY + b"--\r\n")
    except (ValueError, struct.error) as error:
        raise Unreadable("the message is not framed as an encrypted one") from error
    if _PROTOCOL not in before or rest[end:] != _BOUNDARY + b"--\r\n" or not 0 < size <= end - 4:
        raise Unreadable("the message is not framed as an encrypted one")
    return rest[4 : 4 + size], length, rest[4 + size : end]


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
