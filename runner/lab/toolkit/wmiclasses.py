"""The WMI classes that wmic can ask the lab for, as rows of texts."""

from __future__ import annotations

import re
import time

from runner.lab.state.files import Entry
from runner.lab.state.process import Process
from runner.lab.state.services import RUNNING, STOPPED
from runner.lab.state.shadows import VOLUME
from runner.lab.state.shares import shares_of
from runner.lab.toolkit.servicetext import expanded

__all__ = ["ALIASES", "Row", "property_names", "rows_in", "rows_of"]

Row = dict[str, str]

ALIASES = {
    "os": "win32_operatingsystem", "qfe": "win32_quickfixengineering",
    "datafile": "cim_datafile", "service": "win32_service", "process": "win32_process",
    "computersystem": "win32_computersystem", "share": "win32_share",
    "useraccount": "win32_useraccount", "group": "win32_group",
    "sysaccount": "win32_systemaccount",
    "nicconfig": "win32_networkadapterconfiguration", "logicaldisk": "win32_logicaldisk",
    "shadowcopy": "win32_shadowcopy", "volume": "win32_volume",
}  # fmt: skip


_SOMETIMES_NONE = {
    "win32_quickfixengineering": "HotFixID Description InstalledOn CSName InstalledBy Caption "
    "ServicePackInEffect",
    "cim_datafile": "Name Version CreationDate LastModified LastAccessed FileSize FileName "
    "Extension Drive Path EightDotThreeFileName Hidden Manufacturer",
    "win32_shadowcopy": "ID InstallDate VolumeName OriginatingMachine ClientAccessible Persistent",
    "antivirusproduct": "displayName productState",
    "msft_mpthreat": "IsActive ThreatName",
}


def property_names(process: Process, class_name: str) -> list[str]:
    """The properties of a class that the lab has."""
    names = _SOMETIMES_NONE.get(class_name)
    return names.split() if names else list(rows_of(process, class_name, "")[0])


def rows_of(process: Process, class_name: str, where: str) -> list[Row]:
    """All instances of a class; of files those that the condition names."""
    rows = {
        "win32_operatingsystem": _system, "win32_quickfixengineering": _hotfixes,
        "win32_service": _services, "win32_process": _processes,
        "win32_computersystem": _computer, "win32_share": _shares,
        "win32_useraccount": _users, "win32_group": _groups,
        "win32_systemaccount": _system_accounts,
        "win32_networkadapterconfiguration": _adapters, "win32_logicaldisk": _disks,
        "win32_shadowcopy": _shadows, "win32_volume": _volumes,
    }  # fmt: skip
    if class_name == "cim_datafile":
        return _files(process, where)
    return rows[class_name](process)


def rows_in(process: Process, space: str, class_name: str) -> list[Row] | None:
    """All instances of a class in another namespace; None where there is none of that name."""
    host = process.host
    center = r"\\root\securitycenter" + ("" if host.profile.legacy else "2")
    if host.profile.client and (space, class_name) == (center, "antivirusproduct"):
        return [{"displayName": name, "productState": "266240"} for name in host.spec.antivirus]
    defender = (r"\\root\microsoft\windows\defender", "msft_mpthreat")
    if host.profile.nt >= (10, 0) and (space, class_name) == defender:
        return [{"IsActive": _flag(t.active), "ThreatName": t.name} for t in host.threats]
    return None


def cim_time(seconds: float) -> str:
    """A CIM datetime in local time: yyyymmddHHMMSS.ffffff+UUU."""
    local = time.localtime(seconds)
    minutes = local.tm_gmtoff // 60
    micro = int(seconds % 1 * 1_000_000)
    return time.strftime("%Y%m%d%H%M%S", local) + f".{micro:06d}{minutes:+04d}"


