"""Processes, tasks, names, waiting, and which tools exist on which system."""

from __future__ import annotations

import time

import pytest

from tests.lab.machine_bench import bench, wait_until


def test_tasklist_and_taskkill() -> None:
    lab = bench(processes=[r"C:\Windows\mssecsvc.exe -m security", r"C:\x\tasksche.exe"])
    line = 'tasklist /nh /fo csv|findstr /i /l "mssecsvc.exe tasksche.exe"'
    assert len(lab.ok(line).splitlines()) == 2
    pid = (
        lab.ok("wmic process where name='tasksche.exe' get ProcessId /value").split("=")[1].strip()
    )
    assert lab.ok(f"taskkill /f /t /pid {pid}").startswith("SUCCESS: ")
    assert lab.run(f"taskkill /f /pid {pid}").code == 128
    assert lab.run("taskkill /f /im tasksche.exe").code == 128
    assert lab.run("taskkill /f /im lsass.exe").code == 1
    assert lab.run("taskkill /im spoolsv.exe").code == 1
    assert "INFO: No tasks" in lab.ok('tasklist /fi "imagename eq tasksche.exe"')
    lab.ok('taskkill /f /fi "imagename eq mssec*"')
    assert lab.run(line).code == 1


def test_processes_of_the_spec_do_not_survive_a_restart() -> None:
    lab = bench(processes=[r"C:\x\tasksche.exe"])
    lab.reboot()
    assert lab.run("taskkill /f /im tasksche.exe").code == 128


def test_tasks_run_without_the_shell_and_are_recorded() -> None:
    lab = bench(files={r"C:\t.cmd": {"content": "@whoami>C:\\who.txt\r\n@exit /b 7\r\n"}})
    lab.ok(r"schtasks /create /tn t /ru SYSTEM /sc once /st 00:00 /tr C:\t.cmd /f")
    assert lab.state["tasks"] == {
        "t": {"command": r"C:\t.cmd", "user": "SYSTEM", "schedule": "ONCE", "start": "00:00",
              "enabled": True}
    }  # fmt: skip
    lab.ok("schtasks /run /tn t")
    wait_until(lambda: "Last Result:   7" in lab.ok("schtasks /query /tn t /v /fo list"))
    assert lab.ok(r"type C:\who.txt") == "nt authority\\system\n"
    assert lab.ok("schtasks /query /tn \\t /fo csv /nh") == '"\\t","N/A","Ready"\n'
    lab.ok("schtasks /delete /tn t /f")
    for verb in ("/run", "/query", "/delete /f", "/end"):
        assert lab.run(f"schtasks {verb} /tn t").code == 1


def test_tasks_that_start_with_the_system() -> None:
    lab = bench()
    lab.ok(r'schtasks /create /tn b /ru SYSTEM /sc onstart /tr "cmd /c echo up>C:\up.txt" /f')
    lab.reboot()
    wait_until(lambda: lab.run(r"type C:\up.txt 2>nul|findstr up").code == 0)


@pytest.mark.parametrize(
    "words",
    ["/sc once /st 25:00", "/sc once", "/sc never /st 10:00"],
)
def test_tasks_that_are_refused(words: str) -> None:
    assert bench().run(f"schtasks /create /tn t /tr cmd {words}").code == 1


def test_schedules_that_the_lab_cannot_keep_are_loud() -> None:
    assert bench().run("schtasks /create /tn t /tr cmd /sc daily /st 10:00").code == 9999


def test_names() -> None:
    lab = bench()
    assert lab.ok("hostname") == "web01\n"
    assert lab.ok("whoami") == "web01\\administrator\n"
    assert lab.ok("echo %COMPUTERNAME% %USERNAME%") == "WEB01 Administrator\n"
    assert lab.ok("chcp") == "Active code page: 437\n"


def test_waiting() -> None:
    lab = bench()
    start = time.monotonic()
    assert "Received = 2" in lab.ok("ping -n 2 127.0.0.1")
    assert time.monotonic() - start >= 1
    assert lab.run("ping -n 1 -w 1 10.9.9.9").code == 1
    assert lab.run("timeout /t 5").code == 1


EXISTS: list[tuple[str, str, bool]] = [
    ("2003-sp2", "dism", False),
    ("2003-sp2", "wusa", False),
    ("2003-sp2", "pkgmgr", False),
    ("2003-sp2", "powershell", False),
    ("2003-sp2", "schtasks", True),
    ("2003-sp2", "wmic", True),
    ("2003-sp1", "icacls", False),
    ("2003-sp2", "icacls", True),
    ("2008-sp2", "dism", False),
    ("2008-sp2", "pkgmgr", True),
    ("2008-sp2", "wusa", True),
    ("2008-sp2", "powershell", False),
    ("2008r2", "dism", True),
    ("2008r2", "powershell", True),
    ("2022", "wmic", True),
    ("2025", "wmic", False),
    ("2025", "dism", True),
]


@pytest.mark.parametrize(("os", "tool", "exists"), EXISTS)
def test_which_tools_exist(os: str, tool: str, exists: bool) -> None:
    assert (bench(os).run(f"where {tool}").code == 0) == exists
    if not exists:
        assert bench(os).run(f"{tool}&call echo %^errorlevel%").out == "9009\n"


def test_a_deleted_tool_is_gone() -> None:
    lab = bench()
    lab.ok(r"move C:\Windows\System32\hostname.exe C:\h.exe")
    assert lab.run("hostname").code == 1
    assert lab.ok(r"C:\h.exe") == "web01\n"
