"""Records of one name and type in a zone of a Windows DNS server, with dnscmd.

What the task lists is all that is left of that name and type. Each record is added before those
that go are deleted, so that the name never leads nowhere.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic import AliasChoices, Field, field_validator, model_validator

from runner.interfaces import module as base
from runner.interfaces.exchange import Exec, Query, Reply, Request, read, write
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Text, Words
from runner.model.state import Change
from runner.modules._win_files import require_windows
from runner.windows import dns_server
from runner.windows.dns_server import NAME

_ADDRESSES: Final = {"A": 4, "AAAA": 6}


class Params(base.Params):
    """Parameters of Ansible's win_dns_record, for records of addresses and names."""

    name: Text = Field(description="the name below the zone; @ is the zone itself")
    zone: Text = Field(description="the zone")
    type: Literal["A", "AAAA", "CNAME", "NS", "PTR"] = Field(description="the type of the records")
    value: Words = Field(
        (),
        validation_alias=AliasChoices("value", "values"),
        description="all records that shall be there",
    )
    ttl: int = Field(3600, ge=1, le=31557600, description="time to live of new records, seconds")
    state: Literal["absent", "present"] = Field("present", description="whether it shall be there")

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
        version = _ADDRESSES.get(self.type)
        for text in self.value:
            if version is None and not NAME.fullmatch(text.rstrip(".")):
                raise ValueError(f"'{text}' is not a name in the DNS")
            if version is not None and not _is_address(text, version):
                raise ValueError(f"'{text}' is not an IPv{version} address")
        return self

    @property
    def wanted(self) -> tuple[str, ...]:
        """The data of the records, as it is compared."""
        return tuple(sorted({dns_server.same(self.type, text) for text in self.value}))


def _is_address(text: str, version: int) -> bool:
    try:
        return ipaddress.ip_address(text).version == version
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Record:
    """One record: its data and its time to live in seconds."""

    data: str
    ttl: int


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
    )

    def subject(self, params: Params) -> str:
        return f"dns {params.type} {params.name} of {params.zone}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, Records]:
        require_windows(facts, "win_dns_record", "template with a zone file")
        words = (params.zone, params.name, "/type", params.type, "/node")
        (output,) = yield from read(dns_server.command("/enumrecords", *words))
        none = (dns_server.NO_ZONE, dns_server.NO_NAME, dns_server.NO_RECORD)
        if dns_server.checked(output, f"look for {self.subject(params)}", none):
            return Records()
        found = dns_server.records(output, params.type)
        return Records(tuple(Record(data, ttl) for data, ttl in found))

    def plan(self, params: Params, before: Records, facts: base.Facts) -> Records:
        if params.state == "absent":
            keep = [one for one in before.records if params.value and one.data not in params.wanted]
            return Records(tuple(keep))
        return Records(tuple(Record(data, params.ttl) for data in params.wanted))

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
        before = change.before.records
        if not before:
            return (base.Restoring({**raw, "state": "absent"}),)
        if len({one.ttl for one in before}) > 1:
            return ()
        values = [one.data for one in before]
        return (base.Restoring({**raw, "value": values, "ttl": before[0].ttl}),)


def _add(params: Params, one: Record) -> Exec:
    words = (params.zone, params.name, str(one.ttl), params.type, one.data)
    return dns_server.command("/recordadd", *words)


def _delete(params: Params, one: Record) -> Exec:
    words = (params.zone, params.name, params.type, one.data, "/f")
    return dns_server.command("/recorddelete", *words)


def _do(params: Params, doing: str, command: Exec) -> Generator[Request, Reply, None]:
    output = yield from write(command)
    accept = (dns_server.NO_RECORD,) if doing == "delete" else ()
    dns_server.checked(output, f"{doing} a record of {params.name} in {params.zone}", accept)
