r"""What dnscmd asks and answers about the zones of a Windows DNS server.

dnscmd comes with the DNS Server role, on Server 2003 in the Support Tools, and is still there in
Server 2022. The names of its errors and fields are not translated. Sources: Microsoft, "dnscmd"
(Windows commands) and "Dnscmd Syntax" (Server 2003); the layout of /ZoneInfo and /EnumRecords is
that of public transcripts. An error is known by its number in the text, not by the exit code, of
which no document says what it is.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from runner.errors import ModuleError, Refused
from runner.interfaces.exchange import Exec, Output

NAME: Final = re.compile(r"(?=.{1,253}$)[A-Za-z0-9_][A-Za-z0-9_-]*(\.[A-Za-z0-9_][A-Za-z0-9_-]*)*")
"""A name in the DNS, without a dot at its end."""
NO_ZONE: Final = 9601
NO_NAME: Final = 9714
NO_RECORD: Final = 9701
_HINTS: Final = {1722: "is the service DNS running?", NO_ZONE: "make the zone first: win_dns_zone"}
_FAILED: Final = re.compile(r"^Command failed:\s+(\S+)\s+(\d+)", re.MULTILINE)
_FIELD: Final = re.compile(r"^\s*([A-Za-z ]+?)\s*=\s*(.*?)\s*$", re.MULTILINE)
_RECORD: Final = re.compile(
    r"^\S*\s+((?:\[[^\]]*\]\s+)*)(\d+)\s+([A-Z]+)\s+(.+?)\s*$", re.MULTILINE
)
_TEXT: Final = re.compile(r'"([^"]*)"')
_SCOPES: Final = {"AD-Forest": "forest", "AD-Domain": "domain", "AD-Legacy": "legacy"}


def command(verb: str, *words: str, server: str = ".") -> Exec:
    """A command of this host's own server, or of another one."""
    return Exec("dnscmd", server, verb, *words)


def checked(output: Output, doing: str, accept: tuple[int, ...] = ()) -> int:
    """0 where dnscmd was content, else the number of an accepted error.

    Raises Refused where there is no DNS server, ModuleError for all else.
    """
    found = _FAILED.search(output.stdout) or _FAILED.search(output.stderr)
    if found is not None:
        code = int(found[2])
        if code in accept:
            return code
        hint = _HINTS.get(code, "")
        raise ModuleError(f"{doing}: dnscmd answered {code} ({found[1]})", hint=hint)
    if output.code == 0:
        return 0
    said = (output.stderr.strip() or output.stdout.strip()).splitlines()
    raise Refused(
        f"{doing}: this host has no dnscmd{f': {said[0].strip()}' if said else ''}",
        hint="it comes with the role DNS Server (Server 2003: with the Support Tools); name the "
        "hosts that have it",
    )


def zone_fields(output: Output, name: str) -> Mapping[str, str]:
    """The fields that /ZoneInfo shows of a zone. Raises ModuleError where it shows another."""
    fields: dict[str, str] = dict(reversed(_FIELD.findall(output.stdout)))
    if fields.get("zone name", "").casefold() != name.casefold():
        raise ModuleError(f"the answer of dnscmd about the zone {name} cannot be read")
    return fields


def replication(fields: Mapping[str, str]) -> str:
    """Where the zone is kept: ``none`` for a file, else the part of the directory."""
    if fields.get("DS integrated") != "1":
        return "none"
    place = fields.get("directory partition", "").partition(" ")[0]
    return _SCOPES.get(place, place or "the directory")


@dataclass(frozen=True, slots=True)
class Record:
    """One record: its data, its time to live in seconds, whether it ages (and goes when it is not
    refreshed)."""

    data: str
    ttl: int
    aging: bool = False


def records(output: Output, kind: str) -> tuple[Record, ...]:
    """The records of a type in what /EnumRecords shows, sorted by their data."""
    rows = [row for row in _RECORD.findall(output.stdout) if row[2] == kind]
    found = [
        Record(same(kind, data), int(ttl), "aging" in mark.lower()) for mark, ttl, _, data in rows
    ]
    return tuple(sorted(found, key=lambda one: (one.data, one.ttl)))


def same(kind: str, data: str) -> str:
    """A record's data as it is compared: addresses in one way of writing, names with their dot,
    several texts with a line for each."""
    if kind in ("A", "AAAA"):
        return str(ipaddress.ip_address(data))
    if kind == "TXT":
        texts = _TEXT.findall(data)
        return "\n".join(texts) if texts else data.removeprefix("(").removesuffix(")").strip()
    return data.rstrip(".").lower() + "."


def words(kind: str, data: str) -> list[str]:
    """The same as dnscmd wants it."""
    if kind == "TXT":
        return data.split("\n")
    return data.split() if kind in ("SRV", "MX") else [data]
