"""Host certificates of OpenSSH: whether an authority vouches for a key, for this name, today.

The format is that of OpenSSH's PROTOCOL.certkeys, sections 2.1 and 2.2: what the authority signs
is everything ahead of its signature.
"""

from __future__ import annotations

import fnmatch
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import paramiko

_HOST: Final = 2
_FOR_EVER: Final = (1 << 64) - 1
_SUFFIX: Final = "-cert-v01@openssh.com"
_FIELDS: Final = {"ssh-ed25519": 1, "ecdsa": 2, "ssh-rsa": 2}
"""How many strings the public key has between the nonce and the serial number."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What one says. ``problem`` is why it is no good for anybody; times in seconds since 1970."""

    authority: paramiko.PKey
    kind: int
    key_id: str
    principals: tuple[str, ...]
    valid_after: int
    valid_before: int
    critical: bytes
    signed: bool

    def problem(self, name: str, now: float | None = None) -> str:
        """Why it does not vouch for a host of that name now; empty when it does."""
        moment = time.time() if now is None else now
        if not self.signed:
            return "its signature is wrong"
        if self.kind != _HOST:
            return "it is a user's certificate"
        if self.critical:
            return "it has critical options that are not known"
        if moment < self.valid_after:
            return "it is not valid yet"
        if self.valid_before != _FOR_EVER and moment >= self.valid_before:
            return "it has expired"
        if not any(fnmatch.fnmatchcase(name.lower(), p.lower()) for p in self.principals):
            return f"it is for {', '.join(self.principals) or 'nobody'}"
        return ""


def certificate_of(key: paramiko.PKey) -> Certificate | None:
    """The certificate that came with a host's key, if one did. Raises SSHException."""
    blob = getattr(key, "public_blob", None)
    if blob is None or not str(blob.key_type).endswith(_SUFFIX):
        return None
    raw = bytes(blob.key_blob)
    message = paramiko.Message(raw)
    plain = message.get_text().removesuffix(_SUFFIX)
    message.get_binary()  # the nonce
    for _ in range(_FIELDS["ecdsa" if plain.startswith("ecdsa") else plain]):
        message.get_binary()
    message.get_int64()  # the serial number
    kind = message.get_int()
    key_id = message.get_binary().decode("utf-8", "replace")
    principals = _strings(message.get_binary())
    after, before = message.get_int64(), message.get_int64()
    critical = message.get_binary()
    message.get_binary()  # extensions: a host's certificate has none that matter
    message.get_binary()  # reserved
    authority_blob = message.get_binary()
    signed = message.get_so_far()
    authority = key_from(authority_blob)
    good = authority.verify_ssh_sig(signed, paramiko.Message(message.get_binary()))
    return Certificate(authority, kind, key_id, principals, after, before, critical, bool(good))


def key_from(blob: bytes) -> paramiko.PKey:
    """A public key. Raises SSHException for a kind that paramiko does not know."""
    name = paramiko.Message(blob).get_text()
    try:
        return paramiko.PKey.from_type_string(name, blob)
    except (paramiko.SSHException, ValueError) as error:
        raise paramiko.SSHException(f"an authority's key of kind {name}: {error}") from None


def _strings(blob: bytes) -> tuple[str, ...]:
    message = paramiko.Message(blob)
    found: list[str] = []
    while message.get_remainder():
        found.append(message.get_binary().decode("utf-8", "replace"))
    return tuple(found)


def algorithms(kinds: Sequence[str]) -> tuple[str, ...]:
    """The certificate algorithms of these kinds of key."""
    return tuple(f"{kind}{_SUFFIX}" for kind in kinds)
