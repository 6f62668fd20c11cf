"""Roles and features as Server Manager of 2008 and 2008 R2 knows them: a tree of names.

Source of the names: Microsoft, "Overview of Server Manager Commands" (Windows Server 2008).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runner.lab.profiles.table import OsProfile

__all__ = ["Role", "roles_of"]


@dataclass(slots=True)
class Role:
    """One role, role service or feature. `parent` is its whole's name; `dism` dism's name of it."""

    name: str
    display: str
    kind: str
    parent: str = ""
    dism: str = ""
    installed: bool = False


_ROWS = (
    ("DHCP", "DHCP Server", "role", "", ""),
    ("File-Services", "File Services", "role", "", ""),
    ("FS-FileServer", "File Server", "role", "File-Services", ""),
    ("FS-Search-Service", "Windows Search Service", "role", "File-Services", ""),
    ("Web-Server", "Web Server (IIS)", "role", "", ""),
    ("Web-WebServer", "Web Server", "role", "Web-Server", ""),
    ("Web-Common-Http", "Common HTTP Features", "role", "Web-WebServer", ""),
    ("Web-Static-Content", "Static Content", "role", "Web-Common-Http", ""),
    ("Backup-Features", "Windows Server Backup Features", "feature", "", ""),
    ("Backup", "Windows Server Backup", "feature", "Backup-Features", ""),
    ("Telnet-Client", "Telnet Client", "feature", "", "TelnetClient"),
)  # fmt: skip


def roles_of(profile: OsProfile) -> list[Role]:
    """The roles of a fresh server of 2008 or 2008 R2; none elsewhere."""
    if profile.client or not (6, 0) <= profile.nt < (6, 2):
        return []
    return [Role(*row) for row in _ROWS]
