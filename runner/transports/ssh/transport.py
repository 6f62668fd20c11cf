"""SSH, by paramiko: to Linux, and to Windows with OpenSSH.

The parts: ``options`` (inventory variables), ``config`` (~/.ssh/config), ``hostkeys``
(known_hosts), ``logon`` (keys, agent, password), ``hops`` (the way there), ``connection``
(commands).
"""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

import paramiko

from runner.errors import AuthenticationFailed, PolicyRefused, TransportError
from runner.interfaces.access import Credential, GuardedTransport, Keeper
from runner.interfaces.backoff import full_jitter
from runner.interfaces.examine import Examinable, Finding
from runner.interfaces.shell import Invocation
from runner.transports.ssh.config import Target, resolve
from runner.transports.ssh.connection import SshConnection
from runner.transports.ssh.failure import NoBanner
from runner.transports.ssh.hops import open_chain, release, seconds_left, socket_to
from runner.transports.ssh.logon import PasswordRefused
from runner.transports.ssh.options import SshOptions, read_options
from runner.transports.ssh.passphrases import unlock
from runner.transports.ssh.windows import (
    ASK_CODEPAGE,
    codepage_of,
    from_powershell,
    is_windows,
    require_language,
)

TRIES: Final = 3
"""How often a connection is tried that is closed without a greeting: sshd drops some at random
when there are many (MaxStartups)."""
RETRY_PAUSE: float = 0.5
RETRY_MOST: Final = 4.0

# What paramiko says of a broken handshake is said by our own errors, with the host's name.
logging.getLogger("paramiko").setLevel(logging.CRITICAL)


class Transport(GuardedTransport, Examinable):
    """Reaches hosts over SSH. One connection a host; each command has a channel of its own."""

    name: ClassVar[str] = "ssh"
    default_shell: ClassVar[str] = "posix"

    def options(self, host: str, variables: Mapping[str, Any]) -> SshOptions:
        """Read and check this host's variables; see ``ssh.options`` and ``ssh.passphrases``."""
        options = read_options(host, variables)
        unlock(options)
        return options

    def open(self, options: SshOptions, *, timeout: float, keeper: Keeper) -> SshConnection:
        """Connect, check the host's key, log on; the host holds nothing that would outlive it."""
        target = resolve(options)
        end = time.monotonic() + min(timeout, target.connect_timeout or timeout)
        for attempt in range(TRIES - 1):
            try:
                return self._ready(open_chain(target, keeper.reached(), end), target, options, end)
            except NoBanner:
                pause = full_jitter(attempt, RETRY_PAUSE, RETRY_MOST)
                if time.monotonic() + pause >= end:
                    raise
                time.sleep(pause)
                keeper.admit(end - time.monotonic())
        return self._ready(open_chain(target, None, end), target, options, end)

    @staticmethod
    def _ready(
        chain: list[paramiko.Transport], target: Target, options: SshOptions, end: float
    ) -> SshConnection:
        """The connection over an open chain; a Windows host is asked for its code page."""
        last = chain[-1]
        windows = is_windows(last)
        try:
            require_language(target.endpoint, options.shell_type, windows=windows)
        except PolicyRefused:
            release(chain)
            raise
        link = SshConnection(
            last,
            target.endpoint,
            options.encoding,
            lambda: release(chain[:-1]),
            windows=windows,
            wrap=from_powershell if windows and options.shell_type == "powershell" else None,
        )
        if windows and options.codepage is None:
            asked = Invocation(ASK_CODEPAGE)
            link.encoding = codepage_of(link.run(asked, timeout=seconds_left(target, end)))
        return link

    def language(self, options: SshOptions, shell: str) -> str:
        """A host whose shell is PowerShell is told to start cmd: see ``ssh.windows``."""
        return "cmd" if shell == "powershell" else shell

    def credential(self, options: SshOptions) -> Credential | None:
        """User and password, if there is one."""
        if options.password is None:
            return None
        try:
            user = resolve(options).user
        except TransportError:  # told when it is opened
            user = options.user or ""
        return Credential("ssh password", user, options.password)

    def is_refusal(self, options: SshOptions, error: AuthenticationFailed) -> bool:
        """Whether the password was tried."""
        return isinstance(error, PasswordRefused)

    def reach(self, options: SshOptions, *, timeout: float) -> socket.socket | None:
        """Connect to the port. Through other hosts that says nothing: passed."""
        target = resolve(options)
        if target.jumps or target.proxy_command:
            return None
        reached: socket.socket = socket_to(target, None, time.monotonic() + timeout)
        return reached

    def examine(self, options: SshOptions, *, timeout: float) -> Iterator[Finding]:
        """Look at each step of the way; see Examinable."""
        from runner.transports.ssh.examine import examine  # only doctor needs it

        return examine(options, timeout)

    def endpoint(self, options: SshOptions) -> str:
        """``ssh://user@address:port``, or what the inventory says where more cannot be known."""
        try:
            return resolve(options).endpoint
        except TransportError:
            return f"ssh://{options.address}"
