"""The module ``systemd`` under both of its names."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, Final

from pydantic import AliasChoices, Field, field_validator, model_validator

from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply, Request
from runner.interfaces.loose import Text
from runner.model.state import Change
from runner.modules._parts import restoring_posix
from runner.modules._parts import systemd as _systemd
from runner.modules._parts.posix import require_posix
from runner.modules._parts.unit import Scope, UnitState, WantedState, Wish, checked_name

_DAEMON: Final = ("daemon_reload", "daemon_reexec")


class Params(base.Params):
    """Parameters of Ansible's systemd_service."""

    name: Text | None = Field(
        None,
        validation_alias=AliasChoices("name", "service", "unit"),
        description="the unit; without an extension it is a .service",
    )
    state: WantedState | None = Field(
        None, description="the wanted state; restarted and reloaded act every time"
    )
    enabled: bool | None = Field(None, description="whether it starts at boot")
    masked: bool | None = Field(None, description="whether it is impossible to start")
    force: bool = Field(False, description="overwrite links that are in the way")
    daemon_reload: bool = Field(
        False,
        validation_alias=AliasChoices("daemon_reload", "daemon-reload"),
        description="first let systemd read its unit files again",
    )
    daemon_reexec: bool = Field(
        False,
        validation_alias=AliasChoices("daemon_reexec", "daemon-reexec"),
        description="first let systemd replace itself",
    )
    scope: Scope = Field("system", description="whose units: the system's, the user's, all users'")
    no_block: bool = Field(False, description="do not wait for it to start or stop")

    @field_validator("name")
    @classmethod
    def _name(cls, name: str | None) -> str | None:
        return None if name is None else checked_name(name)

    @model_validator(mode="after")
    def _something(self) -> Params:
        asks = [n for n in ("state", "enabled", "masked") if getattr(self, n) is not None]
        if asks and self.name is None:
            raise ValueError(f"{asks[0]} needs name")
        # A name alone is a look at the unit, as in Ansible: its status is in the result.
        if self.name is None and self.model_fields_set.isdisjoint(_DAEMON):
            raise ValueError("give at least one of name, daemon_reload, daemon_reexec")
        if self.scope == "global" and (self.state is not None or self.name is None):
            raise ValueError("with scope global only enabled and masked are possible")
        return self

    @property
    def wish(self) -> Wish:
        """What is wanted."""
        return Wish(
            name=self.name or "",
            state=self.state,
            enabled=self.enabled,
            masked=self.masked,
            force=self.force,
            daemon_reload=self.daemon_reload,
            daemon_reexec=self.daemon_reexec,
            scope=self.scope,
            no_block=self.no_block,
        )


class Systemd(base.Module[Params, UnitState]):
    """Brings one unit of systemd to a state, or lets systemd read its files again."""

    params = Params
    state = UnitState
    doc_url = (
        "https://docs.ansible.com/ansible/latest/collections/ansible/builtin/"
        "systemd_service_module.html"
    )

    def subject(self, params: Params) -> str:
        if params.name is None:
            return "systemd"
        whose = "" if params.scope == "system" else f" ({params.scope})"
        return f"unit {params.name}{whose}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, UnitState]:
        require_posix(facts, "systemd", "win_service")
        if params.name is None:
            return UnitState(manager=_systemd.MANAGER)
        return (yield from _systemd.find(params.wish))

    def plan(self, params: Params, before: UnitState, facts: base.Facts) -> UnitState:
        return _systemd.plan(params.wish, before)

    def apply(
        self, params: Params, change: Change[UnitState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        return (yield from _systemd.apply(params.wish, change))

    def restore(self, params: Params, change: Change[UnitState]) -> tuple[base.Restoring, ...]:
        return restoring_posix.unit(params.name, change) if params.name is not None else ()

    def irreversible(self, params: Params, change: Change[UnitState], facts: base.Facts) -> str:
        return _systemd.irreversible(params.wish, change)

    def result(
        self,
        params: Params,
        change: Change[UnitState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        return _systemd.result(params.wish, change) if params.name is not None else {}
