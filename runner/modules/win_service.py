"""Windows services: state, start mode and what they depend on, with ``sc`` alone.

Works on every Windows from Server 2003 on. A change remembers which dependents ran, so that taking
it back starts them again. Accounts that need a password are refused: ``sc`` would show the password
in the process list and the host's security log.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Mapping
from typing import Any, ClassVar, Literal, cast

from pydantic import Field, model_validator

from runner.errors import Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply, Request
from runner.interfaces.loose import Text, Words
from runner.model.state import UNKNOWN, Change
from runner.modules import _service, _service_change
from runner.modules._service import SC_TYPES, ServiceState

_PASSWORD = "sc would show the password in the process list and in the host's security log"
_NATIVE = "sc has no way to set it that undo could take back exactly; use win_shell with undo:"
_ACCOUNTS = {
    "system": "LocalSystem",
    "localsystem": "LocalSystem",
    r"nt authority\system": "LocalSystem",
    "localservice": r"NT AUTHORITY\LocalService",
    "networkservice": r"NT AUTHORITY\NetworkService",
}


class Params(base.Params):
    """Parameters of Ansible's win_service."""

    UNSUPPORTED: ClassVar[Mapping[str, str]] = {
        "password": _PASSWORD,
        "update_password": _PASSWORD,
        **dict.fromkeys(
            (
                "desktop_interact",
                "failure_actions",
                "failure_actions_on_non_crash_failure",
                "failure_command",
                "failure_reboot_msg",
                "failure_reset_period_sec",
                "failure_reset_period",
                "pre_shutdown_timeout_ms",
                "pre_shutdown_timeout",
                "required_privileges",
                "sid_info",
            ),
            _NATIVE,
        ),
    }

    name: Text = Field(min_length=1, description="name of the service (not its display name)")
    state: Literal["absent", "paused", "started", "stopped", "restarted"] | None = Field(
        None, description="the wanted state; restarted always restarts"
    )
    start_mode: Literal["auto", "delayed", "disabled", "manual"] | None = Field(
        None, description="when it starts; delayed exists from Vista and Server 2008 on"
    )
    force_dependent_services: bool = Field(
        False, description="also stop or restart the services that depend on it"
    )
    dependencies: Words | None = Field(None, description="services that it depends on")
    dependency_action: Literal["add", "remove", "set"] = Field(
        "set", description="what to do with the dependencies"
    )
    display_name: Text | None = Field(None, description="name shown to people")
    description: Text | None = Field(None, description="description shown to people")
    path: Text | None = Field(None, description="command line of the service; creates a new one")
    username: Text | None = Field(
        None, description="account without a password: SYSTEM, LocalService, gMSA$, NT SERVICE\\x"
    )
    error_control: Literal["critical", "ignore", "normal", "severe"] | None = Field(
        None, description="what happens when it fails to start at boot"
    )
    load_order_group: Text | None = Field(None, description="its load ordering group")
    service_type: Literal["win32_own_process", "win32_share_process"] | None = Field(
        None, description="whether it shares its process"
    )

    @model_validator(mode="after")
    def _known_account(self) -> Params:
        if self.username is not None and _needs_password(account(self.username)):
            raise ValueError(
                f"username '{self.username}' would need a password, which is not supported: "
                f"{_PASSWORD}"
            )
        return self


def account(username: str) -> str:
    """An account as the registry spells it."""
    return _ACCOUNTS.get(username.casefold(), username)


def _needs_password(username: str) -> bool:
    known = username.casefold()
    built_in = known in {name.casefold() for name in _ACCOUNTS.values()}
    return not (
        built_in or known.startswith(("nt service\\", "nt authority\\")) or known[-1:] == "$"
    )


