"""Connections of a Windows host as ``netstat -an`` prints them, by number alone.

The words for states are in the host's language, the columns are not: protocol, local address,
foreign address (Microsoft, "netstat"). A TCP port on which somebody listens has the foreign port 0
(seen in many public outputs; no Microsoft page says so).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from runner.interfaces.exchange import Exec

NETSTAT: Final = Exec("netstat", "-an")
_LINE: Final = re.compile(r"^\s*TCP\s+(\S+):(\d+)\s+(\S+):(\d+)(?:\s|$)", re.MULTILINE)
_ANY: Final = ("0.0.0.0", "::")
"""Every address of the machine."""


@dataclass(frozen=True, slots=True)
class Socket:
    """One TCP socket. ``remote_port`` 0 is one that listens."""

    local: str
    port: int
    remote: str
    remote_port: int

    @property
    def listens(self) -> bool:
        """Whether it waits for connections."""
        return self.remote_port == 0


def parse(text: str) -> Iterator[Socket]:
    """Every TCP socket that was printed."""
    for found in _LINE.finditer(text):
        yield Socket(_bare(found[1]), int(found[2]), _bare(found[3]), int(found[4]))


def is_listening(text: str, host: str, port: int) -> bool:
    """Whether this machine takes connections to that address of its own."""
    return any(one.listens and one.port == port and _covers(one.local, host) for one in parse(text))


def is_busy(text: str, port: int, ignored: Iterable[str]) -> bool:
    """Whether somebody is connected to that port of this machine."""
    away = {_bare(address) for address in ignored}
    return any(
        not one.listens and one.port == port and one.remote not in away for one in parse(text)
    )


def is_own(host: str) -> bool:
    """Whether that is surely this machine itself, by one of its addresses or by any."""
    return host.casefold() == "localhost" or host in _ANY or _is_loopback(host)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _covers(local: str, host: str) -> bool:
    if local in _ANY or host in _ANY:
        return True
    return (host.casefold() == "localhost" and _is_loopback(local)) or local == _bare(host)


def _bare(address: str) -> str:
    return address.strip("[]").partition("%")[0].casefold()
