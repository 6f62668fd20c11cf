r"""Zones of a Windows DNS server, in a file or in the directory, with dnscmd.

A primary zone in a file leaves the file when it is deleted, so it comes back with its records; one
in the directory is gone for all servers that share it. What secondary and stub zones have comes
from their masters again, and forwarders have nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Mapping
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from runner.errors import Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply, Request, read, write
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Text, Words
from runner.model.state import Change
from runner.modules._parts import win_files
from runner.windows import dns_server, dns_zones
from runner.windows.dns_zones import FILED, UPDATES, ZoneState
from runner.windows.facts import WindowsFacts
from runner.windows.looking import FILE
from runner.windows.paths import quoted

_TIMEOUT = 5
"""Seconds, as the console of the DNS server sets it for a new forwarder."""


class Params(base.Params):
    """Parameters of Ansible's win_dns_zone."""

    name: Text = Field(description="the zone, such as corp.example")
    type: Literal["primary", "secondary", "stub", "forwarder"] | None = Field(
        None, description="its kind; left out: as it is, a new one is primary"
    )
    state: Literal["absent", "present"] = Field("present", description="whether it shall be there")
    replication: Literal["forest", "domain", "legacy", "none"] | None = Field(
        None,
        description="where it is kept: a part of the directory, or none for this server alone; "
        "left out: as it is, a new one: none",
    )
    dynamic_update: Literal["secure", "none", "nonsecureandsecure"] | None = Field(
        None,
        description="whether hosts may register themselves; a new zone: none. As in Ansible it "
        "means nothing for a zone that is not primary",
    )
    dns_servers: Words | None = Field(
        None,
        description="addresses of the servers from which a secondary or stub zone comes, or that a "
        "forwarder asks; as in Ansible it means nothing for a primary zone",
    )
    forwarder_timeout: int | None = Field(
        None, ge=0, le=15,
        description="seconds that a forwarder waits for each server; a new one: 5. As in Ansible "
        "it means nothing for other zones",
    )  # fmt: skip

    @field_validator("name")
    @classmethod
    def _zone(cls, text: str) -> str:
        plain = text.rstrip(".").lower()
        if not dns_server.NAME.fullmatch(plain):
            raise ValueError(f"'{text}' is not the name of a zone")
        return plain

    @field_validator("dns_servers")
    @classmethod
    def _addresses(cls, texts: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return None if texts is None else tuple(map(dns_zones.address, texts))

    @model_validator(mode="after")
    def _fits(self) -> Params:
        if self.dynamic_update == "secure" and self.replication == "none":
            raise ValueError("dynamic_update: secure needs a zone in the directory")
        if self.type == "secondary" and self.replication not in (None, "none"):
            raise ValueError("a secondary zone is kept in a file: replication: none")
        return self


class Module(base.Module[Params, ZoneState]):
    """Makes, changes and deletes zones."""

    params = Params
    state = ZoneState
    needs_facts = True
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/windows/"
        "win_dns_zone_module.html"
    )
    redoable = True
    guide = Guide(
        example="win_dns_zone:\n  name: sink.example\n  replication: none",
        using=(Using("dnscmd"),),
        undo="the records of a zone in the directory that was deleted",
    )

    def subject(self, params: Params) -> str:
        return f"dns zone {params.name}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, ZoneState]:
        win_files.require_windows(facts, "win_dns_zone", "template with a zone file")
        (output,) = yield from read(dns_server.command("/zoneinfo", params.name))
        doing = f"look for the zone {params.name}"
        missing = dns_server.checked(output, doing, (dns_server.NO_ZONE,))
        found = ZoneState() if missing else dns_zones.found(output, params.name)
        if found.type == "forwarder":
            setting = dns_server.command("/zoneinfo", params.name, "ForwarderTimeout")
            (output,) = yield from read(setting)
            dns_server.checked(output, doing)
            found = dataclasses.replace(found, timeout=dns_zones.setting(output, params.name))
        seen = yield from win_files.find(_file(params, found, facts), checksum="")
        return dataclasses.replace(found, file=seen.kind == FILE)

    def plan(self, params: Params, before: ZoneState, facts: base.Facts) -> ZoneState:
        if params.state == "absent":
            return ZoneState(file=before.file)
        kind = params.type or before.type or "primary"
        where = params.replication or before.replication or "none"
        if before.present:
            _refuse_to_convert(params, before)
        masters = params.dns_servers or before.masters
        if kind == "primary":
            masters = before.masters
        elif not masters:
            raise Refused(
                f"there is no zone {params.name} yet, and the task does not say where it comes "
                "from",
                hint="name the servers: dns_servers",
            )
        update = before.update
        if kind == "primary" and params.dynamic_update is not None:
            update = UPDATES[params.dynamic_update]
        if update == UPDATES["secure"] and where == "none":
            raise Refused(f"{params.name} is kept in a file: secure updates need the directory")
        timeout = before.timeout
        if kind == "forwarder":
            known = before.timeout if before.present else _TIMEOUT
            timeout = known if params.forwarder_timeout is None else params.forwarder_timeout
        name = before.zone_file
        if not before.present and where == "none" and kind in FILED:
            name = f"{params.name}.dns"
        return dataclasses.replace(
            before, present=True, type=kind, replication=where, update=update, masters=masters,
            timeout=timeout, zone_file=name,
        )  # fmt: skip

    def apply(
        self, params: Params, change: Change[ZoneState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        for doing, command in dns_zones.steps(params.name, change.before, change.after):
            output = yield from write(command)
            dns_server.checked(output, doing)
        return {}

    def undo(
        self, params: Params, change: Change[ZoneState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        before, after = change.before, change.after
        load = before.present and before.file and before.type == "primary"
        for doing, command in dns_zones.steps(params.name, after, before, load=load):
            output = yield from write(command)
            dns_server.checked(output, doing)
        if after.zone_file:
            yield from self.sweep(params, change, facts)
        return {}

    def sweep(
        self, params: Params, change: Change[ZoneState], facts: base.Facts
    ) -> Generator[Request, Reply, None]:
        """The file of a zone stays behind when the zone goes."""
        before, after = change.before, change.after
        if not before.present and not before.file and after.zone_file:
            path = quoted(_file(params, after, facts))
            line = f"if exist {path} del /f {path}"
            yield from win_files.do(f"delete the file of {params.name}", line)

    def irreversible(self, params: Params, change: Change[ZoneState], facts: base.Facts) -> str:
        before = change.before
        if not before.present or change.after.present or before.file or before.type != "primary":
            return ""
        return "the records of the zone are gone with it; export it first (dnscmd . /zoneexport)"

    def restore(self, params: Params, change: Change[ZoneState]) -> tuple[base.Restoring, ...]:
        before, after = change.before, change.after
        if not before.present:
            return (base.Restoring({"name": params.name, "state": "absent"}),)
        if not after.present and before.type == "primary":
            return ()
        return (base.Restoring({"name": params.name, **dns_zones.as_params(before)}),)

    def result(
        self,
        params: Params,
        change: Change[ZoneState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        return {"zone": dns_zones.shown(params.name, change.after)} if change.after.present else {}


def _refuse_to_convert(params: Params, before: ZoneState) -> None:
    """Raises Refused for what would make another zone of it, which nothing takes back."""
    if params.type is not None and params.type != before.type:
        raise Refused(
            f"{params.name} is a {before.type} zone, not {params.type}",
            hint="a zone of another kind loses its records, and a rollback could not bring them "
            "back: delete it first, or convert it by hand with dnscmd . /zoneresettype",
        )
    wanted = params.replication or before.replication
    if wanted != before.replication and "none" in (wanted, before.replication):
        raise Refused(
            f"the zone {params.name} is kept elsewhere ({before.replication}, not {wanted})",
            hint="Ansible does not move it between a file and the directory either; by hand: "
            "dnscmd . /zoneresettype",
        )


def _file(params: Params, state: ZoneState, facts: base.Facts) -> str:
    root = WindowsFacts.of(facts).system_root
    return rf"{root}\System32\dns\{state.zone_file or params.name + '.dns'}"
