"""win_certificate_store: which certificate a file holds, and what is refused.

What it does is in the contract suite.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
from collections.abc import Mapping
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from runner.errors import ParamsError, Refused
from runner.windows import certificates
from tests.modules.contract.cases_certificates import BLOB, DER, STORES, THUMBPRINT
from tests.modules.labhost import LabHost

FILE = r"C:\c\a.cer"
_KEY = ec.generate_private_key(ec.SECP256R1())
_NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
_START = datetime.datetime(2017, 5, 15, tzinfo=datetime.UTC)
_CERTIFICATE = (
    x509.CertificateBuilder()
    .subject_name(_NAME)
    .issuer_name(_NAME)
    .public_key(_KEY.public_key())
    .serial_number(7)
    .not_valid_before(_START)
    .not_valid_after(_START + datetime.timedelta(days=9))
    .sign(_KEY, hashes.SHA256())
)
_PEM = _CERTIFICATE.public_bytes(serialization.Encoding.PEM)
_REAL = _CERTIFICATE.public_bytes(serialization.Encoding.DER)
_PFX = pkcs12.serialize_key_and_certificates(
    b"x", _KEY, _CERTIFICATE, None, serialization.NoEncryption()
)
_P7B = bytes.fromhex("300f06092a864886f70d010702a0023000")


def _host(data: bytes = DER, registry: Mapping[str, Any] | None = None) -> LabHost:
    file = {FILE: {"base64": base64.b64encode(data).decode()}}
    return LabHost("2016", files=file, registry=registry or {})


@pytest.mark.parametrize(
    "data",
    [_REAL, _PEM, b"a comment\n" + _PEM.replace(b"\n", b"\r\n")],
    ids=("DER", "PEM", "PEM after a comment"),
)  # a key is made anew in every process, and pytest's workers must agree on the names
def test_the_thumbprint_of_a_file(data: bytes) -> None:
    wanted = hashlib.sha1(_REAL, usedforsecurity=False).hexdigest().upper()
    assert certificates.thumbprint_of(data) == wanted


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (_PFX, "Import-PfxCertificate"),
        (_P7B, "no X.509 certificate"),
        (_REAL[:-1], "no X.509 certificate"),
        (_REAL + b"\n", "no X.509 certificate"),
        (b"text", "no X.509 certificate"),
        (b"0", "no X.509 certificate"),
        (_PEM + _PEM, "holds 2 certificates"),
        (b"-----BEGIN CERTIFICATE-----\n??\n-----END CERTIFICATE-----", "no base64"),
    ],
    ids=("PFX", "P7B", "cut", "more", "text", "digit", "two", "no base64"),
)
def test_files_that_hold_none(data: bytes, says: str) -> None:
    task = _host(data).task("win_certificate_store", path=FILE)
    with pytest.raises(Refused, match=says):
        task.plan()


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ({}, "needs 'path'"),
        ({"state": "absent"}, "either 'path' or 'thumbprint'"),
        ({"state": "absent", "thumbprint": "x"}, "40 digits"),
        ({"state": "exported", "path": FILE}, "certutil -store"),
        ({"path": FILE, "store_location": "CurrentUser"}, "certutil -user"),
        ({"path": FILE, "store_type": "service"}, "stores of a service"),
        ({"path": FILE, "password": "x"}, "not supported here"),
        ({"path": FILE, "store_name": "Mine"}, "must be one of"),
    ],
)
def test_wrong_parameters(raw: dict[str, Any], says: str) -> None:
    with pytest.raises(ParamsError, match=says):
        _host().task("win_certificate_store", **raw)


def test_a_thumbprint_may_be_copied_from_the_dialog() -> None:
    pairs = " ".join(THUMBPRINT[at : at + 2].lower() for at in range(0, 40, 2))
    task = _host().task("win_certificate_store", state="absent", thumbprint=f"\u200e{pairs}")
    assert task.probe().thumbprint == THUMBPRINT


@pytest.mark.parametrize(
    ("key", "place"),
    [
        (r"HKLM\SOFTWARE\Policies\Microsoft\SystemCertificates\ROOT", "group policy"),
        (r"HKLM\SOFTWARE\Microsoft\EnterpriseCertificates\ROOT", "the directory"),
    ],
)
def test_what_others_give_is_there_and_cannot_be_removed(key: str, place: str) -> None:
    host = _host(registry={rf"{key}\Certificates\{THUMBPRINT}": BLOB})
    about = {"path": FILE, "store_name": "Root"}
    assert not host.task("win_certificate_store", **about).plan().differences()
    with pytest.raises(Refused, match=f"comes from {place}"):
        host.task("win_certificate_store", state="absent", **about).plan()


def test_one_that_is_too_long_to_come_back_is_said_to_be() -> None:
    key = rf"{STORES}\MY\Certificates\{THUMBPRINT}"
    long = {"Blob": {"type": "REG_BINARY", "data": "00" * (certificates.MOST + 1)}}
    task = _host(registry={key: long}).task("win_certificate_store", path=FILE, state="absent")
    assert "too long" in task.module.irreversible(task.params, task.plan(), {})


def test_there_is_no_file() -> None:
    task = _host().task("win_certificate_store", path=r"C:\c\nix.cer")
    with pytest.raises(Refused, match="there is no certificate file"):
        task.plan()
