"""IP addresses and networks, as the filter ansible.utils.ipaddr speaks of them.

An Address is an address with the length of its prefix: ``192.0.2.7/24`` is both a host and, by
its prefix, a network. Everything here is what Python's ``ipaddress`` says; which addresses are
global is IANA's Special-Purpose Address Registries (RFC 6890).
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    ip_address,
    ip_interface,
    ip_network,
)
from typing import Any, Final

IP = IPv4Address | IPv6Address

_NOT_GLOBAL: Final = tuple(
    ip_network(text)
    for text in re.findall(
        r"\S+",
        "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 "
        "192.0.2.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 240.0.0.0/4 "
        "::/128 ::1/128 ::ffff:0:0/96 64:ff9b:1::/48 100::/64 2001::/23 2001:db8::/32 2002::/16 "
        "fc00::/7 fe80::/10",
    )
)
_GLOBAL_AFTER_ALL: Final = tuple(
    ip_network(text)
    for text in re.findall(
        r"\S+",
        "192.0.0.9/32 192.0.0.10/32 2001:1::1/128 2001:1::2/128 2001:3::/32 2001:4:112::/48 "
        "2001:20::/28 2001:30::/28",
    )
)


def shown(ip: IP) -> str:
    """An address as the system's own functions write it."""
    return socket.inet_ntop(socket.AF_INET6, ip.packed) if ip.version == 6 else str(ip)


def is_global(ip: IP) -> bool:
    """Whether an address can be reached in the whole internet."""
    if any(ip in network for network in _GLOBAL_AFTER_ALL if network.version == ip.version):
        return True
    return not any(ip in network for network in _NOT_GLOBAL if network.version == ip.version)


@dataclass(frozen=True)
class Address:
    """An address with its prefix. ``with_prefix`` says whether the prefix was written there."""

    interface: IPv4Interface | IPv6Interface
    with_prefix: bool
    text: str

    @property
    def ip(self) -> IP:
        """The address alone."""
        return self.interface.ip

    @property
    def version(self) -> int:
        """4 or 6."""
        return self.interface.version

    @property
    def prefix(self) -> int:
        """The length of the prefix."""
        return self.interface.network.prefixlen

    @property
    def size(self) -> int:
        """How many addresses the network has."""
        return self.interface.network.num_addresses

    @property
    def first(self) -> IP:
        """The network's own address."""
        return self.interface.network.network_address

    @property
    def last(self) -> IP:
        """The network's last address."""
        return self.interface.network.broadcast_address

    @property
    def broadcast(self) -> IP | None:
        """The last address of a network of more than two."""
        return self.last if self.size > 2 else None

    def __str__(self) -> str:
        return f"{shown(self.ip)}/{self.prefix}"

    def at(self, number: int) -> IP:
        """The address with this number; ValueError (of ipaddress) where there is none."""
        return type(self.ip)(number)

    def usable(self) -> tuple[int, int] | None:
        """The first and last address for hosts, as numbers."""
        if self.size == 1:
            return None
        edge = 0 if self.size == 2 else 1
        return int(self.first) + edge, int(self.last) - edge


def read(value: Any, version: int | None = None) -> Address | None:
    """The Address behind a text or number; None for what is none.

    Raises ValueError for the old short forms (``10/8``), which not everybody reads alike.
    """
    text = str(value)
    if not value or value is True:
        return None
    if text.isdecimal():
        return _numbered(int(text), version)
    address, slash, prefix = text.partition("/")
    if slash and address.isdecimal() and prefix.isdecimal():
        raise ValueError(f"'{text}' is not supported: write the address out")
    try:
        return Address(ip_interface(text), bool(slash), text)
    except ValueError:
        return None


def _numbered(number: int, version: int | None) -> Address | None:
    kind: Callable[[int], IP] = IPv6Address if version == 6 or number >= 2**32 else IPv4Address
    try:
        interface = ip_interface(kind(number))
    except ValueError:
        return None
    return Address(interface, False, f"{shown(interface.ip)}/{interface.network.prefixlen}")


def contains(outer: Address, inner: Address) -> bool:
    """Whether all of a network is inside another."""
    if outer.version != inner.version:
        return False
    return outer.first <= inner.first and inner.last <= outer.last  # type: ignore[operator]


def in_network(ip: Any, network: Any) -> bool:
    """The test: whether an address or a network is in a network."""
    try:
        inner, outer = ip_network(ip), ip_network(network)
    except ValueError:
        return False
    if isinstance(inner, IPv4Network):
        return isinstance(outer, IPv4Network) and inner.subnet_of(outer)
    return not isinstance(outer, IPv4Network) and inner.subnet_of(outer)


def in_any_network(ip: Any, networks: Any) -> bool:
    """The test: whether an address or a network is in one of several networks."""
    return any(in_network(ip, network) for network in networks)


def _is_address(value: Any, kinds: tuple[type, ...] = (IPv4Address, IPv6Address)) -> bool:
    try:
        return isinstance(ip_address(value), kinds)
    except ValueError:
        return False


def is_ip(value: Any) -> bool:
    """The test: whether this is an address or a network."""
    try:
        ip_network(value)
    except ValueError:
        return False
    return True


TESTS: Final[Mapping[str, Callable[..., bool]]] = {
    "in_network": in_network,
    "in_any_network": in_any_network,
    "ip": is_ip,
    "ip_address": _is_address,
    "ipv4_address": lambda value: _is_address(value, (IPv4Address,)),
    "ipv6_address": lambda value: _is_address(value, (IPv6Address,)),
}
