"""Whether a Windows host waits for a restart.

Signs, all in common use: the ``RebootPending`` key of Component Based Servicing (Vista and later),
the ``RebootRequired`` key of Windows Update, ``PendingFileRenameOperations`` of the session
manager, ``UpdateExeVolatile`` (XP and Server 2003), and a computer name that is not yet active.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from runner.interfaces.exchange import Exec, Output
from runner.windows import registry

CBS: Final = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing"
_UPDATE: Final = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update"
NAMES: Final = r"HKLM\SYSTEM\CurrentControlSet\Control\ComputerName"
_SESSION: Final = r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager"

SERVICING: Final = "Component Based Servicing"
WINDOWS_UPDATE: Final = "Windows Update"
UPDATE_EXE: Final = "update.exe"
FILE_RENAMES: Final = "pending file renames"
COMPUTER_NAME: Final = "computer rename"

QUERIES: Final[tuple[Exec, ...]] = (
    registry.query(rf"{CBS}\RebootPending"),
    registry.query(rf"{_UPDATE}\RebootRequired"),
    registry.query(r"HKLM\SOFTWARE\Microsoft\Updates", "UpdateExeVolatile"),
    registry.query(_SESSION, "PendingFileRenameOperations"),
    registry.query(rf"{NAMES}\ActiveComputerName", "ComputerName"),
    registry.query(rf"{NAMES}\ComputerName", "ComputerName"),
)
"""Reads whose outputs ``reasons`` takes, in the same order."""


def reasons(outputs: Sequence[Output]) -> tuple[str, ...]:
    """What waits for a restart; empty when nothing does."""
    cbs, update, volatile, renames, active, wanted = outputs
    found: list[str] = []
    if cbs.code == 0:
        found.append(SERVICING)
    if update.code == 0:
        found.append(WINDOWS_UPDATE)
    if registry.number(volatile, "UpdateExeVolatile"):
        found.append(UPDATE_EXE)
    if registry.value(renames, "PendingFileRenameOperations"):
        found.append(FILE_RENAMES)
    now, next_name = (registry.text(output, "ComputerName") for output in (active, wanted))
    if now and next_name and now.casefold() != next_name.casefold():
        found.append(COMPUTER_NAME)
    return tuple(found)


def blocks_servicing(found: Sequence[str]) -> bool:
    """Whether an update should not be installed before the restart.

    Pending file renames and a computer rename come from many programs and do no harm.
    """
    return bool({SERVICING, WINDOWS_UPDATE, UPDATE_EXE} & set(found))
