"""From what paramiko, or the wire below it, raises to one of our errors."""

from __future__ import annotations

from typing import Any, Final

import paramiko

from runner.errors import (
    AuthenticationFailed,
    DeadlineExceeded,
    ProtocolFailed,
    TransportError,
    Unreachable,
)
from runner.transports.ssh.carrier import Carrier
from runner.transports.ssh.config import Target

_NO_BANNER: Final = "Error reading SSH protocol banner"
"""paramiko's words for a connection that ends before the other side has said what it speaks."""


class NoBanner(Unreachable):
    """The connection was taken, and closed before a greeting: nothing of a logon has begun."""


def not_carried(sock: Any, error: Exception, target: Target) -> TransportError | None:
    """What the program that should carry the connection complained about, if that is why."""
    answered = (TransportError, paramiko.AuthenticationException)
    if not isinstance(sock, Carrier) or isinstance(error, answered):
        return None
    if not (said := sock.said()):
        return None
    return Unreachable(
        f"{target.endpoint}: no connection through ProxyCommand: {said}",
        hint=f"try it by hand: {target.proxy_command}",
    )


def explained(error: Exception, target: Target) -> TransportError:
    """What paramiko, or the wire below it, raised, as one of our errors."""
    match error:
        case TransportError():
            return error
        case paramiko.AuthenticationException():
            return AuthenticationFailed(f"{target.endpoint}: {error}")
        case paramiko.ssh_exception.IncompatiblePeer():
            return ProtocolFailed(
                f"{target.endpoint}: no common algorithm: {error}",
                hint="the host offers only old algorithms; bring its sshd up to date",
            )
        case TimeoutError():
            return DeadlineExceeded(f"{target.endpoint}: the log-on took too long")
    if isinstance(error, paramiko.SSHException) and str(error).startswith(_NO_BANNER):
        return NoBanner(
            f"{target.endpoint}: the connection was closed without a greeting",
            hint="sshd is starting or overloaded, or closes connections when there are many "
            "(MaxStartups); or is it not really sshd that answers there?",
        )
    return ProtocolFailed(
        f"{target.endpoint}: the handshake failed: {str(error) or type(error).__name__}",
        hint="is it really sshd that answers there? Does it close connections when there are "
        "many (MaxStartups)?",
    )
