"""The time zone of the host, by ``tzutil`` (Windows 7, Server 2008 R2 and later).

Names are those of Windows (``W. Europe Standard Time``); ``_dstoff`` behind one turns daylight
saving time off (Microsoft, "tzutil").
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import Field, field_validator

from runner.errors import ModuleError, Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Exec, Query, Reply, Request, read, write
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Text
from runner.model.state import Change
from runner.windows import registry
from runner.windows.exit_codes import PROGRAM_MISSING, expect

_ZONES: Final = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Time Zones"
_NAME: Final = re.compile(r"[A-Za-z0-9 .+()\-]+(_dstoff)?")
_OFF: Final = "_dstoff"


class Params(base.Params):
    """Parameters of Ansible's win_timezone."""

    timezone: Text = Field(description="Windows' name of the zone, such as UTC")

    @field_validator("timezone")
    @classmethod
    def _named(cls, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise ValueError(f"'{name}' is not the name of a time zone of Windows (tzutil /l)")
        return name


@dataclass(frozen=True, slots=True)
class TimeZone:
    """The zone; ``known`` says whether the host knows the wanted one."""

    zone: str
    known: bool = field(default=True, compare=False)


class Module(base.Module[Params, TimeZone]):
    """Sets the time zone."""

    params = Params
    state = TimeZone
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/community/windows/"
        "win_timezone_module.html"
    )
    guide = Guide(
        example=("win_timezone:\n  timezone: W. Europe Standard Time"),
        using=(Using("tzutil, reg", since="2008r2"),),
        instead="the control panel",
    )

    def subject(self, params: Params) -> str:
        return "time zone"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, TimeZone]:
        wanted = params.timezone.removesuffix(_OFF)
        now, zone = yield from read(Exec("tzutil", "/g"), registry.query(rf"{_ZONES}\{wanted}"))
        if now.code == PROGRAM_MISSING:
            raise ModuleError(
                "this host has no tzutil, which came with Windows 7 and Server 2008 R2",
                hint="before that the time zone is set in the control panel only",
            )
        expect(now, "tzutil", "read the time zone")
        return TimeZone(now.stdout.strip(), zone.code == 0)

    def plan(self, params: Params, before: TimeZone, facts: base.Facts) -> TimeZone:
        if params.timezone.casefold() == before.zone.casefold():
            return before
        if not before.known:
            raise Refused(
                f"the host knows no time zone '{params.timezone}'",
                hint="tzutil /l lists the names; they are not those of Linux (Europe/Berlin)",
            )
        return TimeZone(params.timezone)

    def apply(
        self, params: Params, change: Change[TimeZone], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        out = yield from write(Exec("tzutil", "/s", change.after.zone))
        expect(out, "tzutil", f"set the time zone {change.after.zone}")
        return {}

    def restore(self, params: Params, change: Change[TimeZone]) -> tuple[base.Restoring, ...]:
        return (base.Restoring({"timezone": change.before.zone}),)

    def result(
        self,
        params: Params,
        change: Change[TimeZone],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        return {"previous_timezone": change.before.zone, "timezone": params.timezone}
