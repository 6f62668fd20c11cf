"""Sealing with an NTLM context that is logged on.

pyspnego does it message by message through many layers of flags, in 0.1 ms an exchange.
``Sealer`` does the one case there is with Windows, extended session security with 128-bit keys and
key exchange ([MS-NLMP] 3.4.4.2), on the context's public session key, in a fifth of that. Whether
both agree to the last bit is tried once in a process; where they do not, or a host negotiates
something else, pyspnego seals.
"""

from __future__ import annotations

import hmac
import struct
from collections.abc import Callable
from functools import cache
from hashlib import md5
from typing import Any, Final, Protocol

from cryptography.hazmat.primitives.ciphers import Cipher

from runner.transports.winrm.guards import AnswerRefused
from runner.transports.winrm.spnego import spnego

try:
    from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4
except ImportError:  # older than 43
    from cryptography.hazmat.primitives.ciphers.algorithms import ARC4

_SIGN, _SEAL = 0x10, 0x20
_EXTENDED, _KEY_128, _KEY_EXCHANGE = 0x00080000, 0x20000000, 0x40000000
_USUAL: Final = _SIGN | _SEAL | _EXTENDED | _KEY_128 | _KEY_EXCHANGE
"""[MS-NLMP] 2.2.2.5."""
_FLAGS_AT: Final = 60
"""NegotiateFlags in an AUTHENTICATE_MESSAGE ([MS-NLMP] 2.2.1.3)."""
_SIGNATURE: Final = 16
_INNER: Final = bytes(byte ^ 0x36 for byte in range(256))
_OUTER: Final = bytes(byte ^ 0x5C for byte in range(256))
"""What HMAC does to each byte of its key (RFC 2104)."""
_CLIENT, _SERVER = b"client-to-server", b"server-to-client"


class Seals(Protocol):
    """Signature and sealed message in one, as a sealed body has them."""

    def seal(self, message: bytes) -> bytes:
        """16 bytes of signature, and the sealed message."""

    def open(self, sealed: bytes) -> bytes:
        """The message. Raises AnswerRefused when it was changed or is out of order."""


def sealing(context: Any, authenticate: bytes) -> Seals:
    """What seals for this context, whose last token was ``authenticate``."""
    (flags,) = struct.unpack_from("<I", authenticate, _FLAGS_AT)
    if flags & _USUAL == _USUAL and agrees_with_pyspnego():
        return Sealer(context.session_key)
    return Slowly(context)


class Slowly:
    """pyspnego."""

    def __init__(self, context: Any) -> None:
        self._context = context

    def seal(self, message: bytes) -> bytes:
        data: bytes = self._context.wrap(message).data
        return data

    def open(self, sealed: bytes) -> bytes:
        try:
            data: bytes = self._context.unwrap(sealed).data
        except spnego.exceptions.SpnegoError as error:
            raise AnswerRefused(f"its seal is broken: {error}") from error
        return data


class Sealer:
    """One side of a connection; the other side has client and server changed over."""

    def __init__(self, session_key: bytes, ours: bytes = _CLIENT, theirs: bytes = _SERVER) -> None:
        self._sign_out, self._out = _keys(session_key, ours)
        self._sign_in, self._in = _keys(session_key, theirs)
        self._sent = self._received = 0

    def seal(self, message: bytes) -> bytes:
        number = struct.pack("<I", self._sent)
        self._sent += 1
        sealed: bytes = self._out(message)
        digest = self._sign_out(number + message)
        return b"".join((b"\1\0\0\0", self._out(digest[:8]), number, sealed))

    def open(self, sealed: bytes) -> bytes:
        number = struct.pack("<I", self._received)
        self._received += 1
        message: bytes = self._in(sealed[_SIGNATURE:])
        digest = self._sign_in(number + message)
        expected = b"\1\0\0\0" + self._in(digest[:8]) + number
        if not hmac.compare_digest(expected, sealed[:_SIGNATURE]):
            raise AnswerRefused("its seal is broken")
        return message


def _keys(session_key: bytes, direction: bytes) -> tuple[Callable[[bytes], bytes], Any]:
    """HMAC with SIGNKEY, RC4 with SEALKEY ([MS-NLMP] 3.4.5.2 and 3.4.5.3)."""
    magic = b"session key to %s %s key magic constant\0"
    signing, sealing = (
        md5(session_key + magic % (direction, use), usedforsecurity=False).digest()
        for use in (b"signing", b"sealing")
    )
    return _hmac(signing), Cipher(ARC4(sealing), mode=None).encryptor().update


def _hmac(key: bytes) -> Callable[[bytes], bytes]:
    """HMAC-MD5 (RFC 2104) with the key worked in beforehand: hmac.digest looks its hash up in
    OpenSSL's providers each time, which takes longer than the hash."""
    padded = key.ljust(64, b"\0")
    inner = md5(padded.translate(_INNER), usedforsecurity=False)
    outer = md5(padded.translate(_OUTER), usedforsecurity=False)

    def digest(data: bytes) -> bytes:
        first, second = inner.copy(), outer.copy()
        first.update(data)
        second.update(first.digest())
        return second.digest()

    return digest


@cache
def agrees_with_pyspnego() -> bool:
    """Whether both seal and open alike, on a logon of nobody to a host that does not exist."""
    try:
        context = spnego.client(
            "nobody", "none", protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm
        )
        context.step()
        authenticate = context.step(_CHALLENGE) or b""
        (flags,) = struct.unpack_from("<I", authenticate, _FLAGS_AT)
        ours = Sealer(context.session_key)
        theirs = Sealer(context.session_key, _SERVER, _CLIENT)
        return flags & _USUAL == _USUAL and all(
            context.wrap(text).data == (sealed := ours.seal(text))
            and theirs.open(sealed) == text
            and context.unwrap(back := theirs.seal(text)).data == text
            and ours.open(back) == text
            for text in (b"first", b"", b"third" * 1000)
        )
    except Exception:  # noqa: BLE001 - whatever it is, pyspnego does it then
        return False


_CHALLENGE: Final = (
    struct.pack(
        "<8sIHHIIQQHHI",
        b"NTLMSSP\0",
        2,
        *(0, 0, 48),
        _USUAL | 0x00800201,  # target info, NTLM, Unicode
        0x0123456789ABCDEF,
        0,
        *(4, 4, 48),
    )
    + b"\0\0\0\0"
)
"""A CHALLENGE_MESSAGE ([MS-NLMP] 2.2.1.2) that names nothing."""
