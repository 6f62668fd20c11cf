"""The files of a fresh installation that tools and administrators look at."""

from __future__ import annotations

from runner.lab.profiles.table import OsProfile
from runner.lab.state.files import Entry, FileSystem

__all__ = ["fresh_files", "profile_directory", "tool_names"]

_EVERYWHERE = """
arp at attrib auditpol cacls certutil chcp choice cipher cmd comp cscript diskpart driverquery
eventcreate expand fc find findstr forfiles gpresult gpupdate hostname icacls ipconfig
logoff makecab mode more msg msiexec nbtstat net net1 netsh netstat nltest nslookup openfiles
pathping ping qprocess query quser reg regedit regedt32 regini regsvr32 route rundll32 sc
schtasks secedit setx sfc shutdown sort subst systeminfo takeown taskkill tasklist timeout
tracert typeperf vssadmin w32tm waitfor wevtutil where whoami winrs wscript wuauclt xcopy
"""
_FROM_60 = "bcdedit bitsadmin diskshadow pkgmgr powercfg robocopy wbadmin wusa"
_NOT_2003 = frozenset({"auditpol", "wevtutil", "winrs"})
_SYSTEM = (
    "csrss.exe", "kernel32.dll", "lsass.exe", "ntdll.dll", "ntoskrnl.exe", "services.exe",
    "smss.exe", "spoolsv.exe", "srvsvc.dll", "svchost.exe", "winlogon.exe",
)  # fmt: skip
_DRIVERS = ("tcpip", "afd", "netbt", "rdbss", "mup", "http")
_DRIVERS_60 = ("srv2", "srvnet", "mrxsmb", "mrxsmb10", "mrxsmb20", "bowser", "nsiproxy", "mpsdrv")
_HOSTS = (
    "# Copyright (c) 1993-2009 Microsoft Corp.\r\n#\r\n"
    "# localhost name resolution is handled within DNS itself.\r\n"
    "#\t127.0.0.1       localhost\r\n#\t::1             localhost\r\n"
)
_INSTALLED = 1484108448.0


def tool_names(profile: OsProfile) -> list[str]:
    """The programs in System32 of a system, without their extension."""
    names = set(_EVERYWHERE.split())
    if profile.legacy:
        names -= _NOT_2003
        if profile.service_pack < 2:
            names.discard("icacls")
    else:
        names |= set(_FROM_60.split())
    if profile.nt >= (6, 1):
        names |= {"dism", "tzutil"}
    if (6, 0) <= profile.nt < (6, 2) and not profile.client:
        names.add("servermanagercmd")
    if profile.build >= 17763:  # with Windows 10 1803 it came, of which there is no server
        names |= {"curl", "tar"}
    return sorted(names)


def profile_directory(profile: OsProfile, user: str) -> str:
    """The profile directory of a user; the operating system itself has one as well."""
    if user.upper() == "SYSTEM":
        root = r"C:\WINDOWS" if profile.legacy else r"C:\Windows"
        return rf"{root}\System32\config\systemprofile"
    return rf"C:\Documents and Settings\{user}" if profile.legacy else rf"C:\Users\{user}"


def fresh_files(profile: OsProfile) -> FileSystem:
    """The file system of a system as installed."""
    files = FileSystem()
    root = r"C:\WINDOWS" if profile.legacy else r"C:\Windows"
    system = rf"{root}\System32"
    version = f"{profile.nt_version}.{profile.build}.{profile.file_revision}"

    def add(path: str, program: str | None = None, *, size: int = 65536) -> None:
        files.put(
            Entry(
                path, content=None, size=size, version=version, created=_INSTALLED,
                modified=_INSTALLED, program=program,
            )
        )  # fmt: skip

    for place in (rf"{root}\TEMP", rf"{root}\SoftwareDistribution\Download",
                  rf"{system}\drivers\etc", rf"{system}\wbem", r"C:\Program Files"):  # fmt: skip
        files.make_dirs(place, _INSTALLED)
    for user in ("Administrator", "SYSTEM"):
        files.make_dirs(profile_directory(profile, user), _INSTALLED)
    files.make_dirs(
        r"C:\Documents and Settings\All Users" if profile.legacy else r"C:\ProgramData", _INSTALLED
    )
    for name in tool_names(profile):
        ending = "com" if name in ("chcp", "mode", "more") else "exe"
        add(rf"{system}\{name}.{ending}", name)
    for name in _SYSTEM:
        add(rf"{system}\{name}")
    if profile.build < 26100:
        add(rf"{system}\wbem\wmic.exe", "wmic")
    if profile.nt >= (10, 0):
        files.make_dirs(r"C:\Program Files\Windows Defender", _INSTALLED)
        add(r"C:\Program Files\Windows Defender\MpCmdRun.exe", "mpcmdrun")
    if profile.powershell:
        add(rf"{system}\WindowsPowerShell\v1.0\powershell.exe", "powershell")
    drivers = (*_DRIVERS, "srv", *(("mrxsmb",) if profile.legacy else _DRIVERS_60))
    for name in drivers:
        add(rf"{system}\drivers\{name}.sys", size=262144)
    hosts = _HOSTS.encode()
    path = rf"{system}\drivers\etc\hosts"
    files.put(Entry(path, content=hosts, size=len(hosts), created=_INSTALLED, modified=_INSTALLED))
    add(rf"{root}\explorer.exe")
    return files
