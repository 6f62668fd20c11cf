"""What `sc` sets with ChangeServiceConfig2: recovery, SID, privileges, time at shutdown."""

from __future__ import annotations

from collections.abc import Callable

from runner.lab.state.process import Process
from runner.lab.toolkit.servicesettings import UsageFault, failure_actions, parse_options
from runner.lab.winerror import WindowsError

__all__ = ["MORE_VERBS"]

_FAILURE = {"reset=", "reboot=", "command=", "actions="}


def _opened(process: Process, args: list[str]) -> str | int:
    """The registry path of the service; the exit code where there is none."""
    process.mutates()
    try:
        process.host.services.find(args[0])
    except WindowsError as fault:
        process.out(f"[SC] OpenService FAILED {fault.code}:\n\n{fault.message}\n\n")
        return fault.code
    return process.host.services.path_of(args[0])


def _done(process: Process) -> int:
    process.out("[SC] ChangeServiceConfig2 SUCCESS\n")
    return 0


def _failure(process: Process, args: list[str]) -> int:
    if not args:
        raise UsageFault
    options = parse_options(args[1:], _FAILURE)
    actions = failure_actions(options)
    path = _opened(process, args)
    if isinstance(path, int):
        return path
    registry = process.host.registry
    if actions:
        registry.set(path, "FailureActions", actions)
    elif actions is not None:
        registry.delete_value(path, "FailureActions")
    for key, value in (("command=", "FailureCommand"), ("reboot=", "RebootMessage")):
        if options.get(key):
            registry.set(path, value, options[key])
        elif key in options:
            registry.delete_value(path, value)
    return _done(process)


def _one(process: Process, args: list[str], value: str, data: int | tuple[str, ...] | None) -> int:
    if len(args) < 2 or data is None:
        raise UsageFault
    if process.host.profile.legacy:
        process.not_simulated(f"sc: {value} came with Vista")
    path = _opened(process, args)
    if isinstance(path, int):
        return path
    process.host.registry.set(path, value, data)
    return _done(process)


def _failureflag(process: Process, args: list[str]) -> int:
    data = {"0": 0, "1": 1}.get(args[1]) if args[1:] else None
    return _one(process, args, "FailureActionsOnNonCrashFailures", data)


def _sidtype(process: Process, args: list[str]) -> int:
    kinds = {"none": 0, "unrestricted": 1, "restricted": 3}
    return _one(process, args, "ServiceSidType", kinds.get(args[1].lower()) if args[1:] else None)


def _privs(process: Process, args: list[str]) -> int:
    names = tuple(name for name in args[1].split("/") if name) if args[1:] else ()
    known = names and all(name.startswith("Se") and name.endswith("Privilege") for name in names)
    return _one(process, args, "RequiredPrivileges", names if known else None)


def _preshutdown(process: Process, args: list[str]) -> int:
    data = int(args[1]) if args[1:] and args[1].isdigit() else None
    return _one(process, args, "PreshutdownTimeout", data)


MORE_VERBS: dict[str, Callable[[Process, list[str]], int]] = {
    "failure": _failure, "failureflag": _failureflag, "sidtype": _sidtype, "privs": _privs,
    "preshutdown": _preshutdown,
}  # fmt: skip
