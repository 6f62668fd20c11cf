"""What a wire raises when a message does not go through: ours, below runner's own errors."""

from __future__ import annotations

import re
from typing import Final

import requests
from winrm.exceptions import InvalidCredentialsError, WinRMTransportError

_TOKEN: Final = re.compile(r"(?<=[A-Za-z]) [A-Za-z0-9+/]{12,}=*(?=\s*(,|$))")
NOT_FORWARDABLE: Final = 1
"""Not a number of krb5.h: delegation was asked for, and the ticket does not allow it."""


class ClearTextRefused(Exception):
    """A message was about to leave unsealed; it did not."""


class AnswerRefused(Exception):
    """An answer that does not belong to the request, or that is not sealed as it must be."""


class DeadlinePassed(Exception):
    """Our deadline was over before the request was sent."""


class WireBroken(Exception):
    """This wire failed before and sends nothing any more."""


class LogonRefused(InvalidCredentialsError):
    """HTTP 401. ``offers`` are the schemes that the host named, ``reason`` is what it said more.

    ``answer`` is the whole header, with the tokens that ``offers`` leaves out.
    """

    def __init__(self, answer: str, reason: str = "") -> None:
        super().__init__("HTTP 401")
        self.answer = answer
        self.offers = _TOKEN.sub("", answer)
        self.reason = reason


class KerberosFailed(LogonRefused):
    """No ticket for this host, or a ticket that it does not take; no message was sent.

    ``code`` is libkrb5's number (krb5.h) or NOT_FORWARDABLE, 0 when there is none.
    """

    def __init__(self, reason: str, code: int = 0) -> None:
        super().__init__("", reason)
        self.code = code


class HttpRefused(WinRMTransportError):
    """Any other status than 200. ``excerpt`` is the start of the body, sealed or not."""

    def __init__(self, status: int, text: str, excerpt: str) -> None:
        super().__init__("http", status, text)
        self.excerpt = excerpt


class ConnectionDropped(HttpRefused):
    """The connection that was logged on is gone; nothing was sent on another one.

    Counts as HTTP 400, which is what a host says to a message that was sealed for a connection
    that it has closed.
    """

    def __init__(self) -> None:
        super().__init__(400, "", "")


class WrongScheme(requests.ConnectionError):
    """We spoke plain HTTP to a port that speaks TLS."""
