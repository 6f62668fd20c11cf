"""setup: facts of every generation out of recorded answers, and which of them are returned."""

from __future__ import annotations

from typing import Any

import pytest

from runner.errors import ModuleError
from runner.interfaces.exchange import Output
from runner.model.state import Change
from runner.windows.facts import WindowsFacts
from tests.modules.scripted import Answers, Scripted, task

NT = "reg query HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion"
CONTROL = "reg query HKLM\\SYSTEM\\CurrentControlSet\\Control\\"
POWERSHELL = "reg query HKLM\\SOFTWARE\\Microsoft\\PowerShell\\"
BOOT = "wmic os get LastBootUpTime"


def key(*values: str) -> Output:
    lines = "".join(f"    {value}\n" for value in values)
    return Output(0, f"\nHKEY_LOCAL_MACHINE\\X\n{lines}\n")


def sz(name: str, data: str) -> Output:
    return key(f"{name}    REG_SZ    {data}")


COMMON: Answers = {
    f"{CONTROL}ProductOptions": sz("ProductType", "ServerNT"),
    f"{CONTROL}Session Manager\\Environment": sz("PROCESSOR_ARCHITECTURE", "AMD64"),
    f"{CONTROL}Nls\\CodePage /v OEMCP": sz("OEMCP", "936"),
    f"{CONTROL}Nls\\CodePage /v ACP": sz("ACP", "936"),
    f"{CONTROL}Nls\\Language": sz("InstallLanguage", "0804"),
    f"{CONTROL}ComputerName\\ActiveComputerName": sz("ComputerName", "WEB01"),
    f"{CONTROL}ComputerName\\ComputerName": sz("ComputerName", "WEB01"),
    "reg query HKLM\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters /v Hostname": sz(
        "Hostname", "web01"
    ),
    "reg query HKLM\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters /v Domain": sz(
        "Domain", "corp.example"
    ),
    "cmd /d /c set": Output(0, "Path=C:\\Windows\nUSERNAME=admin\nUSERPROFILE=C:\\Users\\admin\n"),
    BOOT: Output(
        0, "LastBootUpTime=20170515080910.500000+480\nLocalDateTime=20170515090910.500000+480\n"
    ),
    "wmic computersystem": Output(0, "Domain=corp.example\nDomainRole=3\nPartOfDomain=TRUE\n"),
}
R2: Answers = {
    **COMMON,
    NT: key(
        "ProductName    REG_SZ    Windows Server 2008 R2 Enterprise",
        "CurrentVersion    REG_SZ    6.1",
        "CurrentBuildNumber    REG_SZ    7601",
        "InstallationType    REG_SZ    Server Core",
        "SystemRoot    REG_SZ    C:\\Windows",
    ),
    f"{CONTROL}Windows": key("CSDVersion    REG_DWORD    0x100"),
    f"{POWERSHELL}1": sz("PowerShellVersion", "2.0"),
}
NEWEST: Answers = {
    **COMMON,
    NT: key(
        "ProductName    REG_SZ    Windows 10 Pro",
        "CurrentVersion    REG_SZ    6.3",
        "CurrentMajorVersionNumber    REG_DWORD    0xa",
        "CurrentMinorVersionNumber    REG_DWORD    0x0",
        "CurrentBuildNumber    REG_SZ    26100",
        "UBR    REG_DWORD    0x6ce",
        "DisplayVersion    REG_SZ    24H2",
        "SystemRoot    REG_SZ    C:\\Windows",
    ),
    f"{CONTROL}ProductOptions": sz("ProductType", "WinNT"),
    f"{POWERSHELL}3": sz("PowerShellVersion", "5.1.26100.1"),
    BOOT: Output(9009),
    "wmic computersystem": Output(9009),
    "$o=Get-WmiObject": Output(
        0,
        "LastBootUpTime=20250102030405.000000+060\nLocalDateTime=20250102040405.000000+060\n"
        "Domain=WORKGROUP\nDomainRole=0\nPartOfDomain=FALSE\n",
    ),
}


def gathered(answers: Answers, **raw: Any) -> dict[str, Any]:
    module, params = task("setup", **raw)
    found = Scripted(answers).drive(module.probe(params, {}))
    result = module.result(params, Change("", found, found), {}, {})
    return dict(result["ansible_facts"])


