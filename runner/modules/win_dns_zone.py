r"""Primary zones of a Windows DNS server, in a file or in the directory, with dnscmd.

A zone in a file leaves the file when it is deleted, so it comes back with its records; one in the
directory is gone for all servers that share it. Zones of other kinds are left to other tools.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from pydantic import Field, field_validator, model_validator

from runner.errors import Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Exec, Query, Reply, Request, read, write
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Text
from runner.model.state import Change
from runner.modules import _win_files
from runner.windows import dns_server
from runner.windows.facts import WindowsFacts
from runner.windows.looking import FILE
from runner.windows.paths import quoted

_UPDATES: Final = {"none": 0, "nonsecureandsecure": 1, "secure": 2}
_PRIMARY: Final = "1"


class Params(base.Params):
    """Parameters of Ansible's win_dns_zone, for primary zones."""

    name: Text = Field(description="the zone, such as corp.example")
    type: Literal["primary"] = Field("primary", description="only primary zones are made here")
    state: Literal["absent", "present"] = Field("present", description="whether it shall be there")
    replication: Literal["forest", "domain", "legacy", "none"] | None = Field(
        None, description="where a new zone is kept: a part of the directory, or none for a file"
    )
    dynamic_update: Literal["secure", "none", "nonsecureandsecure"] | None = Field(
        None, description="whether hosts may register themselves; a new zone: none"
    )

    @field_validator("name")
    @classmethod
    def _zone(cls, text: str) -> str:
        plain = text.rstrip(".").lower()
        if not dns_server.NAME.fullmatch(plain):
            raise ValueError(f"'{text}' is not the name of a zone")
        return plain

    @model_validator(mode="after")
    def _secure_in_the_directory(self) -> Params:
        if self.dynamic_update == "secure" and self.replication == "none":
            raise ValueError("dynamic_update: secure needs a zone in the directory")
        return self


@dataclass(frozen=True, slots=True)
class ZoneState:
    """The zone. ``replication`` is where it is kept, ``file`` whether a zone file of its usual name
    is there, which deleting the zone leaves."""

    present: bool = False
    replication: str = ""
    update: int = 0
    file: bool = field(default=False, compare=False)


class Module(base.Module[Params, ZoneState]):
    """Makes and deletes zones."""

    params = Params
    state = ZoneState
    needs_facts = True
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/windows/"
        "win_dns_zone_module.html"
    )
    guide = Guide(
        example="win_dns_zone:\n  name: sink.example\n  replication: none",
        using=(Using("dnscmd"),),
        undo="the records of a zone in the directory that was deleted",
    )

    def subject(self, params: Params) -> str:
        return f"dns zone {params.name}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, ZoneState]:
        _win_files.require_windows(facts, "win_dns_zone", "template with a zone file")
        (output,) = yield from read(dns_server.command("/zoneinfo", params.name))
        doing = f"look for the zone {params.name}"
        missing = dns_server.checked(output, doing, (dns_server.NO_ZONE,))
        seen = yield from _win_files.find(_file(params, facts), checksum="")
        stored = seen.kind == FILE
        if missing:
            return ZoneState(file=stored)
        fields = dns_server.zone_fields(output, params.name)
        if fields.get("zone type") != _PRIMARY:
            raise Refused(
                f"{params.name} is a zone of another kind here (type {fields.get('zone type')})",
                hint="only primary zones are managed; look at it with dnscmd . /zoneinfo",
            )
        update = int(fields.get("update", "0"))
        return ZoneState(True, dns_server.replication(fields), update, stored)

    def plan(self, params: Params, before: ZoneState, facts: base.Facts) -> ZoneState:
        if params.state == "absent":
            return ZoneState(file=before.file)
        wanted = params.replication
        if not before.present and wanted is None:
            raise Refused(
                f"there is no zone {params.name} yet, and the task does not say where to keep it",
                hint="say replication: domain (in the directory) or none (in a file)",
            )
        if before.present and wanted is not None and wanted != before.replication:
            raise Refused(
                f"the zone {params.name} is kept elsewhere ({before.replication}, not {wanted})",
                hint="move it by hand: dnscmd . /zonechangedirectorypartition or /zoneresettype",
            )
        update = before.update
        if params.dynamic_update is not None:
            update = _UPDATES[params.dynamic_update]
        if update == 2 and before.replication == "none":
            raise Refused(f"{params.name} is kept in a file: secure updates need the directory")
        where = before.replication or str(wanted)
        return dataclasses.replace(before, present=True, replication=where, update=update)

    def apply(
        self, params: Params, change: Change[ZoneState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        before, after, zone = change.before, change.after, params.name
        if before.present and not after.present:
            yield from _do(f"delete the zone {zone}", _delete(zone, before))
            return {}
        if not before.present:
            yield from _do(f"make the zone {zone}", _add(zone, after, load=False))
        if after.update != (before.update if before.present else 0):
            yield from _do(
                f"set who may update {zone}",
                dns_server.command("/config", zone, "/allowupdate", str(after.update)),
            )
        return {}

    def undo(
        self, params: Params, change: Change[ZoneState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        before, after, zone = change.before, change.after, params.name
        if before.present and not after.present:
            yield from _do(f"make the zone {zone} again", _add(zone, before, load=before.file))
            if before.update:
                yield from _do(
                    f"set who may update {zone}",
                    dns_server.command("/config", zone, "/allowupdate", str(before.update)),
                )
            return {}
        yield from self.apply(params, change.reversed(), facts)
        if after.replication == "none":
            yield from self.sweep(params, change, facts)
        return {}

    def sweep(
        self, params: Params, change: Change[ZoneState], facts: base.Facts
    ) -> Generator[Request, Reply, None]:
        """The file of a zone stays behind when the zone goes."""
        if not change.before.present and not change.before.file:
            path = quoted(_file(params, facts))
            line = f"if exist {path} del /f {path}"
            yield from _win_files.do(f"delete the file of {params.name}", line)

    def irreversible(self, params: Params, change: Change[ZoneState], facts: base.Facts) -> str:
        before = change.before
        if not before.present or change.after.present or before.file:
            return ""
        return "the records of the zone are gone with it; export it first (dnscmd . /zoneexport)"

    def restore(self, params: Params, change: Change[ZoneState]) -> tuple[base.Restoring, ...]:
        before, after = change.before, change.after
        if not before.present:
            return (base.Restoring({"name": params.name, "state": "absent"}),)
        if not after.present:
            return ()
        word = next(word for word, number in _UPDATES.items() if number == before.update)
        return (base.Restoring({"name": params.name, "dynamic_update": word}),)


def _file(params: Params, facts: base.Facts) -> str:
    root = WindowsFacts.of(facts).system_root
    return rf"{root}\System32\dns\{params.name}.dns"


def _add(zone: str, state: ZoneState, *, load: bool) -> Exec:
    if state.replication == "none":
        where = ["/primary", "/file", f"{zone}.dns", *["/load"] * load]
    else:
        where = ["/dsprimary", "/dp", f"/{state.replication}"]
    return dns_server.command("/zoneadd", zone, *where)


def _delete(zone: str, state: ZoneState) -> Exec:
    everywhere = ["/dsdel"] * (state.replication != "none")
    return dns_server.command("/zonedelete", zone, *everywhere, "/f")


def _do(doing: str, command: Exec) -> Generator[Request, Reply, None]:
    output = yield from write(command)
    dns_server.checked(output, doing)
