"""The MIME frame of sealed messages ([MS-WSMV] 2.2.9.1), for every kind of logon."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

SPNEGO: Final = b"application/HTTP-SPNEGO-session-encrypted"
KERBEROS: Final = b"application/HTTP-Kerberos-session-encrypted"
CREDSSP: Final = b"application/HTTP-CredSSP-session-encrypted"

_BOUNDARY: Final = b"--Encrypted Boundary"
_END: Final = _BOUNDARY + b"--\r\n"
_OCTETS: Final = b"\tContent-Type: application/octet-stream\r\n"
_LENGTH: Final = b"\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length="


class Unreadable(Exception):
    """A sealed message that cannot be opened with the keys of this connection."""


@dataclass(frozen=True, slots=True)
class Part:
    """One sealed part: what stands in front of the data, its plain length, and the data."""

    header: bytes
    length: int
    data: bytes


def media_type(protocol: bytes, *, several: bool = False) -> str:
    """The Content-Type of a message; ``several`` parts have another one (CredSSP)."""
    kind = "multipart/x-multi-encrypted" if several else "multipart/encrypted"
    return f'{kind};protocol="{protocol.decode()}";boundary="Encrypted Boundary"'


def framed(protocol: bytes, parts: list[Part]) -> bytes:
    """The body of a message with these parts."""
    pieces = []
    for part in parts:
        pieces += [
            _BOUNDARY + b"\r\n\tContent-Type: " + protocol + b"\r\n",
            _LENGTH + str(part.length).encode("ascii") + b"\r\n",
            _BOUNDARY + b"\r\n" + _OCTETS,
            struct.pack("<i", len(part.header)) + part.header + part.data,
        ]
    return b"".join((*pieces, _END))


def opened(protocol: bytes, body: bytes) -> Iterator[Part]:
    """The parts of a body. Raises Unreadable."""
    rest = body
    start = _BOUNDARY + b"\r\n\tContent-Type: " + protocol + b"\r\n"
    while rest != _END:
        if not rest.startswith(start):
            raise Unreadable("the message is not framed as an encrypted one")
        try:
            before, after = rest.split(_OCTETS, 1)
            length = int(before.rpartition(b"Length=")[2].split(b"\r\n", 1)[0])
            (size,) = struct.unpack_from("<i", after)
        except (ValueError, struct.error) as error:
            raise Unreadable("the message is not framed as an encrypted one") from error
        end = after.find(start)
        end = end if end >= 0 else len(after) - len(_END)
        if not 0 < size <= end - 4:
            raise Unreadable("the message is not framed as an encrypted one")
        yield Part(after[4 : 4 + size], length, after[4 + size : end])
        rest = after[end:]
