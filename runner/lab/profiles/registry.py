"""The registry of a fresh installation: what administrators and their tools look at."""

from __future__ import annotations

from runner.lab.profiles.services import service_rows
from runner.lab.profiles.table import OsProfile
from runner.lab.state.antivirus import FRESH, KEY
from runner.lab.state.registry import Registry

__all__ = ["fresh_registry"]

_NT = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
_WIN = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion"
_CONTROL = r"HKLM\SYSTEM\CurrentControlSet\Control"
_SERVICES = r"HKLM\SYSTEM\CurrentControlSet\Services"
_ZONES = {
    "UTC": "(UTC) Coordinated Universal Time",
    "W. Europe Standard Time": "(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna",
    "China Standard Time": "(UTC+08:00) Beijing, Chongqing, Hong Kong, Urumqi",
    "Eastern Standard Time": "(UTC-05:00) Eastern Time (US & Canada)",
}
_ADAPTER = "{6A2B1F0C-3D4E-4F5A-8B9C-0D1E2F3A4B5C}"


def fresh_registry(profile: OsProfile, role: str) -> Registry:
    """The registry of a system as installed; machine names are filled in later."""
    registry = Registry()
    _current_version(registry, profile)
    _control(registry, profile, role)
    _services(registry, profile, role)
    _network(registry, profile)
    _powershell(registry, profile)
    _servicing(registry, profile)
    _defender(registry, profile)
    registry.create(r"HKLM\SOFTWARE\Policies\Microsoft\Windows\System")
    registry.create(r"HKLM\SOFTWARE\Microsoft\Command Processor")
    registry.set(r"HKLM\SOFTWARE\Microsoft\Command Processor", "CompletionChar", 64)
    registry.create(_WIN + r"\Run")
    registry.create(_WIN + r"\Uninstall")
    registry.create(r"HKCU\Software\Microsoft\Windows\CurrentVersion\Run")
    registry.create(r"HKCU\Environment")
    for service in ("S-1-5-19", "S-1-5-20"):  # LocalService, NetworkService: for administrators
        registry.create(rf"HKU\{service}\Environment")
    registry.set(r"HKCU\Control Panel\Desktop", "Wallpaper", "")
    return registry


def _current_version(registry: Registry, profile: OsProfile) -> None:
    root = "C:\\WINDOWS" if profile.legacy else "C:\\Windows"
    version = "6.3" if profile.nt >= (10, 0) else profile.nt_version
    values: dict[str, str | int] = {
        "ProductName": profile.product_name,
        "CurrentVersion": version,
        "CurrentBuildNumber": str(profile.build),
        # 2003 keeps a text of Windows NT here; the number is in CurrentBuildNumber.
        "CurrentBuild": "1.511.1 () (Obsolete data - do not use)"
        if profile.legacy
        else str(profile.build),
        "CurrentType": "Multiprocessor Free",
        "SystemRoot": root,
        "SourcePath": "D:\\",
        "RegisteredOwner": "Windows User",
        "BuildLab": f"{profile.build}.lab",
        "PathName": root,
    }
    if not profile.legacy:
        values["EditionID"] = profile.edition
    if profile.service_pack:
        values["CSDVersion"] = f"Service Pack {profile.service_pack}"
    if profile.nt >= (6, 1):
        values["InstallationType"] = "Client" if profile.client else "Server"
    if profile.nt >= (10, 0):
        values["CurrentMajorVersionNumber"] = 10
        values["CurrentMinorVersionNumber"] = 0
    if profile.revision:
        values["UBR"] = profile.revision
    if profile.release_id:
        values["ReleaseId"] = profile.release_id
    if profile.display_version:
        values["DisplayVersion"] = profile.display_version
    values["InstallDate"] = 0x5875B2A0
    for name, data in values.items():
        registry.set(_NT, name, data)
    registry.set(_WIN, "ProgramFilesDir", r"C:\Program Files")
    registry.set(_WIN, "CommonFilesDir", r"C:\Program Files\Common Files")


