"""The frame of a sealed message, [MS-WSMV] 2.2.9.1, as pywinrm's Encryption writes it."""

from __future__ import annotations

import re
from typing import Final

from runner.transports.winrm.guards import AnswerRefused
from runner.transports.winrm.ntlm_seal import Seals

CONTENT_TYPE: Final = (
    b'multipart/encrypted;protocol="application/HTTP-SPNEGO-session-encrypted";'
    b'boundary="Encrypted Boundary"'
)
_OPENING: Final = (
    b"--Encrypted Boundary\r\n"
    b"\tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n"
    b"\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=%d\r\n"
    b"--Encrypted Boundary\r\n"
    b"\tContent-Type: application/octet-stream\r\n"
)
_CLOSING: Final = b"--Encrypted Boundary--\r\n"
_USUAL: Final = re.compile(re.escape(_OPENING).replace(b"%d", rb"(\d{1,9})"))
"""As Windows writes it, and we; others have blanks elsewhere."""
_HEAD: Final = re.compile(
    rb"--\s?Encrypted Boundary\r\n"
    rb"\s*Content-Type:\s*application/HTTP-SPNEGO-session-encrypted\r\n"
    rb"\s*OriginalContent:[^\r\n]{0,200}?Length=(\d{1,9})\r\n"
    rb"--\s?Encrypted Boundary\r\n"
    rb"\s*Content-Type:\s*application/octet-stream\r\n",
    re.IGNORECASE,
)
_TAIL: Final = re.compile(rb"--\s?Encrypted Boundary--(?:\r\n)?\Z")
_LONGEST_TAIL: Final = 28
_SIGNATURE_SIZE: Final = b"\x10\0\0\0"


class Frames:
    """Sealed bodies on one connection."""

    def __init__(self, seals: Seals) -> None:
        self._seal = seals.seal
        self._open = seals.open

    def framed(self, message: bytes) -> bytes:
        """A sealed body."""
        opening = _OPENING % len(message)
        return b"".join((opening, _SIGNATURE_SIZE, self._seal(message), _CLOSING))

    def opened(self, body: bytes) -> bytes:
        """The message in a sealed body. Raises AnswerRefused."""
        head = _USUAL.match(body) or _HEAD.match(body)
        if body.endswith(_CLOSING):
            end = len(body) - len(_CLOSING)
        else:
            tail = _TAIL.search(body, max(0, len(body) - _LONGEST_TAIL))
            end = tail.start() if tail is not None else 0
        if head is None or not end:
            raise AnswerRefused("its frame is not that of a sealed message")
        at = head.end()
        if body[at : at + 4] != _SIGNATURE_SIZE:
            raise AnswerRefused("its signature has another length")
        message = self._open(body[at + 4 : end])
        if len(message) != int(head[1]):
            raise AnswerRefused("its length is not what it says")
        return message
