"""win_hotfix: how an update is there or not, what is refused before anything is sent."""

from __future__ import annotations

from typing import Any

import pytest

from runner.errors import ModuleError, Refused
from runner.interfaces.exchange import Output
from runner.model.state import UNKNOWN, Change
from runner.modules._parts.hotfix import HotfixState
from tests.modules.facts import facts
from tests.modules.scripted import Answers, Scripted, task

FILE = "windows6.1-kb4012212-x64_2decefaa02e2058dcd965702509a992d8c4e92b3.msu"
SHA1 = "2decefaa02e2058dcd965702509a992d8c4e92b3"
MSU = rf"C:\WR\{FILE}"
CBS = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing"
PACKAGES = rf"{CBS}\Packages"
FULL = PACKAGES.replace("HKLM", "HKEY_LOCAL_MACHINE")
OWN = "Package_for_KB4012212~31bf3856ad364e35~amd64~~6.1.1.3"
LATER = "Package_for_KB4019264~31bf3856ad364e35~amd64~~6.1.1.7"
SRV = "wmic datafile"


def packages(**states: int) -> dict[str, Output]:
    names = {"own": OWN, "later": LATER}
    found = {
        f"reg query {PACKAGES} |": Output(
            0, "".join(f"{FULL}\\{names[n]}\n{FULL}\\Package_1_for_x~\n" for n in states)
        )
    }
    for name, state in states.items():
        text = f"\n{FULL}\\{names[name]}\n    CurrentState    REG_DWORD    0x{state:x}\n"
        found[rf"reg query {PACKAGES}\{names[name]}"] = Output(0, text)
    return found


def driver(version: str) -> dict[str, Output]:
    return {SRV: Output(0, f"\nVersion={version}\n")}


def listed(*kbs: str) -> dict[str, Output]:
    return {"wmic qfe": Output(0, "\n".join(f"HotFixID={kb}\n" for kb in kbs))}


PENDING = {rf"reg query {CBS}\RebootPending": Output(0, "HKEY_LOCAL_MACHINE\\X")}
ON_HOST = {
    f"dir /b /a {MSU}": Output(0, FILE),
    f"certutil -hashfile {MSU}": Output(0, f"SHA1 hash of {MSU}:\n{SHA1}\nCertUtil: done\n"),
}
OLD = driver("6.1.7601.17514")


def probe(answers: Answers, os: str = "2008r2", **changes: Any) -> HotfixState:
    module, params = task("win_hotfix", bulletin="MS17-010", package_dir=r"C:\WR")
    found: HotfixState = Scripted(answers).drive(module.probe(params, facts(os, **changes)))
    return found


STATUS: list[tuple[Answers, str, str]] = [
    ({**OLD}, "missing", "KB4012212"),
    ({**OLD, **packages(own=0x70)}, "installed", "KB4012212"),
    ({**OLD, **packages(own=0x60), **PENDING}, "restart needed", "KB4012212"),
    ({**OLD, **packages(own=0x50)}, "superseded", "KB4012212"),
    ({**OLD, **packages(own=0x40)}, "missing", "KB4012212"),
    ({**OLD, **packages(own=0x05)}, "uninstall pending", "KB4012212"),
    ({**OLD, **packages(later=0x70)}, "installed", "KB4019264"),
    ({**OLD, **listed("KB4012212")}, "installed", "KB4012212"),
    ({**OLD, **listed("KB4012212"), **PENDING}, "restart needed", "KB4012212"),
    ({**OLD, **listed("KB4019263")}, "superseded", "KB4019263"),
    ({**OLD, **listed("KB4015546")}, "missing", "KB4012212"),
    (driver("6.1.7601.23689"), "effective", "KB4012212"),
    (driver("6.1.7601.23688"), "missing", "KB4012212"),
]


@pytest.mark.parametrize(("answers", "status", "kb"), STATUS)
def test_status(answers: Answers, status: str, kb: str) -> None:
    found = probe(answers)
    assert found.status == status
    assert found.kb == kb
    assert found.present is (status not in ("missing", "uninstall pending"))


def test_the_build_revision_counts_on_10() -> None:
    ubr = "\nHKEY_LOCAL_MACHINE\\X\n    UBR    REG_DWORD    0x3b9\n"
    found = probe({"reg query HKLM\\SOFTWARE\\Microsoft\\Windows NT": Output(0, ubr)}, "2016")
    assert found.status == "effective"


