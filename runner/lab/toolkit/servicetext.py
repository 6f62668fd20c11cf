"""Services as sc.exe prints them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from runner.lab.state.services import RUNNING, STOPPED, Service

if TYPE_CHECKING:
    from runner.lab.state.host import Host

__all__ = ["expanded", "query_block", "start_text", "type_text"]

_STATES = {
    1: "STOPPED", 2: "START_PENDING", 3: "STOP_PENDING", 4: "RUNNING", 5: "CONTINUE_PENDING",
    6: "PAUSE_PENDING", 7: "PAUSED",
}  # fmt: skip
_TYPES = {
    1: "KERNEL_DRIVER", 2: "FILE_SYSTEM_DRIVER", 0x10: "WIN32_OWN_PROCESS",
    0x20: "WIN32_SHARE_PROCESS", 0x110: "WIN32_OWN_PROCESS (interactive)",
    0x120: "WIN32_SHARE_PROCESS (interactive)",
}  # fmt: skip
_STARTS = ("BOOT_START", "SYSTEM_START", "AUTO_START", "DEMAND_START", "DISABLED")


def type_text(number: int) -> str:
    """`20  WIN32_SHARE_PROCESS `."""
    return f"{number:x}  {_TYPES.get(number, 'ERROR')} "


def start_text(host: Host, name: str) -> str:
    """`2   AUTO_START  (DELAYED)`."""
    number = host.services.number(name, "Start", 3)
    delayed = number == 2 and host.services.number(name, "DelayedAutostart") == 1
    return f"{number}   {_STARTS[number]}" + ("  (DELAYED)" if delayed else "")


def expanded(host: Host, text: str) -> str:
    """A path with %SystemRoot% filled in."""
    return re.sub("(?i)%systemroot%", lambda _: host.system_root, text)


def query_block(host: Host, service: Service, name: str, *, extended: bool = False) -> str:
    """The status of a service as `sc query` prints it; `name` stands as the caller spelled it."""
    legacy = host.profile.legacy
    gap, comma = ("\t", ",") if legacy else ("  ", ", ")
    accepts: tuple[str, ...] = ("NOT_STOPPABLE", "NOT_PAUSABLE", "IGNORES_SHUTDOWN")
    if host.services.accepts_stop(service):
        accepts = ("STOPPABLE", "NOT_PAUSABLE", "ACCEPTS_SHUTDOWN")
    elif service.state == RUNNING:
        accepts = ("NOT_STOPPABLE", "NOT_PAUSABLE", "ACCEPTS_SHUTDOWN")
    code = service.exit_code
    waiting = service.state not in (STOPPED, RUNNING)
    lines = [
        "",
        f"SERVICE_NAME: {name} " if "\n" not in name and not legacy else f"SERVICE_NAME: {name}",
        f"        TYPE               : {type_text(host.services.number(service.name, 'Type'))} ",
        f"        STATE              : {service.state}  {_STATES[service.state]} ",
    ]
    if service.state != STOPPED or legacy:
        lines.append(f"                                ({comma.join(accepts)})")
    lines += [
        f"        WIN32_EXIT_CODE    : {code}{gap}(0x{code:x})",
        f"        SERVICE_EXIT_CODE  : 0{gap}(0x0)",
        f"        CHECKPOINT         : 0x{int(waiting)}",
        f"        WAIT_HINT          : 0x{'bb8' if waiting else '0'}",
    ]
    if extended:
        lines += [f"        PID                : {service.pid}", "        FLAGS              : "]
    return "\n".join(lines) + "\n"
