"""Updates: codes, pending states, restarts, and the exact way back."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import pytest

from runner.lab.machine import PoweredOff
from tests.lab.machine_bench import Bench, bench, changes, wait_until

SO_61 = "windows6.1-kb4012212-x64_2decefaa02e2058dcd965702509a992d8c4e92b3.msu"
MR_61 = "windows6.1-kb4012215-x64_a777b8c251dcd8378ecdafa81aefbe7f9009c72b.msu"
MAY_61 = "windows6.1-kb4019264-x64_c2d1cef74d6cb2278e3b2234c124b207d0d0540f.msu"
SO_60 = "windows6.0-kb4012598-x64_6a186ba2b2b98b2144b50f88baf33a5fa53b5d76.msu"
SO_62 = "windows8-rt-kb4012214-x64_b14951d29cb4fd880948f5204d54721e64c9942b.msu"
SO_63 = "windows8.1-kb4012213-x64_5b24b9ca5a123a844ed793e0f2be974148520349.msu"
CU_10 = "windows10.0-kb4013429-x64_ddc8596f88577ab739cade1d365956a74598e710.msu"
EXE_52 = "windowsserver2003-kb4012598-x86-custom-enu_f617caf6e7ee6f43abe4b386cb1d26b3318693cf.exe"
CHS_52 = "windowsserver2003-kb4012598-x86-custom-chs_b45d2d8c83583053d37b20edf5f041ecede54b80.exe"
NOT_APPLICABLE = -2146498530
WUSA_NOT_APPLICABLE = -2145124329
CBS = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing"
DRIVER = (
    r'wmic datafile where name="C:\\Windows\\System32\\drivers\\srv.sys" get Version /value <nul'
)


def driver_version(lab: Bench) -> str:
    return lab.ok(DRIVER).replace("\r", "").strip()


def expanded(lab: Bench, package: str) -> str:
    """Expand a staged package; the path of its cab."""
    lab.ok(rf"(if not exist C:\WR\kb mkdir C:\WR\kb)&expand.exe -F:* C:\WR\{package} C:\WR\kb >nul")
    names = lab.ok(r"dir /b C:\WR\kb\Windows*-KB*.cab").split()
    assert len(names) == 1
    return rf"C:\WR\kb\{names[0]}"


@dataclass(frozen=True)
class Case:
    os: str
    package: str
    kb: str
    version: str
    identity: str


CASES = [
    Case("2008-sp2", SO_60, "KB4012598", "6.0.6002.19743",
         "Package_for_KB4012598~31bf3856ad364e35~amd64~~6.0.1.0"),
    Case("2008r2-sp1", SO_61, "KB4012212", "6.1.7601.23689",
         "Package_for_KB4012212~31bf3856ad364e35~amd64~~6.1.1.0"),
    Case("2008r2-sp1", MR_61, "KB4012215", "6.1.7601.23689",
         "Package_for_RollupFix~31bf3856ad364e35~amd64~~7601.23690.1.1"),
    Case("2012", SO_62, "KB4012214", "6.2.9200.22099",
         "Package_for_KB4012214~31bf3856ad364e35~amd64~~6.2.1.0"),
    Case("2012r2", SO_63, "KB4012213", "6.3.9600.18604",
         "Package_for_KB4012213~31bf3856ad364e35~amd64~~6.3.1.0"),
    Case("2016", CU_10, "KB4013429", "10.0.14393.953",
         "Package_for_RollupFix~31bf3856ad364e35~amd64~~14393.953.1.1"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[f"{c.os} {c.kb}" for c in CASES])
def test_install_restart_remove_restart(case: Case) -> None:
    lab = bench(case.os, packages={r"C:\WR": [case.package]})
    cab = expanded(lab, case.package)
    before = lab.state
    old_version = driver_version(lab)
    key = rf'"{CBS}\Packages\{case.identity}"'
    if case.os == "2008-sp2":
        install = f"start /wait pkgmgr /ip /m:{cab} /quiet /norestart"
        remove = f"start /wait pkgmgr /up:{case.identity} /quiet /norestart"
    else:
        dism = "dism.exe /online /quiet /norestart"
        install = f"{dism} /add-package /packagepath:{cab}"
        remove = f"{dism} /remove-package /packagename:{case.identity}"

    assert lab.run(install).code == 3010
    assert lab.run(install).code == 3010
    assert "0x60\n" in lab.ok(f"reg query {key} /v CurrentState")
    assert lab.run(f'reg query "{CBS}\\RebootPending"').code == 0
    assert driver_version(lab) == old_version

    lab.reboot()
    assert "0x70\n" in lab.ok(f"reg query {key} /v CurrentState")
    assert lab.run(f'reg query "{CBS}\\RebootPending"').code == 1
    assert driver_version(lab) == f"Version={case.version}"
    assert case.kb in lab.ok("wmic qfe get HotFixID /value <nul")
    assert lab.run(install).code == 0

    assert lab.run(remove).code == 3010
    assert "0x5\n" in lab.ok(f"reg query {key} /v CurrentState")
    assert driver_version(lab) == f"Version={case.version}"
    lab.reboot()
    assert driver_version(lab) == old_version
    assert changes(before, lab.state) == []


@pytest.mark.parametrize(
    ("os", "package"),
    [
        ("2008r2", SO_61),  # without service pack 1
        ("2008r2-sp1", SO_60),
        ("2008r2-sp1", SO_63),
        ("2012r2", SO_62),
        ("2016", SO_61),
        ("win7-sp1", SO_61.replace("x64", "x86")),
    ],
)
def test_packages_for_another_system_do_not_apply(os: str, package: str) -> None:
    lab = bench(os, packages={r"C:\WR": [package]})
    cab = expanded(lab, package)
    before = lab.state
    result = lab.run(f"dism /online /add-package /packagepath:{cab} /quiet /norestart")
    assert result.code == NOT_APPLICABLE
    assert changes(before, lab.state) == []


def test_a_newer_rollup_contains_the_older_update() -> None:
    lab = bench(updates=["KB4019264"], packages={r"C:\WR": [SO_61]})
    assert driver_version(lab) == "Version=6.1.7601.23762"
    cab = expanded(lab, SO_61)
    assert lab.run(f"dism /online /add-package /packagepath:{cab} /norestart").code == (
        NOT_APPLICABLE
    )


def test_a_rollup_supersedes_and_its_removal_brings_the_old_one_back() -> None:
    lab = bench(updates=["KB4012212"], packages={r"C:\WR": [MAY_61]})
    cab = expanded(lab, MAY_61)
    before = lab.state
    lab.run(f"dism /online /add-package /packagepath:{cab} /quiet /norestart")
    lab.reboot()
    key = rf"{CBS}\Packages\Package_for_KB4012212~31bf3856ad364e35~amd64~~6.1.1.0"
    assert "0x50\n" in lab.ok(f'reg query "{key}" /v CurrentState')
    name = "Package_for_RollupFix~31bf3856ad364e35~amd64~~7601.23750.1.1"
    lab.run(f"dism /online /remove-package /packagename:{name} /quiet /norestart")
    lab.reboot()
    assert changes(before, lab.state) == []


def test_wusa_is_denied_over_the_shell_and_works_as_system() -> None:
    lab = bench(
        packages={r"C:\WR": [SO_61, SO_63]},
        files={
            r"C:\WR\go.cmd": {
                "content": f'start "" /wait wusa.exe C:\\WR\\{SO_61} /quiet /norestart\r\n'
                ">C:\\WR\\rc echo %errorlevel%\r\n"
            },
        },
    )
    wusa = "wusa {} /quiet /norestart"
    assert lab.run(wusa.format(rf"C:\WR\{SO_61}")).code == 5
    task = "schtasks /create /tn kb /ru SYSTEM /sc once /st 00:00 /f /tr "
    lab.ok(rf"{task}C:\WR\go.cmd")
    before = lab.state
    codes = []
    for _ in range(2):
        lab.ok("del /q C:\\WR\\rc 2>nul&schtasks /run /tn kb")
        wait_until(lambda: lab.run(r"type C:\WR\rc 2>nul|findstr 0").code == 0)
        codes.append(lab.ok(r"type C:\WR\rc").strip())
    assert codes == ["3010", "2359302"]
    lab.ok(rf'{task}"wusa C:\WR\{SO_63} /quiet /norestart"')
    assert run_task(lab, "kb") == 0x80240017
    lab.ok(rf'{task}"wusa /uninstall /kb:4012212 /quiet /norestart"')
    lab.reboot()
    assert run_task(lab, "kb") == 3010
    lab.reboot()
    assert run_task(lab, "kb") == 2359303
    lab.ok(rf"del C:\WR\rc&{task}C:\WR\go.cmd")
    assert changes(before, lab.state) == []


def run_task(lab: Bench, name: str) -> int:
    """Run a task to its end; its result."""
    lab.ok(f"schtasks /run /tn {name}")
    query = f"schtasks /query /tn {name} /v /fo list"
    wait_until(lambda: "Ready" in lab.ok(query))
    line = next(text for text in lab.ok(query).splitlines() if text.startswith("Last Result"))
    return int(line.split()[-1])


SPUNINST = r"%SystemRoot%\$NtUninstallKB4012598$\spuninst\spuninst.exe /quiet /norestart"


def test_the_package_of_server_2003() -> None:
    lab = bench("2003-sp2", packages={r"C:\WR": [EXE_52]})
    before = lab.state
    version = DRIVER.replace("<nul", "<nul").replace("Windows", "WINDOWS")
    assert lab.run(rf"C:\WR\{EXE_52} /quiet /norestart").code == 3010
    assert lab.run(r"reg query HKLM\SOFTWARE\Microsoft\Updates /v UpdateExeVolatile").code == 0
    assert "5.2.3790.3959" in lab.ok(version)
    lab.reboot()
    assert "5.2.3790.6021" in lab.ok(version)
    key = r'"HKLM\SOFTWARE\Microsoft\Updates\Windows Server 2003\SP3\KB4012598"'
    assert lab.run(f"reg query {key}").code == 0
    assert "HotFixID=KB4012598" in lab.ok("wmic qfe get HotFixID /value <nul")
    assert lab.run(SPUNINST).code == 3010
    lab.reboot()
    assert changes(before, lab.state) == []
    assert lab.run(SPUNINST).code == 1


def test_server_2003_refuses_the_wrong_language_and_service_pack() -> None:
    lab = bench("2003-sp2", packages={r"C:\WR": [CHS_52]})
    assert lab.run(rf"C:\WR\{CHS_52} /quiet /norestart").code == 0xF0F1
    lab = bench("2003-sp1", packages={r"C:\WR": [EXE_52]})
    assert lab.run(rf"C:\WR\{EXE_52} /quiet /norestart").code == 0xF0F4
    lab = bench("2003-sp2", language="chs", packages={r"C:\WR": [CHS_52]})
    assert lab.run(rf"C:\WR\{CHS_52} /quiet /norestart /log:C:\WR\kb.log").code == 3010


def test_a_crash_in_the_middle_leaves_nothing_installed() -> None:
    lab = bench(packages={r"C:\WR": [SO_61]}, update_seconds=30.0)
    cab = expanded(lab, SO_61)
    before = lab.state
    ended: list[BaseException] = []

    def install() -> None:
        try:
            lab.run(f"dism /online /add-package /packagepath:{cab} /quiet /norestart")
        except PoweredOff as fault:
            ended.append(fault)

    thread = threading.Thread(target=install)
    runs = lab.machine.counters.runs
    thread.start()
    wait_until(lambda: lab.machine.counters.runs > runs)
    lab.machine.crash()
    thread.join(5)
    assert ended
    lab.machine.power_on()
    assert changes(before, lab.state) == []


def test_certutil_reports_the_sha1_of_the_name() -> None:
    shown = bench(packages={r"C:\WR": [SO_61]}).ok(rf"certutil -hashfile C:\WR\{SO_61} SHA1")
    assert shown.splitlines()[1].replace(" ", "") == "2decefaa02e2058dcd965702509a992d8c4e92b3"
    assert " " in shown.splitlines()[1]
    shown = bench("2016", packages={r"C:\WR": [SO_61]}).ok(rf"certutil -hashfile C:\WR\{SO_61}")
    assert shown.splitlines()[1] == "2decefaa02e2058dcd965702509a992d8c4e92b3"


def test_an_update_that_the_lab_does_not_know_is_loud() -> None:
    lab = bench("2022", packages={r"C:\WR": ["windows10.0-kb5034129-x64.msu"]})
    cab = expanded(lab, "windows10.0-kb5034129-x64.msu")
    assert lab.run(f"dism /online /add-package /packagepath:{cab}").code == 9999
