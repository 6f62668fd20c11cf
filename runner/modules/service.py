"""Services of a Unix host, whether systemd, init scripts or OpenRC manage them."""

from __future__ import annotations

import shlex
from collections.abc import Generator, Mapping
from typing import Any, Literal

from pydantic import AliasChoices, Field, field_validator, model_validator

from runner.errors import ModuleError
from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply, Request, read
from runner.interfaces.guide import Guide
from runner.interfaces.loose import Text
from runner.model.state import Change
from runner.modules._parts import initd, restoring_posix
from runner.modules._parts import systemd as _systemd
from runner.modules._parts.posix import require_posix
from runner.modules._parts.unit import UnitState, WantedState, Wish, checked_name
from runner.posix import sysv


class Params(base.Params):
    """Parameters of Ansible's service."""

    name: Text = Field(min_length=1, description="name of the service")
    state: WantedState | None = Field(
        None, description="the wanted state; restarted and reloaded act every time"
    )
    enabled: bool | None = Field(None, description="whether it starts at boot")
    sleep: int | None = Field(
        None, ge=0, description="seconds between stop and start of restarted; not with systemd"
    )
    pattern: Text | None = Field(
        None,
        min_length=1,
        description="what the list of processes holds while it runs, for init scripts without "
        "status; not with systemd",
    )
    runlevel: Text = Field("default", min_length=1, description="runlevel, with OpenRC only")
    arguments: Text = Field(
        "",
        validation_alias=AliasChoices("arguments", "args"),
        description="further arguments for an init script; not with systemd",
    )
    use: Literal["auto", "systemd", "sysvinit", "openrc", "service"] = Field(
        "auto", description="the service manager; by default the one that is there"
    )

    @field_validator("name")
    @classmethod
    def _name(cls, name: str) -> str:
        return checked_name(name)

    @field_validator("arguments")
    @classmethod
    def _arguments(cls, arguments: str) -> str:
        shlex.split(arguments)
        return arguments

    @model_validator(mode="after")
    def _something(self) -> Params:
        if self.state is None and self.enabled is None:
            raise ValueError("give state or enabled, or both")
        return self

    @property
    def wish(self) -> Wish:
        """What is wanted."""
        return Wish(
            name=self.name,
            state=self.state,
            enabled=self.enabled,
            sleep=self.sleep,
            pattern=self.pattern,
            runlevel=self.runlevel,
            arguments=self.arguments,
        )


class Module(base.Module[Params, UnitState]):
    """Brings one service to a state."""

    params = Params
    state = UnitState
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/builtin/service_module.html"
    )
    redoable = True
    guide = Guide(
        example=("service:\n  name: smbd\n  state: stopped\n  enabled: false"),
        where="posix",
    )

    def subject(self, params: Params) -> str:
        return f"service {params.name}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, UnitState]:
        require_posix(facts, "service", "win_service")
        look, *outputs = yield from read(sysv.look(params.name), *_systemd.queries(params.wish))
        found, links = sysv.words(look)
        if params.use == "systemd" or (params.use in ("auto", "service") and "systemd" in found):
            return _systemd.understand(params.wish, tuple(outputs))
        if params.use == "openrc" and "rc-service" not in found:
            raise ModuleError("there is no OpenRC on this host (rc-service)")
        if params.use == "sysvinit":
            found -= {"rc-service"}
        name = initd.manager(found)
        if not name and "upstart" in found:
            raise ModuleError(
                f"service {params.name} belongs to upstart, which is not supported",
                hint="use the module 'command' with initctl",
            )
        if not name:
            return UnitState()
        return (yield from initd.find(params.wish, name, links))

    def plan(self, params: Params, before: UnitState, facts: base.Facts) -> UnitState:
        if before.manager == _systemd.MANAGER:
            return _systemd.plan(params.wish, before)
        return initd.plan(params.wish, before)

    def apply(
        self, params: Params, change: Change[UnitState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        if change.before.manager == _systemd.MANAGER:
            return (yield from _systemd.apply(params.wish, change))
        return (yield from initd.apply(params.wish, change))

    def undo(
        self, params: Params, change: Change[UnitState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        if change.before.manager == _systemd.MANAGER:
            return (yield from _systemd.apply(params.wish, change.reversed()))
        return (yield from initd.undo(params.wish, change))

    def irreversible(self, params: Params, change: Change[UnitState], facts: base.Facts) -> str:
        if change.before.manager == _systemd.MANAGER:
            return _systemd.irreversible(params.wish, change)
        return ""

    def restore(self, params: Params, change: Change[UnitState]) -> tuple[base.Restoring, ...]:
        return restoring_posix.unit(params.name, change)

    def result(
        self,
        params: Params,
        change: Change[UnitState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        return _systemd.result(params.wish, change)

    def message(self, params: Params, change: Change[UnitState], facts: base.Facts) -> str:
        if change.before.manager != _systemd.MANAGER:
            return ""
        names = ("sleep", "pattern", "runlevel", "arguments")
        unused = [n for n in names if getattr(params, n) != Params.model_fields[n].default]
        return f"systemd has no use for: {', '.join(unused)}" if unused else ""