def _system(process: Process) -> list[Row]:
    host = process.host
    profile = host.profile
    product = {"LanmanNT": "2", "WinNT": "1"}.get(
        host.registry.text(r"HKLM\SYSTEM\CurrentControlSet\Control\ProductOptions", "ProductType"),
        "3",
    )
    row = {
        "Caption": profile.wmi_caption,
        "Version": f"{profile.nt_version}.{profile.build}",
        "BuildNumber": str(profile.build),
        "CSDVersion": f"Service Pack {profile.service_pack}" if profile.service_pack else "",
        "CSName": host.name.split(".")[0].upper(),
        "CodeSet": str(profile.language.ansi),
        "CountryCode": profile.language.country,
        "LastBootUpTime": cim_time(host.clock.boot),
        "LocalDateTime": cim_time(host.clock.now()),
        "InstallDate": cim_time(1484108448.0),
        "Locale": profile.language.lcid,
        "OSLanguage": str(int(profile.language.lcid, 16)),
        "OperatingSystemSKU": "48" if profile.client else "7",
        "ProductType": product,
        "ServicePackMajorVersion": str(profile.service_pack),
        "ServicePackMinorVersion": "0",
        "SystemDirectory": rf"{host.system_root}\system32",
        "SystemDrive": "C:",
        "WindowsDirectory": host.system_root,
        "FreePhysicalMemory": "2097152",
        "TotalVisibleMemorySize": "4194304",
        "Status": "OK",
    }
    if not profile.legacy:
        row["OSArchitecture"] = "32-bit" if profile.arch == "x86" else "64-bit"
    return [row]


def _hotfixes(process: Process) -> list[Row]:
    names = process.host.servicing.hotfixes()
    return [
        {
            "HotFixID": name, "Description": "Security Update", "InstalledOn": "5/15/2017",
            "CSName": process.host.name.upper(), "InstalledBy": r"NT AUTHORITY\SYSTEM",
            "Caption": f"http://support.microsoft.com/?kbid={name[2:]}", "ServicePackInEffect": "",
        }
        for name in names
    ]  # fmt: skip


def _services(process: Process) -> list[Row]:
    services = process.host.services
    modes = ("Boot", "System", "Auto", "Manual", "Disabled")
    states = {STOPPED: "Stopped", RUNNING: "Running", 2: "Start Pending", 3: "Stop Pending"}
    rows = []
    for service in services:
        if services.is_driver(service.name):
            continue
        name = service.name
        rows.append(
            {
                "Name": name, "DisplayName": services.display_name(name),
                "State": states[service.state], "StartMode": modes[services.number(name, "Start")],
                "Started": "TRUE" if service.state == RUNNING else "FALSE",
                "StartName": services.text(name, "ObjectName"),
                "PathName": expanded(process.host, services.text(name, "ImagePath")),
                "ProcessId": str(service.pid), "ExitCode": str(service.exit_code),
                "Description": services.text(name, "Description"), "Status": "OK",
                "AcceptStop": "TRUE" if services.accepts_stop(service) else "FALSE",
            }
        )  # fmt: skip
    return rows


def _processes(process: Process) -> list[Row]:
    return [
        {
            "Name": entry.name, "Caption": entry.name, "ProcessId": str(entry.pid),
            "ParentProcessId": "4" if entry.pid > 4 else "0", "CommandLine": entry.command_line,
            "ExecutablePath": entry.path if "\\" in entry.path else "",
            "CreationDate": cim_time(entry.started), "SessionId": "0",
            "WorkingSetSize": str(entry.memory_kb * 1024),
        }
        for entry in process.host.processes
    ]  # fmt: skip


def _computer(process: Process) -> list[Row]:
    host = process.host
    controller = host.spec.role == "domain_controller"
    member = "1" if host.profile.client else "3"
    return [
        {
            "Name": host.name.split(".")[0].upper(), "Caption": host.name.split(".")[0].upper(),
            "Domain": "lab.example", "DomainRole": "5" if controller else member,
            "PartOfDomain": "TRUE", "Manufacturer": "Lab", "Model": "Simulated machine",
            "NumberOfProcessors": "2", "TotalPhysicalMemory": "4294967296",
            "SystemType": "X86-based PC" if host.profile.arch == "x86" else "x64-based PC",
            "UserName": "",
        }
    ]  # fmt: skip


def _shares(process: Process) -> list[Row]:
    rows = [("ADMIN$", process.host.system_root), ("C$", "C:\\"), ("IPC$", "")]
    rows += sorted(shares_of(process.host.registry).items())
    return [
        {"Name": name, "Path": path, "Type": "0" if not name.endswith("$") else "2147483648",
         "Caption": name, "Description": "", "Status": "OK"}
        for name, path in rows
    ]  # fmt: skip


