"""SSH, by paramiko: to Linux, and to Windows with OpenSSH.

The parts: ``ssh_options`` (inventory variables), ``ssh_config`` (~/.ssh/config), ``ssh_hostkeys``
(known_hosts), ``ssh_logon`` (keys, agent, password), ``ssh_connection`` (commands).
"""

from __future__ import annotations

import contextlib
import logging
import socket
import time
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

import paramiko

from runner.errors import (
    AuthenticationFailed,
    DeadlineExceeded,
    ProtocolFailed,
    TransportError,
    Unreachable,
)
from runner.interfaces.access import Credential, GuardedTransport, Keeper
from runner.interfaces.examine import Examinable, Finding
from runner.transports.ssh_config import Target, resolve
from runner.transports.ssh_connection import SshConnection
from runner.transports.ssh_hostkeys import KnownKeys
from runner.transports.ssh_logon import Logon, PasswordRefused
from runner.transports.ssh_options import SshOptions, read_options

_LEAST: Final = 1.0

# What paramiko says of a broken handshake is said by our own errors, with the host's name.
logging.getLogger("paramiko").setLevel(logging.CRITICAL)


class Transport(GuardedTransport, Examinable):
    """Reaches hosts over SSH. One connection a host; each command has a channel of its own."""

    name: ClassVar[str] = "ssh"
    default_shell: ClassVar[str] = "posix"

    def options(self, host: str, variables: Mapping[str, Any]) -> SshOptions:
        """Read and check this host's variables; see ``ssh_options``."""
        return read_options(host, variables)

    def open(self, options: SshOptions, *, timeout: float, keeper: Keeper) -> SshConnection:
        """Connect, check the host's key, log on; the host holds nothing that would outlive it."""
        del keeper
        target = resolve(options)
        end = time.monotonic() + min(timeout, target.connect_timeout or timeout)
        chain: list[paramiko.Transport] = []
        try:
            for hop in (*target.jumps, target):
                chain.append(open_hop(hop, chain[-1] if chain else None, end))
        except BaseException:
            release(chain)
            raise
        last = chain[-1]
        return SshConnection(last, target.endpoint, options.encoding, lambda: release(chain[:-1]))

    def credential(self, options: SshOptions) -> Credential | None:
        """User and password, if there is one."""
        if options.password is None:
            return None
        return Credential("ssh password", resolve(options).user, options.password)

    def is_refusal(self, options: SshOptions, error: AuthenticationFailed) -> bool:
        """Whether the password was tried."""
        return isinstance(error, PasswordRefused)

    def reach(self, options: SshOptions, *, timeout: float) -> None:
        """See whether the port takes connections. Through other hosts that says nothing: passed."""
        target = resolve(options)
        if not target.jumps and not target.proxy_command:
            socket_to(target, None, time.monotonic() + timeout).close()

    def examine(self, options: SshOptions, *, timeout: float) -> Iterator[Finding]:
        """Look at each step of the way; see Examinable."""
        from runner.transports.ssh_examine import examine  # only doctor needs it

        return examine(options, timeout)

    def endpoint(self, options: SshOptions) -> str:
        """``ssh://user@address:port``."""
        return resolve(options).endpoint


def release(chain: list[paramiko.Transport]) -> None:
    """Close the hops, the last one first. Never raises."""
    for transport in reversed(chain):
        with contextlib.suppress(Exception):
            transport.close()


def open_hop(target: Target, through: paramiko.Transport | None, end: float) -> paramiko.Transport:
    """One hop: a socket (or a channel of the hop before), the handshake, the log-on."""
    sock = socket_to(target, through, end)
    try:
        known = KnownKeys(target)
        transport = paramiko.Transport(sock)
        transport.banner_timeout = transport.handshake_timeout = _left(target, end)
        transport.auth_timeout = _left(target, end)
        _prefer(transport, known.types)
    except BaseException:
        sock.close()
        raise
    try:
        transport.start_client(timeout=_left(target, end))
        known.check(transport.get_remote_server_key())
        Logon(transport, target).run()
        transport.set_keepalive(target.keepalive)
    except (TransportError, paramiko.SSHException, EOFError, OSError) as error:
        transport.close()
        raise explained(error, target) from None
    except BaseException:
        transport.close()
        raise
    return transport


def _left(target: Target, end: float) -> float:
    left = end - time.monotonic()
    if left <= 0:
        raise Unreachable(
            f"{target.endpoint}: not connected in time",
            hint="is the host slow, or is the network dropping packets?",
        )
    return max(left, _LEAST)


def _prefer(transport: paramiko.Transport, types: tuple[str, ...]) -> None:
    """Ask first for the kinds of host key that are on record."""
    if not types:
        return
    security = transport.get_security_options()
    offered = list(security.key_types)
    wanted = [k for k in offered if any(k == t or _is_rsa(k, t) for t in types)]
    security.key_types = [*wanted, *(k for k in offered if k not in wanted)]


def _is_rsa(offered: str, recorded: str) -> bool:
    return recorded == "ssh-rsa" and offered.startswith("rsa-sha2-")


def socket_to(target: Target, through: paramiko.Transport | None, end: float) -> Any:
    """What the bytes of a hop travel over. Raises Unreachable."""
    if through is not None:
        try:
            return through.open_channel(
                "direct-tcpip",
                (target.address, target.port),
                ("127.0.0.1", 0),
                timeout=_left(target, end),
            )
        except (paramiko.SSHException, EOFError, OSError) as error:
            raise Unreachable(
                f"{target.endpoint}: the host on the way reaches nobody there: {error}",
                hint="check ProxyJump, and AllowTcpForwarding on the host on the way",
            ) from None
    if target.proxy_command:
        return paramiko.ProxyCommand(target.proxy_command)
    try:
        return socket.create_connection((target.address, target.port), _left(target, end))
    except socket.gaierror as error:
        raise Unreachable(
            f"{target.endpoint}: the name is not known: {error.strerror}",
            hint="check ansible_host and the controller's DNS",
        ) from None
    except TimeoutError:
        raise Unreachable(
            f"{target.endpoint}: no answer", hint="is the host up, and the port open in between?"
        ) from None
    except OSError as error:
        raise Unreachable(
            f"{target.endpoint}: {error.strerror or error}",
            hint="is sshd running there, on that port?",
        ) from None


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
    return ProtocolFailed(
        f"{target.endpoint}: the handshake failed: {str(error) or type(error).__name__}",
        hint="is it really sshd that answers there? Does it close connections when there are "
        "many (MaxStartups)?",
    )
