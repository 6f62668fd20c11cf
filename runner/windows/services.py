"""The service control manager through ``sc.exe`` and the registry, by number and token only.

``sc``'s labels are localized on some Windows (``STATUS``, ``NOMBRE_SERVICIO``); numbers and tokens
are not (Microsoft, SERVICE_STATUS structure). How a service is configured is read from its key
under ``HKLM\\SYSTEM\\CurrentControlSet\\Services``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from runner.interfaces.exchange import Exec

ROOT: Final = r"HKLM\SYSTEM\CurrentControlSet\Services"
ENUM_BUFFER: Final = "65536"
"""Bytes for ``sc enumdepend``; its default of 1024 cuts long lists (Microsoft, cc742075)."""

_STATE: Final = re.compile(
    r":\s+(\d)\s+(STOPPED|START_PENDING|STOP_PENDING|RUNNING|CONTINUE_PENDING|PAUSE_PENDING|PAUSED)"
)
START_MODES: Final = {0: "boot", 1: "system", 2: "auto", 3: "manual", 4: "disabled"}
"""The ``Start`` value of a service's key -> Ansible's word."""
SC_START: Final = {
    "boot": "boot",
    "system": "system",
    "auto": "auto",
    "delayed": "delayed-auto",
    "manual": "demand",
    "disabled": "disabled",
}
"""Ansible's word -> what ``sc config start=`` takes. ``delayed-auto`` exists from Vista on."""
PENDING: Final = frozenset({"start_pending", "stop_pending", "continue_pending", "pause_pending"})


@dataclass(frozen=True, slots=True)
class Status:
    """A service as ``sc query`` or ``sc enumdepend`` shows it.

    ``state`` is the token in lower case: running, stopped, paused, or one of PENDING.
    """

    name: str
    state: str
    can_pause: bool = False


def query(name: str) -> Exec:
    """The command that asks for the state of one service."""
    return Exec("sc", "query", name)


def dependents(name: str) -> Exec:
    """The command that lists what depends on a service, directly or not, in stop order."""
    return Exec("sc", "enumdepend", name, ENUM_BUFFER)


def parse(text: str) -> tuple[Status, ...]:
    """The services in the output of ``sc query`` or ``sc enumdepend``, in its order."""
    found: list[Status] = []
    name = ""
    fresh = True
    for line in text.splitlines():
        if not line.strip():
            fresh = True
        elif not line[0].isspace():
            if fresh and ":" in line:
                name = line.partition(":")[2].strip()
            fresh = False
        elif state := _STATE.search(line):
            found.append(Status(name, state[2].lower()))
        elif found and "PAUSABLE" in line and "NOT_PAUSABLE" not in line:
            found[-1] = Status(found[-1].name, found[-1].state, can_pause=True)
    return tuple(found)


def key(name: str) -> str:
    """The registry key that holds a service's configuration."""
    return rf"{ROOT}\{name}"
