"""The facts of a Windows host: one bundle of reads that works from Server 2003 to 2025.

The registry says almost everything; ``wmic`` adds the boot time and the domain role. Where wmic
is gone (from build 26100 on it is an optional feature) PowerShell is asked instead. Fact names are
Ansible's without the ``ansible_`` prefix; ``windows`` holds what our modules need in exact form.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from runner.errors import ModuleError
from runner.interfaces.exchange import Exec, Output, Read, Reply, Script, read
from runner.windows import products, reboot, registry
from runner.windows.wmi import Moment, moment, properties

CURRENT_VERSION: Final = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
_CONTROL: Final = r"HKLM\SYSTEM\CurrentControlSet\Control"
_POWERSHELL: Final = r"HKLM\SOFTWARE\Microsoft\PowerShell\{}\PowerShellEngine"

BOOT_TIME: Final = Exec("wmic", "os", "get", "LastBootUpTime,LocalDateTime", "/value")
# Property names and numbers only, so nothing here depends on the language; PowerShell 2.0 syntax.
_WITHOUT_WMIC: Final = """\
$o=Get-WmiObject Win32_OperatingSystem
$c=Get-WmiObject Win32_ComputerSystem
"LastBootUpTime=$($o.LastBootUpTime)"
"LocalDateTime=$($o.LocalDateTime)"
"Domain=$($c.Domain)"
"DomainRole=$($c.DomainRole)"
"PartOfDomain=$($c.PartOfDomain.ToString().ToUpper())"
"""
BOOT_TIME_BY_POWERSHELL: Final = Script("powershell", _WITHOUT_WMIC)

_TCPIP: Final = r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"
READS: Final[Mapping[str, Exec]] = {
    "version": registry.query(CURRENT_VERSION),
    "product": registry.query(rf"{_CONTROL}\ProductOptions", "ProductType"),
    "service pack": registry.query(rf"{_CONTROL}\Windows", "CSDVersion"),
    "arch": registry.query(rf"{_CONTROL}\Session Manager\Environment", "PROCESSOR_ARCHITECTURE"),
    "oem": registry.query(rf"{_CONTROL}\Nls\CodePage", "OEMCP"),
    "ansi": registry.query(rf"{_CONTROL}\Nls\CodePage", "ACP"),
    "language": registry.query(rf"{_CONTROL}\Nls\Language", "InstallLanguage"),
    "powershell 3": registry.query(_POWERSHELL.format(3), "PowerShellVersion"),
    "powershell 1": registry.query(_POWERSHELL.format(1), "PowerShellVersion"),
    "hostname": registry.query(_TCPIP, "Hostname"),
    "suffix": registry.query(_TCPIP, "Domain"),
    "environment": Exec("cmd", "/d", "/c", "set"),
    "boot": BOOT_TIME,
    "domain": Exec("wmic", "computersystem", "get", "Domain,DomainRole,PartOfDomain", "/value"),
}
"""The one bundle, before what asks for pending restarts. Each command may fail alone; ``reg``
answers 1 for what is absent."""

Outputs = Mapping[str, Output]


@dataclass(frozen=True, slots=True)
class WindowsFacts:
    """The facts that modules decide by, typed.

    ``nt`` is (6, 1) for Server 2008 R2; ``arch`` is x86, x64, ia64, arm or arm64; ``product_type``
    is WinNT (workstation), ServerNT (server) or LanmanNT (domain controller); ``language`` is
    Microsoft's three-letter code of the installation language (enu, chs); ``powershell`` is 0 where
    there is none.
    """

    nt: tuple[int, int]
    build: int
    revision: int
    service_pack: int
    arch: str
    product_type: str
    product_name: str
    system_root: str
    oem_codepage: int
    language: str
    powershell: int
    boot_time: str
    reboot_pending_because: tuple[str, ...]

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> WindowsFacts:
        """The typed view of gathered facts. Raises ModuleError when they are not there."""
        found = facts.get("windows")
        if not isinstance(found, Mapping):
            raise ModuleError(
                "the facts of this host are not known, or it is not a Windows host",
                hint="gather facts first (gather_facts: yes, or the task 'setup:')",
            )
        major, _, minor = str(found["nt_version"]).partition(".")
        return cls(
            nt=(int(major), int(minor or 0)),
            build=int(found["build"]),
            revision=int(found["revision"]),
            service_pack=int(found["service_pack"]),
            arch=str(found["arch"]),
            product_type=str(found["product_type"]),
            product_name=str(found["product_name"]),
            system_root=str(found["system_root"]),
            oem_codepage=int(found["oem_codepage"]),
            language=str(found["language"]),
            powershell=int(facts.get("powershell_version") or 0),
            boot_time=str(found["boot_time"]),
            reboot_pending_because=tuple(found["reboot_pending_because"]),
        )

    @property
    def name(self) -> str:
        """The host's system in a person's words: ``Windows Server 2008 R2 SP1 x64``."""
        pack = f" SP{self.service_pack}" if self.service_pack else ""
        return f"{products.family(self.nt, self.build, self.product_type)}{pack} {self.arch}"


def nt_of(facts: Mapping[str, Any]) -> tuple[int, int] | None:
    """The NT version if facts are known, for modules that only refine by it."""
    return WindowsFacts.of(facts).nt if "windows" in facts else None


def gather(timeout: float | None = None) -> Generator[Read, Reply, dict[str, Any]]:
    """Ask a host for its facts. ``timeout`` in seconds for each command."""
    commands = [*READS.values(), *reboot.QUERIES]
    answers = yield from read(*(Exec(*c.argv, timeout=timeout) for c in commands))
    outputs = dict(zip(READS, answers, strict=False))
    pending = answers[len(READS) :]
    booted = moment(properties(outputs["boot"]).get("LastBootUpTime", ""))
    if not booted and _powershell(outputs):
        script = Script("powershell", _WITHOUT_WMIC, timeout=timeout)
        (answer,) = yield from read(script)
        outputs["boot"] = outputs["domain"] = answer
    return _facts(outputs, pending)


def _facts(outputs: Outputs, pending: Sequence[Output]) -> dict[str, Any]:
    version = {value.name: value.data for value in registry.values(outputs["version"])}
    if not version:
        raise ModuleError(
            "the host did not tell its Windows version",
            hint="is it a Windows host, and may this account read HKLM\\SOFTWARE?",
        )
    windows = _windows(version, outputs)
    because = reboot.reasons(pending)
    clock = properties(outputs["boot"])
    booted, now = (moment(clock.get(name, "")) for name in ("LastBootUpTime", "LocalDateTime"))
    windows["boot_time"] = booted.text if booted else ""
    windows["reboot_pending_because"] = list(because)
    return {
        **_system(windows, version),
        **_names(outputs, registry.text(pending[4], "ComputerName")),
        **_environment(outputs["environment"]),
        **_times(booted, now),
        "powershell_version": _powershell(outputs),
        "reboot_pending": bool(because),
        "windows": windows,
    }


def _windows(version: Mapping[str, registry.Data], outputs: Outputs) -> dict[str, Any]:
    major = version.get("CurrentMajorVersionNumber")
    minor = version.get("CurrentMinorVersionNumber", 0)
    build = str(version.get("CurrentBuildNumber") or version.get("CurrentBuild") or "0")
    service_pack = registry.number(outputs["service pack"], "CSDVersion") or 0
    language = registry.text(outputs["language"], "InstallLanguage").lower()
    return {
        "nt_version": f"{major}.{minor}" if major else str(version.get("CurrentVersion", "0.0")),
        "build": int(build) if build.isdigit() else 0,
        "revision": version.get("UBR") or 0,
        "service_pack": service_pack >> 8,
        "arch": products.arch(registry.text(outputs["arch"], "PROCESSOR_ARCHITECTURE")),
        "product_type": registry.text(outputs["product"], "ProductType"),
        "product_name": str(version.get("ProductName", "")),
        "release": str(version.get("DisplayVersion") or version.get("ReleaseId") or ""),
        "installation_type": str(version.get("InstallationType", "")),
        "system_root": str(version.get("SystemRoot", "")),
        "oem_codepage": _number(registry.text(outputs["oem"], "OEMCP")),
        "ansi_codepage": _number(registry.text(outputs["ansi"], "ACP")),
        "language": products.language(language),
        "lcid": language,
    }


def _system(windows: Mapping[str, Any], version: Mapping[str, registry.Data]) -> dict[str, Any]:
    name = products.distribution(windows["product_name"], windows["build"])
    # .NET shows the service pack in the upper half of the fourth part, and so does Ansible.
    kernel = f"{windows['nt_version']}.{windows['build']}.{windows['service_pack'] << 16}"
    arch = windows["arch"]
    return {
        "os_family": "Windows",
        "system": "Win32NT",
        "distribution": name,
        "distribution_version": kernel,
        "distribution_major_version": windows["nt_version"].partition(".")[0],
        "os_name": name,
        "os_product_type": products.ROLES.get(windows["product_type"], "unknown"),
        "os_installation_type": windows["installation_type"] or "unknown",
        "kernel": kernel,
        "architecture": "64-bit" if arch.endswith("64") else "32-bit",
        "architecture2": {"x64": "x86_64", "x86": "i386"}.get(arch, arch),
        "owner_name": str(version.get("RegisteredOwner", "")),
    }


def _names(outputs: Outputs, netbios: str) -> dict[str, Any]:
    domain = properties(outputs["domain"])
    hostname = registry.text(outputs["hostname"], "Hostname") or netbios
    suffix = registry.text(outputs["suffix"], "Domain")
    fqdn = f"{hostname}.{suffix}" if suffix else hostname
    facts: dict[str, Any] = {
        "hostname": hostname,
        "netbios_name": netbios,
        "nodename": fqdn,
        "fqdn": fqdn,
    }
    role = domain.get("DomainRole", "")
    if role.isdigit():
        member = domain.get("PartOfDomain", "").upper() == "TRUE"
        facts["domain"] = domain.get("Domain", "") if member else ""
        facts["windows_domain"] = domain.get("Domain", "")
        facts["windows_domain_member"] = member
        facts["windows_domain_role"] = products.DOMAIN_ROLES.get(int(role), f"unknown ({role})")
    return facts


def _environment(output: Output) -> dict[str, Any]:
    if output.code != 0:
        return {}
    pairs = (line.partition("=") for line in output.stdout.splitlines())
    env = {name: value for name, equals, value in pairs if name and equals}
    upper = {name.upper(): value for name, value in env.items()}
    return {
        "env": env,
        "user_id": upper.get("USERNAME", ""),
        "user_dir": upper.get("USERPROFILE", ""),
    }


def _times(booted: Moment | None, now: Moment | None) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    if booted:
        # Local time with a Z behind it: not ISO, but what Ansible returns.
        facts["lastboot"] = f"{booted.when:%Y-%m-%d %H:%M:%S}Z"
    if now:
        facts["date_time"] = now.date_time()
    if booted and now:
        facts["uptime_seconds"] = round((now.when - booted.when).total_seconds())
    return facts


def _powershell(outputs: Outputs) -> int:
    """The major version of the newest PowerShell engine; 0 when there is none."""
    engines = (outputs["powershell 3"], outputs["powershell 1"])
    versions = [registry.text(output, "PowerShellVersion") for output in engines]
    return max(_number(version.partition(".")[0]) for version in versions)


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0
