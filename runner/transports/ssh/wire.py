"""paramiko's transport with what it leaves out: who signs a host's key, what ended a command."""

from __future__ import annotations

import socket
from typing import Any, ClassVar, Final

import paramiko
from paramiko.common import MSG_CHANNEL_REQUEST

from runner.transports.ssh.certificate import algorithms

_SIGNAL: Final = "exit-signal"
USER_TIMEOUT: Final = getattr(socket, "TCP_USER_TIMEOUT", None)


def _request(channel: paramiko.Channel, message: paramiko.Message) -> None:
    """A request on a channel: ``exit-signal`` (RFC 4254 section 6.10), or one for paramiko."""
    if message.get_text() == _SIGNAL:
        message.get_boolean()
        channel.exit_signal = message.get_text()  # type: ignore[attr-defined]
        channel.status_event.set()
        return
    message.rewind()
    message.get_int()  # the channel's number
    channel._handle_request(message)  # type: ignore[attr-defined]


class Wire(paramiko.Transport):
    """One connection. ``takes_certificates`` asks for a host certificate ahead of a plain key."""

    takes_certificates: bool = False
    _channel_handler_table: ClassVar[dict[int, Any]] = {
        **paramiko.Transport._channel_handler_table,  # type: ignore[attr-defined]
        MSG_CHANNEL_REQUEST: _request,
    }

    @property
    def preferred_keys(self) -> tuple[str, ...]:
        plain: tuple[str, ...] = tuple(self._filter_algorithm("keys"))  # type: ignore[attr-defined]
        return (*algorithms(plain), *plain) if self.takes_certificates else plain


def tune(sock: Any, keepalive: int, count_max: int) -> None:
    """Have the system give a peer up that does not answer to so many keepalives.

    paramiko sends keepalives but does not wait for answers; what stays unacknowledged for that
    long ends the connection (TCP_USER_TIMEOUT, RFC 5482; Linux).
    """
    if not isinstance(sock, socket.socket) or sock.family not in (socket.AF_INET, socket.AF_INET6):
        return
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if USER_TIMEOUT is not None and keepalive and count_max:
        milliseconds = keepalive * count_max * 1000
        sock.setsockopt(socket.IPPROTO_TCP, USER_TIMEOUT, milliseconds)
