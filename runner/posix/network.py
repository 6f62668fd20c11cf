"""Addresses of a Linux host out of ``ip -o`` (ip-address(8), ip-link(8), ip-route(8))."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Any, Final

_ROUTE: Final = re.compile(r"\bdev (\S+)")
_GATEWAY: Final = re.compile(r"\bvia (\S+)")
_SOURCE: Final = re.compile(r"\bsrc (\S+)")
_ADDRESS: Final = re.compile(
    r"^\d+: (?P<device>\S+)\s+(?P<family>inet6?) (?P<address>[0-9a-f.:]+)/(?P<prefix>\d+)"
    r"(?: brd (?P<broadcast>\S+))?",
    re.MULTILINE,
)
_LINK: Final = re.compile(r"^\d+: (?P<device>[^:@\s]+)[^:]*: .*?\bmtu (?P<mtu>\d+)", re.MULTILINE)
_ETHER: Final = re.compile(r"link/ether ([0-9a-f:]{17})")


def facts(route: str, addresses: str, links: str) -> dict[str, Any]:
    """``default_ipv4``, ``all_ipv4_addresses``, ``all_ipv6_addresses`` and ``interfaces``.

    The loopback addresses are none of them. Nothing where the host has no ``ip``.
    """
    if not addresses:
        return {}
    found = [match.groupdict() for match in _ADDRESS.finditer(addresses)]
    outside = [one for one in found if not ipaddress.ip_address(one["address"]).is_loopback]
    names = [match["device"] for match in _LINK.finditer(links)]
    result: dict[str, Any] = {
        "interfaces": names or list(dict.fromkeys(one["device"] for one in found)),
        "all_ipv4_addresses": [one["address"] for one in outside if one["family"] == "inet"],
        "all_ipv6_addresses": [one["address"] for one in outside if one["family"] == "inet6"],
        "default_ipv4": {},
    }
    device, source = _ROUTE.search(route), _SOURCE.search(route)
    if device and source:
        for one in outside:
            if (one["device"], one["address"]) == (device[1], source[1]):
                result["default_ipv4"] = _default(one, _GATEWAY.search(route), links)
    return result


def _default(one: Mapping[str, str], gateway: re.Match[str] | None, links: str) -> dict[str, Any]:
    network = ipaddress.ip_interface(f"{one['address']}/{one['prefix']}").network
    values: dict[str, Any] = {
        "address": one["address"],
        "alias": one["device"],
        "interface": one["device"],
        "prefix": one["prefix"],
        "netmask": str(network.netmask),
        "network": str(network.network_address),
        "broadcast": one["broadcast"] or "",
    }
    if gateway:
        values["gateway"] = gateway[1]
    for match in _LINK.finditer(links):
        if match["device"] == one["device"]:
            values["mtu"] = int(match["mtu"])
            line = links[match.start() :].partition("\n")[0]
            if ether := _ETHER.search(line):
                values |= {"macaddress": ether[1], "type": "ether"}
    return values
