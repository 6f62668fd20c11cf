"""What the exit codes of Windows' own tools mean.

Sources: sc, shutdown and icacls return Win32 errors (Microsoft, "System Error Codes (1000-1299)");
wusa returns the codes of the Windows Update Agent (Microsoft, hh968413 and cc720442); reg, netsh,
net, schtasks and taskkill are documented by their usage text and by common practice; the meanings
of DISM's codes beyond 0, 3010, 50, 87 and 740 are common knowledge without a Microsoft page.
Codes are compared as unsigned 32-bit numbers: tools print the same one signed or unsigned.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from runner.errors import ModuleError, RestartFirst
from runner.interfaces.exchange import Output

OK: Final = 0
ACCESS_DENIED: Final = 5
RESTART_NEEDED: Final = 3010

SERVICE_DEPENDENTS_RUNNING: Final = 1051
SERVICE_ALREADY_RUNNING: Final = 1056
SERVICE_DISABLED: Final = 1058
SERVICE_ABSENT: Final = 1060
SERVICE_CANNOT_ACCEPT_CONTROL: Final = 1061
SERVICE_NOT_STARTED: Final = 1062
SERVICE_MARKED_FOR_DELETE: Final = 1072
SHUTDOWN_IN_PROGRESS: Final = 1115
SHUTDOWN_NONE: Final = 1116
SHUTDOWN_SCHEDULED: Final = 1190
PROGRAM_MISSING: Final = 9009

DISM_UNKNOWN_FEATURE: Final = 0x800F080C
DISM_NOT_APPLICABLE: Final = 0x800F081E
DISM_RESTART_FIRST: Final = 0x800F0806
WUSA_ALREADY_INSTALLED: Final = 0x00240006
WUSA_NOT_APPLICABLE: Final = 0x80240017

_WIN32: Final[Mapping[int, str]] = {
    2: "file not found",
    3: "path not found",
    ACCESS_DENIED: "access denied",
    32: "in use by another process",
    87: "bad parameter",
    112: "the disk is full",
    SERVICE_DEPENDENTS_RUNNING: "other running services depend on it",
    1052: "the service does not know this control",
    1053: "the service did not answer in time",
    SERVICE_ALREADY_RUNNING: "it is running already",
    1057: "the account name is not valid",
    SERVICE_DISABLED: "it is disabled, or has no enabled device",
    SERVICE_ABSENT: "there is no such service",
    SERVICE_CANNOT_ACCEPT_CONTROL: "it cannot accept the control now",
    SERVICE_NOT_STARTED: "it is not running",
    1067: "its process ended unexpectedly",
    1068: "a service that it depends on did not start",
    1069: "it could not log on with its account",
    SERVICE_MARKED_FOR_DELETE: "it is marked for deletion; close what holds it open, or restart",
    1073: "it exists already",
    SHUTDOWN_IN_PROGRESS: "a shutdown is in progress",
    SHUTDOWN_NONE: "no shutdown is scheduled",
    SHUTDOWN_SCHEDULED: "a shutdown is scheduled already",
    1314: "the account lacks a privilege",
    1618: "another installation is running",
    1639: "bad command line",
    PROGRAM_MISSING: "the program is not on this host",
}

_SERVICING: Final[Mapping[int, str]] = {
    1641: "done, and a restart was started",
    RESTART_NEEDED: "done, restart needed",
    50: "not supported here",
    740: "not elevated",
    DISM_UNKNOWN_FEATURE: "there is no feature of that name",
    0x800F0805: "not a valid package",
    DISM_RESTART_FIRST: "an earlier operation waits for a restart; restart first",
    DISM_NOT_APPLICABLE: "the package does not apply to this host",
    0x800F0823: "a newer servicing stack is needed first",
    0x80070002: "file not found",
    0x80070003: "path not found",
    0x80070005: "access denied",
    0x80070070: "the disk is full",
    0x80070422: "the Windows Update service is disabled",
    0x00240005: "done, restart needed",
    WUSA_ALREADY_INSTALLED: "already installed",
    0x00240007: "already removed",
    WUSA_NOT_APPLICABLE: "the package does not apply to this host",
    0x80240016: "another installation is running or a restart is pending",
}

_TABLES: Final[Mapping[str, Mapping[int, str]]] = {
    "reg": {
        1: "the key or value is missing, or access is denied",
        PROGRAM_MISSING: "the program is not on this host",
    },
    "netsh": {1: "refused, or no rule matches", PROGRAM_MISSING: "netsh has no such context"},
    "net": {2: "refused"},
    "schtasks": {1: "refused, or no such task"},
    "taskkill": {128: "no such process", 1: "some processes could not be ended"},
    "dism": {**_WIN32, **_SERVICING},
    "pkgmgr": {**_WIN32, **_SERVICING},
    "wusa": {**_WIN32, **_SERVICING},
    "update": {**_WIN32, **_SERVICING, 1603: "the installation failed"},
}


def meaning(tool: str, code: int) -> str:
    """What this code of this tool means; an empty string when that is not known."""
    return _TABLES.get(tool, _WIN32).get(code & 0xFFFFFFFF, "")


def describe(tool: str, code: int) -> str:
    """The code as people look it up: decimal, in hex when it is an HRESULT, with its meaning."""
    unsigned = code & 0xFFFFFFFF
    number = f"0x{unsigned:08x}" if unsigned > 0xFFFF else str(unsigned)
    text = meaning(tool, unsigned)
    return f"{tool} answered {number} ({text})" if text else f"{tool} answered {number}"


def expect(
    output: Output, tool: str, doing: str, accept: tuple[int, ...] = (OK,), hint: str = ""
) -> Output:
    """The output itself when its code is accepted.

    Otherwise raises ModuleError: what was attempted, the code, its meaning, the first line said.
    """
    if output.code in {code & 0xFFFFFFFF for code in accept}:
        return output
    said = [line.strip() for line in f"{output.stderr}\n{output.stdout}".splitlines()]
    first = next((line for line in said if line), "")
    detail = f": {first}" if first else ""
    text = f"{doing}: {describe(tool, output.code)}{detail}"
    if tool == "dism" and output.code == DISM_RESTART_FIRST:
        raise RestartFirst(text, hint=hint or "restart the host (win_reboot), then run this again")
    raise ModuleError(text, hint=hint)
