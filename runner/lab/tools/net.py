"""net.exe: services, shares, accounts. Exit code 2 for nearly every failure."""

from __future__ import annotations

import time
from collections.abc import Callable

from runner.lab import winerror
from runner.lab.state.process import Process
from runner.lab.state.services import RUNNING, START_PENDING, STOPPED, Service
from runner.lab.toolkit import netaccounts, netshare
from runner.lab.winerror import WindowsError

_ALIASES = {"server": "lanmanserver", "workstation": "lanmanworkstation"}
"""The names that net.exe knows besides service and display names."""


def main(process: Process) -> int:
    """Dispatch on the verb."""
    args = process.args
    if not args:
        process.out("The syntax of this command is:\n\nNET [ SHARE | START | STATISTICS | STOP ]\n")
        return 1
    verb = _VERBS.get(args[0].lower())
    if verb is None:
        process.not_simulated(f"net {args[0]}")
    return verb(process, args[1:])


def _help(process: Process, number: int, text: str) -> int:
    return process.fail(2, f"{text}\n\nMore help is available by typing NET HELPMSG {number}.\n\n")


def _system_error(process: Process, fault: WindowsError) -> int:
    return process.fail(2, f"System error {fault.code} has occurred.\n\n{fault.message}\n\n")


def _operands(process: Process, args: list[str], switches: set[str]) -> tuple[str, set[str]]:
    """The service name, which may be several words, and the switches."""
    words = [arg for arg in args if not arg.startswith("/")]
    found = {arg.lower() for arg in args if arg.startswith("/")}
    if unknown := found - switches:
        process.not_simulated(f"net: {' '.join(sorted(unknown))}")
    name = " ".join(words)
    return _ALIASES.get(name.lower(), name), found


def _start(process: Process, args: list[str]) -> int:
    host = process.host
    name, _ = _operands(process, args, set())
    if not name:
        names = [
            host.services.display_name(service.name)
            for service in host.services
            if service.state == RUNNING and not host.services.is_driver(service.name)
        ]
        listing = "".join(f"   {text}\n" for text in sorted(names, key=str.lower))
        process.out(f"These Windows services are started:\n\n{listing}\n")
        process.out("The command completed successfully.\n\n")
        return 0
    process.mutates()
    try:
        service = host.services.find_any(name)
    except WindowsError:
        return _help(process, 2185, "The service name is invalid.")
    shown = host.services.display_name(service.name)
    try:
        host.services.start(service.name)
    except WindowsError as fault:
        if fault.code == winerror.SERVICE_ALREADY_RUNNING:
            return _help(process, 2182, "The requested service has already been started.")
        return _system_error(process, fault)
    process.out(f"The {shown} service is starting.\n")
    _wait(process, service, START_PENDING)
    process.out(f"The {shown} service was started successfully.\n\n")
    return 0


def _wait(process: Process, service: Service, pending: int) -> None:
    while True:
        try:
            if process.host.services.find(service.name).state != pending:
                return
        except WindowsError:
            return  # it was marked for deletion and has gone
        process.sleep(0.01)


def _stop(process: Process, args: list[str]) -> int:
    host = process.host
    name, switches = _operands(process, args, {"/y", "/yes", "/n", "/no"})
    process.mutates()
    try:
        service = host.services.find_any(name)
    except WindowsError:
        return _help(process, 2185, "The service name is invalid.")
    shown = host.services.display_name(service.name)
    if service.state == STOPPED:
        return _help(process, 3521, f"The {shown} service is not started.")
    running = [d for d in host.services.dependents(service.name) if d.state != STOPPED]
    if running:
        names = "".join(f"   {host.services.display_name(d.name)}\n" for d in running)
        process.out(
            f"The following services are dependent on the {shown} service.\n"
            f"Stopping the {shown} service will also stop these services.\n\n{names}\n"
        )
        if not switches & {"/y", "/yes"} and not _agrees(process):
            return 2
    for dependent in running:
        if _stop_one(process, dependent):
            return 2
    return _stop_one(process, service)


def _agrees(process: Process) -> bool:
    process.out("Do you want to continue this operation? (Y/N) [N]: ")
    answer = process.read_line().strip().lower()
    process.out("\n")
    if not answer:
        process.err("No valid response was provided.\n\n")
    return answer[:1] == "y"


def _stop_one(process: Process, service: Service) -> int:
    shown = process.host.services.display_name(service.name)
    try:
        process.host.services.stop(service.name)
    except WindowsError as fault:
        if fault.code == winerror.INVALID_SERVICE_CONTROL:
            text = "The requested pause, continue, or stop is not valid for this service."
            return _help(process, 2191, text)
        return _system_error(process, fault)
    process.out(f"The {shown} service is stopping.\n")
    _wait(process, service, 3)
    process.out(f"The {shown} service was stopped successfully.\n\n")
    return 0


def _statistics(process: Process, args: list[str]) -> int:
    if not args or args[0].lower() not in _ALIASES:
        process.not_simulated(f"net statistics {' '.join(args)}")
    since = time.strftime("%m/%d/%Y %I:%M:%S %p", time.localtime(process.host.clock.boot))
    title = args[0].capitalize()
    process.out(f"{title} Statistics for \\\\{process.host.name.upper()}\n\n\n")
    process.out(f"Statistics since {since}\n\n\nThe command completed successfully.\n\n")
    return 0


_VERBS: dict[str, Callable[[Process, list[str]], int]] = {
    "start": _start, "stop": _stop, "share": netshare.share, "statistics": _statistics,
    "stats": _statistics, "user": netaccounts.user, "localgroup": netaccounts.localgroup,
}  # fmt: skip
