"""SSH, by paramiko: to Linux, and to Windows with OpenSSH.

The parts: ``options`` (inventory variables), ``config`` (~/.ssh/config), ``hostkeys``
(known_hosts), ``logon`` (keys, agent, password), ``connection`` (commands).
"""

from __future__ import annotations

import contextlib
import logging
import socket
import time
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

import paramiko

from runner.errors import AuthenticationFailed, PolicyRefused, TransportError, Unreachable
from runner.interfaces.access import Credential, GuardedTransport, Keeper
from runner.interfaces.backoff import full_jitter
from runner.interfaces.examine import Examinable, Finding
from runner.interfaces.shell import Invocation
from runner.transports.ssh.algorithms import choose, prefer
from runner.transports.ssh.carrier import Carrier
from runner.transports.ssh.config import Target, resolve
from runner.transports.ssh.connection import SshConnection
from runner.transports.ssh.failure import NoBanner, explained, not_carried
from runner.transports.ssh.hostkeys import KnownKeys
from runner.transports.ssh.logon import Logon, PasswordRefused
from runner.transports.ssh.options import SshOptions, read_options
from runner.transports.ssh.passphrases import unlock
from runner.transports.ssh.windows import (
    ASK_CODEPAGE,
    codepage_of,
    from_powershell,
    is_windows,
    require_language,
)
from runner.transports.ssh.wire import Wire, tune

_LEAST: Final = 1.0
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
                return self._ready(_chain(target, keeper.reached(), end), target, options, end)
            except NoBanner:
                pause = full_jitter(attempt, RETRY_PAUSE, RETRY_MOST)
                if time.monotonic() + pause >= end:
                    raise
                time.sleep(pause)
                keeper.admit(end - time.monotonic())
        return self._ready(_chain(target, None, end), target, options, end)

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
            link.encoding = codepage_of(link.run(asked, timeout=_left(target, end)))
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


def _chain(target: Target, reached: Any, end: float) -> list[paramiko.Transport]:
    """A connection through all hops, each logged on; ``reached`` is one to the first of them."""
    chain: list[paramiko.Transport] = []
    try:
        for hop in (*target.jumps, target):
            sock, reached = reached or socket_to(hop, chain[-1] if chain else None, end), None
            chain.append(open_hop(hop, sock, end))
    except BaseException:
        release(chain)
        raise
    return chain


def release(chain: list[paramiko.Transport]) -> None:
    """Close the hops, the last one first. Never raises."""
    for transport in reversed(chain):
        with contextlib.suppress(Exception):
            transport.close()


def open_hop(target: Target, sock: Any, end: float) -> paramiko.Transport:
    """One hop over a socket (or a channel of the hop before): the handshake, the log-on."""
    try:
        known = KnownKeys(target)
        transport = prepared(sock, target, known)
        transport.banner_timeout = transport.handshake_timeout = _left(target, end)
        transport.auth_timeout = _left(target, end)
    except BaseException:
        sock.close()
        raise
    try:
        transport.start_client(timeout=_left(target, end))
        known.check(transport.get_remote_server_key())
        Logon(transport, target).run()
        transport.set_keepalive(target.keepalive)
    except (TransportError, paramiko.SSHException, EOFError, OSError) as error:
        found = not_carried(sock, error, target) or explained(error, target)
        transport.close()
        raise found from None
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


def prepared(sock: Any, target: Target, known: KnownKeys) -> Wire:
    """The transport of a hop, with the algorithms that the settings and known_hosts ask for."""
    wire = Wire(sock)
    wire.takes_certificates = known.has_authority
    tune(sock, target.keepalive, target.count_max)
    choose(wire, target)
    prefer(wire, known.types)
    return wire


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
        return Carrier(target.proxy_command)
    try:
        return _dial(target, _left(target, end))
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


def _dial(target: Target, timeout: float) -> socket.socket:
    """A connection to the first of its addresses that takes one. Raises OSError."""
    if not target.family:
        return socket.create_connection((target.address, target.port), timeout)
    last: OSError | None = None
    kind = socket.SOCK_STREAM
    for family, _, _, _, place in socket.getaddrinfo(
        target.address, target.port, target.family, kind
    ):
        sock = socket.socket(family, kind)
        sock.settimeout(timeout)
        try:
            sock.connect(place)
        except OSError as error:
            sock.close()
            last = error
        else:
            return sock
    raise last or OSError("no address of that family")
