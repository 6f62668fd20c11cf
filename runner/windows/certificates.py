r"""Certificates in the stores of a Windows host, as its registry has them.

A store of the machine is a key, in which each certificate is a key named by its thumbprint, whose
value ``Blob`` holds it with its properties (Microsoft, "System Store Locations"). A store as
programs see it is put together from several keys: what the machine has itself, what group policy
gives, what the directory publishes (Enterprise), and for Root what Windows fetched (AuthRoot).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from typing import Final

from runner.interfaces.exchange import Exec, Output
from runner.windows import registry

STORES: Final = {
    "My": "MY",
    "Root": "ROOT",
    "CertificateAuthority": "CA",
    "AuthRoot": "AuthRoot",
    "AddressBook": "AddressBook",
    "Disallowed": "Disallowed",
    "TrustedPeople": "TrustedPeople",
    "TrustedPublisher": "TrustedPublisher",
}
"""Names of .NET (StoreName) -> those of the system."""
OWN: Final = "the machine"
FETCHED: Final = "AuthRoot"
POLICY: Final = "group policy"
ENTERPRISE: Final = "the directory"
_PLACES: Final = {
    OWN: r"HKLM\SOFTWARE\Microsoft\SystemCertificates",
    POLICY: r"HKLM\SOFTWARE\Policies\Microsoft\SystemCertificates",
    ENTERPRISE: r"HKLM\SOFTWARE\Microsoft\EnterpriseCertificates",
}
MOST: Final = 3600
"""Bytes of a value that fit into a line of cmd, with two digits for each."""
NOT_FOUND: Final = 0x80092004
"""CRYPT_E_NOT_FOUND."""
_SECONDS: Final = 120.0
_PEM: Final = re.compile(rb"-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----(.*?)-----END", re.DOTALL)
_SEQUENCE: Final = 0x30


def keys(store: str, thumbprint: str) -> tuple[tuple[str, str], ...]:
    """Where a certificate of a store may lie, and the key of each place."""
    name = STORES[store]
    found = [(place, rf"{top}\{name}\Certificates\{thumbprint}") for place, top in _PLACES.items()]
    if name == "ROOT":
        found.append((FETCHED, rf"{_PLACES[OWN]}\AuthRoot\Certificates\{thumbprint}"))
    return tuple(found)


def queries(store: str, thumbprint: str) -> tuple[Exec, ...]:
    """The commands that look for it in each place."""
    return tuple(registry.query(key, "Blob") for _, key in keys(store, thumbprint))


def found(store: str, thumbprint: str, outputs: Sequence[Output]) -> dict[str, str]:
    """Place -> the value, in digits, where it is."""
    places = (place for place, _ in keys(store, thumbprint))
    blobs = (registry.value(output, "Blob") for output in outputs)
    pairs = zip(places, blobs, strict=True)
    return {place: blob for place, blob in pairs if isinstance(blob, str)}


def add(store: str, path: str) -> Exec:
    """The command that adds the certificate of a file."""
    return Exec("certutil", "-f", "-addstore", STORES[store], path, timeout=_SECONDS)


def delete(store: str, thumbprint: str) -> Exec:
    """The command that takes a certificate out of a store."""
    return Exec("certutil", "-delstore", STORES[store], thumbprint, timeout=_SECONDS)


def put_back(store: str, thumbprint: str, place: str, blob: str) -> Exec:
    """The command that gives back exactly what was there."""
    key = dict(keys(store, thumbprint))[place]
    return registry.add(key, "Blob", "binary", blob)


def thumbprint_of(data: bytes) -> str:
    """The thumbprint of the certificate that a file holds. Raises ValueError that says why not."""
    blocks = _PEM.findall(data)
    if len(blocks) > 1:
        raise ValueError(f"it holds {len(blocks)} certificates: give each a file of its own")
    if blocks:
        try:
            data = base64.b64decode(b"".join(blocks[0].split()), validate=True)
        except (binascii.Error, ValueError):
            raise ValueError("what stands between its lines BEGIN and END is no base64") from None
    inner = _content(data)
    if inner[:3] == b"\x02\x01\x03":
        raise ValueError(
            "it is a PKCS #12 file with a private key, whose password certutil would show in the "
            "list of processes: use win_powershell with Import-PfxCertificate, "
            "sensitive_parameters and 'undo'"
        )
    if inner[:1] != bytes([_SEQUENCE]):
        raise ValueError("it is no X.509 certificate, in DER or PEM")
    return hashlib.sha1(data, usedforsecurity=False).hexdigest().upper()


def _content(data: bytes) -> bytes:
    """What is in the ASN.1 sequence that the whole file must be (X.690)."""
    if len(data) < 2 or data[0] != _SEQUENCE:
        return b""
    at, length = 2, data[1]
    if length & 0x80:
        at += length & 0x7F
        length = int.from_bytes(data[2:at], "big")
    return data[at:] if at + length == len(data) else b""
