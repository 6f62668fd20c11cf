r"""The processes of a Windows host, with the files that they run from.

``wmic`` tells them on every Windows that has it; where it is gone (from build 26100 on it is an
optional feature) PowerShell asks the same class. Property names and numbers only are read, so
nothing depends on the language. ``ExecutablePath`` is empty for the system's own processes and for
those that the account may not look into (Microsoft, "Win32_Process class").
"""

from __future__ import annotations

import re
from collections.abc import Generator
from dataclasses import dataclass
from typing import Final

from runner.errors import ModuleError
from runner.interfaces.exchange import Exec, Output, Read, Reply, Script, read
from runner.windows.wmi import rows

BY_WMIC: Final = Exec("wmic", "process", "get", "ExecutablePath,Name,ProcessId", "/value")
BY_POWERSHELL: Final = Script(
    "powershell",
    "Get-WmiObject Win32_Process | ForEach-Object {\n"
    '"ExecutablePath=$($_.ExecutablePath)"\n"Name=$($_.Name)"\n"ProcessId=$($_.ProcessId)"\n}\n',
)
CRITICAL: Final = frozenset(
    {
        "system idle process", "system", "registry", "memory compression", "secure system",
        "smss.exe", "csrss.exe", "wininit.exe", "winlogon.exe", "services.exe", "lsass.exe",
        "lsaiso.exe",
    }
)  # fmt: skip
"""Processes without which Windows stops (Microsoft, "Bug Check 0xEF: CRITICAL_PROCESS_DIED")."""
OF_THE_WAY_IN: Final = frozenset(
    {"svchost.exe", "winrshost.exe", "wsmprovhost.exe", "wmiprvse.exe", "sshd.exe", "conhost.exe",
     "cmd.exe", "wmic.exe", "powershell.exe"}
)  # fmt: skip
"""Programs of the system that serve the runner's own connection, among much else."""

_PREFIX: Final = re.compile(r"^\\\?\?\\")


@dataclass(frozen=True, slots=True)
class Running:
    """One process; ``path`` is empty where the host does not tell it."""

    pid: int
    name: str
    path: str = ""

    @property
    def shown(self) -> str:
        """For people: name and number."""
        return f"{self.name} ({self.pid})"


def listing() -> Generator[Read, Reply, tuple[Running, ...]]:
    """All processes. Raises ModuleError where neither wmic nor PowerShell tells them."""
    (output,) = yield from read(BY_WMIC)
    found = parse(output)
    if not found:
        (output,) = yield from read(BY_POWERSHELL)
        found = parse(output)
    if not found:
        said = (output.stderr.strip() or output.stdout.strip()).splitlines()
        raise ModuleError(
            f"the host did not tell its processes: {said[0] if said else 'no answer'}",
            hint="wmic or PowerShell must be there, and the account an administrator",
        )
    return found


def parse(output: Output) -> tuple[Running, ...]:
    """What either of the two commands printed."""
    return tuple(
        Running(int(row["ProcessId"]), row.get("Name", ""), _plain(row.get("ExecutablePath", "")))
        for row in rows(output)
        if row.get("ProcessId", "").isdigit()
    )


def _plain(path: str) -> str:
    return _PREFIX.sub("", path)