def test_server_2003_lists_updates_elsewhere() -> None:
    key = r"reg query HKLM\SOFTWARE\Microsoft\Updates\Windows Server 2003\SP3\KB4012598"
    assert probe({key: Output(0, "HKEY_LOCAL_MACHINE\\X")}, "2003").status == "installed"
    assert probe({}, "2003").status == "missing"


def test_a_host_that_shipped_with_the_fix_needs_nothing() -> None:
    found = probe({}, "2019")
    assert found.present
    module, params = task("win_hotfix", bulletin="MS17-010", package_dir=r"C:\WR")
    change = Change("", found, module.plan(params, found, facts("2019")))
    assert not change.differences()
    assert module.message(params, change, facts("2019")).startswith("not affected: build 17763")


def plan(answers: Answers, os: str = "2008r2", **changes: Any) -> Change[HotfixState]:
    module, params = task("win_hotfix", bulletin="MS17-010", package_dir=r"C:\WR")
    before = probe(answers, os, **changes)
    return Change("", before, module.plan(params, before, facts(os, **changes)))


def test_plan_names_the_package_and_checks_its_digest() -> None:
    change = plan({**OLD, **ON_HOST})
    module, params = task("win_hotfix", bulletin="MS17-010", package_dir=r"C:\WR")
    assert [d.field for d in change.differences()] == ["present"]
    assert change.after.package_sha1 == SHA1
    assert module.message(params, change, facts("2008r2")) == f"KB4012212 from {MSU}"
    result = module.result(params, change, facts("2008r2"), {})
    assert result["kb"] == "KB4012212"
    assert result["reboot_required"] is UNKNOWN


def test_a_file_that_is_not_there_yet_is_told() -> None:
    change = plan(OLD)
    module, params = task("win_hotfix", bulletin="MS17-010", package_dir=r"C:\WR")
    assert "not on the host yet" in module.message(params, change, facts("2008r2"))


def start_of(service: str, number: int) -> dict[str, Output]:
    key = rf"reg query HKLM\SYSTEM\CurrentControlSet\Services\{service}"
    return {key: Output(0, f"\nHKEY_LOCAL_MACHINE\\X\n    Start    REG_DWORD    0x{number}\n")}


WRONG = {**ON_HOST, f"certutil -hashfile {MSU}": Output(0, f"x\n{'0' * 40}\n")}
NO_DIGEST = {**ON_HOST, f"certutil -hashfile {MSU}": Output(9009)}
REFUSED: list[tuple[Answers, str, dict[str, Any], str]] = [
    (OLD, "2008r2-rtm", {}, "needs SP1"),
    ({}, "2003", {"service_pack": 1}, "needs SP2"),
    ({}, "2003", {"language": "jpn"}, "no package for language jpn"),
    ({}, "2003", {"arch": "ia64"}, "no package for"),
    ({**OLD, **PENDING}, "2008r2", {}, "a restart is pending .Component Based Servicing."),
    ({**OLD, **start_of("TrustedInstaller", 4)}, "2008r2", {}, "TrustedInstaller is disabled"),
    ({**OLD, **WRONG}, "2008r2", {}, "is not the file that the catalogue names: its SHA-1 is 0000"),
    ({**OLD, **NO_DIGEST}, "2008r2", {}, "cannot be computed on the host"),
]


@pytest.mark.parametrize(("answers", "os", "changes", "says"), REFUSED)
def test_refuses_before_anything_is_sent(
    answers: Answers, os: str, changes: dict[str, Any], says: str
) -> None:
    with pytest.raises(Refused, match=says):
        plan(answers, os, **changes)


def test_without_a_package_the_need_is_told() -> None:
    module, params = task("win_hotfix", bulletin="MS17-010")
    before = Scripted(OLD).drive(module.probe(params, facts("2008r2")))
    with pytest.raises(Refused, match="needs KB4012212, but no package is given"):
        module.plan(params, before, facts("2008r2"))


FOLDER = r"C:\Windows\Temp\runner-hotfix"
CAB = "Windows6.1-KB4012212-x64.cab"
LISTING = Output(0, f"WSUSSCAN.cab\r\n{CAB}\r\nWindows6.1-KB4012212-x64.xml\r\n")


def install(os: str, answers: Answers, **raw: Any) -> Scripted:
    module, params = task("win_hotfix", **(raw or {"bulletin": "MS17-010"}))
    before = HotfixState(present=False, kb="KB4012212", package=raw.get("source", MSU))
    after = HotfixState(present=True, kb="KB4012212", package=raw.get("source", MSU))
    host = Scripted({"mkdir": Output(0), "expand": Output(0), "rmdir": Output(0), **answers})
    try:
        host.drive(module.apply(params, Change("", before, after), facts(os)))
    except ModuleError as error:
        host.asked.append(error.message)
    return host


