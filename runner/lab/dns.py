"""Zones of a machine's DNS server."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["DnsServer", "Record", "Zone"]


@dataclass(frozen=True, slots=True)
class Record:
    """One resource record: its node below the zone (@ is the zone itself), and its text."""

    node: str
    ttl: int
    type: str
    data: str


@dataclass(slots=True)
class Zone:
    """One zone. `partition` is where the directory keeps it, empty for one in a file."""

    name: str
    file: str
    partition: str = ""
    update: int = 0
    records: list[Record] = field(default_factory=list)


class DnsServer:
    """What the DNS Server service knows. A machine without the role has none."""

    def __init__(self) -> None:
        self._zones: dict[str, Zone] = {}

    def all(self) -> list[Zone]:
        """The zones, by name."""
        return [self._zones[key] for key in sorted(self._zones)]

    def find(self, name: str) -> Zone | None:
        """The zone of a name, which is one name in capitals and in small letters."""
        return self._zones.get(name.rstrip(".").lower())

    def add(self, zone: Zone) -> Zone:
        """Serve one more zone."""
        self._zones[zone.name.lower()] = zone
        return zone

    def remove(self, zone: Zone) -> None:
        """Serve it no longer; its file stays."""
        del self._zones[zone.name.lower()]

    def dump(self) -> dict[str, Any]:
        """The zones as they can be compared."""
        return {
            zone.name: {
                "file": zone.file,
                "partition": zone.partition,
                "update": zone.update,
                "records": sorted(f"{r.node} {r.ttl} {r.type} {r.data}" for r in zone.records),
            }
            for zone in self.all()
        }
