"""sc.exe: the service control manager from the command line. Exit codes are Win32 errors."""

from __future__ import annotations

from collections.abc import Callable

from runner.lab import winerror
from runner.lab.state.process import Process
from runner.lab.state.services import RUNNING, START_PENDING, STOP_PENDING, STOPPED, Service
from runner.lab.toolkit.servicemore import MORE_VERBS
from runner.lab.toolkit.servicesettings import (
    SETTINGS,
    UsageFault,
    numeric_settings,
    parse_options,
    write_settings,
)
from runner.lab.toolkit.servicetext import expanded, query_block, start_text, type_text
from runner.lab.winerror import WindowsError

_USAGE = (
    "DESCRIPTION:\n        SC is a command line program used for communicating with the\n"
    "        Service Control Manager and services.\n"
    "USAGE:\n        sc <server> [command] [service name] <option1> <option2>...\n\n"
)


def main(process: Process) -> int:
    """Dispatch on the verb; a wrong command line is answered with 1639."""
    args = process.args
    if args and args[0].startswith("\\\\"):
        process.not_simulated(f"sc {args[0]}: services of other machines")
    if not args:
        process.out(_USAGE)
        return 0
    verb = _VERBS.get(args[0].lower())
    if verb is None:
        process.not_simulated(f"sc {args[0]}")
    try:
        return verb(process, args[1:])
    except UsageFault as fault:
        process.out(f"{fault}{_USAGE}" if str(fault) else _USAGE)
        return winerror.INVALID_COMMAND_LINE


def _failed(process: Process, call: str, fault: WindowsError) -> int:
    process.out(f"[SC] {call} FAILED {fault.code}:\n\n{fault.message}\n\n")
    return fault.code


def _name(args: list[str]) -> str:
    if not args:
        raise UsageFault
    return args[0]


def _query(process: Process, args: list[str], *, extended: bool = False) -> int:
    if args and "=" not in args[0]:
        if len(args) > 1:
            process.not_simulated(f"sc query {' '.join(args)}")
        try:
            service = process.host.services.find(args[0])
        except WindowsError as fault:
            call = "EnumQueryServicesStatus:OpenService"
            return _failed(process, call, fault)
        process.out(query_block(process.host, service, args[0], extended=extended))
        return 0
    options = parse_options(args, {"type=", "state=", "bufsize=", "ri=", "group="})
    states = {"active": {RUNNING, START_PENDING, STOP_PENDING}, "inactive": {STOPPED}}
    wanted = states.get(options.get("state=", "active").lower(), set(range(8)))
    kind = options.get("type=", "service").lower()
    if kind not in ("service", "driver", "all") or "group=" in options:
        process.not_simulated(f"sc query {' '.join(args)}")
    services = process.host.services
    for service in services:
        is_driver = services.is_driver(service.name)
        if service.state in wanted and (kind == "all" or is_driver == (kind == "driver")):
            name = f"{service.name}\nDISPLAY_NAME: {services.display_name(service.name)}"
            process.out(query_block(process.host, service, name, extended=extended))
    return 0


def _queryex(process: Process, args: list[str]) -> int:
    return _query(process, args, extended=True)


def _qc(process: Process, args: list[str]) -> int:
    host, name = process.host, _name(args)
    services = host.services
    try:
        services.find(name)
    except WindowsError as fault:
        return _failed(process, "OpenService", fault)
    depends = "\n                           : ".join(services.dependencies(name))
    process.out(
        "[SC] QueryServiceConfig SUCCESS\n\n"
        f"SERVICE_NAME: {name}\n"
        f"        TYPE               : {type_text(services.number(name, 'Type'))}\n"
        f"        START_TYPE         : {start_text(host, name)}\n"
        f"        ERROR_CONTROL      : {_error_text(services.number(name, 'ErrorControl', 1))}\n"
        f"        BINARY_PATH_NAME   : {expanded(host, services.text(name, 'ImagePath'))}\n"
        f"        LOAD_ORDER_GROUP   : {services.text(name, 'Group')}\n"
        f"        TAG                : {services.number(name, 'Tag')}\n"
        f"        DISPLAY_NAME       : {services.display_name(name)}\n"
        f"        DEPENDENCIES       : {depends}\n"
        f"        SERVICE_START_NAME : {services.text(name, 'ObjectName')}\n"
    )
    return 0


def _error_text(number: int) -> str:
    return f"{number}   {('IGNORE', 'NORMAL', 'SEVERE', 'CRITICAL')[number & 3]}"


