"""Logging on with CredSSP ([MS-CSSP]): TLS inside HTTP headers, and the password at its end.

The protocol is pyspnego's acceptor; the frame around sealed records is [MS-WSMV] 2.2.9.1.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, Literal

import spnego
import spnego.tls

from runner.lab.winrm.http_tls import load_identity
from runner.lab.winrm.seal import Part

TlsVersion = Literal["1.2", "1.3"]

RECORD: Final = 16384
"""Plain bytes in one TLS record, and so in one part of a message."""
_VERSIONS: Final = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


class CredentialRefused(Exception):
    """The logon failed; ``token`` tells the client so."""

    def __init__(self, why: str, token: bytes = b"") -> None:
        super().__init__(why)
        self.token = token


class CredsspContext:
    """One acceptor. ``right`` tells whether (user, password) are those of the host's account."""

    def __init__(self, version: TlsVersion, right: Callable[[str, str], bool]) -> None:
        self._right = right
        self._context = spnego.server(
            protocol="credssp",
            options=spnego.NegotiateOptions.use_negotiate,
            credssp_tls_context=_tls(version),
        )
        self.complete = False
        self.delegated = False

    def step(self, token: bytes, channel_bindings: Any = None) -> bytes | None:
        """Take the client's next token; returns ours. Raises CredentialRefused."""
        del channel_bindings  # CredSSP binds to its own TLS
        answer = self._context.step(token)
        if self._context.get_extra_info("auth_stage") == "Authentication failure":
            raise CredentialRefused("the inner logon failed", answer or b"")
        if self._context.complete:
            given = self._context.get_extra_info("client_credential")
            name = f"{given.domain_name}\\{given.username}" if given.domain_name else given.username
            if not self._right(name, given.password):
                raise CredentialRefused("the password inside is wrong")
            self.complete = True
            self.delegated = True
        return answer

    def wrap(self, plain: bytes) -> list[Part]:
        """Seal one message, a part for each 16 KiB."""
        parts = []
        for at in range(0, max(1, len(plain)), RECORD):
            piece = plain[at : at + RECORD]
            record = self._context.wrap(piece).data
            trailer = self._trailer()
            parts.append(Part(record[:trailer], len(piece), record[trailer:]))
        return parts

    def unwrap(self, part: Part) -> bytes:
        """Open one part; any exception means that it cannot be opened."""
        if len(part.header) != self._trailer():
            raise ValueError(f"a trailer of {len(part.header)} bytes, not {self._trailer()}")
        return self._context.unwrap(part.header + part.data).data

    def _trailer(self) -> int:
        """Bytes that TLS adds behind the data: both versions have AES-GCM only here.

        Its tag has 16 (RFC 5288); TLS 1.3 adds the type of the content (RFC 8446 section 5.2).
        """
        found = self._context.get_extra_info("ssl_object")
        return 17 if found.version() == "TLSv1.3" else 16


@lru_cache(maxsize=2)
def _tls(version: TlsVersion) -> spnego.tls.CredSSPTLSContext:
    """One certificate for all hosts of a process: making its key takes a tenth of a second."""
    made = spnego.tls.default_tls_context(usage="accept")
    certificate, key, made.public_key = spnego.tls.generate_tls_certificate()
    load_identity(made.context, certificate + key)
    made.context.minimum_version = made.context.maximum_version = _VERSIONS[version]
    made.context.set_ciphers("ECDHE+AESGCM")
    return made
