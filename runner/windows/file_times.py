r"""Times of a Windows host's files, to the microsecond and with their zone, from WMI.

``wmic datafile`` asks ``CIM_DataFile`` folder by folder (a query that names drive and path is
answered from that folder alone, any other one by a walk over all disks). Where wmic is gone (from
build 26100 on it is an optional feature) PowerShell prints the same times in the same form.
Sources: Microsoft, "CIM_DataFile class", "CIM_DATETIME".
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from runner.errors import ModuleError
from runner.interfaces.exchange import Exec, Output, Read, Reply, Script, read
from runner.windows import paths, wmi
from runner.windows.facts import BOOT_TIME, BOOT_TIME_BY_POWERSHELL

STAMPS: Final = {"mtime": "LastModified", "ctime": "CreationDate", "atime": "LastAccessed"}
_DOTNET: Final = {"mtime": "LastWriteTime", "ctime": "CreationTime", "atime": "LastAccessTime"}
_LONG: Final = 600.0


@dataclass(frozen=True, slots=True)
class Known:
    """Times by paths in lower case, and the host's own time; in seconds since 1970."""

    times: Mapping[str, float] = field(default_factory=dict)
    now: float = 0.0


def of(files: Sequence[str], stamp: str) -> Generator[Read, Reply, Known]:
    """The times of files. Raises ModuleError where neither wmic nor PowerShell tells them."""
    (clock,) = yield from read(BOOT_TIME)
    now = wmi.moment(wmi.properties(clock).get("LocalDateTime", ""))
    by_wmic = now is not None
    if not by_wmic:
        (clock,) = yield from read(BOOT_TIME_BY_POWERSHELL)
        now = wmi.moment(wmi.properties(clock).get("LocalDateTime", ""))
    if now is None:
        raise ModuleError(
            "the ages of files are told by WMI, and neither wmic nor PowerShell answers here",
            hint="leave 'age' out, or add the optional feature WMIC",
        )
    folders = list(dict.fromkeys(paths.parent(path) for path in files))
    asked = [_by_wmic(folder, stamp) if by_wmic else _by_powershell(folder, stamp)
             for folder in folders]  # fmt: skip
    outputs = (yield from read(*asked)) if asked else ()
    times: dict[str, float] = {}
    for output in outputs:
        times |= _times(output, stamp)
    return Known(times, now.when.timestamp())


def _by_wmic(folder: str, stamp: str) -> Exec:
    path = folder[2:].rstrip("\\") + "\\"
    escaped = path.replace("\\", "\\\\").replace("'", "\\'")
    where = f"drive='{folder[:2]}' and path='{escaped}'"
    return Exec("wmic", "datafile", "where", where, "get", f"{STAMPS[stamp]},Name", "/value",
                timeout=_LONG)  # fmt: skip


def _by_powershell(folder: str, stamp: str) -> Script:
    text = (
        "Get-ChildItem -Force -LiteralPath $params.folder | Where-Object { -not $_.PSIsContainer }"
        " | ForEach-Object {\n"
        '"Name=$($_.FullName)"\n'
        f'"{STAMPS[stamp]}=$([Management.ManagementDateTimeConverter]::'
        f'ToDmtfDateTime($_.{_DOTNET[stamp]}))"\n}}\n'
    )
    return Script("powershell", text, params={"folder": folder}, timeout=_LONG)


def _times(output: Output, stamp: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for row in wmi.rows(output):
        when = wmi.moment(row.get(STAMPS[stamp], ""))
        if when is not None:
            found[row.get("Name", "").lower()] = when.when.timestamp()
    return found
