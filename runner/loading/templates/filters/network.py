"""The filters ansible.utils.ipaddr, ipv4, ipv6, ipwrap, ipsubnet, nthhost, network_in_network."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address
from typing import Any, Final

from runner.loading.templates.addresses import Address, contains, is_global, read, shown

_Query = Callable[[Address], Any]


def _network_only(query: _Query) -> _Query:
    def checked(v: Address) -> Any:
        if not v.with_prefix:
            raise ValueError("not a network address")
        return query(v)

    return checked


def _if(holds: Callable[[Address], bool]) -> _Query:
    """A query that gives the value itself, or nothing."""
    return lambda v: v.text if holds(v) else None


def _ip(v: Address) -> Any:
    alone = v.size == 1 or v.ip != v.first or not v.broadcast
    return shown(v.ip) if alone or v.version == 6 else None


def _with_prefix(v: Address) -> Any:
    if v.size > 2 and v.ip in (v.first, v.broadcast):
        return False
    return str(v)


def _ip_prefix(v: Address) -> Any:
    return str(v) if v.size == 2 or (v.size > 1 and v.ip != v.first) else None


def _ip_netmask(v: Address) -> Any:
    written = f"{shown(v.ip)} {_netmask(v)}"
    return written if v.size == 2 or (v.size > 1 and v.ip != v.first) else None


def _host(v: Address) -> Any:
    return str(v) if v.size == 1 or v.ip != v.first or not v.broadcast else None


def _netmask(v: Address) -> str:
    return shown(v.interface.netmask)


def _hostmask(v: Address) -> str:
    return shown(v.interface.hostmask)


def _int(v: Address) -> Any:
    return f"{int(v.ip)}/{v.prefix}" if v.with_prefix else int(v.ip)


def _usable_at(end: int) -> _Query:
    def query(v: Address) -> Any:
        usable = v.usable()
        return shown(v.at(usable[end])) if usable else None

    return query


def _beside(step: int) -> _Query:
    def query(v: Address) -> Any:
        usable, number = v.usable(), int(v.ip) + step
        inside = usable is not None and usable[0] <= number <= usable[1]
        return shown(v.at(number)) if inside else None

    return query


def _range_usable(v: Address) -> Any:
    usable = v.usable()
    return "-".join(shown(v.at(number)) for number in usable) if usable else None


def _peer(v: Address) -> Any:
    if v.size == 2:
        return shown(v.at(int(v.ip) ^ 1))
    if v.size != 4:
        raise ValueError("not a point-to-point network")
    if v.ip in (v.first, v.last):
        raise ValueError(f"{v.ip} is an edge of its /30 and has no peer")
    return shown(v.at(int(v.ip) ^ 3))


def _as_ipv4(v: Address) -> Any:
    if v.version == 4:
        return v.text
    number, bits = int(v.ip), 128 - v.prefix
    low = number if number < 2**32 else number - 0xFFFF_0000_0000
    return f"{IPv4Address(low)}/{32 - bits}" if 0 <= low < 2**32 and bits <= 32 else False


def _as_ipv6(v: Address) -> Any:
    return v.text if v.version == 6 else f"::ffff:{v.ip}/{v.prefix + 96}"


def _is_public(v: Address) -> bool:
    number, every = int(v.ip), (1 << v.ip.max_prefixlen) - 1
    mask = (number ^ every) & ((number ^ every) + 1) == 0 or number & (number + 1) == 0
    return is_global(v.ip) and not v.ip.is_multicast and not v.ip.is_loopback and not mask


def _wrap(v: Address) -> str:
    if v.version == 4:
        return v.text
    return f"[{shown(v.ip)}]" + (f"/{v.prefix}" if v.with_prefix else "")


def _type(v: Address) -> str:
    return "address" if v.size == 1 or v.ip != v.first else "network"


def _subnet(v: Address) -> str:
    return f"{shown(v.first)}/{v.prefix}"


_QUERIES: Final[dict[str, _Query]] = {
    "": lambda v: str(v) if v.with_prefix else shown(v.ip),
    **dict.fromkeys(("address", "ip"), _ip),
    **dict.fromkeys(("address/prefix", "gateway", "gw", "host/prefix"), _with_prefix),
    **dict.fromkeys(("hostnet", "router"), _with_prefix),
    "bool": lambda v: True,
    "broadcast": lambda v: shown(v.last) if v.broadcast else None,
    "cidr": str,
    "first_usable": _network_only(_usable_at(0)),
    "host": _host,
    **dict.fromkeys(("hostmask", "wildcard"), _hostmask),
    "int": _int,
    "ip/prefix": _ip_prefix,
    "ip_netmask": _ip_netmask,
    **dict.fromkeys(("ipv4", "v4"), _as_ipv4),
    **dict.fromkeys(("ipv6", "v6"), _as_ipv6),
    "last_usable": _network_only(_usable_at(1)),
    "link-local": _if(lambda v: v.ip.is_link_local),
    **dict.fromkeys(("lo", "loopback"), _if(lambda v: v.ip.is_loopback)),
    "multicast": _if(lambda v: v.ip.is_multicast),
    "net": lambda v: _subnet(v) if v.size > 1 and v.ip == v.first else None,
    "netmask": _netmask,
    **dict.fromkeys(("network", "network_id"), lambda v: shown(v.first)),
    **dict.fromkeys(("network/prefix", "subnet"), _subnet),
    "network_netmask": lambda v: f"{shown(v.first)} {_netmask(v)}",
    "network_wildcard": lambda v: f"{shown(v.first)} {_hostmask(v)}",
    "next_usable": _network_only(_beside(1)),
    "peer": _network_only(_peer),
    "prefix": lambda v: v.prefix,
    "previous_usable": _network_only(_beside(-1)),
    "private": _if(lambda v: not is_global(v.ip)),
    "public": _if(_is_public),
    "range_usable": _network_only(_range_usable),
    "revdns": lambda v: f"{v.ip.reverse_pointer}.",
    "size": lambda v: v.size,
    "size_usable": lambda v: v.size if v.size == 2 else max(v.size - 2, 0),
    "type": _type,
    "unicast": _if(lambda v: not v.ip.is_multicast),
    "version": lambda v: v.version,
    "wrap": _wrap,
}


def ipaddr(value: Any, query: Any = "", version: int | None = None) -> Any:
    """What ``query`` asks of an address or network; False for what is none.

    A list gives the answers of its elements, without those that are nothing.
    """
    asked = str(query)
    if isinstance(value, list | tuple):
        answers = (ipaddr(element, asked, version) for element in value)
        return [answer for answer in answers if answer]
    v = read(value, version)
    if v is None or (version and v.version != version):
        return False
    if asked in _QUERIES:
        return _QUERIES[asked](v)
    if asked in ("6to4", "cidr_lookup"):
        raise ValueError(f"the query '{asked}' is not supported")
    if asked.removeprefix("-").isdecimal():
        return _numbered(v, int(asked))
    outer = read(asked)
    if outer is None:
        raise ValueError(f"there is no query '{asked}'")
    return v.text if contains(outer, v) else None


def _numbered(v: Address, index: int) -> Any:
    if v.size == 1:
        return str(v) if v.with_prefix else shown(v.ip)
    if not -v.size <= index < v.size:
        return False
    return (
        f"{shown(v.at(int(v.last) + 1 + index if index < 0 else int(v.first) + index))}/{v.prefix}"
    )


def ipv4(value: Any, query: Any = "") -> Any:
    """The same for IPv4 only."""
    return ipaddr(value, query, 4)


def ipv6(value: Any, query: Any = "") -> Any:
    """The same for IPv6 only."""
    return ipaddr(value, query, 6)


def ipwrap(value: Any, query: Any = "") -> Any:
    """IPv6 addresses in brackets, everything else as it is."""
    if isinstance(value, list | tuple):
        return [ipwrap(element, query) for element in value]
    found = ipaddr(value, query)
    return ipaddr(found, "wrap") if found else value


def nthhost(value: Any, query: Any = "") -> Any:
    """The address with this number in a network."""
    v = read(value)
    if v is None or not str(query).removeprefix("-").isdecimal():
        return False
    index = int(query)
    if not -v.size <= index < v.size:
        return False
    return shown(v.at((int(v.last) + 1 if index < 0 else int(v.first)) + index))


def ipsubnet(value: Any, query: Any = "", index: Any = None) -> Any:
    """Networks inside (or around) a network: how many, one of them, or which one this is."""
    v = read(value)
    if v is None:
        return False
    asked = str(query)
    if not asked:
        return _subnet(v)
    if not asked.isdecimal():
        return _rank(v, asked)
    wanted, bits = int(asked), v.ip.max_prefixlen
    if wanted > bits:
        return False
    if _type(v) == "address":
        return _around(v, wanted, index)
    if index is None:
        if wanted < v.prefix:
            raise ValueError(f"a /{v.prefix} holds no /{wanted}")
        return str(2 ** (wanted - v.prefix))
    count = 2 ** (wanted - v.prefix) if wanted >= v.prefix else 0
    place = int(index) + (count if int(index) < 0 else 0)
    if not 0 <= place < count:
        return False
    return f"{shown(v.at(int(v.first) + (place << (bits - wanted))))}/{wanted}"


def _around(v: Address, wanted: int, index: Any) -> Any:
    """The networks of a single address, from ``wanted`` on: the widest first."""
    bits = v.ip.max_prefixlen
    widths = list(range(wanted, v.prefix))
    place = int(index or 0)
    if not -len(widths) <= place < len(widths):
        return False
    width = widths[place]
    number = int(v.ip) >> (bits - width) << (bits - width)
    return f"{shown(v.at(number))}/{width}"


def _rank(v: Address, asked: str) -> str:
    outer = read(asked)
    if outer is None:
        raise ValueError(f"'{asked}' is neither a network nor a number")
    if not contains(outer, v):
        raise ValueError(f"{_subnet(v)} is not in {_subnet(outer)}")
    return str((int(v.first) - int(outer.first) >> (v.ip.max_prefixlen - v.prefix)) + 1)


def network_in_network(value: Any, test: Any) -> bool:
    """Whether all of the second network is inside the first."""
    outer, inner = read(value), read(test)
    return outer is not None and inner is not None and contains(outer, inner)


FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "ipaddr": ipaddr,
    "ipv4": ipv4,
    "ipv6": ipv6,
    "ipwrap": ipwrap,
    "ipsubnet": ipsubnet,
    "nthhost": nthhost,
    "network_in_network": network_in_network,
}
