"""What goes wrong on a pipe, in the words of requests: ``winrm.http`` explains those.

Loaded when something did go wrong, because requests takes its time.
"""

from __future__ import annotations

import socket
import ssl
from typing import Any

import requests
from urllib3.exceptions import NameResolutionError, NewConnectionError

from runner.transports.winrm.adapter import speaks_tls
from runner.transports.winrm.pipe import NotHttp
from runner.transports.winrm.refusals import WrongScheme

_NOBODY: Any = None
"""urllib3's exceptions want to know of a connection of urllib3's."""
_TLS_ALERT = b"\x15\x03"


def on_connect(error: OSError | UnicodeError, host: str) -> requests.RequestException:
    """The TCP connection did not come about."""
    if isinstance(error, TimeoutError):
        return requests.ConnectTimeout(error)
    if isinstance(error, socket.gaierror):
        return requests.ConnectionError(NameResolutionError(host, _NOBODY, error))
    if isinstance(error, UnicodeError):  # a name that cannot be written in DNS
        unknown = socket.gaierror(str(error))
        return requests.ConnectionError(NameResolutionError(host, _NOBODY, unknown))
    failed = NewConnectionError(_NOBODY, str(error))
    failed.__cause__ = error
    return requests.ConnectionError(failed)


def on_exchange(error: OSError) -> requests.RequestException:
    """It broke in the TLS handshake, or under a request."""
    if isinstance(error, ssl.SSLError):
        return requests.exceptions.SSLError(error)
    if isinstance(error, TimeoutError):
        return requests.ReadTimeout(error)
    return requests.ConnectionError(error)


def meant_tls(error: OSError, host: str, port: int) -> WrongScheme | None:
    """Whether a first plain request broke off because the port speaks TLS."""
    if isinstance(error, TimeoutError):
        return None
    if isinstance(error, NotHttp):
        return WrongScheme() if error.began.startswith(_TLS_ALERT) else None
    return WrongScheme() if speaks_tls(host, port) else None
