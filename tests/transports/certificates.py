"""Certificates for tests: an authority of their own, and every way in which one can be wrong."""

from __future__ import annotations

import datetime
import hashlib
import ipaddress
import ssl
import warnings
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from runner.lab.winrm.http_tls import Authority, Flaw, Identity

UPN = x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2.3")

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Papers:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: Key

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    def key_pem(self, passphrase: bytes = b"") -> bytes:
        lock: serialization.KeySerializationEncryption = serialization.NoEncryption()
        if passphrase:
            lock = serialization.BestAvailableEncryption(passphrase)
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock
        )

    def write(self, folder: Path, name: str, passphrase: bytes = b"") -> tuple[str, str]:
        """As two files; returns (certificate, key)."""
        certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
        certificate.write_bytes(self.pem)
        key.write_bytes(self.key_pem(passphrase))
        return str(certificate), str(key)


class Issuer:
    """A certificate authority."""

    def __init__(self, name: str = "Test authority") -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            _builder(_name(name), _name(name), key, (-1, 30))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs=True), critical=True)
            .sign(key, hashes.SHA256())
        )
        self.papers = Papers(certificate, key)

    def issue(
        self,
        name: str,
        *names: str,
        days: tuple[int, int] = (-1, 30),
        upn: str = "",
        client: bool = False,
        alone: bool = False,
        key: Key | None = None,
    ) -> Papers:
        """A certificate for these names and addresses, or for a client with a UPN.

        ``alone``: signed by itself. ``key``: another one than a fresh P-256.
        """
        key = key or ec.generate_private_key(ec.SECP256R1())
        issuer = Papers(self.papers.certificate, key if alone else self.papers.key)
        purpose = ExtendedKeyUsageOID.CLIENT_AUTH if client else ExtendedKeyUsageOID.SERVER_AUTH
        builder = (
            _builder(_name(name), _name(name) if alone else issuer.certificate.subject, key, days)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()),
                critical=False,
            )
        )
        others: list[x509.GeneralName] = [_general(one) for one in names]
        if upn:
            text = upn.encode()
            others.append(x509.OtherName(UPN, bytes([0x0C, len(text)]) + text))
        if others:
            builder = builder.add_extension(x509.SubjectAlternativeName(others), critical=False)
        return Papers(builder.sign(issuer.key, hashes.SHA256()), key)


def server_context(papers: Papers, folder: Path, name: str = "server") -> ssl.SSLContext:
    """A TLS server with these papers, whatever their strength."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if isinstance(papers.key, rsa.RSAPrivateKey) and papers.key.key_size < 2048:
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.load_cert_chain(*papers.write(folder, name))
    return context


def only_tls_1_0(context: ssl.SSLContext) -> ssl.SSLContext:
    """The same, as Windows Server 2008 R2 without updates has it."""
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1
    return context


class FixedAuthority(Authority):
    """Has a front serve these papers, and no others."""

    def __init__(self, papers: Papers, context: ssl.SSLContext) -> None:
        super().__init__()
        binding = b"tls-server-end-point:" + hashlib.sha256(papers.der).digest()
        self._identity = Identity(context, papers.pem, binding)

    def issue(self, name: str, address: str, flaw: Flaw = "") -> Identity:
        del name, address, flaw
        return self._identity


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: Key, days: tuple[int, int]
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + days[0] * day)
        .not_valid_after(now + days[1] * day)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=not signs,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )
