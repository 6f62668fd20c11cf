"""The way to a host: one hop after the other, each a connection over that before it."""

from __future__ import annotations

import contextlib
import socket
import time
from typing import Any, Final

import paramiko

from runner.errors import TransportError, Unreachable
from runner.transports.ssh.algorithms import choose, prefer
from runner.transports.ssh.carrier import Carrier
from runner.transports.ssh.config import Target
from runner.transports.ssh.failure import explained, not_carried
from runner.transports.ssh.hostkeys import KnownKeys
from runner.transports.ssh.logon import Logon
from runner.transports.ssh.wire import Wire, tune

_LEAST: Final = 1.0


def open_chain(target: Target, reached: Any, end: float) -> list[paramiko.Transport]:
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
        transport.banner_timeout = transport.handshake_timeout = seconds_left(target, end)
        transport.auth_timeout = seconds_left(target, end)
    except BaseException:
        sock.close()
        raise
    try:
        transport.start_client(timeout=seconds_left(target, end))
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


def seconds_left(target: Target, end: float) -> float:
    """Seconds until ``end``, a little at least. Raises Unreachable when it is over."""
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
                timeout=seconds_left(target, end),
            )
        except (paramiko.SSHException, EOFError, OSError) as error:
            raise Unreachable(
                f"{target.endpoint}: the host on the way reaches nobody there: {error}",
                hint="check ProxyJump, and AllowTcpForwarding on the host on the way",
            ) from None
    if target.proxy_command:
        return Carrier(target.proxy_command)
    try:
        return _dial(target, seconds_left(target, end))
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