def test_server_2008_r2_in_chinese() -> None:
    facts = gathered(R2)
    expected = {
        "os_family": "Windows",
        "distribution": "Microsoft Windows Server 2008 R2 Enterprise",
        "distribution_version": "6.1.7601.65536",
        "distribution_major_version": "6",
        "os_product_type": "server",
        "os_installation_type": "Server Core",
        "architecture": "64-bit",
        "architecture2": "x86_64",
        "hostname": "web01",
        "fqdn": "web01.corp.example",
        "powershell_version": 2,
        "lastboot": "2017-05-15 08:09:10Z",
        "uptime_seconds": 3600,
        "windows_domain_role": "Member server",
        "windows_domain_member": True,
        "domain": "corp.example",
        "user_id": "admin",
        "reboot_pending": False,
    }
    assert {name: facts[name] for name in expected} == expected
    assert facts["env"]["Path"] == "C:\\Windows"
    assert facts["date_time"]["iso8601"] == "2017-05-15T01:09:10Z"
    typed = WindowsFacts.of(facts)
    assert typed.nt == (6, 1)
    assert (typed.build, typed.service_pack, typed.arch) == (7601, 1, "x64")
    assert (typed.language, typed.oem_codepage) == ("chs", 936)
    assert typed.name == "Windows Server 2008 R2 SP1 x64"


def test_windows_11_without_wmic() -> None:
    facts = gathered(NEWEST)
    assert facts["distribution"] == "Microsoft Windows 11 Pro"
    assert facts["distribution_version"] == "10.0.26100.0"
    assert facts["os_product_type"] == "workstation"
    assert facts["powershell_version"] == 5
    assert facts["lastboot"] == "2025-01-02 03:04:05Z"
    assert facts["windows_domain_role"] == "Stand-alone workstation"
    assert facts["domain"] == ""
    assert facts["windows"]["revision"] == 0x6CE
    assert facts["windows"]["release"] == "24H2"


def test_what_cannot_be_told_is_left_out() -> None:
    bare = {NT: R2[NT]}
    facts = gathered(bare)
    for name in ("lastboot", "date_time", "windows_domain_role", "env"):
        assert name not in facts
    assert facts["powershell_version"] == 0


def test_pending_restarts_are_a_fact() -> None:
    cbs = (
        "reg query HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\"
        "Component Based Servicing\\RebootPending"
    )
    facts = gathered({**R2, cbs: Output(0, "HKEY_LOCAL_MACHINE\\X")})
    assert facts["reboot_pending"] is True
    assert facts["windows"]["reboot_pending_because"] == ["Component Based Servicing"]


def test_a_host_that_is_no_windows_is_told() -> None:
    with pytest.raises(ModuleError, match="did not tell its Windows version"):
        gathered({})
    with pytest.raises(ModuleError, match="facts of this host are not known"):
        WindowsFacts.of({"os_family": "Debian"})


SUBSETS = [
    ("all", {"distribution", "lastboot", "windows_domain", "env"}, set()),
    ("!all", {"distribution", "env", "hostname"}, {"lastboot", "windows_domain"}),
    ("!all,!min", {"os_family", "windows"}, {"distribution", "lastboot", "hostname"}),
    ("!all,!min,uptime", {"lastboot"}, {"distribution", "windows_domain"}),
    ("hardware", {"lastboot", "distribution"}, {"windows_domain"}),
    ("!hardware,!network,!facter", {"distribution", "env"}, {"lastboot", "windows_domain"}),
    ("!env", {"distribution"}, {"env"}),
]


@pytest.mark.parametrize(("subset", "there", "missing"), SUBSETS)
def test_subsets(subset: str, there: set[str], missing: set[str]) -> None:
    names = set(gathered(R2, gather_subset=subset))
    assert there <= names
    assert not missing & names
    assert "windows" in names


def test_filter() -> None:
    facts = gathered(R2, filter=["ansible_distribution*", "kernel"])
    assert set(facts) == {
        "distribution", "distribution_version", "distribution_major_version", "kernel", "windows",
    }  # fmt: skip
