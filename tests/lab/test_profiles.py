"""Operating systems: the facts that a client looks for, as each system has them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import ValidationError

from runner.lab.profiles.table import OS_KEYS, profile_for
from runner.lab.spec import HostSpec, LabSpec, LabState
from tests.lab.machine_bench import Bench, bench

NT = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
CONTROL = r"HKLM\SYSTEM\CurrentControlSet\Control"


def data(lab: Bench, key: str, name: str) -> str | None:
    """A registry value as reg prints it, None if it is absent."""
    result = lab.run(f'reg query "{key}" /v {name}')
    match = re.search(r"\s(REG_\w+)(?:\t|    )(.*)$", result.out.rstrip(), re.MULTILINE)
    return match[2] if result.code == 0 and match else None


@dataclass(frozen=True)
class Facts:
    version: str
    build: str
    service_pack: str
    kind: str
    powershell: str | None
    driver: str | None
    stack: str


FACTS = {
    "2003-sp1": Facts("5.2", "3790", "0x100", "ServerNT", None, "5.2.3790.1830", "1.1"),
    "2003-sp2": Facts("5.2", "3790", "0x200", "ServerNT", None, "5.2.3790.3959", "1.1"),
    "2008-sp2": Facts("6.0", "6002", "0x200", "ServerNT", None, "6.0.6002.18005", "1.1"),
    "2008r2": Facts("6.1", "7600", "0x0", "ServerNT", "2.0", "6.1.7600.16385", "2.0"),
    "2008r2-sp1": Facts("6.1", "7601", "0x100", "ServerNT", "2.0", "6.1.7601.17514", "2.0"),
    "win7-sp1": Facts("6.1", "7601", "0x100", "WinNT", "2.0", "6.1.7601.17514", "2.0"),
    "2012": Facts("6.2", "9200", "0x0", "ServerNT", "3.0", "6.2.9200.16384", "3.0"),
    "2012r2": Facts("6.3", "9600", "0x0", "ServerNT", "4.0", "6.3.9600.17415", "3.0"),
    "2016": Facts("6.3", "14393", "0x0", "ServerNT", "5.1.14393.693", "10.0.14393.0", "3.0"),
    "win10-1607": Facts("6.3", "14393", "0x0", "WinNT", "5.1.14393.693", "10.0.14393.0", "3.0"),
    "2019": Facts("6.3", "17763", "0x0", "ServerNT", "5.1.17763.1", None, "3.0"),
    "2022": Facts("6.3", "20348", "0x0", "ServerNT", "5.1.20348.1", None, "3.0"),
    "2025": Facts("6.3", "26100", "0x0", "ServerNT", "5.1.26100.1", None, "3.0"),
}


def test_every_system_has_its_facts_here() -> None:
    assert set(FACTS) == OS_KEYS


@pytest.mark.parametrize("os", sorted(FACTS))
def test_facts(os: str) -> None:
    lab, facts = bench(os), FACTS[os]
    assert data(lab, NT, "CurrentVersion") == facts.version
    assert data(lab, NT, "CurrentBuildNumber") == facts.build
    assert data(lab, CONTROL + r"\Windows", "CSDVersion") == facts.service_pack
    assert data(lab, CONTROL + r"\ProductOptions", "ProductType") == facts.kind
    major = data(lab, NT, "CurrentMajorVersionNumber")
    assert (major == "0xa") == (int(facts.build) >= 14393)
    engine = r"HKLM\SOFTWARE\Microsoft\PowerShell\{}\PowerShellEngine"
    found = data(lab, engine.format(3), "PowerShellVersion") or data(
        lab, engine.format(1), "PowerShellVersion"
    )
    assert found == facts.powershell
    arch = data(lab, CONTROL + r"\Session Manager\Environment", "PROCESSOR_ARCHITECTURE")
    assert arch == ("x86" if os.startswith("2003") else "AMD64")
    drivers = {name.lower(): entry for name, entry in lab.state["files"].items()}
    driver = drivers.get(r"c:\windows\system32\drivers\srv.sys")
    assert (driver or {}).get("version") == facts.driver
    assert (lab.run("sc query srv").code == 1060) == (facts.driver is None)
    assert lab.machine.profile.winrm_stack == facts.stack
    assert lab.not_simulated == []


@pytest.mark.parametrize(
    ("os", "text", "shells", "operations", "utf8"),
    [
        ("2003-sp2", "OS: 5.2.3790 SP: 2.0 Stack: 1.1", 5, 100, False),
        ("2008r2-sp1", "OS: 6.1.7601 SP: 1.0 Stack: 2.0", 5, 15, True),
        ("2012r2", "OS: 6.3.9600 SP: 0.0 Stack: 3.0", 30, 1500, True),
    ],
)
def test_what_the_front_needs(os: str, text: str, shells: int, operations: int, utf8: bool) -> None:
    profile = profile_for(os)
    assert profile.product_version == text
    assert (profile.max_shells, profile.max_operations) == (shells, operations)
    assert profile.accepts_65001 is utf8


def test_core_facts_of_server_2003() -> None:
    lab = bench("2003-sp2")
    assert "Obsolete" in (data(lab, NT, "CurrentBuild") or "")
    assert data(lab, NT, "InstallationType") is None
    netbt = r"HKLM\SYSTEM\CurrentControlSet\Services\NetBT\Parameters"
    assert data(lab, netbt, "SMBDeviceEnabled") is None
    assert lab.ok("echo %SystemRoot%") == "C:\\WINDOWS\n"
    assert "4  RUNNING" in lab.ok("sc query Browser")


@pytest.mark.parametrize(
    ("language", "lcid", "oem", "ansi"),
    [("enu", "0409", "437", "1252"), ("chs", "0804", "936", "936"), ("jpn", "0411", "932", "932"),
     ("deu", "0407", "850", "1252")],
)  # fmt: skip
def test_languages(language: str, lcid: str, oem: str, ansi: str) -> None:
    lab = bench(language=language)
    assert data(lab, CONTROL + r"\Nls\Language", "InstallLanguage") == lcid
    assert data(lab, CONTROL + r"\Nls\CodePage", "OEMCP") == oem
    assert data(lab, CONTROL + r"\Nls\CodePage", "ACP") == ansi
    assert lab.machine.profile.oem_codepage == int(oem)


def test_roles() -> None:
    controller = bench("2012r2", role="domain_controller")
    assert data(controller, CONTROL + r"\ProductOptions", "ProductType") == "LanmanNT"
    assert set(controller.state["shares"]) == {"SYSVOL", "NETLOGON"}
    assert "Netlogon" in controller.ok("sc enumdepend lanmanserver")
    server = bench("2012r2", role="file_server", shares={"data": r"C:\data"})
    assert "SERVICE_NAME: Dfs\n" in server.ok("sc enumdepend lanmanserver")
    assert "entriesRead  = 1" in bench("2012r2").ok("sc enumdepend lanmanserver")


@pytest.mark.parametrize(
    ("os", "smb1", "driver", "value"),
    [
        ("2012r2", False, False, None),
        ("2019", True, True, None),
        ("2008r2-sp1", False, True, "0x0"),
        ("2008r2-sp1", True, True, "0x1"),
        ("2008r2-sp1", None, True, None),
    ],
)
def test_smb1_of_the_spec(os: str, smb1: bool | None, driver: bool, value: str | None) -> None:
    lab = bench(os, smb1=smb1)
    assert (r"C:\Windows\System32\drivers\srv.sys" in lab.state["files"]) == driver
    parameters = r"HKLM\SYSTEM\CurrentControlSet\Services\LanmanServer\Parameters"
    assert data(lab, parameters, "SMB1") == value
    before = lab.state
    lab.reboot()
    assert lab.state == before


def test_a_pending_restart_of_the_spec_ends_with_the_restart() -> None:
    for os in ("2003-sp2", "2016"):
        lab = bench(os, reboot_pending=True)
        assert lab.state["reboot_pending"] is True
        lab.reboot()
        assert lab.state["reboot_pending"] is False


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"os": "nt4"}, "unknown os 'nt4'"),
    ({"os": "2016", "state": {"arch": "x86"}}, "2016 exists for x64 only"),
    ({"state": {"colour": "red"}}, "Extra inputs are not permitted"),
    ({"state": {"updates": ["4012212x"]}}, "not a knowledge base number"),
    ({"state": {"files": {"x.txt": {"content": ""}}}}, "not an absolute Windows path"),
    ({"state": {"files": {"C:\\x": {}}}}, "either content: or sha1:"),
    ({"state": {"latency": -1}}, "greater than or equal to 0"),
    ({"state": {"registry": {"HKLM\\X": {"a": True}}}}, "a registry value is text"),
    ({"port": 70000}, "less than or equal to 65535"),
]


@pytest.mark.parametrize(("change", "text"), WRONG, ids=[case[1] for case in WRONG])
def test_a_wrong_spec_is_refused(change: dict[str, Any], text: str) -> None:
    base = {"name": "a", "port": 1, "user": "u", "password": "p", "os": "2016"}
    with pytest.raises(ValidationError, match=text):
        HostSpec.model_validate(base | change)


@pytest.mark.parametrize(
    ("os", "state", "text"),
    [
        ("2003-sp2", {"smb1": False}, "no other SMB than SMB 1"),
        ("2003-sp2", {"firewall": {"inbound": "allow"}}, "no such rules"),
        ("2016", {"packages": {"C:\\WR": ["setup.exe"]}}, "not the name of an update package"),
        ("2016", {"registry": {"HKLM\\X": {"a": {"type": "REG_DWORD", "data": "x"}}}},
         "is not data of REG_DWORD"),
    ],
)  # fmt: skip
def test_a_spec_that_the_system_cannot_have(os: str, state: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        bench(os, **state)


def test_names_and_addresses_of_a_fleet_are_unique() -> None:
    host = {"name": "a", "port": 1, "user": "u", "password": "p", "os": "2016"}
    LabSpec.model_validate({"hosts": [host, host | {"name": "b", "port": 2}]})
    with pytest.raises(ValidationError, match="used twice"):
        LabSpec.model_validate({"hosts": [host, host | {"name": "b"}]})
    with pytest.raises(ValidationError, match="used twice"):
        LabSpec.model_validate({"hosts": [host, host | {"name": "A", "port": 2}]})


def test_a_password_does_not_show() -> None:
    spec = HostSpec(name="a", port=1, user="u", password="geheim", os="2016", state=LabState())
    assert "geheim" not in repr(spec)
