"""Zones of a machine's DNS server."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

__all__ = ["TTL", "DnsServer", "Record", "Zone", "from_file", "in_file", "record_of"]

TTL: Final = 3600
"""Seconds that a record lives of which nothing else is said."""


@dataclass(frozen=True, slots=True)
class Record:
    """One resource record: its node below the zone (@ is the zone itself), and its text."""

    node: str
    ttl: int
    type: str
    data: str
    ages: bool = False

    @property
    def key(self) -> tuple[str, str, str]:
        """What is the same record: names are one in capitals and in small letters, texts not."""
        return self.node, self.type, self.data if self.type == "TXT" else self.data.lower()


@dataclass(slots=True)
class Zone:
    """One zone. `partition` is where the directory keeps it, empty for one in a file. `kind` is the
    number that Windows gives it: 1 primary, 2 secondary, 3 stub, 4 forwarder."""

    name: str
    file: str
    partition: str = ""
    update: int = 0
    kind: int = 1
    masters: list[str] = field(default_factory=list)
    timeout: int = 0
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
                "kind": zone.kind,
                "masters": list(zone.masters),
                "timeout": zone.timeout,
                "records": sorted(
                    f"{r.node} {r.ttl} {r.type} {r.data}{' ages' * r.ages}" for r in zone.records
                ),
            }
            for zone in self.all()
        }


def record_of(words: list[str]) -> Record | None:
    """The record that the words of a command describe; None for what is not simulated."""
    node, *rest = words
    ages = bool(rest) and rest[0].lower() == "/aging"
    rest = rest[ages:]
    ttl = int(rest.pop(0)) if rest and rest[0].isdigit() else TTL
    kind, *data = rest or [""]
    kind = kind.upper()
    if kind == "TXT":
        data = [f'"{word}"' for word in data]
    else:
        count = {"SRV": 4, "MX": 2}.get(kind, 1)
        if len(data) != count or not all(word.isdigit() for word in data[: count - 1]):
            return None
    return Record(node.lower(), ttl, kind, " ".join(data), ages) if data else None


def in_file(records: list[Record]) -> str:
    """Records as a zone's file has them here, one a line; a plus marks one that ages."""
    return "".join(f"{r.node} {r.ttl}{'+' * r.ages} {r.type} {r.data}\n" for r in records)


def from_file(text: str) -> list[Record]:
    """The same back."""
    rows = [line.split(" ", 3) for line in text.splitlines()]
    return [
        Record(node, int(ttl.rstrip("+")), kind, data, ttl.endswith("+"))
        for node, ttl, kind, data in rows
    ]
