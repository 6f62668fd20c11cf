"""Records of one name and type in a zone of a Windows DNS server, with dnscmd.

What the task lists is all that is left of that name and type. Each record is added before those
that go are deleted, so that the name never leads nowhere.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal

from pydantic import AliasChoices, Field, field_validator, model_validator

from runner.interfaces import module as base
from runner.interfaces.exchange import Exec, Query, Reply, Request, read, write
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Text, Words
from runner.model.state import Change
from runner.modules._parts.win_files import require_windows
from runner.windows import dns_server
from runner.windows.dns_server import NAME, Record

_ADDRESSES: Final = {"A": 4, "AAAA": 6}
_NUMBERS: Final = {"SRV": ("priority", "weight", "port"), "MX": ("priority",)}
"""What stands before the name in the data of a record."""
_LONGEST: Final = 255
"""Characters of a text (RFC 1035, 3.3): its length is one byte."""


class Params(base.Params):
    """Parameters of Ansible's win_dns_record; ``MX`` comes to its types."""

    UNSUPPORTED: ClassVar[Mapping[str, str]] = {
        "zone_scope": "dnscmd knows no scopes of zones (Server 2016 and later have them for "
        "PowerShell alone): use win_shell with Add-DnsServerResourceRecord",
    }

    name: Text = Field(
        description="the name below the zone, or whole with the zone; @ is the zone itself"
    )
    zone: Text = Field(description="the zone")
    type: Literal["A", "AAAA", "CNAME", "MX", "NS", "PTR", "SRV", "TXT"] = Field(
        description="the type of the records"
    )
    value: Words = Field(
        (),
        validation_alias=AliasChoices("value", "values"),
        description="all records that shall be there",
    )
    ttl: int = Field(3600, ge=1, le=31557600, description="time to live of new records, seconds")
    aging: bool = Field(
        False, description="whether they go when nobody refreshes them; no makes them stay for good"
    )
    priority: int | None = Field(None, ge=0, le=65535, description="priority of SRV and MX records")
    weight: int | None = Field(None, ge=0, le=65535, description="weight of SRV records")
    port: int | None = Field(None, ge=0, le=65535, description="port of SRV records")
    computer_name: Text | None = Field(
        None,
        description="another DNS server; the user of the connection must have rights there, which "
        "a logon with NTLM does not pass on",
    )
    state: Literal["absent", "present"] = Field("present", description="whether it shall be there")

    @field_validator("type", mode="before")
    @classmethod
    def _kind(cls, kind: object) -> object:
        if kind == "DHCID":
            raise ValueError(
                "dnscmd cannot write DHCID records; a DHCP server makes them itself, or win_shell "
                "with Add-DnsServerResourceRecord"
            )
        return kind

    @field_validator("computer_name")
    @classmethod
    def _server(cls, text: str | None) -> str | None:
        if (
            text is None
            or NAME.fullmatch(text.rstrip("."))
            or any(_is_address(text, version) for version in _ADDRESSES.values())
        ):
            return text
        raise ValueError(f"'{text}' is not the name or address of a server")

    @field_validator("name", "zone")
    @classmethod
    def _names(cls, text: str) -> str:
        plain = text.rstrip(".").lower()
        if plain not in ("@", "*") and not NAME.fullmatch(plain.removeprefix("*.")):
            raise ValueError(f"'{text}' is not a name in the DNS")
        return plain

    @model_validator(mode="after")
    def _values(self) -> Params:
        if self.state == "present" and not self.value:
            raise ValueError("state: present needs 'value'")
        needed = _NUMBERS.get(self.type, ())
        for name in ("priority", "weight", "port"):
            given = getattr(self, name) is not None
            if given and name not in needed:
                raise ValueError(f"'{name}' is not for {self.type} records")
            if self.value and not given and name in needed:
                raise ValueError(f"{self.type} records need '{name}'")
        version = _ADDRESSES.get(self.type)
        for text in self.value:
            if self.type == "TXT":
                _check_text(text)
                continue
            if version is None and not NAME.fullmatch(text.rstrip(".")):
                raise ValueError(f"'{text}' is not a name in the DNS")
            if version is not None and not _is_address(text, version):
                raise ValueError(f"'{text}' is not an IPv{version} address")
        return self

    @property
    def wanted(self) -> tuple[str, ...]:
        """The data of the records, as it is compared."""
        numbers = "".join(f"{getattr(self, name)} " for name in _NUMBERS.get(self.type, ()))
        return tuple(sorted({dns_server.same(self.type, numbers + text) for text in self.value}))

    @property
    def node(self) -> str:
        """The name below the zone."""
        if self.name == self.zone:
            return "@"
        return self.name.removesuffix(f".{self.zone}")

    @property
    def server(self) -> str:
        """The server as dnscmd is told of it."""
        return self.computer_name or "."


