"""Certificates for simulated hosts: one authority for a lab, one certificate for each host."""

from __future__ import annotations

import datetime
import hashlib
import ipaddress
import os
import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Flaw = Literal["", "expired", "wrong_name", "self_signed"]
"""What is wrong with a certificate on purpose."""

_DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Identity:
    """A host's certificate, ready to serve. ``binding`` is its RFC 5929 channel binding."""

    context: ssl.SSLContext
    pem: bytes
    binding: bytes


class Authority:
    """Signs the certificates of one lab; whoever trusts ``pem`` trusts its hosts.

    Keys are elliptic (P-256): a thousand of them take no noticeable time.
    """

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("Runner lab authority")
        certificate = (
            _builder(self._name, self._name, self._key, days=(-1, 3650))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs=True), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.pem = certificate.public_bytes(serialization.Encoding.PEM)

    def issue(self, name: str, address: str, flaw: Flaw = "") -> Identity:
        """A certificate for that host name and address, valid unless a flaw is asked for."""
        key = ec.generate_private_key(ec.SECP256R1())
        if flaw == "wrong_name":
            name, address = "another.invalid", "192.0.2.1"
        days = (-30, -1) if flaw == "expired" else (-1, 825)
        alone = flaw == "self_signed"
        issuer, signer = (_name(name), key) if alone else (self._name, self._key)
        certificate = (
            _builder(_name(name), issuer, key, days=days)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()),
                critical=False,
            )
            .add_extension(_alternatives(name, address), critical=False)
            .sign(signer, hashes.SHA256())
        )
        der = certificate.public_bytes(serialization.Encoding.DER)
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        binding = b"tls-server-end-point:" + hashlib.sha256(der).digest()
        return Identity(_context(pem, key), pem, binding)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text[:64])])


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    *,
    days: tuple[int, int],
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + days[0] * _DAY)
        .not_valid_after(now + days[1] * _DAY)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _alternatives(name: str, address: str) -> x509.SubjectAlternativeName:
    names: list[x509.GeneralName] = []
    try:
        names.append(x509.IPAddress(ipaddress.ip_address(address)))
    except ValueError:
        names.append(x509.DNSName(address))
    if name != address:
        names.append(x509.DNSName(name))
    return x509.SubjectAlternativeName(names)


def _context(pem: bytes, key: ec.EllipticCurvePrivateKey) -> ssl.SSLContext:
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    load_identity(context, secret + pem)
    return context


def load_identity(context: ssl.SSLContext, pem: bytes) -> None:
    """Have a context serve this key and certificate."""
    # The ssl module reads certificates from files only; this one lives for a moment, mode 0600.
    handle, path = tempfile.mkstemp(suffix=".pem")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(pem)
        context.load_cert_chain(path)
    finally:
        Path(path).unlink()