def _qdescription(process: Process, args: list[str]) -> int:
    name = _name(args)
    try:
        process.host.services.find(name)
    except WindowsError as fault:
        return _failed(process, "OpenService", fault)
    text = process.host.services.text(name, "Description")
    process.out(f"[SC] QueryServiceConfig2 SUCCESS\n\nSERVICE_NAME: {name}\nDESCRIPTION:  {text}\n")
    return 0


def _enumdepend(process: Process, args: list[str]) -> int:
    services, name = process.host.services, _name(args)
    size = int(args[1]) if len(args) > 1 and args[1].isdigit() else 1024
    try:
        services.find(name)
    except WindowsError as fault:
        return _failed(process, "OpenService", fault)
    found = services.dependents(name)
    shown: list[Service] = []
    needed = 0
    for service in found:
        # ENUM_SERVICE_STATUSW of a 64-bit system and the two strings in the same buffer.
        needed += 48 + 2 * (len(service.name) + len(services.display_name(service.name)) + 2)
        if needed <= size:
            shown.append(service)
    if needed > size:
        process.out(f"[SC] EnumDependentServices: more data, need {needed} bytes\n\n")
    process.out(f"Enum: entriesRead  = {len(shown)}\n")
    for service in shown:
        name = f"{service.name}\nDISPLAY_NAME: {services.display_name(service.name)}"
        process.out(query_block(process.host, service, name))
    return winerror.MORE_DATA if needed > size else 0


def _start(process: Process, args: list[str]) -> int:
    name = _name(args)
    process.mutates()
    try:
        service = process.host.services.start(name)
    except WindowsError as fault:
        missing = fault.code == winerror.SERVICE_DOES_NOT_EXIST
        return _failed(process, "StartService: OpenService" if missing else "StartService", fault)
    process.out(query_block(process.host, service, name, extended=True))
    return 0


def _stop(process: Process, args: list[str]) -> int:
    name = _name(args)
    process.mutates()
    try:
        service = process.host.services.stop(name)
    except WindowsError as fault:
        missing = fault.code == winerror.SERVICE_DOES_NOT_EXIST
        return _failed(process, "OpenService" if missing else "ControlService", fault)
    process.out(query_block(process.host, service, name))
    return 0


def _config(process: Process, args: list[str]) -> int:
    name = _name(args)
    options = parse_options(args[1:], SETTINGS)
    numbers = numeric_settings(process, options)
    process.mutates()
    services = process.host.services
    try:
        service = services.find(name)
    except WindowsError as fault:
        return _failed(process, "OpenService", fault)
    if service.marked:
        marked = WindowsError(winerror.SERVICE_MARKED_FOR_DELETE)
        return _failed(process, "ChangeServiceConfig", marked)
    write_settings(process, name, options, numbers)
    process.out("[SC] ChangeServiceConfig SUCCESS\n")
    return 0


def _create(process: Process, args: list[str]) -> int:
    name = _name(args)
    options = parse_options(args[1:], SETTINGS)
    numbers = {"Type": 0x10, "Start": 3, "ErrorControl": 1} | numeric_settings(process, options)
    if "binpath=" not in options:
        raise UsageFault
    process.mutates()
    try:
        process.host.services.create(name)
    except WindowsError as fault:
        return _failed(process, "CreateService", fault)
    settings = {"displayname=": name, "obj=": "LocalSystem"} | options
    write_settings(process, name, settings, numbers)
    process.out("[SC] CreateService SUCCESS\n")
    return 0


def _delete(process: Process, args: list[str]) -> int:
    name = _name(args)
    process.mutates()
    try:
        process.host.services.delete(name)
    except WindowsError as fault:
        missing = fault.code == winerror.SERVICE_DOES_NOT_EXIST
        return _failed(process, "OpenService" if missing else "DeleteService", fault)
    process.out("[SC] DeleteService SUCCESS\n")
    return 0


def _description(process: Process, args: list[str]) -> int:
    name = _name(args)
    process.mutates()
    try:
        process.host.services.find(name)
    except WindowsError as fault:
        return _failed(process, "OpenService", fault)
    text = args[1] if len(args) > 1 else ""
    process.host.registry.set(process.host.services.path_of(name), "Description", text)
    process.out("[SC] ChangeServiceConfig2 SUCCESS\n")
    return 0


_VERBS: dict[str, Callable[[Process, list[str]], int]] = {
    "query": _query, "queryex": _queryex, "qc": _qc, "qdescription": _qdescription,
    "enumdepend": _enumdepend, "start": _start, "stop": _stop, "config": _config,
    "create": _create, "delete": _delete, "description": _description, **MORE_VERBS,
}  # fmt: skip
