"""What a failed TLS handshake means: OpenSSL's words, turned into a cause and advice."""

from __future__ import annotations

from typing import Final

from runner.errors import TlsFailed
from runner.transports.winrm.failure import Attempt, LinkFailure

_OTHER_NAME: Final = "the certificate is for another name: set ansible_host to the name in it"
_OTHER_CLOCK: Final = "the clocks differ, or its certificate was made for a later time"
_WEAK: Final = "its certificate is too weak: renew it with 2048 bit RSA and SHA-256"
_UNKNOWN_CA: Final = "its CA is not known here: give it with ansible_winrm_ca_trust_path"
_OWN_CA: Final = (
    "the certificate is signed by itself: give it with ansible_winrm_ca_trust_path, or better one "
    "of your CA; only for tests, do not validate it"
)
_NO_TLS: Final = "the port does not speak TLS: 5985 is http, 5986 is https"
_OLD_TLS: Final = (
    "the host only has old TLS: enable TLS 1.2 on it, or use http with ntlm or kerberos, where "
    "messages are sealed all the same"
)
_NO_CIPHER: Final = (
    "the host and this machine have no cipher in common: enable TLS 1.2 on it, and renew an old "
    "certificate"
)
_ADVICE: Final = (
    ("certificate has expired", "renew the certificate of its WinRM listener"),
    ("certificate is not yet valid", _OTHER_CLOCK),
    ("mismatch", _OTHER_NAME),
    ("doesn't match", _OTHER_NAME),
    ("self-signed certificate in certificate chain", _UNKNOWN_CA),
    ("self-signed certificate", _OWN_CA),
    ("too weak", _WEAK),
    ("too small", _WEAK),
    ("certificate verify failed", _UNKNOWN_CA),
    ("wrong version number", _NO_TLS),
    ("http request", _NO_TLS),
    ("unsupported protocol", _OLD_TLS),
    ("alert protocol version", _OLD_TLS),
    ("handshake failure", _NO_CIPHER),
    ("eof", f"{_NO_TLS}; or the host cut it off"),
)
"""OpenSSL's words, the more telling ones first."""
_REFUSED_OURS: Final = (
    "alert unknown ca",
    "alert certificate",
    "alert bad certificate",
    "certificate required",
    "alert access denied",
    "alert unsupported certificate",
)
_OURS: Final = (
    "the host does not trust the client certificate: its issuer must be in the host's root store, "
    "it must not have expired and must be made for client authentication"
)


def explain_tls(said: str, attempt: Attempt) -> LinkFailure:
    """``said`` is what OpenSSL or urllib3 said last. Never sent again: it would be the same."""
    words = said.lower().replace("_", " ")
    if any(refusal in words for refusal in _REFUSED_OURS):
        advice = _OURS if attempt.auth == "certificate" else "the host wants a client certificate"
    else:
        found = (text for word, text in _ADVICE if word in words)
        advice = next(found, "check the certificate of its WinRM listener")
        if "eof" in words and attempt.auth == "certificate":
            advice = f"{_OURS}; or {_NO_TLS}"
    return LinkFailure(
        TlsFailed(
            attempt.says(f"TLS failed: {said}"),
            hint=advice,
            may_have_started=attempt.started_earlier,
        )
    )
