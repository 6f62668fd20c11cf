"""Certificates of clients: which user one stands for, and asking for it as HTTP.sys does.

Windows maps a certificate to an account by its issuer and its user principal name (the otherName
1.3.6.1.4.1.311.20.2.3 of its subject alternative names): ``winrm/config/service/certmapping``.
"""

from __future__ import annotations

import select
import ssl
import time
from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

MUTUAL: Final = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual"
"""What the Authorization header says for this logon (DSP0226 annex C)."""

_UPN: Final = x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2.3")
_UTF8: Final = 0x0C


@dataclass(frozen=True, slots=True)
class Mapping:
    """Certificates of this issuer (PEM) with this user principal name are the host's account.

    ``late``: the certificate is asked for when the request has been read (TLS 1.3 only), as
    HTTP.sys does unless its binding negotiates it, instead of in the handshake.
    """

    issuer: bytes
    principal: str
    late: bool = False


def ask(context: ssl.SSLContext, mapping: Mapping) -> None:
    """Have a server's context ask clients for a certificate, and take none as well."""
    context.load_verify_locations(cadata=mapping.issuer.decode("ascii"))
    context.verify_mode = ssl.CERT_OPTIONAL
    context.post_handshake_auth = mapping.late


def ask_late(secure: ssl.SSLSocket, patience: float) -> None:
    """Ask now, on a connection whose client waits for an answer. Raises ssl.SSLError, OSError."""
    secure.verify_client_post_handshake()
    end = time.monotonic() + patience
    secure.setblocking(False)
    try:
        secure.do_handshake()  # sends the request for the certificate
        while secure.getpeercert(binary_form=True) is None and time.monotonic() < end:
            if not select.select([secure], [], [], max(0.0, end - time.monotonic()))[0]:
                return
            try:
                if secure.recv(0) == b"" and secure.recv(1) == b"":
                    return
            except ssl.SSLWantReadError:
                continue
    finally:
        secure.setblocking(True)


def stands_for(secure: ssl.SSLSocket, mapping: Mapping) -> bool:
    """Whether the client on this connection has shown a certificate of the mapped user.

    Its chain and dates have been checked by TLS.
    """
    shown = secure.getpeercert(binary_form=True)
    if not shown:
        return False
    certificate = x509.load_der_x509_certificate(shown)
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return False
    if ExtendedKeyUsageOID.CLIENT_AUTH not in usage:
        return False
    others = [name for name in names if isinstance(name, x509.OtherName)]
    return any(name.type_id == _UPN and _text(name.value) == mapping.principal for name in others)


def _text(der: bytes) -> str:
    """A short UTF8String."""
    short = len(der) > 1 and der[0] == _UTF8 and der[1] == len(der) - 2 < 128
    return der[2:].decode("utf-8", "replace") if short else ""
