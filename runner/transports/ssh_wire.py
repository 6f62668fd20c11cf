"""paramiko's transport with what it leaves out: who signs a host's key, what ended a command."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import socket
import subprocess
from typing import Any, ClassVar, Final

import paramiko
from paramiko.common import MSG_CHANNEL_REQUEST

from runner.transports.ssh_certificate import algorithms

_SIGNAL: Final = "exit-signal"
_WAIT: Final = 2.0
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


class Command(paramiko.ProxyCommand):
    """A program that carries the bytes (ProxyCommand), run by the shell as OpenSSH does."""

    def __init__(self, line: str) -> None:
        super().__init__(f"/bin/sh -c {shlex.quote(f'exec {line}')}")
        self._done = False

    def close(self) -> None:
        """End the program, and wait until it is gone."""
        if self._done:
            return
        self._done = True
        process: subprocess.Popen[bytes] = self.process
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGTERM)
        try:
            process.wait(_WAIT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(_WAIT)
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def said(self) -> str:
        """What it complained about, once it has ended."""
        process: subprocess.Popen[bytes] = self.process
        if self._done or process.stderr is None:
            return ""
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.3)
            return process.stderr.read(2000).decode("utf-8", "replace").strip()
        return ""


def tune(sock: Any, keepalive: int, count_max: int) -> None:
    """Have the system give a peer up that does not answer to so many keepalives.

    paramiko sends keepalives but does not wait for answers; what stays unacknowledged for that
    long ends the connection (TCP_USER_TIMEOUT, RFC 5482; Linux).
    """
    if not isinstance(sock, socket.socket):
        return
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if USER_TIMEOUT is not None and keepalive and count_max:
        milliseconds = keepalive * count_max * 1000
        sock.setsockopt(socket.IPPROTO_TCP, USER_TIMEOUT, milliseconds)
