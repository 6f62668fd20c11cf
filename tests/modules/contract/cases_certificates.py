"""The same for certificates. The lab's certutil looks no further than at their first byte."""

from __future__ import annotations

import base64
import hashlib
from typing import Any, Final

from tests.modules.contract.case import Case

DER: Final = bytes.fromhex("300530030201") + b"\x05"
THUMBPRINT: Final = hashlib.sha1(DER, usedforsecurity=False).hexdigest().upper()
_TEXT = base64.b64encode(DER).decode()
_PEM = f"text before\r\n-----BEGIN CERTIFICATE-----\r\n{_TEXT}\r\n-----END CERTIFICATE-----\r\n"
STORES: Final = r"HKLM\SOFTWARE\Microsoft\SystemCertificates"
BLOB: Final = {"Blob": {"type": "REG_BINARY", "data": "0f0000000100000001000000aa"}}
_OTHER = "0123456789ABCDEF0123456789ABCDEF01234567"
_FILES = {
    r"C:\set up\a.cer": {"base64": _TEXT},
    r"C:\set up\a.pem": {"content": _PEM},
}
_EMPTY: dict[str, dict[str, Any]] = {
    "files": _FILES,
    "registry": {rf"{STORES}\{store}\Certificates\{_OTHER}": BLOB
                 for store in ("ROOT", "MY", "Disallowed")},
}  # fmt: skip


def _there(*stores: str) -> dict[str, Any]:
    registry = {rf"{STORES}\{store}\Certificates\{THUMBPRINT}": BLOB for store in stores}
    return {"files": _FILES, "registry": {**_EMPTY["registry"], **registry}}


CERTIFICATE_CASES: Final = (
    Case("certificate-new", "win_certificate_store",
         {"path": r"C:\set up\a.cer", "store_name": "Disallowed"}, state=_EMPTY),
    Case("certificate-new-2003", "win_certificate_store", {"path": r"C:\set up\a.pem"},
         "2003-sp2", _EMPTY),
    Case("certificate-gone", "win_certificate_store",
         {"thumbprint": THUMBPRINT.lower(), "store_name": "Root", "state": "absent"}, "2019",
         _there("ROOT")),
    Case("certificate-gone-fetched", "win_certificate_store",
         {"path": r"C:\set up\a.cer", "store_name": "Root", "state": "absent"}, "2016",
         _there("ROOT", "AuthRoot")),
)  # fmt: skip
