"""What the services of a host are, and what they do, with ``sc`` and the registry.

Without a name all services are looked at (drivers are none). A service's triggers and flags are not
read: ``triggers`` and ``service_flags`` are not among the return values.
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

from pydantic import Field

from runner.interfaces import module as base
from runner.interfaces.exchange import Exec, Output, Query, Reply, read
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Text
from runner.model.state import Change
from runner.modules._parts.service import ERROR_CONTROLS
from runner.windows import recovery, registry, services
from runner.windows.exit_codes import SERVICE_ABSENT, expect

_NUMBER: Final = re.compile(r":\s+(0x[0-9a-fA-F]+|\d+)")
_TYPES: Final = {
    0x10: "win32_own_process",
    0x20: "win32_share_process",
    0x50: "user_own_process",
    0x60: "user_share_process",
}
_STATES: Final = {"running": "started"}
"""Where Ansible has another word than ``sc``."""
_INTERACTIVE: Final = 0x100
_INSTANCE: Final = 0x80
_SIDS: Final = {0: "none", 1: "unrestricted", 3: "restricted"}
_PROTECTION: Final = {0: "none", 1: "windows", 2: "windows_light", 3: "antimalware_light"}
_CONTROLS: Final = ("STOPPABLE", "PAUSABLE", "ACCEPTS_SHUTDOWN", "ACCEPTS_PRESHUTDOWN")
_ACCEPTED: Final = ("stop", "pause_continue", "shutdown", "pre_shutdown")


class Params(base.Params):
    """Parameters of Ansible's win_service_info."""

    name: Text | None = Field(
        None, min_length=1, description="a service, by name or display name; * and ? match"
    )


@dataclass(frozen=True, slots=True)
class Services:
    """The services that were found, each as Ansible returns it."""

    found: tuple[str, ...] = ()
    """Each as JSON: a state is made of what the journal can keep."""


