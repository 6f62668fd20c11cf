"""How win_service moves a service from one state to another, with ``sc``."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Final

from runner.errors import ModuleError
from runner.interfaces import touching
from runner.interfaces.exchange import Exec, Poll, Reply, Request, Script, read, write
from runner.interfaces.touching import Reach
from runner.model.state import Change
from runner.modules._parts.service import SC_TYPES, ServiceState
from runner.modules._parts.service_params import needs_password
from runner.windows import recovery, registry, services
from runner.windows.exit_codes import (
    OK,
    SERVICE_ABSENT,
    SERVICE_ALREADY_RUNNING,
    SERVICE_CANNOT_ACCEPT_CONTROL,
    SERVICE_MARKED_FOR_DELETE,
    SERVICE_NOT_STARTED,
    expect,
)

_SETTINGS: Final = frozenset(
    {"start_mode", "display_name", "description", "error_control", "load_order_group"}
    | {"sid_info", "required_privileges", "pre_shutdown_timeout_ms", "failure_actions"}
    | {"failure_reset_period_sec", "failure_command", "failure_reboot_msg"}
    | {"failure_actions_on_non_crash_failure"}
)
"""Fields of the configuration that no other service shows."""
_AROUND: Final = (r"HKLM\SYSTEM\CurrentControlSet\Control\ProductOptions",)
"""What else is looked at, for warnings."""
_LOG_ON: Final = """\
$p=[Console]::In.ReadToEnd()
$s=Get-WmiObject Win32_Service|Where-Object{$_.Name -eq $params.name}
$n=$null
$r=$s.Change($n,$n,$n,$n,$n,$n,$params.user,$p,$n,$n,$n).ReturnValue
if($r){throw "Win32_Service.Change answered $r"}
"""
WAIT_SECONDS: Final = 120.0
"""How long a service may take to start, stop, pause or continue."""


def reach(name: str, change: Change[ServiceState]) -> Reach | None:
    """What a task about a service has to do with, unless it moves a service: what starts and stops
    with another one is not known beforehand, and stopping takes its time."""
    moved = {difference.field for difference in change.differences()}
    if moved - _SETTINGS:
        return None
    key = services.key(name)
    return touching.reach(below=(key, *_AROUND), writes=(key,) if moved else ())


def stop(name: str) -> Generator[Request, Reply, None]:
    """Stop one service and wait until it has stopped. Its dependents must be stopped already."""
    out = yield from write(Exec("sc", "stop", name))
    if out.code == SERVICE_CANNOT_ACCEPT_CONTROL:
        # It is starting or stopping: let it finish, then ask once more.
        yield _until(name, lambda state: state not in services.PENDING, "settle")
        out = yield from write(Exec("sc", "stop", name))
    expect(out, "sc", f"stop service {name}", (OK, SERVICE_NOT_STARTED))
    yield _until(name, lambda state: state == "stopped", "stop")


def start(name: str) -> Generator[Request, Reply, None]:
    """Start one service and wait until it runs."""
    out = yield from write(Exec("sc", "start", name))
    expect(out, "sc", f"start service {name}", (OK, SERVICE_ALREADY_RUNNING))
    yield _until(name, lambda state: state == "running", "run")


def pause(name: str, verb: str, wanted: str) -> Generator[Request, Reply, None]:
    """``pause`` or ``continue`` one service and wait until it is there."""
    out = yield from write(Exec("sc", verb, name))
    expect(out, "sc", f"{verb} service {name}")
    yield _until(name, lambda state: state == wanted, verb)


def _until(name: str, done: Callable[[str], bool], doing: str) -> Poll:
    def is_done(reply: Reply) -> bool:
        found = services.parse(reply[0].stdout)
        return bool(found) and done(found[0].state)

    what = f"service {name} did not {doing}"
    return Poll((services.query(name),), is_done, WAIT_SECONDS, what, interval=0.5)


def stop_all(
    name: str, before: ServiceState, keep: tuple[str, ...]
) -> Generator[Request, Reply, None]:
    for dependent in before.running_dependents:
        if dependent not in keep:
            yield from stop(dependent)
    yield from stop(name)


def start_all(
    name: str, before: ServiceState, after: ServiceState, *, stopped: bool
) -> Generator[Request, Reply, None]:
    was = "stopped" if stopped else before.state
    if after.state == "running" and was == "paused":
        yield from pause(name, "continue", "running")
    elif after.state == "running" and was != "running":
        yield from start(name)
    elif after.state == "paused" and was != "paused":
        if was == "stopped":
            yield from start(name)
        yield from pause(name, "pause", "paused")
    ran = () if stopped else before.running_dependents
    # They are listed in the order in which they stop; they start the other way round.
    for dependent in reversed(after.running_dependents):
        if dependent not in ran:
            yield from start(dependent)


def start_again(names: Sequence[str]) -> Generator[Request, Reply, None]:
    """Start those of them that do not run; the last first, as they were stopped the first first."""
    if not names:
        return
    outputs = yield from read(*map(services.query, names))
    for name, output in reversed(list(zip(names, outputs, strict=True))):
        found = services.parse(output.stdout)
        if found and found[0].state in services.PENDING:
            yield _until(name, lambda state: state not in services.PENDING, "settle")
        if found and found[0].state != "running":
            yield from start(name)


def delete(name: str, before: ServiceState) -> Generator[Request, Reply, None]:
    if before.is_up:
        yield from stop_all(name, before, ())
    out = yield from write(Exec("sc", "delete", name))
    expect(out, "sc", f"delete service {name}", (OK, SERVICE_ABSENT, SERVICE_MARKED_FOR_DELETE))


def create(name: str, after: ServiceState) -> Generator[Request, Reply, None]:
    options = _options(ServiceState(), after)
    out = yield from write(Exec("sc", "create", name, *options))
    expect(out, "sc", f"create service {name}")


def log_on(name: str, username: str, secret: str) -> Generator[Request, Reply, None]:
    """Give a service an account with its password, which goes through standard input."""
    values = {"name": name, "user": username}
    out = yield from write(Script("powershell", _LOG_ON, params=values, stdin=secret))
    if out.code != 0:
        said = (out.stderr.strip() or out.stdout.strip()).splitlines()
        detail = said[0].strip() if said else f"exit code {out.signed}"
        raise ModuleError(
            f"set the account of service {name}: {detail}",
            hint="this needs PowerShell on the host; sc would show the password in the list of "
            "processes",
        )


def configure(
    name: str, before: ServiceState, after: ServiceState
) -> Generator[Request, Reply, None]:
    options = _options(before, after)
    if options:
        out = yield from write(Exec("sc", "config", name, *options))
        expect(out, "sc", f"configure service {name}")
    if before.description != after.description:
        yield from _describe(name, after.description)
    yield from _recovery(name, before, after)
    if before.sid_info != after.sid_info:
        out = yield from write(Exec("sc", "sidtype", name, after.sid_info))
        expect(out, "sc", f"set the kind of SID of service {name}")
    if before.required_privileges != after.required_privileges:
        yield from _set_or_drop(
            name, "privs", "RequiredPrivileges", "/".join(after.required_privileges)
        )
    if before.pre_shutdown_timeout_ms != after.pre_shutdown_timeout_ms:
        time = after.pre_shutdown_timeout_ms
        yield from _set_or_drop(
            name, "preshutdown", "PreshutdownTimeout", "" if time is None else str(time)
        )


def _set_or_drop(name: str, verb: str, value: str, wanted: str) -> Generator[Request, Reply, None]:
    """What sc can set and not take away again is taken away in the registry."""
    if wanted:
        out = yield from write(Exec("sc", verb, name, wanted))
        expect(out, "sc", f"set {value} of service {name}")
        return
    out = yield from write(registry.delete_value(services.key(name), value))
    expect(out, "reg", f"remove {value} of service {name}")


def _recovery(
    name: str, before: ServiceState, after: ServiceState
) -> Generator[Request, Reply, None]:
    was = recovery.Recovery(before.failure_actions, before.failure_reset_period_sec)
    wanted = recovery.Recovery(after.failure_actions, after.failure_reset_period_sec)
    options = list(recovery.sc_options(wanted)) if was != wanted else []
    if before.failure_reboot_msg != after.failure_reboot_msg:
        options += ["reboot=", after.failure_reboot_msg]
    if before.failure_command != after.failure_command:
        options += ["command=", after.failure_command]
    if options:
        out = yield from write(Exec("sc", "failure", name, *options))
        expect(out, "sc", f"set what is done when service {name} fails")
    flag = after.failure_actions_on_non_crash_failure
    if before.failure_actions_on_non_crash_failure != flag:
        out = yield from write(Exec("sc", "failureflag", name, str(int(flag))))
        expect(out, "sc", f"set when service {name} counts as failed")


def _describe(name: str, text: str) -> Generator[Request, Reply, None]:
    if text:
        out = yield from write(Exec("sc", "description", name, text))
        expect(out, "sc", f"describe service {name}")
        return
    out = yield from write(registry.delete_value(services.key(name), "Description"))
    expect(out, "reg", f"remove the description of service {name}")


def _options(before: ServiceState, after: ServiceState) -> tuple[str, ...]:
    """The options of ``sc config`` for what differs; the blank after ``=`` is its syntax."""
    options: dict[str, str] = {}
    first: tuple[str, ...] = ()
    if before.path != after.path:
        first = ("binPath=", after.path)
    if before.service_type != after.service_type or before.interactive != after.interactive:
        first += ("type=", SC_TYPES[after.service_type])
        first += ("type=", "interact") if after.interactive else ()
    if before.start_mode != after.start_mode:
        options["start="] = services.SC_START[after.start_mode]
    if before.error_control != after.error_control:
        options["error="] = after.error_control
    if before.load_order_group != after.load_order_group:
        options["group="] = after.load_order_group
    if before.dependencies != after.dependencies:
        # A single slash is how sc is told of an empty list.
        options["depend="] = "/".join(after.dependencies) or "/"
    if before.username != after.username and not needs_password(after.username):
        options["obj="] = after.username
    if before.display_name != after.display_name:
        options["DisplayName="] = after.display_name
    return (*first, *(word for option in options.items() for word in option))