def _check_text(text: str) -> None:
    if not text or len(text) > _LONGEST or not (text.isascii() and text.isprintable()):
        raise ValueError(f"a TXT record is a line of 1 to {_LONGEST} plain characters")
    if '"' in text:
        raise ValueError("dnscmd takes no quotation marks in a TXT record")


def _is_address(text: str, version: int) -> bool:
    try:
        return ipaddress.ip_address(text).version == version
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Records:
    """The records of one name and type, by their data; none where the zone itself is not there."""

    records: tuple[Record, ...] = ()


class Module(base.Module[Params, Records]):
    """Brings the records of a name to what the task lists."""

    params = Params
    state = Records
    needs_facts = True
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/windows/"
        "win_dns_record_module.html"
    )
    guide = Guide(
        example=(
            "win_dns_record:\n  zone: sink.example\n  name: '@'\n  type: A\n  value: 10.0.0.9"
        ),
        using=(Using("dnscmd"),),
        undo="the age of a record that ages: it begins anew",
    )

    def subject(self, params: Params) -> str:
        where = f" on {params.computer_name}" if params.computer_name else ""
        return f"dns {params.type} {params.node} of {params.zone}{where}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, Records]:
        require_windows(facts, "win_dns_record", "template with a zone file")
        words = (params.zone, params.node, "/type", params.type, "/node")
        command = dns_server.command("/enumrecords", *words, server=params.server)
        (output,) = yield from read(command)
        none = (dns_server.NO_ZONE, dns_server.NO_NAME, dns_server.NO_RECORD)
        if dns_server.checked(output, f"look for {self.subject(params)}", none):
            return Records()
        return Records(dns_server.records(output, params.type))

    def plan(self, params: Params, before: Records, facts: base.Facts) -> Records:
        if params.state == "absent":
            keep = [one for one in before.records if params.value and one.data not in params.wanted]
            return Records(tuple(keep))
        return Records(tuple(Record(data, params.ttl, params.aging) for data in params.wanted))

    def apply(
        self, params: Params, change: Change[Records], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        before, after = change.before.records, change.after.records
        new = [one for one in after if one not in before]
        same = {one.data for one in new}
        # A record whose time to live alone differs is deleted first: data names it.
        gone = [one for one in before if one not in after]
        for one in (one for one in gone if one.data in same):
            yield from _do(params, "delete", _delete(params, one))
        for one in new:
            yield from _do(params, "add", _add(params, one))
        for one in (one for one in gone if one.data not in same):
            yield from _do(params, "delete", _delete(params, one))
        return {}

    def restore(self, params: Params, change: Change[Records]) -> tuple[base.Restoring, ...]:
        raw: dict[str, Any] = {"zone": params.zone, "name": params.name, "type": params.type}
        if params.computer_name:
            raw["computer_name"] = params.computer_name
        before = change.before.records
        if not before:
            return (base.Restoring({**raw, "state": "absent"}),)
        names = _NUMBERS.get(params.type, ())
        split = [dns_server.words(params.type, one.data) for one in before]
        kinds = {
            (one.ttl, one.aging, *parts[:-1]) for one, parts in zip(before, split, strict=True)
        }
        if len(kinds) > 1 or any("," in parts[-1] for parts in split):
            return ()
        if params.type == "TXT" and len(split[0]) > 1:
            return ()  # several texts in one record
        raw |= {"value": [parts[-1] for parts in split], "ttl": before[0].ttl}
        raw |= dict(zip(names, map(int, split[0][:-1]), strict=True))
        return (base.Restoring({**raw, **({"aging": True} if before[0].aging else {})}),)


def _add(params: Params, one: Record) -> Exec:
    data = dns_server.words(params.type, one.data)
    aging = ["/Aging"] * one.aging
    words = (params.zone, params.node, *aging, str(one.ttl), params.type, *data)
    return dns_server.command("/recordadd", *words, server=params.server)


def _delete(params: Params, one: Record) -> Exec:
    words = (params.zone, params.node, params.type, *dns_server.words(params.type, one.data), "/f")
    return dns_server.command("/recorddelete", *words, server=params.server)


def _do(params: Params, doing: str, command: Exec) -> Generator[Request, Reply, None]:
    output = yield from write(command)
    accept = (dns_server.NO_RECORD,) if doing == "delete" else ()
    dns_server.checked(output, f"{doing} a record of {params.name} in {params.zone}", accept)
