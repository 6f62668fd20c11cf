"""The endpoint's side of a logon and of sealed messages: pyspnego's acceptor, or a password.

Source: [MS-WSMV] 2.2.9.1 (encrypted messages), RFC 4559 (Negotiate), RFC 7617 (Basic).
"""

from __future__ import annotations

import base64
import os
import re
import socket
import struct
from pathlib import Path
from typing import Final

import spnego
from spnego._ntlm_raw.crypto import ntowfv1

USER: Final = "Administrator"
PASSWORD: Final = "Bench-Passw0rd"
"""Protects nothing: the endpoint lives on loopback, and its hosts are simulated."""

SEALED_TYPE: Final = (
    'multipart/encrypted;protocol="application/HTTP-SPNEGO-session-encrypted"'
    ';boundary="Encrypted Boundary"'
)
_START: Final = (
    b"--Encrypted Boundary\r\n"
    b"\tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n"
    b"\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=%d\r\n"
    b"--Encrypted Boundary\r\n\tContent-Type: application/octet-stream\r\n"
)
_END: Final = b"--Encrypted Boundary--\r\n"
_SEALED: Final = re.compile(
    rb"\s*-- ?Encrypted Boundary\r\n.*?Length=(\d+)\r\n"
    rb"-- ?Encrypted Boundary\r\n\s*Content-Type: application/octet-stream\r\n"
    rb"(.*)-- ?Encrypted Boundary--\r\n\s*",
    re.DOTALL,
)


class LogonFailed(Exception):
    """A token or a sealed message that is not acceptable."""


def write_users(directory: Path) -> None:
    """Tell pyspnego of the one account. It reads hashes faster than passwords."""
    digest = ntowfv1(PASSWORD).hex().upper()
    names = [USER, f".\\{USER}", f"{socket.gethostname().upper()}\\{USER}"]
    lines = "".join(f"{name}:1000:{'0' * 32}:{digest}:[U]:LCT-0\n" for name in names)
    path = directory / "users"
    path.write_text(lines, encoding="utf-8")
    os.environ["NTLM_USER_FILE"] = str(path)


def basic_is_right(token: str) -> bool:
    """Whether the token of a Basic header is the account."""
    try:
        return base64.b64decode(token) == f"{USER}:{PASSWORD}".encode()
    except ValueError:
        return False


class Negotiated:
    """NTLM, raw or in SPNEGO, on one connection."""

    def __init__(self, first: bytes) -> None:
        options = spnego.NegotiateOptions
        raw = first.startswith(b"NTLMSSP\x00")
        self._context = spnego.server(
            protocol="ntlm" if raw else "negotiate",
            options=options.use_ntlm if raw else options.use_negotiate,
        )

    @property
    def complete(self) -> bool:
        """Whether the client has proved who it is."""
        return bool(self._context.complete)

    def step(self, token: bytes) -> bytes:
        """Take a token, return the answering one. Raises LogonFailed."""
        try:
            return self._context.step(token) or b""
        except Exception as error:
            # pyspnego reads tokens loosely: KeyError and struct.error come out as well.
            raise LogonFailed(str(error)) from error

    def unseal(self, body: bytes) -> bytes:
        """The message in a sealed body. Raises LogonFailed."""
        found = _SEALED.fullmatch(body)
        if found is None:
            raise LogonFailed("not framed as a sealed message")
        (size,) = struct.unpack_from("<i", found[2])
        header, data = found[2][4 : 4 + size], found[2][4 + size :]
        try:
            plain = self._context.unwrap_winrm(header, data)
        except Exception as error:
            raise LogonFailed(str(error)) from error
        if len(plain) != int(found[1]):
            raise LogonFailed("the length of a sealed message is wrong")
        return bytes(plain)

    def seal(self, plain: bytes) -> bytes:
        """A sealed body with this message."""
        sealed = self._context.wrap_winrm(plain)
        size = struct.pack("<i", len(sealed.header))
        start = _START % (len(plain) + sealed.padding_length)
        return start + size + sealed.header + sealed.data + _END
