"""Logging on with NTLM: one security context of pyspnego for one connection.

A password is turned into its NT hash once, for all hosts: pyspnego would compute the LM hash with
it each time, in 3 ms, which NTLMv2 has no use for.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
from functools import lru_cache
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm

from runner.transports.winrm.guards import AnswerRefused
from runner.transports.winrm.ntlm_seal import Seals, sealing
from runner.transports.winrm.spnego import GssChannelBindings, spnego

_TOKEN: Final = re.compile(r"\b(Negotiate|NTLM)\s+([A-Za-z0-9+/]+=*)", re.IGNORECASE)
_HASHES: Final = re.compile(r"[0-9A-Fa-f]{32}:[0-9A-Fa-f]{32}")


class NtlmLogon:
    """``first`` makes the first token; ``answer`` the one for the host's challenge."""

    def __init__(self, user: str, password: str, host: str, certificate: bytes = b"") -> None:
        """With a ``certificate`` (DER) the logon is bound to the TLS connection that has it."""
        binding = endpoint_hash(certificate) if certificate else b""
        self._context = spnego.client(
            credential(user, password),
            hostname=host,
            service="http",
            protocol="ntlm",
            channel_bindings=(
                GssChannelBindings(application_data=b"tls-server-end-point:" + binding)
                if binding
                else None
            ),
            options=spnego.NegotiateOptions.use_ntlm,
        )
        self._last = b""

    def first(self) -> str:
        """In base64."""
        return base64.b64encode(self._context.step() or b"").decode("ascii")

    def answer(self, challenge: str) -> str:
        """In base64, both. Raises AnswerRefused for what is no challenge."""
        try:
            token = base64.b64decode(challenge, validate=True)
            self._last = self._context.step(token) or b""
        # pyspnego reads a token as it comes, and raises whatever it runs into.
        except Exception as error:
            raise AnswerRefused(f"it is no NTLM challenge: {type(error).__name__}") from error
        return base64.b64encode(self._last).decode("ascii")

    def sealing(self) -> Seals:
        """What seals on this connection from now on."""
        return sealing(self._context, self._last)


def challenge_in(offers: str) -> str | None:
    """The host's token in its WWW-Authenticate headers, in base64."""
    found = _TOKEN.search(offers)
    return found[2] if found else None


@lru_cache(maxsize=256)
def credential(user: str, password: str) -> Any:
    """What pyspnego is given for this password: its NT hash, where that is all it needs.

    A password that looks like two hashes is taken for those, as pyspnego does it.
    """
    if int(os.environ.get("LM_COMPAT_LEVEL", "3")) < 3:
        return spnego.Password(user, password)  # gss-ntlmssp's variable: NTLMv1 wants both hashes
    if _HASHES.fullmatch(password):
        lm_hash, _, nt_hash = password.partition(":")
        return spnego.NTLMHash(user, lm_hash, nt_hash)
    try:
        from spnego._ntlm_raw.crypto import ntowfv1

        return spnego.NTLMHash(user, None, ntowfv1(password).hex())
    except Exception:  # noqa: BLE001 - it is pyspnego's own, and may go; then it takes 3 ms more
        return spnego.Password(user, password)


@lru_cache(maxsize=1024)
def endpoint_hash(certificate: bytes) -> bytes:
    """RFC 5929 tls-server-end-point of a certificate (DER), as requests-ntlm computes it; empty
    where nobody knows how it was signed."""
    from cryptography import x509  # only with TLS

    try:
        algorithm = x509.load_der_x509_certificate(certificate).signature_hash_algorithm
    except (UnsupportedAlgorithm, ValueError):
        return b""
    name = "sha256" if algorithm is None or algorithm.name in ("md5", "sha1") else algorithm.name
    return hashlib.new(name, certificate).digest()
