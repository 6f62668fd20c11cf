"""Certificates: the client's own, with which it logs on, and the TLS contexts for hosts.

A context is made once for all hosts of a kind, because loading a CA bundle costs tens of
milliseconds; a changed file makes a new one.
"""

from __future__ import annotations

import datetime
import ssl
from functools import lru_cache
from pathlib import Path
from typing import Final

MUTUAL: Final = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual"
"""What the Authorization header says for a logon by certificate (DSP0226 annex C)."""


class CertificateProblem(ValueError):
    """The client's certificate or its key cannot be used."""


def check_certificate(certificate: str, key: str) -> None:
    """Whether both can be read, belong together, and are valid now. Raises CertificateProblem."""
    for path in (certificate, key):
        if not Path(path).is_file():
            raise CertificateProblem(f"there is no file {path}")
    from cryptography import x509  # only for this logon

    try:
        found = x509.load_pem_x509_certificate(Path(certificate).read_bytes())
    except (ValueError, OSError) as error:
        raise CertificateProblem(f"{certificate} is not a certificate in PEM: {error}") from None
    now = datetime.datetime.now(datetime.UTC)
    if found.not_valid_after_utc < now:
        raise CertificateProblem(f"{certificate} expired on {found.not_valid_after_utc:%Y-%m-%d}")
    if found.not_valid_before_utc > now:
        raise CertificateProblem(
            f"{certificate} is valid from {found.not_valid_before_utc:%Y-%m-%d %H:%M} UTC on only"
        )
    if b"ENCRYPTED" in Path(key).read_bytes():
        raise CertificateProblem(
            f"the key {key} is encrypted; runner cannot ask for its passphrase: write it without "
            "one (openssl pkey) and keep it readable for yourself only"
        )
    try:
        _load(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), (certificate, key))
    except (ssl.SSLError, OSError) as error:
        raise CertificateProblem(_why(error, certificate, key)) from None


def _why(error: Exception, certificate: str, key: str) -> str:
    said = str(error).upper().replace(" ", "_")
    if "KEY_VALUES_MISMATCH" in said or "KEY_TYPE_MISMATCH" in said:
        return f"the key {key} does not belong to the certificate {certificate}"
    return f"{certificate} and {key} cannot be used: {error}"


def _load(context: ssl.SSLContext, certificate: tuple[str, str]) -> None:
    # Without a password function OpenSSL would ask on the terminal for that of an encrypted key.
    context.load_cert_chain(*certificate, password=lambda: b"")


def tls_context(ca_path: str | None, certificate: tuple[str, str] | None = None) -> ssl.SSLContext:
    """Trusts this CA file or directory, or, without one, the system's and certifi's CAs."""
    return _tls_context(ca_path, certificate, _ages(ca_path, *(certificate or ())))


def unverified_context(certificate: tuple[str, str] | None = None) -> ssl.SSLContext:
    """Trusts everybody: for ``server_cert_validation: ignore``."""
    return _unverified_context(certificate, _ages(*(certificate or ())))


def _ages(*paths: str | None) -> tuple[int, ...]:
    return tuple(Path(path).stat().st_mtime_ns for path in paths if path and Path(path).exists())


@lru_cache(maxsize=64)
def _tls_context(
    ca_path: str | None, certificate: tuple[str, str] | None, ages: tuple[int, ...]
) -> ssl.SSLContext:
    del ages  # part of the key
    if ca_path is None:
        import certifi  # comes with requests

        context = ssl.create_default_context()
        context.load_verify_locations(certifi.where())
    else:
        try:
            context = ssl.create_default_context(cafile=ca_path)
        except (IsADirectoryError, PermissionError, ssl.SSLError):
            context = ssl.create_default_context(capath=ca_path)
    return _with(context, certificate)


@lru_cache(maxsize=16)
def _unverified_context(
    certificate: tuple[str, str] | None, ages: tuple[int, ...]
) -> ssl.SSLContext:
    del ages
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return _with(context, certificate)


def _with(context: ssl.SSLContext, certificate: tuple[str, str] | None) -> ssl.SSLContext:
    context.hostname_checks_common_name = False  # as urllib3 has it (RFC 6125)
    if certificate is not None:
        _load(context, certificate)
        # HTTP.sys asks for the certificate when it has read the request, not in the handshake;
        # in TLS 1.3 that is post-handshake authentication (RFC 8446 section 4.6.2).
        context.post_handshake_auth = True
    return context
