"""Windows services: state, start mode and what they depend on, with ``sc`` alone.

Works on every Windows from Server 2003 on. A change remembers which dependents ran, so that taking
it back starts them again. An account that needs a password is given it through PowerShell and WMI:
``sc`` would show the password in the process list and the host's security log.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Mapping
from typing import Any, cast

from runner.errors import ModuleError, Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Query, Reply, Request
from runner.interfaces.guide import Guide, Using
from runner.interfaces.touching import Reach
from runner.model.secret import MASK
from runner.model.state import UNKNOWN, Change
from runner.modules._parts import restoring, service_change
from runner.modules._parts import service as _service
from runner.modules._parts.service import SC_TYPES, ServiceState
from runner.modules._parts.service_params import Params, account, needs_password


class Module(base.Module[Params, ServiceState]):
    """Brings one service to a state."""

    params = Params
    state = ServiceState
    ahead = True
    straight = True
    doc_url = "https://docs.ansible.com/ansible/latest/collections/ansible/windows/win_service_module.html"
    guide = Guide(
        example=("win_service:\n  name: lanmanserver\n  state: stopped\n  start_mode: disabled"),
        using=(
            Using("sc, reg"),
            Using("Win32_Service", since="2008r2", powershell=True, part="password"),
        ),
        undo="a deleted service whose account's password or other settings sc cannot give back",
    )

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

    def reach(
        self, params: Params, change: Change[ServiceState], facts: base.Facts
    ) -> Reach | None:
        return service_change.reach(params.name, change)

    def apply(
        self, params: Params, change: Change[ServiceState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        name, before, after = params.name, change.before, change.after
        if not after.present:
            yield from service_change.delete(name, before)
            return {}
        if not before.present:
            yield from service_change.create(name, after)
            before = dataclasses.replace(
                after,
                state="stopped",
                description="",
                password=None,
                **{name: getattr(ServiceState(), name) for name in _service.NOT_CREATED},
            )
        restarts = after.restarted is not None
        stops = (after.state == "stopped" != before.state) or (restarts and before.is_up)
        if stops:
            again = () if restarts else after.running_dependents
            yield from service_change.stop_all(name, before, tuple(again))
        yield from service_change.configure(name, before, after)
        if after.password is not None or (
            before.username != after.username and needs_password(after.username)
        ):
            yield from service_change.log_on(name, after.username, _secret(params, after))
        yield from service_change.start_all(name, before, after, stopped=stops)
        return {}

    def sweep(
        self, params: Params, change: Change[ServiceState], facts: base.Facts
    ) -> Generator[Request, Reply, None]:
        """What rests on it was stopped first."""
        if change.before.state == "running":
            yield from service_change.start_again(change.before.running_dependents)

    def irreversible(self, params: Params, change: Change[ServiceState], facts: base.Facts) -> str:
        before, after = change.before, change.after
        loses_account = before.username.casefold() != after.username.casefold()
        if before.present and loses_account and needs_password(before.username):
            return f"nobody knows the password of its account {before.username}"
        if before.present and after.password is not None and needs_password(before.username):
            return f"nobody knows the old password of its account {before.username}"
        if before.present and not after.present:
            if before.service_type not in SC_TYPES:
                return f"a service of type {before.service_type} cannot be created again with sc"
            if before.unrecorded:
                return f"its key holds more than sc can restore: {', '.join(before.unrecorded)}"
        return ""

    def restore(self, params: Params, change: Change[ServiceState]) -> tuple[base.Restoring, ...]:
        return restoring.service(params.name, change)

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
            "failure_actions_on_non_crash_failure",
            "failure_command",
            "failure_reboot_msg",
            "failure_reset_period_sec",
            "sid_info",
            "pre_shutdown_timeout_ms",
        )
        if getattr(params, name) is not None
    }
    if params.desktop_interact is not None:
        wanted["interactive"] = params.desktop_interact
    if params.required_privileges is not None:
        same = sorted(params.required_privileges) == sorted(found.required_privileges)
        asked = found.required_privileges if same else params.required_privileges
        wanted["required_privileges"] = asked
    if params.failure_actions is not None:
        wanted["failure_actions"] = tuple(each.shown for each in params.failure_actions)
    if params.username is not None:
        name = account(params.username)
        same = name.casefold() == found.username.casefold()
        wanted["username"] = found.username if same else name
        if params.password is not None and (not same or params.update_password == "always"):
            wanted["password"] = UNKNOWN
    if params.dependencies is not None:
        wanted["dependencies"] = _dependencies(params, found.dependencies)
    same = all(getattr(found, name) == value for name, value in wanted.items())
    after = found if same else dataclasses.replace(found, **wanted)
    _require_sense(params, found, after)
    return after


def _secret(params: Params, after: ServiceState) -> str:
    if params.secret is None or params.secret == MASK:
        raise ModuleError(f"the password of {after.username} is not on record")
    return params.secret


def _require_sense(params: Params, found: ServiceState, after: ServiceState) -> None:
    """What the service controller would not take."""
    if after.interactive and not found.interactive and after.username != "LocalSystem":
        raise Refused(
            f"service {params.name} runs as {after.username}: only SYSTEM can meet the desktop",
            hint="give username: SYSTEM as well",
        )
    if after.failure_reset_period_sec and not after.failure_actions:
        raise Refused(
            f"service {params.name} has no failure actions to reset",
            hint="failure_reset_period_sec needs at least one of failure_actions",
        )


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
    return after if after.state == "running" else dataclasses.replace(after, state="running")


def _check_stop(params: Params, before: ServiceState) -> None:
    if not before.is_up:
        return
    if before.running_dependents and not params.force_dependent_services:
        names = ", ".join(before.running_dependents)
        raise Refused(
            f"other running services depend on {params.name}: {names}",
            hint="give force_dependent_services: true to stop them as well",
        )