def test_installs_the_right_cabinet_and_cleans_up() -> None:
    host = install("2008r2", {"dir /b": LISTING, "dism": Output(3010)})
    assert host.sent == [
        f"mkdir {FOLDER}",
        f"expand -F:* {MSU} {FOLDER}",
        rf"dism /online /add-package /packagepath:{FOLDER}\{CAB} /quiet /norestart",
        f"rmdir /s /q {FOLDER}",
    ]
    assert not [command for command in host.sent if "wusa" in command]


def test_server_2008_has_pkgmgr() -> None:
    host = install("2008", {"dir /b": LISTING, "pkgmgr": Output(0)})
    assert host.sent[2] == rf"pkgmgr /ip /m:{FOLDER}\{CAB} /quiet /norestart"


def test_server_2003_runs_the_package_itself() -> None:
    source = r"C:\WR\windowsserver2003-kb4012598-x86-custom-enu_f617.exe"
    host = install("2003", {source: Output(3010)}, source=source)
    assert host.sent == [f"{source} /quiet /norestart"]


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ({"dism": Output(0x800F081E)}, "0x800f081e (the package does not apply to this host)"),
        ({"dism": Output(0x800F0806)}, "an earlier operation waits for a restart"),
        ({"expand": Output(1)}, "install KB4012212: expand answered 1"),
    ],
)
def test_a_failed_installation_leaves_no_files(answers: Answers, says: str) -> None:
    host = install("2008r2", {"dir /b": LISTING, **answers})
    assert host.sent[-1] == f"rmdir /s /q {FOLDER}"
    assert says in host.asked[-1]


def test_left_files_of_an_interrupted_task_are_removed() -> None:
    change = plan({**packages(own=0x70), f"dir /ad {FOLDER}": Output(0)})
    assert [d.field for d in change.differences()] == ["leftover"]
    module, params = task("win_hotfix", bulletin="MS17-010")
    host = Scripted({"rmdir": Output(0)})
    host.drive(module.apply(params, change, facts("2008r2")))
    assert host.sent == [f"rmdir /s /q {FOLDER}"]


def test_a_security_fix_is_removed_only_on_request() -> None:
    module, params = task("win_hotfix", bulletin="MS17-010", package_dir=r"C:\WR")
    change = plan({**OLD, **ON_HOST})
    reason = module.irreversible(params, change, facts("2008r2"))
    assert reason == "KB4012212 is a security fix: it is removed only on request"
    gone, asked = task("win_hotfix", hotfix_kb="KB4012212", state="absent")
    back = change.reversed()
    assert "only from its package" in gone.irreversible(asked, back, facts("2008r2"))


def test_undo_removes_only_what_was_added() -> None:
    module, params = task("win_hotfix", bulletin="MS17-010", package_dir=r"C:\WR")
    before = HotfixState(present=False, kb="KB4012212", identities=(LATER,))
    after = HotfixState(present=True, kb="KB4012212", identities=(LATER, OWN))
    host = Scripted({"dism": Output(3010)})
    applied = host.drive(module.undo(params, Change("", before, after), facts("2008r2")))
    assert host.sent == [f"dism /online /remove-package /packagename:{OWN} /quiet /norestart"]
    assert applied["reboot_required"] is True


def test_removal_by_request() -> None:
    module, params = task("win_hotfix", hotfix_kb="4012212", state="absent")
    known = facts("2008r2")
    before = Scripted(packages(own=0x70)).drive(module.probe(params, known))
    change = Change("", before, module.plan(params, before, known))
    host = Scripted({"dism": Output(0)})
    host.drive(module.apply(params, change, known))
    assert host.sent == [f"dism /online /remove-package /packagename:{OWN} /quiet /norestart"]


def test_what_came_another_way_cannot_be_removed() -> None:
    module, params = task("win_hotfix", hotfix_kb="4012212", state="absent")
    before = HotfixState(present=True, status="effective", kb="KB4012212")
    change = Change("", before, HotfixState(present=False))
    with pytest.raises(ModuleError, match="no package of KB4012212 is there to remove"):
        Scripted().drive(module.apply(params, change, facts("2008r2")))


def test_the_newest_builds_are_not_asked_through_wmic() -> None:
    module, params = task("win_hotfix", hotfix_kb="KB5000000", state="absent")
    host = Scripted()
    host.drive(module.probe(params, facts("2025")))
    assert not [command for command in host.asked if command.startswith("wmic")]