class Module(base.Module[Params, Services]):
    """Only looks."""

    params = Params
    state = Services
    effect = base.Effect.READ
    doc_url = "https://docs.ansible.com/ansible/latest/collections/ansible/windows/win_service_info_module.html"
    guide = Guide(
        example=("win_service_info:\n  name: Spooler"),
        using=(Using("sc, reg"),),
    )

    def subject(self, params: Params) -> str:
        return f"services {params.name or '*'}".lower()

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, Services]:
        names = yield from _names(params.name)
        reads = [command for name in names for command in _reads(name)]
        outputs = (yield from read(*reads)) if reads else ()
        groups = zip(outputs[::3], outputs[1::3], outputs[2::3], strict=True)
        found = [_service(name, *group) for name, group in zip(names, groups, strict=True)]
        return Services(tuple(json.dumps(one) for one in found if one is not None))

    def plan(self, params: Params, before: Services, facts: base.Facts) -> Services:
        return before

    def result(
        self,
        params: Params,
        change: Change[Services],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        found = [json.loads(service) for service in change.after.found]
        return {"exists": bool(found), "services": found}


def _names(wanted: str | None) -> Generator[Query, Reply, Sequence[str]]:
    """The keys of the services that are meant."""
    if wanted is not None and not set("*?[") & set(wanted):
        (output,) = yield from read(services.query(wanted))
        if output.code != SERVICE_ABSENT:
            expect(output, "sc", f"ask for the state of service {wanted}")
            return [wanted]
    (output,) = yield from read(registry.query(services.ROOT, None, "/s"))
    expect(output, "reg", "list the services")
    folded = (wanted or "*").casefold()
    found = []
    depth = services.ROOT.count("\\") + 1
    for key in registry.parse(output.stdout):
        if key.path.count("\\") != depth:
            continue
        kind, shown = key.get("Type"), key.get("DisplayName")
        if kind is None or not isinstance(kind.data, int) or not kind.data & 0x30:
            continue
        name = key.path.rpartition("\\")[2]
        names = [name, str(shown.data) if shown else name]
        if any(fnmatchcase(each.casefold(), folded) for each in names):
            found.append(name)
    return found


def _reads(name: str) -> tuple[Exec, ...]:
    key = registry.query(services.key(name))
    return Exec("sc", "queryex", name), key, services.dependents(name)


def _service(
    name: str, status: Output, key: Output, dependents: Output
) -> Mapping[str, Any] | None:
    if status.code == SERVICE_ABSENT:
        return None
    expect(status, "sc", f"ask for the state of service {name}")
    kind = registry.number(key, "Type") or 0
    start = services.START_MODES.get(registry.number(key, "Start") or 0, "")
    if start == "auto" and registry.number(key, "DelayedAutostart"):
        start = "delayed"
    return {
        "name": name,
        "display_name": registry.text(key, "DisplayName") or name,
        "description": registry.text(key, "Description"),
        "path": registry.text(key, "ImagePath"),
        "username": registry.text(key, "ObjectName"),
        "start_mode": start,
        "desktop_interact": bool(kind & _INTERACTIVE),
        "service_type": _TYPES.get(kind & ~_INTERACTIVE & ~_INSTANCE, f"0x{kind:x}"),
        "error_control": ERROR_CONTROLS.get(registry.number(key, "ErrorControl") or 0, ""),
        "load_order_group": registry.text(key, "Group"),
        "dependencies": [
            *_strings(registry.value(key, "DependOnService")),
            *(f"+{group}" for group in _strings(registry.value(key, "DependOnGroup"))),
        ],
        "dependency_of": [one.name for one in services.parse(dependents.stdout)],
        **_running(status),
        **_recovery(key),
        **_rare(key),
    }


def _running(status: Output) -> dict[str, Any]:
    """What ``sc queryex`` says, by number and token: its labels are localized."""
    lines = [line for line in status.stdout.splitlines() if line.startswith(" ")]
    state = services.parse(status.stdout)
    numbers = [int(found[1], 0) for line in lines if (found := _NUMBER.search(line))]
    tokens = {word.strip("(), \t") for line in lines for word in line.split(",")}
    accepted = [word for token, word in zip(_CONTROLS, _ACCEPTED, strict=True) if token in tokens]
    # TYPE, STATE, WIN32_EXIT_CODE, SERVICE_EXIT_CODE, CHECKPOINT, WAIT_HINT, PID, in this order.
    numbers += [0] * (7 - len(numbers))
    return {
        "state": _STATES.get(state[0].state, state[0].state) if state else "",
        "controls_accepted": accepted,
        "win32_exit_code": numbers[2],
        "service_exit_code": numbers[3],
        "checkpoint": numbers[4],
        "wait_hint_ms": numbers[5],
        "process_id": numbers[6],
    }


def _recovery(key: Output) -> dict[str, Any]:
    found = recovery.parse(registry.value(key, "FailureActions")) or recovery.Recovery()
    pairs = (each.partition("/") for each in found.actions)
    return {
        "failure_actions": [{"type": kind, "delay_ms": int(delay)} for kind, _, delay in pairs],
        "failure_actions_on_non_crash_failure": bool(
            registry.number(key, "FailureActionsOnNonCrashFailures")
        ),
        "failure_command": registry.text(key, "FailureCommand") or None,
        "failure_reboot_msg": registry.text(key, "RebootMessage") or None,
        "failure_reset_period_sec": found.reset,
    }


def _rare(key: Output) -> dict[str, Any]:
    protection = registry.number(key, "LaunchProtected") or 0
    return {
        "launch_protection": _PROTECTION.get(protection, str(protection)),
        "pre_shutdown_timeout_ms": registry.number(key, "PreshutdownTimeout"),
        "preferred_node": registry.number(key, "PreferredNode"),
        "required_privileges": list(_strings(registry.value(key, "RequiredPrivileges"))),
        "sid_info": _SIDS.get(registry.number(key, "ServiceSidType") or 0, "none"),
    }


def _strings(data: registry.Data) -> Iterable[str]:
    if isinstance(data, tuple):
        return data
    return (data,) if isinstance(data, str) and data else ()
