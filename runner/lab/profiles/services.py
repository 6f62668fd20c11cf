"""The services of each operating system as installed.

A row is: name, display name, start, type, dependencies, image, account. Starts are numbers as in
the registry (0 boot, 1 system, 2 auto, 3 demand, 4 disabled; 2d is delayed auto). Types: k kernel
driver, f file system driver, o own process, s shared process. Accounts: *S local system, *L local
service, *N network service. `@` marks the systems (lowest and highest NT version) and roles (dc,
fs for file server, member, client) that have the row.
"""

from __future__ import annotations

from dataclasses import dataclass

from runner.lab.profiles.table import OsProfile

__all__ = ["ServiceRow", "service_rows"]

_ACCOUNTS = {
    "*S": "LocalSystem",
    "*L": r"NT AUTHORITY\LocalService",
    "*N": r"NT AUTHORITY\NetworkService",
}
_GROUPS = {
    "~LSNR": "LocalServiceNetworkRestricted",
    "~NSNR": "NetworkServiceNetworkRestricted",
    "~SYSNR": "LocalSystemNetworkRestricted",
}
_TYPES = {"k": 1, "f": 2, "o": 0x10, "s": 0x20}


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """One service as it stands in the registry."""

    name: str
    display: str
    start: int
    delayed: bool
    type: int
    depends: tuple[str, ...]
    image: str
    account: str


_DRIVERS = """
Tcpip|TCP/IP Protocol Driver|0|k|
AFD|Ancillary Function Driver for Winsock|1|k|
NetBT|NetBT|1|k|Tcpip
rdbss|Redirected Buffering Sub Sysytem|1|f|
Mup|Mup|0|f|
HTTP|HTTP Service|3|k|
MRxSmb|MRXSMB|1|f|rdbss|@5.2-5.2
srv|Srv|3|f||@5.2-5.2
mrxsmb|SMB MiniRedirector Wrapper and Engine|3|f|rdbss|@6.0-
mrxsmb10|SMB 1.x MiniRedirector|3|f|mrxsmb|@6.0-6.2
mrxsmb10|SMB 1.x MiniRedirector|2|f|mrxsmb|@6.3-
mrxsmb20|SMB 2.0 MiniRedirector|3|f|mrxsmb|@6.0-
bowser|Browser Support Driver|3|f||@6.0-
srvnet|srvnet|3|f||@6.0-
srv2|Server SMB 2.xxx Driver|3|f|srvnet|@6.0-
srv|Server SMB 1.xxx Driver|3|f|srv2|@6.0-
nsiproxy|NSI proxy service driver.|1|k||@6.0-
mpsdrv|Windows Firewall Authorization Driver|3|k||@6.0-
ipsec|IPSEC driver|1|k||@5.2-5.2
"""

_COMMON = """
DcomLaunch|DCOM Server Process Launcher|2|s||DcomLaunch|*S
RpcSs|Remote Procedure Call (RPC)|2|s|DcomLaunch|rpcss|*N
SamSs|Security Accounts Manager|2|s|RPCSS|=lsass.exe|*S
EventLog|Windows Event Log|2|s||~LSNR|*L
PlugPlay|Plug and Play|2|s||DcomLaunch|*S
CryptSvc|Cryptographic Services|2|s|RpcSs|NetworkService|*N
Dhcp|DHCP Client|2|s|Tcpip Afd|~LSNR|*L
Dnscache|DNS Client|2|s|Tcpip|NetworkService|*N
lmhosts|TCP/IP NetBIOS Helper|2|s|NetBT Afd|~LSNR|*L
W32Time|Windows Time|2|s||LocalService|*L
Winmgmt|Windows Management Instrumentation|2|s|RPCSS|netsvcs|*S
WinRM|Windows Remote Management (WS-Management)|2|s|RPCSS HTTP|NetworkService|*N
Schedule|Task Scheduler|2|s|RPCSS EventLog|netsvcs|*S
Spooler|Print Spooler|2|o|RPCSS|=spoolsv.exe|*S
RemoteRegistry|Remote Registry|2|s|RPCSS|regsvc|*L
MSDTC|Distributed Transaction Coordinator|2d|o|RPCSS SamSS|=msdtc.exe|*N|@6.0-
MSDTC|Distributed Transaction Coordinator|2|o|RPCSS SamSS|=msdtc.exe|*N|@5.2-5.2
msiserver|Windows Installer|3|o|rpcss|=msiexec.exe /V|*S
VSS|Volume Shadow Copy|3|o|RPCSS|=vssvc.exe|*S
BITS|Background Intelligent Transfer Service|3|s|RpcSs|netsvcs|*S
wuauserv|Automatic Updates|2|s||netsvcs|*S|@5.2-5.2
wuauserv|Windows Update|2d|s|rpcss|netsvcs|*S|@6.0-6.1
wuauserv|Windows Update|3|s|rpcss|netsvcs|*S|@6.2-
TrustedInstaller|Windows Modules Installer|3|o||=servicing\\TrustedInstaller.exe|*S|@6.0-
TermService|Terminal Services|3|s|RPCSS|termsvcs|*S|@5.2-5.2
TermService|Remote Desktop Services|2|s|RPCSS|NetworkService|*N|@6.0-
gpsvc|Group Policy Client|2|s|RPCSS Mup|netsvcs|*S|@6.0-
NSI|Network Store Interface Service|2|s|rpcss nsiproxy|LocalService|*L|@6.0-
BFE|Base Filtering Engine|2|s|RpcSs|LocalServiceNoNetwork|*L|@6.0-
MpsSvc|Windows Firewall|2|s|mpsdrv bfe|LocalServiceNoNetwork|*L|@6.0-
PolicyAgent|IPSEC Services|2|s|RPCSS Tcpip IPSec|=lsass.exe|*S|@5.2-5.2
PolicyAgent|IPsec Policy Agent|3|s|Tcpip bfe|~NSNR|*N|@6.0-
SharedAccess|Windows Firewall/ICS|4|s|Netman WinMgmt|netsvcs|*S|@5.2-5.2
SharedAccess|Internet Connection Sharing (ICS)|4|s|Netman WinMgmt|netsvcs|*S|@6.0-
Netman|Network Connections|3|s|RpcSs|netsvcs|*S
Alerter|Alerter|4|s|LanmanWorkstation|LocalService|*L|@5.2-5.2
Messenger|Messenger|4|s|LanmanWorkstation NetBIOS PlugPlay RpcSS|netsvcs|*S|@5.2-5.2
WinDefend|Windows Defender|2|o|RpcSs|=MsMpEng.exe|*S|@10.0-
"""

