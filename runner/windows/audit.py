"""The system's audit policy through ``auditpol`` (Vista and later).

``auditpol /backup`` writes a table whose last column is a number: 0 nothing, 1 success, 2 failure,
3 both; what ``/get`` prints is localized. Identifiers: [MS-GPAC] 2.2.1.2 and its category table;
English names: Microsoft, "auditpol list".
"""

from __future__ import annotations

import csv
import re
import secrets
from collections.abc import Mapping
from typing import Final

from runner.errors import ModuleError
from runner.interfaces.exchange import Exec, Output, Script
from runner.windows.put_lines import SYSTEM

GUID: Final = re.compile(r"\{?[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}?")
SUCCESS: Final = 1
FAILURE: Final = 2
_AUDITPOL: Final = rf"{SYSTEM}\auditpol.exe"
_NO_BACKUP: Final = 84
MISSING: Final = 87

_NAMES: Final = {
    "System": "10 Security State Change|11 Security System Extension|12 System Integrity|"
    "13 IPsec Driver|14 Other System Events",
    "Logon/Logoff": "15 Logon|16 Logoff|17 Account Lockout|18 IPsec Main Mode|"
    "19 IPsec Quick Mode|1A IPsec Extended Mode|1B Special Logon|"
    "1C Other Logon/Logoff Events|43 Network Policy Server|47 User / Device Claims|"
    "49 Group Membership",
    "Object Access": "1D File System|1E Registry|1F Kernel Object|20 SAM|"
    "21 Certification Services|22 Application Generated|23 Handle Manipulation|24 File Share|"
    "25 Filtering Platform Packet Drop|26 Filtering Platform Connection|"
    "27 Other Object Access Events|44 Detailed File Share|45 Removable Storage|"
    "46 Central Policy Staging",
    "Privilege Use": "28 Sensitive Privilege Use|29 Non Sensitive Privilege Use|"
    "2A Other Privilege Use Events",
    "Detailed Tracking": "2B Process Creation|2C Process Termination|2D DPAPI Activity|"
    "2E RPC Events|48 Plug and Play Events|4A Token Right Adjusted Events",
    "Policy Change": "2F Audit Policy Change|30 Authentication Policy Change|"
    "31 Authorization Policy Change|32 MPSSVC Rule-Level Policy Change|"
    "33 Filtering Platform Policy Change|34 Other Policy Change Events",
    "Account Management": "35 User Account Management|36 Computer Account Management|"
    "37 Security Group Management|38 Distribution Group Management|"
    "39 Application Group Management|3A Other Account Management Events",
    "DS Access": "3B Directory Service Access|3C Directory Service Changes|"
    "3D Directory Service Replication|3E Detailed Directory Service Replication",
    "Account Logon": "3F Credential Validation|40 Kerberos Service Ticket Operations|"
    "41 Other Account Logon Events|42 Kerberos Authentication Service",
}
SUBCATEGORIES: Final[Mapping[str, tuple[str, str]]] = {
    f"{{0CCE92{entry[:2]}-69AE-11D9-BED3-505054503030}}": (category, entry[3:])
    for category, entries in _NAMES.items()
    for entry in entries.split("|")
}
"""Identifier -> English names of its category and of itself."""


def backup() -> Script:
    """The line that prints the policy as a table; its output goes to ``parse``."""
    name = f'"%TEMP%\\runner-{secrets.token_hex(6)}.csv"'
    line = (
        f"(if not exist {_AUDITPOL} exit {MISSING})&"
        f"({_AUDITPOL} /backup /file:{name}>nul||exit {_NO_BACKUP})&type {name}&del /f /q {name}"
    )
    return Script("cmd", line)


def parse(output: Output) -> Mapping[str, tuple[str, int]]:
    """Identifier of each subcategory -> its name on this host, and its setting.

    Raises ModuleError when the policy cannot be read.
    """
    if output.code == MISSING:
        raise ModuleError(
            "this host has no auditpol, which came with Vista and Server 2008",
            hint="use win_security_policy with the section 'Event Audit' there",
        )
    found = {}
    for row in csv.reader(output.stdout.splitlines()):
        guid = next((cell.strip().upper() for cell in row if GUID.fullmatch(cell.strip())), "")
        if guid and row[-1].strip().isdigit():
            found[guid] = (row[row.index(next(c for c in row if guid in c.upper())) - 1].strip(),
                           int(row[-1]))  # fmt: skip
    if output.code != 0 or not found:
        raise ModuleError(
            f"the audit policy cannot be read: auditpol answered {output.signed}: "
            f"{(output.stderr.strip() or 'nothing was said').splitlines()[0]}",
            hint="auditpol needs an administrator with the right to manage the security log",
        )
    return found


def set_to(guid: str, setting: int) -> Exec:
    """The command that gives one subcategory a setting."""
    success = "enable" if setting & SUCCESS else "disable"
    failure = "enable" if setting & FAILURE else "disable"
    return Exec(
        "auditpol", "/set", f"/subcategory:{guid}", f"/success:{success}", f"/failure:{failure}"
    )
