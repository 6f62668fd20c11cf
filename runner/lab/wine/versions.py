"""Which Windows a Wine machine says it is: values of the registry, as ``reg import`` reads them."""

from __future__ import annotations

from typing import Final

from runner.lab.profiles.table import OsProfile

KNOWN: Final = ("2003-sp1", "2003-sp2", "2008-sp2", "2008r2", "2008r2-sp1", "2012", "2012r2")
"""Later ones say 6.3 in CurrentVersion as 2012 R2 does, and Wine takes its version from there."""
_KEY: Final = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
_OPTIONS: Final = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\ProductOptions"


def seed(profile: OsProfile) -> str:
    """The text of a .reg file. Raises ValueError for a system that Wine cannot be."""
    if profile.key not in KNOWN:
        raise ValueError(f"Wine cannot be {profile.key}; it can be {', '.join(KNOWN)}")
    if profile.language.key not in ("enu", "chs") or profile.arch != profile_arch(profile):
        raise ValueError("a Wine machine is enu or chs, and 64-bit")
    pack = f"Service Pack {profile.service_pack}" if profile.service_pack else ""
    values = {
        "ProductName": profile.product_name,
        "CurrentVersion": profile.nt_version,
        "CurrentBuild": str(profile.build),
        "CurrentBuildNumber": str(profile.build),
        "CSDVersion": pack,
        "EditionID": profile.edition,
        "InstallationType": "Server",
    }
    lines = ["Windows Registry Editor Version 5.00", "", f"[{_KEY}]"]
    lines += [f'"{name}"="{value}"' for name, value in values.items()]
    lines += ["", f"[{_OPTIONS}]", '"ProductType"="ServerNT"', ""]
    return "\r\n".join(lines) + "\r\n"


def profile_arch(profile: OsProfile) -> str:
    """The architecture that Wine has, or the system's usual one where nothing else was asked."""
    return profile.arch if profile.legacy else "x64"
