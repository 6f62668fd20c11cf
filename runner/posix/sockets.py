"""TCP connections of a Linux host, as /proc/net/tcp and /proc/net/tcp6 list them (proc(5)).

An address there is written in words of four bytes, each in the byte order of the machine.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from runner.interfaces.exchange import Script
from runner.posix import tools

STATES: Final = {
    "ESTABLISHED": "01", "SYN_SENT": "02", "SYN_RECV": "03",
    "FIN_WAIT1": "04", "FIN_WAIT2": "05", "TIME_WAIT": "06",
}  # fmt: skip
"""Names of connection states -> their numbers in those files."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_LIST: Final = """\
[ -r /proc/net/tcp ] || { echo 'this host has no /proc/net/tcp' >&2; exit 3; }
echo "machine $(uname -m)"
for h; do
getent ahosts "$h" | while read -r a _; do echo "host $h $a"; done
done
cat /proc/net/tcp /proc/net/tcp6 2>/dev/null
exit 0
"""
_BIG_ENDIAN: Final = frozenset({"s390x", "s390", "ppc64", "ppc", "sparc64"})
_ENTRY: Final = re.compile(
    r"^\s*\d+: (?P<local>[0-9A-F]+):(?P<port>[0-9A-F]{4}) (?P<remote>[0-9A-F]+):[0-9A-F]{4} "
    r"(?P<state>[0-9A-F]{2}) ",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Connection:
    """One connection; an IPv4 address mapped into IPv6 is the IPv4 address."""

    local: Address
    port: int
    remote: Address
    state: str


def listing(*hosts: str) -> Script:
    """What ``connections`` and ``addresses`` read; ``hosts`` are names to look up there."""
    return tools.script(_LIST, *hosts)


def connections(text: str) -> Iterator[Connection]:
    """The connections in the listing."""
    machine = re.search(r"^machine (\S+)", text, re.MULTILINE)
    big = machine is not None and machine[1] in _BIG_ENDIAN
    for entry in _ENTRY.finditer(text):
        yield Connection(
            _address(entry["local"], big),
            int(entry["port"], 16),
            _address(entry["remote"], big),
            entry["state"],
        )


def addresses(text: str, hosts: Collection[str]) -> frozenset[Address]:
    """What these names mean on that host; one that is an address is itself."""
    found: set[Address] = set()
    for host in hosts:
        try:
            found.add(_plain(ipaddress.ip_address(host)))
        except ValueError:
            lines = (line.split() for line in text.splitlines())
            found |= {_plain(ipaddress.ip_address(words[2].partition("%")[0]))
                      for words in lines if words[:2] == ["host", host]}  # fmt: skip
    return frozenset(found)


def _address(text: str, big: bool) -> Address:
    data = bytes.fromhex(text)
    if not big:
        data = b"".join(data[at : at + 4][::-1] for at in range(0, len(data), 4))
    return _plain(ipaddress.ip_address(data))


def _plain(address: Address) -> Address:
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
