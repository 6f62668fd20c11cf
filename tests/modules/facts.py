"""Facts of hosts as modules get them."""

from __future__ import annotations

from typing import Any

_SYSTEMS = {
    "2003": ("5.2", 3790, 2, "x86", "Windows Server 2003"),
    "2008": ("6.0", 6002, 2, "x64", "Windows Server 2008"),
    "2008r2-rtm": ("6.1", 7600, 0, "x64", "Windows Server 2008 R2"),
    "2008r2": ("6.1", 7601, 1, "x64", "Windows Server 2008 R2"),
    "2016": ("10.0", 14393, 0, "x64", "Windows Server 2016"),
    "2019": ("10.0", 17763, 0, "x64", "Windows Server 2019"),
    "2022": ("10.0", 20348, 0, "x64", "Windows Server 2022"),
    "2025": ("10.0", 26100, 0, "x64", "Windows Server 2025"),
}


def facts(os: str, **changes: Any) -> dict[str, Any]:
    """The facts of one Windows; ``changes`` go into its ``windows`` fact."""
    nt, build, pack, arch, name = _SYSTEMS[os]
    windows: dict[str, Any] = {
        "nt_version": nt,
        "build": build,
        "revision": 0,
        "service_pack": pack,
        "arch": arch,
        "product_type": "ServerNT",
        "product_name": name,
        "system_root": r"C:\Windows",
        "oem_codepage": 437,
        "language": "enu",
        "boot_time": "",
        "reboot_pending_because": [],
    }
    return {"powershell_version": 2, "windows": {**windows, **changes}}
