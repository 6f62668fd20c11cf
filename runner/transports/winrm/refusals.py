"""What a wire raises when a message does not go through: ours, below runner's own errors."""

from __future__ import annotations

import requests
from winrm.exceptions import WinRMTransportError

from runner.transports.winrm.guards import (
    NOT_FORWARDABLE,
    AnswerRefused,
    ClearTextRefused,
    DeadlinePassed,
    KerberosFailed,
    LogonRefused,
    WireBroken,
)

__all__ = [
    "NOT_FORWARDABLE",
    "AnswerRefused",
    "ClearTextRefused",
    "ConnectionDropped",
    "DeadlinePassed",
    "HttpRefused",
    "KerberosFailed",
    "LogonRefused",
    "WireBroken",
    "WrongScheme",
]


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
