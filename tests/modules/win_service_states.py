"""What the tests of win_service know of a service, and what a host answers."""

from __future__ import annotations

import dataclasses

from runner.interfaces.exchange import Output
from runner.modules._parts.service import ServiceState
from tests.modules.scripted import Answers

KEY = r"""
HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\Spooler
    DisplayName    REG_SZ    Print Spooler
    ImagePath    REG_EXPAND_SZ    %SystemRoot%\System32\spoolsv.exe
    ErrorControl    REG_DWORD    0x1
    Start    REG_DWORD    0x2
    Type    REG_DWORD    0x110
    DelayedAutostart    REG_DWORD    0x1
    ObjectName    REG_SZ    LocalSystem
    DependOnService    REG_MULTI_SZ    RPCSS\0http
    FailureActions    REG_BINARY    805101000000

HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\Spooler\Performance
HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\Spooler\Enum
"""


def query(state: str, number: int = 4) -> Output:
    return Output(0, f"\nSERVICE_NAME: Spooler\n        STATE              : {number}  {state}\n")


def block(name: str, state: str, number: int) -> str:
    shown = f"        STATE              : {number}  {state}"
    return f"\nSERVICE_NAME: {name}\nDISPLAY_NAME: {name}\n{shown}\n"


DEPENDENTS = Output(
    0,
    "Enum: entriesRead  = 3\n"
    + block("First", "RUNNING", 4)
    + block("Idle", "STOPPED", 1)
    + block("Second", "RUNNING", 4),
)
RUNNING: Answers = {
    "sc query Spooler": query("RUNNING"),
    "reg query HKLM\\SYSTEM\\CurrentControlSet\\Services\\Spooler": Output(0, KEY),
    "sc enumdepend": DEPENDENTS,
}
FOUND = ServiceState(
    present=True,
    state="running",
    start_mode="delayed",
    running_dependents=("First", "Second"),
    dependencies=("RPCSS", "http"),
    display_name="Print Spooler",
    path=r"%SystemRoot%\System32\spoolsv.exe",
    username="LocalSystem",
    service_type="win32_own_process",
    error_control="normal",
    interactive=True,
)
STOPPED = dataclasses.replace(FOUND, state="stopped", running_dependents=())


NEW = ServiceState(
    present=True,
    state="running",
    start_mode="manual",
    display_name="Agent",
    path=r"C:\a b\x.exe -k",
    username="LocalSystem",
    service_type="win32_own_process",
    error_control="normal",
    description="it helps",
)