def _users(process: Process) -> list[Row]:
    accounts = process.host.security.accounts
    return [
        {"Name": user.name, "SID": user.sid, "LocalAccount": "TRUE", "Domain": accounts.computer,
         "Caption": f"{accounts.computer}\\{user.name}", "FullName": user.full_name,
         "Description": user.description, "Disabled": _flag(user.disabled),
         "Lockout": _flag(user.locked), "PasswordExpires": _flag(user.password_expires),
         "PasswordChangeable": _flag(user.password_changeable),
         "PasswordRequired": _flag(user.password_required),
         "Status": "Degraded" if user.disabled else "OK"}
        for user in accounts.users.values()
    ]  # fmt: skip


def _groups(process: Process) -> list[Row]:
    accounts = process.host.security.accounts
    return [
        {"Name": group.name, "SID": group.sid, "LocalAccount": "TRUE",
         "Domain": accounts.computer, "Description": group.description, "Status": "OK"}
        for group in accounts.groups.values()
    ]  # fmt: skip


def _system_accounts(process: Process) -> list[Row]:
    accounts = process.host.security.accounts
    return [
        {"Name": one.name, "SID": one.sid, "LocalAccount": "TRUE", "Domain": accounts.computer,
         "Status": "OK"}
        for one in accounts.system
    ]  # fmt: skip


NETBT = r"HKLM\SYSTEM\CurrentControlSet\Services\NetBT\Parameters\Interfaces"


def _adapters(process: Process) -> list[Row]:
    key = process.host.registry.find(NETBT)
    rows = []
    for index, child in enumerate(key.children() if key else (), 1):
        option = child.get("NetbiosOptions")
        rows.append(
            {"Index": str(index), "SettingID": child.name.partition("_")[2], "IPEnabled": "TRUE",
             "Description": "Lab network adapter",
             "TcpipNetbiosOptions": str(option.data) if option else "0"}
        )  # fmt: skip
    return rows


def _flag(value: bool) -> str:
    return "TRUE" if value else "FALSE"


def _disks(process: Process) -> list[Row]:
    return [
        {"DeviceID": "C:", "Name": "C:", "DriveType": "3", "FileSystem": "NTFS",
         "FreeSpace": str(process.host.spec.disk_free), "Size": "42949672960", "VolumeName": ""}
    ]  # fmt: skip


def _shadows(process: Process) -> list[Row]:
    return [
        {"ID": copy.id, "InstallDate": cim_time(copy.created), "VolumeName": VOLUME,
         "OriginatingMachine": process.host.name.upper(), "ClientAccessible": "TRUE",
         "Persistent": "TRUE"}
        for copy in process.host.shadows.all()
    ]  # fmt: skip


def _volumes(process: Process) -> list[Row]:
    return [{"DriveLetter": "C:", "DeviceID": VOLUME, "Name": "C:\\", "FileSystem": "NTFS",
             "DriveType": "3"}]  # fmt: skip


_NAME = re.compile(r"""name\s*=\s*(['"])(.*?)\1""", re.IGNORECASE)


_FOLDER = re.compile(r"""drive\s*=\s*'C:' and path\s*=\s*'((?:[^'\\]|\\.)*)'""", re.IGNORECASE)


def _files(process: Process, where: str) -> list[Row]:
    """CIM_DataFile by name or by folder; a query over the whole disk is not simulated."""
    files = process.host.files
    if inside := _FOLDER.fullmatch(where.strip()):
        path = "C:" + re.sub(r"\\(.)", r"\1", inside[1])
        children = files.children(path if len(path) == 3 else path.rstrip("\\"))
        return [_file(entry) for entry in children if not entry.is_dir]
    match = _NAME.search(where)
    if match is None:
        process.not_simulated(f"wmic datafile where {where}")
    found = files.find(match[2].replace("\\\\", "\\"))
    return [_file(found)] if found is not None and not found.is_dir else []


def _file(entry: Entry) -> Row:
    folder, _, name = entry.path[2:].rpartition("\\")
    stem, _, ending = name.rpartition(".")
    return {
        "Name": entry.path.lower(), "Version": entry.version or "",
        "CreationDate": cim_time(entry.created), "LastModified": cim_time(entry.modified),
        "LastAccessed": cim_time(entry.modified), "FileSize": str(entry.size),
        "FileName": stem.lower(), "Extension": ending.lower(), "Drive": "c:",
        "Path": folder.lower() + "\\", "EightDotThreeFileName": entry.path.lower(),
        "Hidden": "TRUE" if "H" in entry.attributes else "FALSE", "Manufacturer": "",
    }  # fmt: skip