def _control(registry: Registry, profile: OsProfile, role: str) -> None:
    kind = "WinNT" if profile.client else "ServerNT"
    kind = "LanmanNT" if role == "domain_controller" else kind
    registry.set(_CONTROL + r"\ProductOptions", "ProductType", kind)
    suite = ("Terminal Server",) if not profile.client else ("Terminal Server", "SingleUserTS")
    registry.set(_CONTROL + r"\ProductOptions", "ProductSuite", suite)
    registry.set(_CONTROL + r"\Windows", "CSDVersion", profile.service_pack << 8)
    registry.set(_CONTROL + r"\Windows", "Directory", "%SystemRoot%", "REG_EXPAND_SZ")
    registry.set(
        _CONTROL + r"\Windows", "SystemDirectory", r"%SystemRoot%\system32", "REG_EXPAND_SZ"
    )
    registry.set(_CONTROL + r"\Windows", "ShutdownTime", bytes.fromhex("80c4a1b0d2ccd201"))
    environment = _CONTROL + r"\Session Manager\Environment"
    path = r"%SystemRoot%\system32;%SystemRoot%;%SystemRoot%\System32\Wbem"
    if profile.powershell:
        path += r";%SYSTEMROOT%\System32\WindowsPowerShell\v1.0" + "\\"
    texts = {
        "ComSpec": r"%SystemRoot%\system32\cmd.exe",
        "Path": path,
        "windir": "%SystemRoot%",
        "TEMP": r"%SystemRoot%\TEMP",
        "TMP": r"%SystemRoot%\TEMP",
    }
    for name, data in texts.items():
        registry.set(environment, name, data, "REG_EXPAND_SZ")
    registry.set(environment, "OS", "Windows_NT")
    registry.set(environment, "PATHEXT", ".COM;.EXE;.BAT;.CMD;.VBS;.VBE;.JS;.JSE;.WSF;.WSH")
    registry.set(environment, "PROCESSOR_ARCHITECTURE", profile.processor)
    registry.set(environment, "PROCESSOR_LEVEL", "6")
    registry.set(environment, "NUMBER_OF_PROCESSORS", "2")
    memory = _CONTROL + r"\Session Manager\Memory Management\PrefetchParameters"
    registry.set(memory, "EnablePrefetcher", 3)
    language = profile.language
    registry.set(_CONTROL + r"\Nls\CodePage", "ACP", str(language.ansi))
    registry.set(_CONTROL + r"\Nls\CodePage", "OEMCP", str(language.oem))
    registry.set(_CONTROL + r"\Nls\CodePage", "MACCP", "10000")
    registry.set(_CONTROL + r"\Nls\Language", "Default", language.lcid)
    registry.set(_CONTROL + r"\Nls\Language", "InstallLanguage", language.lcid)
    registry.set(_CONTROL + r"\Terminal Server", "fDenyTSConnections", 1)
    registry.set(_CONTROL + r"\Terminal Server\WinStations\RDP-Tcp", "PortNumber", 3389)
    registry.set(_CONTROL + r"\Lsa", "LmCompatibilityLevel", 3)
    registry.create(r"HKLM\SOFTWARE\Policies\Microsoft\Windows\IPSec\Policy\Local")


def _services(registry: Registry, profile: OsProfile, role: str) -> None:
    for row in service_rows(profile, role):
        path = f"{_SERVICES}\\{row.name}"
        registry.set(path, "DisplayName", row.display)
        registry.set(path, "Type", row.type)
        registry.set(path, "Start", row.start)
        registry.set(path, "ErrorControl", 1)
        registry.set(path, "ImagePath", row.image, "REG_EXPAND_SZ")
        if row.account:
            registry.set(path, "ObjectName", row.account)
        if row.depends:
            registry.set(path, "DependOnService", row.depends)
        if row.delayed:
            registry.set(path, "DelayedAutostart", 1)


