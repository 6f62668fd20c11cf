"""Tasks that bring a recorded state of a Windows host back, for the written rollback."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from runner.interfaces.module import Restoring
from runner.model.state import Change
from runner.windows.looking import ABSENT, FILE, FOLDER

if TYPE_CHECKING:  # who uses one of these modules has no use for the others
    from runner.modules._parts.firewall import RuleState
    from runner.modules._parts.registry import RegistryState
    from runner.modules._parts.service import ServiceState
    from runner.modules._parts.win_environment import EnvironmentState
    from runner.modules._parts.win_files import WinFileState

Tasks = tuple[Restoring, ...]

_SERVICE: Final = {
    "start_mode": "start_mode",
    "dependencies": "dependencies",
    "display_name": "display_name",
    "description": "description",
    "path": "path",
    "username": "username",
    "error_control": "error_control",
    "load_order_group": "load_order_group",
    "service_type": "service_type",
    "interactive": "desktop_interact",
    "failure_actions": "failure_actions",
    "failure_actions_on_non_crash_failure": "failure_actions_on_non_crash_failure",
    "failure_command": "failure_command",
    "failure_reboot_msg": "failure_reboot_msg",
    "failure_reset_period_sec": "failure_reset_period_sec",
    "pre_shutdown_timeout_ms": "pre_shutdown_timeout_ms",
    "required_privileges": "required_privileges",
    "sid_info": "sid_info",
}
_RUNNING: Final = {"running": "started", "stopped": "stopped", "paused": "paused"}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def service(name: str, change: Change[ServiceState]) -> Tasks:
    """``win_service``: only what the change touched; those stopped with it are started again."""
    before, after = change.before, change.after
    if not before.present:
        return (Restoring({"name": name, "state": "absent"}),)
    fresh = type(before)()
    touched = (
        {d.field for d in change.differences()}
        if after.present
        else {f for f in _SERVICE if getattr(before, f) != getattr(fresh, f)} | {"state"}
    )
    args: dict[str, Any] = {"name": name}
    for field in touched & _SERVICE.keys():
        value = getattr(before, field)
        if field == "failure_actions":
            parts = (action.split("/") for action in value)
            args["failure_actions"] = [{"type": t, "delay_ms": int(ms)} for t, ms in parts]
        elif value is None:
            return ()
        else:
            args[_SERVICE[field]] = _plain(value)
    if "state" in touched:
        if before.state not in _RUNNING:
            return ()
        args["state"] = _RUNNING[before.state]
        if before.state == "stopped":
            args["force_dependent_services"] = True
    stopped = [n for n in before.running_dependents if n not in after.running_dependents]
    dependents = [Restoring({"name": one, "state": "started"}) for one in stopped]
    return ((Restoring(args),) if len(args) > 1 else ()) + tuple(dependents)


def registry_value(path: str, name: str | None, change: Change[RegistryState]) -> Tasks:
    """``win_regedit``: the old value, or the key of which nothing was there."""
    before = change.before
    if before.tree:
        filled = {entry.path for entry in before.tree if entry.name is not None}
        return tuple(
            Restoring({"path": entry.path})
            if entry.name is None
            else Restoring(_value(entry.path, entry.name, entry.type, entry.data))
            for entry in before.tree
            if entry.name is not None or entry.path not in filled
        )
    if before.value_present:
        return (Restoring(_value(path, name or "", before.type, before.data)),)
    if before.key_present:
        gone = {"path": path, "state": "absent", "delete_key": False}
        return (Restoring({**gone, "name": name} if name else gone),)
    rest = path[len(before.nearest) :].strip("\\") if before.nearest else ""
    top = f"{before.nearest}\\{rest.partition(chr(92))[0]}" if rest else path
    return (Restoring({"path": top, "state": "absent", "delete_key": True}),)


def _value(path: str, name: str, kind: str, data: Any) -> dict[str, Any]:
    args = {"path": path, "data": _plain(data), "type": kind}
    return {**args, "name": name} if name else args


def firewall_rule(name: str, change: Change[RuleState]) -> Tasks:
    """``win_firewall_rule``: the whole rule, or only what the change touched."""
    from runner.modules._parts.firewall import FIELDS

    before, after = change.before, change.after
    if not before.present:
        narrowed = _rule(after, FIELDS) if after.others else {}
        return (Restoring({"name": name, **narrowed, "state": "absent"}),)
    if before.copies > 1 or before.others or (not after.present and before.extra):
        return ()
    touched = {d.field for d in change.differences()}
    fields = [f for f in FIELDS if not after.present or f in touched or f == "protocol"]
    return (
        Restoring({"name": name, **_rule(before, fields, given=after.present), "state": "present"}),
    )


def _rule(rule: RuleState, fields: Any, *, given: bool = False) -> dict[str, Any]:
    """Its fields as parameters; with ``given`` an empty text takes the place of another."""
    values = {field: _plain(getattr(rule, field)) for field in fields}
    values = {f: [v] if f == "icmp_type_code" else v for f, v in values.items()}
    if not given and values.get("security") == "notrequired":
        del values["security"]
    nothing: tuple[object, ...] = ([],) if given else ("", [])
    return {field: value for field, value in values.items() if value not in nothing}


def environment(level: str, change: Change[EnvironmentState]) -> Tasks:
    """``win_environment`` and ``win_path``: the old values of the variables."""
    pairs = zip(change.before.variables, change.after.variables, strict=True)
    old = {was.name: was.value or "" for was, now in pairs if was != now}
    return (Restoring({"variables": old, "level": level}, "win_environment"),)


def features(before: tuple[str, ...], after: tuple[str, ...]) -> Tasks:
    """``win_optional_feature``: what was enabled, and what was not."""
    lost = [name for name in before if name not in after]
    gained = [name for name in after if name not in before]
    found = [(lost, "present"), (gained, "absent")]
    return tuple(Restoring({"name": names, "state": state}) for names, state in found if names)


def file(change: Change[WinFileState]) -> Tasks:
    """A file whose old content the host keeps, or that was not there."""
    before, after = change.before, change.after
    if before.entries or after.entries or before.differs != after.differs:
        return ()
    if before.kind == ABSENT:
        below = before.path[len(before.above) :].strip("\\")
        top = before.above.rstrip("\\") + "\\" + below.partition("\\")[0]
        return (Restoring({"path": top, "state": "absent"}, "win_file"),)
    moved = before.kept and before.checksum != after.checksum
    if before.kind == FOLDER or before.kind != FILE or not moved:
        return ()
    if dataclasses.replace(before, checksum="") != dataclasses.replace(after, checksum=""):
        return ()
    args = {"src": before.kept, "dest": before.path, "remote_src": True}
    return (Restoring(args, "win_copy"),)
