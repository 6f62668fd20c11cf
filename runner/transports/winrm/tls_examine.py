"""The certificate of a WinRM listener, looked at before anybody logs on."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.x509.oid import NameOID

from runner.interfaces.examine import Finding, Stopwatch, Verdict
from runner.transports.winrm.options import WinrmOptions

_TITLE: Final = "Is its certificate good?"
_SOON_DAYS: Final = 30

_ADVICE: Final = {
    10: "it has expired: renew the certificate of the WinRM listener",
    18: "it is signed by itself: give the certificate with ansible_winrm_ca_trust_path, or use one "
    "of your CA",
    19: "its chain ends at a CA that is not trusted here: give that CA with "
    "ansible_winrm_ca_trust_path",
    20: "its CA is not known here: give the CA with ansible_winrm_ca_trust_path",
    21: "the host does not send its whole chain, or the CA is not known here: give the CA with "
    "ansible_winrm_ca_trust_path",
    62: "it is for another name: set ansible_host to a name that stands in it",
    64: "it is for another address: set ansible_host to a name that stands in it",
}
"""By X509_V_ERR_... of OpenSSL (x509_vfy.h)."""
_NO_TLS: Final = (
    "the port does not speak TLS: http is on 5985, https on 5986 (ansible_winrm_scheme, "
    "ansible_port); or the host only has TLS 1.0 and 1.1"
)


def examine_certificate(options: WinrmOptions, timeout: float) -> Iterator[Finding]:
    """Whose it is, until when, for which names, and whether the chain is trusted."""
    if options.scheme != "https":
        said = (
            "http: no certificate; messages are sealed by the logon"
            if options.must_seal
            else ("http, and messages are not sealed: everything can be read on the way")
        )
        verdict = Verdict.SKIPPED if options.must_seal else Verdict.NOTE
        yield Finding("certificate", _TITLE, verdict, said)
        return
    watch = Stopwatch()
    try:
        with watch.running():
            seen = _look(options, timeout)
    except OSError as error:
        reason = getattr(error, "reason", None) or error.strerror or str(error)
        yield watch.stamp(
            Finding(
                "certificate",
                _TITLE,
                Verdict.FAILED,
                f"TLS failed: {reason}",
                _NO_TLS,
                category="tls",
            )
        )
        return
    yield watch.stamp(_judged(options, seen, _refusal(options, timeout)))


@dataclass(frozen=True, slots=True)
class _Seen:
    certificate: x509.Certificate
    version: str


@dataclass(frozen=True, slots=True)
class _Refusal:
    """Why a verifying client does not accept it."""

    code: int
    text: str


def _look(options: WinrmOptions, timeout: float) -> _Seen:
    """Take the certificate as it comes; whether it is good is asked after that."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection((options.address, options.port), timeout) as raw,
        context.wrap_socket(raw, server_hostname=options.address) as secure,
    ):
        der = secure.getpeercert(binary_form=True) or b""
        return _Seen(x509.load_der_x509_certificate(der), secure.version() or "")


def _refusal(options: WinrmOptions, timeout: float) -> _Refusal | None:
    context = _trusting(options.ca_trust_path)
    try:
        with (
            socket.create_connection((options.address, options.port), timeout) as raw,
            context.wrap_socket(raw, server_hostname=options.address),
        ):
            return None
    except ssl.SSLCertVerificationError as error:
        return _Refusal(error.verify_code, error.verify_message)
    except OSError as error:
        return _Refusal(0, str(error))


def _trusting(ca_path: str | None) -> ssl.SSLContext:
    if ca_path is None:
        return ssl.create_default_context()
    if Path(ca_path).is_dir():
        return ssl.create_default_context(capath=ca_path)
    return ssl.create_default_context(cafile=ca_path)


def _judged(options: WinrmOptions, seen: _Seen, refusal: _Refusal | None) -> Finding:
    data = _described(seen)
    left = (seen.certificate.not_valid_after_utc - datetime.now(UTC)).days
    said = (
        f"{data['subject']}, for {', '.join(data['names']) or 'no name'}, until {data['until']} "
        f"({left} days), by {data['issuer']}, {seen.version}"
    )
    if refusal is not None:
        advice = _ADVICE.get(refusal.code, "look at the certificate of the WinRM listener")
        said = f"{refusal.text}: {said}"
        if options.certificate == "ignore":
            advice = f"taken all the same (ansible_winrm_server_cert_validation: ignore): {advice}"
            return Finding("certificate", _TITLE, Verdict.NOTE, said, advice, data=data)
        failed = Verdict.FAILED
        return Finding("certificate", _TITLE, failed, said, advice, category="tls", data=data)
    if left < _SOON_DAYS:
        advice = "it expires soon: renew it before nobody gets in any more"
        return Finding("certificate", _TITLE, Verdict.NOTE, said, advice, data=data)
    return Finding("certificate", _TITLE, Verdict.OK, said, data=data)


def _described(seen: _Seen) -> dict[str, Any]:
    certificate = seen.certificate
    return {
        "subject": _name(certificate.subject),
        "issuer": _name(certificate.issuer),
        "names": _names(certificate),
        "from": f"{certificate.not_valid_before_utc:%Y-%m-%d}",
        "until": f"{certificate.not_valid_after_utc:%Y-%m-%d}",
        "tls": seen.version,
    }


def _name(name: x509.Name) -> str:
    common = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(common[0].value) if common else name.rfc4514_string()


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [str(each.value) for each in names if isinstance(each, x509.DNSName | x509.IPAddress)]
