"""Sealing messages for the transports that pywinrm's own frame does not serve rightly.

The frame is pywinrm's ([MS-WSMV] 2.2.9.1). Two numbers in it are wrong there and put right here:
the ``Length`` of a message to which Kerberos adds padding (RC4), and the length of the TLS trailer
of CredSSP, which pywinrm derives from names of cipher suites that TLS 1.3 does not use any more.
"""

from __future__ import annotations

import struct
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import requests
from winrm.encryption import Encryption

_END: Final = b"Envelope>"


class Context(Protocol):
    """A security context that seals, as pyspnego and requests-credssp have it."""

    def wrap_winrm(self, data: bytes) -> Any:
        """Returns the header, the sealed data, and how many bytes of padding were added."""

    def unwrap_winrm(self, header: bytes, data: bytes) -> bytes:
        """The plain message."""


class SealedMessages(Encryption):
    """Seals with ``context``, or with that of the session's CredSSP logon."""

    def __init__(
        self,
        session: requests.Session,
        protocol: str,
        context: Context | None = None,
        scheme: str = "Negotiate",
    ) -> None:
        super().__init__(session, protocol)
        self._context = context
        if scheme == "Kerberos":  # pywinrm knows its messages under the name of Negotiate only
            self.protocol_string = b"application/HTTP-Kerberos-session-encrypted"

    def _encrypt_message(self, message: bytes, host: str | bytes | None) -> bytes:
        if self.protocol == "ntlm":
            return super()._encrypt_message(message, host)
        header, sealed, padding = self._of(host).wrap_winrm(message)
        return b"".join(
            (
                self.MIME_BOUNDARY + b"\r\n\tContent-Type: " + self.protocol_string + b"\r\n",
                b"\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=",
                str(len(message) + padding).encode("ascii") + b"\r\n" + self.MIME_BOUNDARY,
                b"\r\n\tContent-Type: application/octet-stream\r\n",
                struct.pack("<i", len(header)) + header + sealed,
            )
        )

    def _decrypt_kerberos_message(self, encrypted_data: bytes, host: str | bytes | None) -> bytes:
        return self._opened(encrypted_data, host)

    def _decrypt_credssp_message(self, encrypted_data: bytes, host: str | bytes | None) -> bytes:
        return self._opened(encrypted_data, host)

    def _opened(self, data: bytes, host: str | bytes | None) -> bytes:
        (size,) = struct.unpack_from("<i", data)
        return self._of(host).unwrap_winrm(data[4 : 4 + size], data[4 + size :])

    def _of(self, host: str | bytes | None) -> Context:
        if self._context is not None:
            return self._context
        contexts: dict[Any, Context] = getattr(self.session.auth, "contexts", {})
        return contexts[host]


def without_padding(answer: bytes) -> bytes:
    """An envelope without the bytes that a block cipher may have left behind its end."""
    end = answer.rfind(_END)
    return answer[: end + len(_END)] if end >= 0 else answer


def host_of(endpoint: str) -> str:
    """The host in a URL, without brackets and port."""
    return urlsplit(endpoint).hostname or ""