_FILE_SHARING = """
LanmanServer|Server|2|s||netsvcs|*S|@5.2-5.2
LanmanServer|Server|2|s|SamSS Srv|netsvcs|*S|@6.0-6.2
LanmanServer|Server|2|s|SamSS Srv2|netsvcs|*S|@6.3-
LanmanWorkstation|Workstation|2|s||netsvcs|*S|@5.2-5.2
LanmanWorkstation|Workstation|2|s|Bowser MRxSmb10 MRxSmb20 NSI|NetworkService|*N|@6.0-
Browser|Computer Browser|2|s|LanmanWorkstation LanmanServer|netsvcs|*S|@5.2-5.2
Browser|Computer Browser|4|s|LanmanWorkstation LanmanServer|netsvcs|*S|@6.0-6.3
Dfs|Distributed File System|2|o|LanmanWorkstation LanmanServer|=Dfssvc.exe|*S|@5.2-5.2
Dfs|DFS Namespace|2|o|LanmanServer LanmanWorkstation RpcSs SamSS|=dfssvc.exe|*S|@6.0-:dc,fs
HomeGroupListener|HomeGroup Listener|3|s|LanmanServer|*SNetworkRestricted|*S|@6.1-6.1:client
Netlogon|Netlogon|2|s|LanmanWorkstation LanmanServer|=lsass.exe|*S|@:dc
Netlogon|Netlogon|2|s|LanmanWorkstation|=lsass.exe|*S|@:member,fs,dns_server
NTDS|Active Directory Domain Services|2|s|RpcSs|=lsass.exe|*S|@6.0-:dc
Kdc|Kerberos Key Distribution Center|2|s|RpcSs AFD|=lsass.exe|*S|@:dc
DNS|DNS Server|2|o|RPCSS Tcpip Afd|=dns.exe|*S|@:dc,dns_server
NtFrs|File Replication Service|2|o|RpcSs EventLog|=ntfrs.exe|*S|@5.2-5.2:dc
DFSR|DFS Replication|2|o|RpcSs EventLog|=DFSRs.exe|*S|@6.0-:dc
"""


def _holds(condition: str, profile: OsProfile, role: str) -> bool:
    """Whether `@LOW-HIGH:ROLES` means this system."""
    span, _, roles = condition.removeprefix("@").partition(":")
    low, _, high = span.partition("-")
    if low and profile.nt < _version(low):
        return False
    if high and profile.nt > _version(high):
        return False
    short = {"domain_controller": "dc", "file_server": "fs"}
    names = {short.get(role, role), "client" if profile.client else "server"}
    return not roles or bool(names & set(roles.split(",")))


def _version(text: str) -> tuple[int, int]:
    major, minor = text.split(".")
    return int(major), int(minor)


def _row(line: str, profile: OsProfile, role: str) -> ServiceRow | None:
    cells = line.split("|")
    if cells[-1].startswith("@") and not _holds(cells.pop(), profile, role):
        return None
    cells += [""] * (7 - len(cells))
    name, display, start, kind, depends, image, account = cells
    image, account = _GROUPS.get(image, image), _ACCOUNTS.get(account, account)
    root = "%SystemRoot%"
    if kind in "kf":
        path = rf"system32\DRIVERS\{name}.sys"
    elif image.startswith("="):
        folder = root if image.startswith("=servicing") else rf"{root}\system32"
        path = rf"{folder}\{image[1:]}"
    else:
        path = rf"{root}\system32\svchost.exe -k {image}"
    if profile.legacy and kind == "s" and image in ("~LSNR", "DcomLaunch"):
        path = rf"{root}\system32\svchost.exe -k LocalService"
    return ServiceRow(
        name, display, int(start[0]), start.endswith("d"), _TYPES[kind],
        tuple(depends.split()), path, account,
    )  # fmt: skip


def service_rows(profile: OsProfile, role: str) -> list[ServiceRow]:
    """The services of a fresh system in a role."""
    text = _DRIVERS + _COMMON + _FILE_SHARING
    rows = (_row(line, profile, role) for line in text.splitlines() if line)
    return [row for row in rows if row is not None]
