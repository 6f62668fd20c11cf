"""Everything but some addresses, as the firewall takes it.

A block rule beats every allow rule (Microsoft, "Windows Firewall with Advanced Security: rule
precedence"), so a host is cut off by blocking the complement of who is to reach it. Addresses that
no host on a network has (0.0.0.0/8, the loopback) are left out.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

_FIRST: Final = int(ipaddress.IPv4Address("1.0.0.0"))
_LAST: Final = int(ipaddress.IPv4Address("255.255.255.255"))
_LOOPBACK: Final = ipaddress.IPv4Network("127.0.0.0/8")
_V6: Final = tuple(ipaddress.IPv6Network(text) for text in ("2000::/3", "fc00::/7", "fe80::/10"))
"""Global, unique local and link-local addresses (RFC 4291, RFC 4193)."""


def networks(text: str) -> tuple[Network, ...]:
    """An address, a network or a range ``a-b``. Raises ValueError for anything else."""
    low, dash, high = (part.strip() for part in text.partition("-"))
    if not dash:
        return (ipaddress.ip_network(low),)
    first, last = ipaddress.ip_address(low), ipaddress.ip_address(high)
    if isinstance(first, ipaddress.IPv4Address) and isinstance(last, ipaddress.IPv4Address):
        return tuple(ipaddress.summarize_address_range(first, last))
    if isinstance(first, ipaddress.IPv6Address) and isinstance(last, ipaddress.IPv6Address):
        return tuple(ipaddress.summarize_address_range(first, last))
    raise ValueError(f"{text} goes from one kind of address to the other")


def covers(allowed: Iterable[Network], address: str) -> bool:
    """Whether an address is among the allowed ones."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return any(found in network for network in allowed)


def others_v4(allowed: Sequence[Network]) -> str:
    """All IPv4 addresses but these, as ranges."""
    spared = [net for net in (*allowed, _LOOPBACK) if isinstance(net, ipaddress.IPv4Network)]
    found: list[str] = []
    at = _FIRST
    for low, high in sorted((int(net[0]), int(net[-1])) for net in spared):
        if low > at:
            found.append(_range(at, low - 1))
        at = max(at, high + 1)
    if at <= _LAST:
        found.append(_range(at, _LAST))
    return ",".join(found)


def others_v6(allowed: Sequence[Network]) -> str:
    """All IPv6 addresses but these, as networks."""
    left = list(_V6)
    for spared in (net for net in allowed if isinstance(net, ipaddress.IPv6Network)):
        cut: list[ipaddress.IPv6Network] = []
        for net in left:
            if spared.supernet_of(net):
                continue
            cut += net.address_exclude(spared) if net.supernet_of(spared) else [net]
        left = cut
    return ",".join(str(net) for net in sorted(left))


def _range(low: int, high: int) -> str:
    first, last = ipaddress.IPv4Address(low), ipaddress.IPv4Address(high)
    return str(first) if low == high else f"{first}-{last}"
