"""win_process on the lab and in tables, beyond what the contract suite covers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from runner.errors import ModuleError, ParamsError, Refused
from runner.interfaces.exchange import Output
from runner.model.state import Change
from runner.windows import processes
from tests.modules.facts import facts
from tests.modules.labhost import LabHost
from tests.modules.scripted import Scripted
from tests.modules.scripted import task as parsed

EVIL = r"C:\ProgramData\x\tasksche.exe"
WORM = r"C:\Windows\mssecsvc.exe"
FILES = {EVIL: {"content": "MZ evil", "attributes": "AH"}, WORM: {"content": "MZ worm"}}


@pytest.fixture
def host() -> LabHost:
    return LabHost("2016", files=FILES, processes=[EVIL, f"{WORM} -m security", "C:\\x\\ok.exe"])


def do(host: LabHost, **raw: Any) -> tuple[Any, Change[Any]]:
    task = host.task("win_process", **raw)
    change = task.plan()
    if change.differences():
        task.apply(change)
        assert not task.plan().differences()
    return task, change


def running(host: LabHost) -> list[str]:
    """Which of ours run still."""
    names = ("tasksche.exe", "mssecsvc.exe", "ok.exe")
    lines = host.state["processes"]
    return [name for name in names if any(f"\\{name}" in line for line in lines)]


@pytest.mark.parametrize(
    ("raw", "left"),
    [
        ({"name": "tasksche.exe"}, ["mssecsvc.exe", "ok.exe"]),
        ({"name": ["TASKSCHE.exe", "mssec*"]}, ["ok.exe"]),
        ({"path": EVIL.upper()}, ["mssecsvc.exe", "ok.exe"]),
        ({"name": "tasksche.exe", "path": WORM}, None),
        ({"name": "nix.exe"}, None),
    ],
)
def test_which_processes_are_ended(host: LabHost, raw: dict[str, Any], left: Any) -> None:
    before = running(host)
    task, change = do(host, **raw)
    assert running(host) == (before if left is None else left)
    assert bool(change.differences()) is (left is not None)
    reason = task.module.irreversible(task.params, change, task.facts)
    assert ("nothing starts these again: " in reason) is (left is not None)


def test_a_checksum_finds_what_has_another_name(host: LabHost) -> None:
    seen = host.machine._host.files.find(WORM)
    assert seen is not None
    _, change = do(host, checksum=seen.sha1.upper(), quarantine=True)
    assert change.before.files == (WORM,)
    assert running(host) == ["tasksche.exe", "ok.exe"]


def test_a_file_goes_into_quarantine_with_a_manifest_and_comes_back(host: LabHost) -> None:
    before = host.state["files"]
    task, change = do(host, name="tasksche.exe", quarantine=True)
    assert not task.module.irreversible(task.params, change, task.facts)
    said = task.module.message(task.params, change, task.facts)
    assert "a rollback puts the files back, not these" in said
    result = task.module.result(task.params, change, task.facts, {})
    (kept,) = result["quarantined"]
    assert kept["path"] == EVIL
    assert kept["kept_as"].startswith("C:\\runner-quarantine\\tasksche.exe.")
    assert [one["name"] for one in result["ended"]] == ["tasksche.exe"]
    files = host.state["files"]
    assert EVIL not in files
    assert files[kept["kept_as"]] == {**before[EVIL], "attributes": "A"}
    assert files["C:\\runner-quarantine"]["acl"] == "D:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"
    manifest = host.machine._host.files.find(f"{kept['kept_as']}.json")
    assert manifest is not None
    told = json.loads(manifest.content or b"")
    assert (told["path"], told["checksum"], told["attributes"]) == (EVIL, kept["checksum"], "H")
    task.undo(change)
    assert host.state["files"] == before
    assert "tasksche.exe" not in running(host)


def test_the_quarantine_of_2003_is_open_and_that_is_said() -> None:
    host = LabHost("2003-sp2", files={r"C:\WINDOWS\x.exe": {"content": "MZ"}})
    task, change = do(host, path=r"C:\WINDOWS\x.exe", quarantine=True)
    assert "permissions of its drive" in task.module.message(task.params, change, task.facts)
    assert "acl" not in host.state["files"]["C:\\runner-quarantine"]


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"name": "csrss.exe"}, "is part of Windows"),
        ({"name": "svchost.exe"}, "the runner's own connection"),
        ({"name": "*host.exe"}, "the runner's own connection"),
        ({"name": "spoolsv.exe", "quarantine": True}, "found by its name only"),
    ],
)
def test_what_is_refused(host: LabHost, raw: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said):
        host.task("win_process", **raw).plan()


def test_a_critical_name_elsewhere_is_ended() -> None:
    fake = r"C:\Temp\svchost.exe"
    host = LabHost("2022", files={fake: {"content": "MZ"}}, processes=[fake])
    do(host, path=fake, quarantine=True)
    assert fake not in host.state["files"]
    assert fake not in host.state["processes"]


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({}, "needs 'name'"),
        ({"name": "*"}, "not only wildcards"),
        ({"name": r"C:\x.exe"}, "without a folder"),
        ({"checksum": "abc"}, "has 40 hex digits"),
        ({"path": "x.exe"}, "must be a full path"),
    ],
)
def test_wrong_parameters(raw: dict[str, Any], said: str) -> None:
    with pytest.raises(ParamsError, match=said):
        parsed("win_process", **raw)


LIST = "\r\r\n".join(
    ["", "ExecutablePath=", "Name=System Idle Process", "ProcessId=0", "", "",
     rf"ExecutablePath=\??\{EVIL}", "Name=tasksche.exe", "ProcessId=1234", "", ""]
)  # fmt: skip
NONE = "ExecutablePath=\r\nName=System\r\nProcessId=4\r\n"


@pytest.mark.parametrize("tool", ["wmic", "powershell"])
def test_processes_are_told_by_wmic_or_powershell(tool: str) -> None:
    answers = {"wmic process": Output(9009), "Get-WmiObject Win32_Process": Output(0, LIST)}
    if tool == "wmic":
        answers = {"wmic process": Output(0, LIST)}
    found = Scripted(answers).drive(processes.listing())
    assert [one.shown for one in found] == ["System Idle Process (0)", "tasksche.exe (1234)"]
    assert found[1].path == EVIL


def test_a_host_that_tells_nothing() -> None:
    with pytest.raises(ModuleError, match="did not tell its processes"):
        Scripted({}).drive(processes.listing())


def test_what_starts_again_and_again_is_an_error() -> None:
    module, params = parsed("win_process", name="tasksche.exe")
    host = Scripted({"wmic process": Output(0, LIST), "taskkill": Output(0)})
    known = facts("2016")
    before = host.drive(module.probe(params, known))
    change = Change("", before, module.plan(params, before, known))
    with pytest.raises(ModuleError, match="again and again") as caught:
        host.drive(module.apply(params, change, known))
    assert "win_service" in caught.value.hint
    assert set(host.sent) == {"taskkill /f /pid 1234 /fi imagename eq tasksche.exe"}
    assert len(host.sent) == 6


@pytest.mark.parametrize(("code", "fails"), [(0, False), (128, False), (1, True)])
def test_the_codes_of_taskkill(code: int, fails: bool) -> None:
    module, params = parsed("win_process", name="tasksche.exe")
    wmic = [Output(0, LIST), Output(0, NONE)]
    host = Scripted({"wmic process": wmic, "taskkill": Output(code)})
    known = facts("2016")
    before = host.drive(module.probe(params, known))
    change = Change("", before, module.plan(params, before, known))
    if fails:
        with pytest.raises(ModuleError, match="some processes could not be ended"):
            host.drive(module.apply(params, change, known))
    else:
        host.drive(module.apply(params, change, known))
