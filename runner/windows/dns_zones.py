r"""Zones of a Windows DNS server: what dnscmd says of one, and what makes it another.

Sources: Microsoft, "dnscmd" (Windows commands): /zoneadd, /zoneresetmasters, /config,
/zonechangedirectorypartition, /zoneinfo; the numbers of kinds are those of MS-DNSP 2.2.5.1.1
(DNS_ZONE_TYPE). How /ZoneInfo lists the masters differs between generations, so their addresses
are looked for in what it says between the masters' headline and the secondaries'.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from runner.errors import ModuleError, Refused
from runner.interfaces.exchange import Exec, Output
from runner.windows import dns_server

UPDATES: Final[Mapping[str, int]] = {"none": 0, "nonsecureandsecure": 1, "secure": 2}
_TYPES: Final = {"1": "primary", "2": "secondary", "3": "stub", "4": "forwarder"}
FILED: Final = frozenset({"primary", "secondary", "stub"})
"""Zones that have a file, where they are not kept in the directory."""
_MASTERS: Final = re.compile(r"(?is)^\s*zone masters\b(.*?)(?=^\s*zone secondaries\b|\Z)", re.M)
_DWORD: Final = re.compile(r"(?i)dword:\s*(\d+)")
_PLAIN: Final = re.compile(r"[\w.-]+")


@dataclass(frozen=True, slots=True)
class ZoneState:
    """The zone. ``replication`` is where it is kept, ``update`` who may register (``UPDATES``),
    ``timeout`` a forwarder's, in seconds. ``file`` says whether its file (for one that is not
    there: of the usual name) exists, which deleting the zone leaves."""

    present: bool = False
    type: str = ""
    replication: str = ""
    update: int = 0
    masters: tuple[str, ...] = ()
    timeout: int = 0
    zone_file: str = field(default="", compare=False)
    file: bool = field(default=False, compare=False)
    paused: bool = field(default=False, compare=False)
    shutdown: bool = field(default=False, compare=False)


def address(text: str) -> str:
    """An address in its one way of writing. Raises ValueError."""
    try:
        return str(ipaddress.ip_address(text.strip()))
    except ValueError:
        raise ValueError(f"'{text}' is not an IP address") from None


def found(output: Output, name: str) -> ZoneState:
    """The zone as /ZoneInfo shows it, but for a forwarder's timeout. Raises ModuleError, and
    Refused for a kind that is not one of Ansible's."""
    fields = dns_server.zone_fields(output, name)
    kind = _TYPES.get(fields.get("zone type", ""))
    if kind is None:
        raise Refused(
            f"{name} is a zone of another kind here (type {fields.get('zone type')})",
            hint="look at it with dnscmd . /zoneinfo",
        )
    masters = () if kind == "primary" else _masters(output.stdout)
    if kind != "primary" and not masters:
        raise ModuleError(f"the masters of the zone {name} cannot be read in dnscmd's answer")
    file = fields.get("data file", "")
    return ZoneState(
        True, kind, dns_server.replication(fields), int(fields.get("update", "0")), masters,
        zone_file=file if _PLAIN.fullmatch(file) else "",
        paused=fields.get("paused") == "1", shutdown=fields.get("shutdown") == "1",
    )  # fmt: skip


def _masters(text: str) -> tuple[str, ...]:
    section = _MASTERS.search(text)
    addresses = []
    for word in re.split(r"[\s=>,\[\]]+", section[1]) if section else ():
        try:
            addresses.append(address(word))
        except ValueError:
            continue
    return tuple(addresses)


def setting(output: Output, name: str) -> int:
    """The number that /ZoneInfo shows of one setting. Raises ModuleError."""
    if (number := _DWORD.search(output.stdout)) is None:
        raise ModuleError(f"the answer of dnscmd about the zone {name} cannot be read")
    return int(number[1])


def steps(
    zone: str, before: ZoneState, after: ZoneState, *, load: bool = False
) -> Iterator[tuple[str, Exec]]:
    """What makes the one of the other, and what to call it. ``load``: its records are in its
    file."""
    if not after.present:
        if before.present:
            everywhere = ["/dsdel"] * (before.replication != "none")
            yield (
                f"delete the zone {zone}",
                dns_server.command("/zonedelete", zone, *everywhere, "/f"),
            )
        return
    if not before.present:
        yield f"make the zone {zone}", _add(zone, after, load=load)
        before = dataclasses.replace(after, update=0)
    if after.replication != before.replication:
        yield (
            f"move the zone {zone}",
            dns_server.command("/zonechangedirectorypartition", zone, f"/{after.replication}"),
        )
    if after.masters != before.masters:
        yield (
            f"set the servers of {zone}",
            dns_server.command("/zoneresetmasters", zone, *after.masters),
        )
    for name, word, old, new in (
        ("set how long {} waits", "/forwardertimeout", before.timeout, after.timeout),
        ("set who may update {}", "/allowupdate", before.update, after.update),
    ):
        if old != new:
            yield name.format(zone), dns_server.command("/config", zone, word, str(new))


def _add(zone: str, state: ZoneState, *, load: bool) -> Exec:
    in_directory = state.replication != "none"
    words = [f"/ds{state.type}" if in_directory else f"/{state.type}", *state.masters]
    if state.type == "forwarder":
        words += ["/timeout", str(state.timeout)]
    if in_directory:
        words += ["/dp", f"/{state.replication}"]
    elif state.type in FILED:
        words += ["/file", state.zone_file or f"{zone}.dns", *["/load"] * load]
    return dns_server.command("/zoneadd", zone, *words)


def as_params(state: ZoneState) -> dict[str, Any]:
    """The parameters of a task that brings a zone to this state."""
    raw: dict[str, Any] = {"type": state.type, "replication": state.replication}
    if state.type == "primary":
        raw["dynamic_update"] = _update(state)
    else:
        raw["dns_servers"] = list(state.masters)
    if state.type == "forwarder":
        raw["forwarder_timeout"] = state.timeout
    return raw


def shown(name: str, state: ZoneState) -> dict[str, Any]:
    """The zone in Ansible's return value."""
    reverse = name.endswith((".in-addr.arpa", ".ip6.arpa"))
    zone: dict[str, Any] = {
        "name": name, "type": state.type, "paused": state.paused, "shutdown": state.shutdown,
        "dynamic_update": _update(state), "reverse_lookup": reverse,
        "replication": state.replication,
    }  # fmt: skip
    if state.type == "forwarder":
        zone["forwarder_timeout"] = state.timeout
    if state.masters:
        zone["dns_servers"] = list(state.masters)
    if state.replication == "none":
        zone["zone_file"] = state.zone_file
    return zone


def _update(state: ZoneState) -> str:
    return next(word for word, number in UPDATES.items() if number == state.update)
