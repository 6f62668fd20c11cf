"""Network adapters and their DNS servers, in the registry.

An adapter's name for people (``Ethernet``, in the system's language) is the value ``Name`` of its
key ``Connection``; its addresses and DNS servers are under the same GUID of the TCP/IP services
(Microsoft, "TCP/IP and NBT configuration parameters": ``NameServer`` is what was set by hand,
separated by commas or blanks, and is empty when DHCP decides).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from runner.interfaces.exchange import Exec, Output
from runner.windows import registry

_NETWORK: Final = (
    r"HKLM\SYSTEM\CurrentControlSet\Control\Network\{4D36E972-E325-11CE-BFC1-08002BE10318}"
)
_INTERFACES: Final = r"HKLM\SYSTEM\CurrentControlSet\Services\{}\Parameters\Interfaces"

SEARCH_KEY: Final = r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"
SEARCH_LIST: Final = "SearchList"
"""The suffixes that names without a dot are tried with, of all adapters: separated by commas."""

READS: Final = (
    registry.query(_NETWORK, None, "/s"),
    registry.query(_INTERFACES.format("Tcpip"), None, "/s"),
    registry.query(_INTERFACES.format("Tcpip6"), None, "/s"),
)
"""The answers go to ``adapters``. There is no Tcpip6 on XP and Server 2003 without IPv6."""

_NONE: Final = ("", "0.0.0.0")


@dataclass(frozen=True, slots=True)
class Adapter:
    """One adapter. ``dns4`` and ``dns6`` are the servers set by hand, () where DHCP decides.

    ``has_address`` says that it has an IPv4 address, by hand or by DHCP.
    """

    name: str
    dhcp: bool = False
    has_address: bool = False
    dns4: tuple[str, ...] = ()
    dns6: tuple[str, ...] = ()


def adapters(names: Output, v4: Output, v6: Output) -> tuple[Adapter, ...]:
    """The adapters that have TCP/IP, in the registry's order."""
    known = {_guid(key.path): key for key in registry.parse(v4.stdout) if "{" in key.path}
    beside = {_guid(key.path): key for key in registry.parse(v6.stdout) if "{" in key.path}
    found = []
    for key in registry.parse(names.stdout):
        name = key.get("Name")
        guid = _guid(key.path)
        if key.path.lower().endswith("\\connection") and name and guid in known:
            found.append(_adapter(str(name.data), known[guid], beside.get(guid)))
    return tuple(found)


def _adapter(name: str, v4: registry.Key, v6: registry.Key | None) -> Adapter:
    dhcp = v4.get("EnableDHCP")
    addresses = [v4.get("IPAddress"), v4.get("DhcpIPAddress")]
    listed = [item for each in addresses if each for item in _items(each.data)]
    return Adapter(
        name=name,
        dhcp=bool(dhcp and dhcp.data == 1),
        has_address=any(address not in _NONE for address in listed),
        dns4=_servers(v4),
        dns6=_servers(v6) if v6 else (),
    )


def _servers(key: registry.Key) -> tuple[str, ...]:
    value = key.get("NameServer")
    text = value.data if value and isinstance(value.data, str) else ""
    return tuple(part for part in re.split(r"[,\s]+", text) if part)


def _items(data: registry.Data) -> tuple[str, ...]:
    return data if isinstance(data, tuple) else (str(data),)


def _guid(path: str) -> str:
    """The adapter's GUID in a key's path: the last part in braces."""
    found = re.findall(r"\{[0-9A-Fa-f-]{36}\}", path)
    return found[-1].casefold() if found else ""


def set_dns(
    adapter: Adapter, servers: tuple[str, ...], version: int, nt: tuple[int, int]
) -> tuple[Exec, ...]:
    """The commands that give an adapter these servers; none of them: as DHCP says."""
    # Server 2003 knows `ip` and `dns` only; later ones take those words too, but not for IPv6.
    family, what = ("ipv6", "dnsservers") if version == 6 else ("ip", "dns")
    where = ("netsh", "interface", family)
    # Without this, from Windows 7 on, each server is asked first, and a deaf one is a failure.
    unchecked = ("validate=no",) if nt >= (6, 1) else ()
    name = f"name={adapter.name}"
    if not servers:
        if version == 4 and adapter.dhcp:
            return (Exec(*where, "set", what, name, "source=dhcp"),)
        return (Exec(*where, "set", what, name, "source=static", _addr(nt, "none")),)
    first = Exec(*where, "set", what, name, "source=static", _addr(nt, servers[0]), *unchecked)
    return (
        first,
        *(
            Exec(*where, "add", what, name, _addr(nt, server), f"index={at}", *unchecked)
            for at, server in enumerate(servers[1:], start=2)
        ),
    )


def _addr(nt: tuple[int, int], address: str) -> str:
    return f"addr={address}" if nt < (6, 0) else f"address={address}"
