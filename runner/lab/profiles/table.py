"""The operating systems that the lab knows, and what tells them apart.

Build numbers and names: Microsoft "Windows Server release information" and "OSVERSIONINFO".
WinRM quotas: `winrm get winrm/config` of each generation and [MS-WSMV] 2.2.4.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

__all__ = ["ARCHES_OF", "LANGUAGES", "OS_KEYS", "Language", "OsProfile", "profile_for"]


@dataclass(frozen=True, slots=True)
class Language:
    """A language edition: LCID as four hex digits and its code pages."""

    key: str
    lcid: str
    oem: int
    ansi: int
    country: str


LANGUAGES = {
    lang.key: lang
    for lang in (
        Language("enu", "0409", 437, 1252, "1"),
        Language("chs", "0804", 936, 936, "86"),
        Language("jpn", "0411", 932, 932, "81"),
        Language("deu", "0407", 850, 1252, "49"),
        Language("rus", "0419", 866, 1251, "7"),
    )
}


@dataclass(frozen=True, slots=True)
class OsProfile:
    """One operating system in one architecture and language.

    `service_pack` is the number of the service pack; `srv_version` the file version of the SMB 1
    server driver as released, or None where that driver is not installed by default.
    `shell_codepages` says what becomes of a code page that a remote shell asks for: `honoured`,
    `ignored` (the shell has the OEM code page) or `refused` (65001 is a fault).
    """

    key: str
    product_name: str
    edition: str
    nt_version: str
    build: int
    service_pack: int
    revision: int
    file_revision: str
    srv_version: str | None
    winrm_stack: str
    powershell: str | None
    wmi_caption: str
    client: bool = False
    release_id: str | None = None
    display_version: str | None = None
    arches: tuple[str, ...] = ("x64",)
    arch: str = "x64"
    language: Language = LANGUAGES["enu"]
    shell_codepages: str = "honoured"

    @property
    def nt(self) -> tuple[int, int]:
        """The version as two numbers: (6, 1)."""
        major, minor = self.nt_version.split(".")
        return int(major), int(minor)

    @property
    def oem_codepage(self) -> int:
        """The console code page of the language edition."""
        return self.language.oem

    @property
    def legacy(self) -> bool:
        """Whether this is Server 2003 (no servicing stack, old tool texts)."""
        return self.nt < (6, 0)

    @property
    def accepts_65001(self) -> bool:
        """Whether a WinRM shell with code page 65001 gives any output."""
        return not self.legacy

    @property
    def product_version(self) -> str:
        """The ProductVersion of an authenticated Identify answer."""
        number = f"{self.nt_version}.{self.build}"
        return f"OS: {number} SP: {self.service_pack}.0 Stack: {self.winrm_stack}"

    @property
    def max_shells(self) -> int:
        """MaxShellsPerUser."""
        return 30 if self.winrm_stack == "3.0" else 5

    @property
    def max_operations(self) -> int:
        """MaxConcurrentOperationsPerUser (1.1 has only the global MaxConcurrentOperations)."""
        return {"1.1": 100, "2.0": 15, "3.0": 1500}[self.winrm_stack]

    @property
    def max_processes_per_shell(self) -> int:
        """MaxProcessesPerShell."""
        return 25 if self.winrm_stack == "3.0" else 15

    @property
    def processor(self) -> str:
        """PROCESSOR_ARCHITECTURE."""
        return "x86" if self.arch == "x86" else "AMD64"


_BOTH = ("x86", "x64")

_PROFILES = (
    OsProfile(
        "2003-sp1", "Microsoft Windows Server 2003", "Standard", "5.2", 3790, 1, 0,
        "1830", "5.2.3790.1830", "1.1", None,
        "Microsoft(R) Windows(R) Server 2003, Standard Edition", arches=_BOTH, arch="x86",
    ),
    OsProfile(
        "2003-sp2", "Microsoft Windows Server 2003", "Standard", "5.2", 3790, 2, 0,
        "3959", "5.2.3790.3959", "1.1", None,
        "Microsoft(R) Windows(R) Server 2003, Standard Edition", arches=_BOTH, arch="x86",
    ),
    OsProfile(
        "2008-sp2", "Windows Server (R) 2008 Standard", "ServerStandard", "6.0", 6002, 2, 0,
        "18005", "6.0.6002.18005", "1.1", None,
        "Microsoft® Windows Server® 2008 Standard ", arches=_BOTH,
    ),
    OsProfile(
        "2008r2", "Windows Server 2008 R2 Standard", "ServerStandard", "6.1", 7600, 0, 0,
        "16385", "6.1.7600.16385", "2.0", "2.0",
        "Microsoft Windows Server 2008 R2 Standard ",
    ),
    OsProfile(
        "2008r2-sp1", "Windows Server 2008 R2 Standard", "ServerStandard", "6.1", 7601, 1, 0,
        "17514", "6.1.7601.17514", "2.0", "2.0",
        "Microsoft Windows Server 2008 R2 Standard ",
    ),
    OsProfile(
        "win7-sp1", "Windows 7 Professional", "Professional", "6.1", 7601, 1, 0,
        "17514", "6.1.7601.17514", "2.0", "2.0",
        "Microsoft Windows 7 Professional ", client=True, arches=_BOTH,
    ),
    OsProfile(
        "2012", "Windows Server 2012 Standard", "ServerStandard", "6.2", 9200, 0, 0,
        "16384", "6.2.9200.16384", "3.0", "3.0",
        "Microsoft Windows Server 2012 Standard",
    ),
    OsProfile(
        "2012r2", "Windows Server 2012 R2 Standard", "ServerStandard", "6.3", 9600, 0, 17031,
        "17415", "6.3.9600.17415", "3.0", "4.0",
        "Microsoft Windows Server 2012 R2 Standard",
    ),
    OsProfile(
        "2016", "Windows Server 2016 Standard", "ServerStandard", "10.0", 14393, 0, 693,
        "0", "10.0.14393.0", "3.0", "5.1.14393.693",
        "Microsoft Windows Server 2016 Standard", release_id="1607",
    ),
    OsProfile(
        "win10-1607", "Windows 10 Pro", "Professional", "10.0", 14393, 0, 693,
        "0", "10.0.14393.0", "3.0", "5.1.14393.693",
        "Microsoft Windows 10 Pro", client=True, release_id="1607", arches=_BOTH,
    ),
    OsProfile(
        "2019", "Windows Server 2019 Standard", "ServerStandard", "10.0", 17763, 0, 737,
        "1", None, "3.0", "5.1.17763.1",
        "Microsoft Windows Server 2019 Standard", release_id="1809",
    ),
    OsProfile(
        "2022", "Windows Server 2022 Standard", "ServerStandard", "10.0", 20348, 0, 587,
        "1", None, "3.0", "5.1.20348.1",
        "Microsoft Windows Server 2022 Standard", release_id="2009", display_version="21H2",
    ),
    OsProfile(
        "2025", "Windows Server 2025 Standard", "ServerStandard", "10.0", 26100, 0, 1742,
        "1", None, "3.0", "5.1.26100.1",
        "Microsoft Windows Server 2025 Standard", release_id="2009", display_version="24H2",
    ),
)  # fmt: skip

_BY_KEY = {profile.key: profile for profile in _PROFILES}
OS_KEYS = frozenset(_BY_KEY)
ARCHES_OF = {profile.key: profile.arches for profile in _PROFILES}


def profile_for(
    os: str,
    *,
    arch: str | None = None,
    language: str = "enu",
    shell_codepages: str = "honoured",
) -> OsProfile:
    """The profile of an operating system in an architecture (None: its usual one) and language."""
    return replace(
        _BY_KEY[os],
        arch=arch or _BY_KEY[os].arch,
        language=LANGUAGES[language],
        shell_codepages=shell_codepages,
    )