def _network(registry: Registry, profile: OsProfile) -> None:
    server = _SERVICES + r"\LanmanServer\Parameters"
    registry.set(server, "AutoDisconnect", 15)
    registry.set(server, "EnableForcedLogOff", 1)
    registry.set(server, "EnableSecuritySignature", 0)
    registry.set(server, "RequireSecuritySignature", 0)
    registry.set(server, "NullSessionPipes", ())
    registry.set(server, "RestrictNullSessAccess", 1)
    dll = r"%SystemRoot%\system32\srvsvc.dll"
    registry.set(server, "ServiceDll", dll, "REG_EXPAND_SZ")
    registry.create(_SERVICES + r"\LanmanServer\Shares")
    registry.set(_SERVICES + r"\LanmanWorkstation\Parameters", "EnableSecuritySignature", 1)
    zones = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Time Zones"
    for zone, shown in _ZONES.items():
        registry.set(f"{zones}\\{zone}", "Display", shown)
    zone = r"HKLM\SYSTEM\CurrentControlSet\Control\TimeZoneInformation"
    if profile.nt >= (6, 0):
        registry.set(zone, "TimeZoneKeyName", "UTC")
        registry.set(zone, "DynamicDaylightTimeDisabled", 0)
    netbt = _SERVICES + r"\NetBT\Parameters"
    registry.set(netbt, "NbProvider", "_tcp")
    registry.set(netbt, "NameServerPort", 137)
    registry.set(netbt, "DhcpNodeType", 8)
    registry.set(f"{netbt}\\Interfaces\\Tcpip_{_ADAPTER}", "NameServerList", ())
    registry.set(f"{netbt}\\Interfaces\\Tcpip_{_ADAPTER}", "NetbiosOptions", 0)
    tcpip = _SERVICES + r"\Tcpip\Parameters"
    registry.set(tcpip, "DataBasePath", r"%SystemRoot%\System32\drivers\etc", "REG_EXPAND_SZ")
    registry.set(tcpip, "Domain", "lab.example")
    registry.set(tcpip, "IPEnableRouter", 0)
    registry.set(f"{tcpip}\\Interfaces\\{_ADAPTER}", "EnableDHCP", 0)
    registry.set(f"{tcpip}\\Interfaces\\{_ADAPTER}", "IPAddress", ("10.0.0.10",))
    registry.set(f"{tcpip}\\Interfaces\\{_ADAPTER}", "SubnetMask", ("255.255.255.0",))
    registry.set(f"{tcpip}\\Interfaces\\{_ADAPTER}", "NameServer", "")
    if not profile.legacy:
        registry.set(f"{_SERVICES}\\Tcpip6\\Parameters\\Interfaces\\{_ADAPTER}", "NameServer", "")
    adapters = _CONTROL + r"\Network\{4D36E972-E325-11CE-BFC1-08002BE10318}"
    name = "Local Area Connection" if profile.nt < (6, 2) else "Ethernet"
    registry.set(f"{adapters}\\{_ADAPTER}\\Connection", "Name", name)


def _powershell(registry: Registry, profile: OsProfile) -> None:
    if profile.powershell is None:
        return
    root = r"HKLM\SOFTWARE\Microsoft\PowerShell"
    registry.set(root + r"\1", "Install", 1)
    registry.set(root + r"\1\PowerShellEngine", "PowerShellVersion", "2.0")
    registry.set(root + r"\1\PowerShellEngine", "RuntimeVersion", "v2.0.50727")
    if profile.powershell != "2.0":
        registry.set(root + r"\3", "Install", 1)
        registry.set(root + r"\3\PowerShellEngine", "PowerShellVersion", profile.powershell)
        registry.set(root + r"\3\PowerShellEngine", "RuntimeVersion", "v4.0.30319")


def _servicing(registry: Registry, profile: OsProfile) -> None:
    update = _WIN + r"\WindowsUpdate\Auto Update"
    registry.set(update, "AUOptions", 3)
    if profile.legacy:
        registry.create(r"HKLM\SOFTWARE\Microsoft\Updates")
        return
    cbs = _WIN + r"\Component Based Servicing"
    arch = "x86" if profile.arch == "x86" else "amd64"
    name = f"Microsoft-Windows-Foundation-Package~31bf3856ad364e35~{arch}~~"
    number = f"{profile.nt_version}.{profile.build}.{profile.file_revision}"
    registry.set(f"{cbs}\\Packages\\{name}{number}", "CurrentState", 0x70)
    registry.set(f"{cbs}\\Packages\\{name}{number}", "Visibility", 1)


def _defender(registry: Registry, profile: OsProfile) -> None:
    if profile.nt < (10, 0):
        return
    registry.set(KEY, "InstallLocation", "C:\\Program Files\\Windows Defender\\")
    registry.create(rf"{KEY}\Real-Time Protection")
    registry.set(rf"{KEY}\Signature Updates", "AVSignatureVersion", FRESH)