class Module(base.Module[Params, ServiceState]):
    """Brings one service to a state."""

    params = Params
    state = ServiceState
    doc_url = "https://docs.ansible.com/ansible/latest/collections/ansible/windows/win_service_module.html"

    def subject(self, params: Params) -> str:
        return f"service {params.name.lower()}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, ServiceState]:
        return (yield from _service.find(params.name))

    def plan(self, params: Params, before: ServiceState, facts: base.Facts) -> ServiceState:
        if params.state == "absent":
            _check_stop(params, before)
            return ServiceState()
        if not before.present:
            if params.model_fields_set <= {"name"}:
                return before
            before = _new(params)
        after = _configured(params, before)
        return _moved(params, before, after)

    def apply(
        self, params: Params, change: Change[ServiceState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        name, before, after = params.name, change.before, change.after
        if not after.present:
            yield from _service_change.delete(name, before)
            return {}
        if not before.present:
            yield from _service_change.create(name, after)
            before = dataclasses.replace(after, state="stopped", description="")
        restarts = after.restarted is not None
        stops = (after.state == "stopped" != before.state) or (restarts and before.is_up)
        if stops:
            again = () if restarts else after.running_dependents
            yield from _service_change.stop_all(name, before, tuple(again))
        yield from _service_change.configure(name, before, after)
        yield from _service_change.start_all(name, before, after, stopped=stops)
        return {}

    def irreversible(self, params: Params, change: Change[ServiceState], facts: base.Facts) -> str:
        before, after = change.before, change.after
        loses_account = before.username.casefold() != after.username.casefold()
        if before.present and loses_account and _needs_password(before.username):
            return f"nobody knows the password of its account {before.username}"
        if before.present and not after.present:
            if before.service_type not in SC_TYPES:
                return f"a service of type {before.service_type} cannot be created again with sc"
            if before.unrecorded:
                return f"its key holds more than sc can restore: {', '.join(before.unrecorded)}"
        return ""

    def result(
        self,
        params: Params,
        change: Change[ServiceState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        now = change.after
        if not now.present:
            return {"exists": False}
        return {
            "exists": True,
            "name": params.name,
            "state": now.state,
            "start_mode": now.start_mode,
            "display_name": now.display_name,
            "description": now.description,
            "path": now.path,
            "username": now.username,
            "can_pause_and_continue": now.can_pause,
            "desktop_interact": now.interactive,
            "dependencies": list(now.dependencies),
            "depended_by": list(now.depended_by),
        }

    def message(self, params: Params, change: Change[ServiceState], facts: base.Facts) -> str:
        parts: list[str] = []
        before = change.before
        if change.touches("state") and before.is_up and not change.after.is_up:
            gone = [
                n for n in before.running_dependents if n not in change.after.running_dependents
            ]
            if gone:
                parts.append(f"stops with it: {', '.join(gone)}")
            parts += before.warnings
        return "; ".join(parts)


def _new(params: Params) -> ServiceState:
    if params.path is None:
        raise Refused(
            f"there is no service {params.name} on this host",
            hint="check the name (sc query lists them), or give 'path' to create it",
        )
    return ServiceState(
        present=True,
        state="stopped",
        start_mode="auto",
        username="LocalSystem",
        display_name=params.name,
        service_type="win32_own_process",
        error_control="normal",
    )


def _configured(params: Params, found: ServiceState) -> ServiceState:
    wanted: dict[str, Any] = {
        name: getattr(params, name)
        for name in (
            "start_mode",
            "display_name",
            "description",
            "path",
            "error_control",
            "load_order_group",
            "service_type",
        )
        if getattr(params, name) is not None
    }
    if params.username is not None:
        name = account(params.username)
        same = name.casefold() == found.username.casefold()
        wanted["username"] = found.username if same else name
    if params.dependencies is not None:
        wanted["dependencies"] = _dependencies(params, found.dependencies)
    return dataclasses.replace(found, **wanted)


def _dependencies(params: Params, found: tuple[str, ...]) -> tuple[str, ...]:
    asked = params.dependencies or ()
    folded = {name.casefold() for name in asked}
    present = {name.casefold() for name in found}
    match params.dependency_action:
        case "add":
            return (*found, *(name for name in asked if name.casefold() not in present))
        case "remove":
            return tuple(name for name in found if name.casefold() not in folded)
    return found if folded == present and len(asked) == len(found) else tuple(asked)


def _moved(params: Params, before: ServiceState, after: ServiceState) -> ServiceState:
    """What becomes of a configured service's running state. ``before`` may be one to create."""
    match params.state:
        case "started":
            return _started(params, before, after)
        case "stopped":
            _check_stop(params, before)
            return dataclasses.replace(after, state="stopped", running_dependents=())
        case "restarted":
            _check_stop(params, before)
            again = _started(params, before, after)
            return dataclasses.replace(again, restarted=cast(str, UNKNOWN))
        case "paused":
            if before.state != "paused" and not before.can_pause:
                why = "is not running" if before.state == "stopped" else "cannot be paused"
                raise Refused(f"service {params.name} {why}")
            return dataclasses.replace(after, state="paused")
    return after


def _started(params: Params, before: ServiceState, after: ServiceState) -> ServiceState:
    if after.start_mode == "disabled" and before.state == "stopped":
        raise Refused(
            f"service {params.name} is disabled, so it cannot start",
            hint="give start_mode: auto, manual or delayed as well",
        )
    return dataclasses.replace(after, state="running")


def _check_stop(params: Params, before: ServiceState) -> None:
    if not before.is_up:
        return
    if before.running_dependents and not params.force_dependent_services:
        names = ", ".join(before.running_dependents)
        raise Refused(
            f"other running services depend on {params.name}: {names}",
            hint="give force_dependent_services: true to stop them as well",
        )
