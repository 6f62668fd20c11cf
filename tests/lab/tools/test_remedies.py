"""The lab's tools behind scheduled tasks by XML, shadow copies, permissions and file times."""

from __future__ import annotations

import pytest

from tests.lab.machine_bench import bench, wait_until

_NS = "http://schemas.microsoft.com/windows/2004/02/mit/task"
_TASK = (
    f'<Task version="1.2" xmlns="{_NS}"><Triggers>TRIGGERS</Triggers><Principals>'
    '<Principal id="A"><UserId>S-1-5-18</UserId></Principal></Principals>'
    '<Actions Context="A"><Exec><Command>cmd.exe</Command>'
    r"<Arguments>/c echo x&gt;C:\made</Arguments></Exec></Actions></Task>"
)


def put(lab: object, text: str) -> None:
    host = lab.machine._host  # type: ignore[attr-defined]
    host.files.write("C:\\t.xml", b"\xff\xfe" + text.encode("utf-16-le"), 0.0)


def test_a_task_of_xml() -> None:
    lab = bench("2016")
    put(lab, _TASK.replace("TRIGGERS", "<BootTrigger/>"))
    lab.ok(r"schtasks /create /tn \a\b /xml C:\t.xml /f")
    said = lab.ok(r"schtasks /query /tn \A\B /xml")
    assert said.startswith('<?xml version="1.0" encoding="UTF-16"?>')
    assert r"<URI>\a\b</URI>" in said
    lab.ok(r"schtasks /change /tn \a\b /disable")
    assert "<Enabled>false</Enabled>" in lab.ok(r"schtasks /query /tn \a\b /xml")
    assert lab.state["tasks"]["\\a\\b"]["enabled"] is False
    lab.reboot()
    assert r"C:\made" not in lab.state["files"]
    lab.ok(r"schtasks /change /tn \a\b /enable")
    lab.reboot()
    wait_until(lambda: r"C:\made" in lab.state["files"])


def test_a_task_that_starts_after_it_was_made() -> None:
    lab = bench("2022")
    trigger = "<RegistrationTrigger><Delay>PT0S</Delay></RegistrationTrigger>"
    put(lab, _TASK.replace("TRIGGERS", trigger))
    lab.ok(r"schtasks /create /tn now /xml C:\t.xml")
    wait_until(lambda: r"C:\made" in lab.state["files"])


@pytest.mark.parametrize(
    ("os", "line", "code"),
    [
        ("2016", r"schtasks /create /tn x /xml C:\nix.xml", 1),
        ("2016", r"schtasks /create /tn x /xml C:\t.xml", 1),
        ("2016", "schtasks /query /tn nix /xml", 1),
        ("2016", "schtasks /change /tn nix /enable", 1),
        ("2003-sp2", r"schtasks /create /tn x /xml C:\t.xml", 1),
        ("2003-sp2", "schtasks /query /tn x /xml", 1),
        ("2003-sp2", "schtasks /change /tn x /enable", 1),
        ("2016", "vssadmin delete shadows /shadow={0} /quiet", 1),
        ("2016", "vssadmin list shadows", 9999),
        ("2016", r"icacls C:\Windows /remove nobody", 1332),
        ("2003-sp2", r"icacls C:\WINDOWS /inheritance:r", 87),
    ],
)
def test_what_is_wrong(os: str, line: str, code: int) -> None:
    lab = bench(os)
    put(lab, "<no/>")
    assert lab.run(line).code == code


def test_a_task_made_of_words_is_told_as_xml() -> None:
    lab = bench("2012r2")
    lab.ok(r'schtasks /create /tn x /tr "C:\a.exe -k" /sc onstart /ru SYSTEM')
    said = lab.ok("schtasks /query /tn x /xml")
    assert "<UserId>S-1-5-18</UserId>" in said
    assert r"<Command>C:\a.exe</Command>" in said
    assert "<Arguments>-k</Arguments>" in said


def test_shadow_copies() -> None:
    lab = bench("2008r2-sp1")
    assert lab.state["shadow_copies"] == 0
    said = lab.ok(r"wmic shadowcopy call create Volume='C:\' <nul")
    assert "ReturnValue = 0;" in said
    guid = said.partition('ShadowID = "')[2].partition('"')[0]
    assert f"ID={guid}" in lab.ok("wmic shadowcopy get ID,VolumeName /value <nul")
    assert "ReturnValue = 3;" in lab.ok(r"wmic shadowcopy call create Volume='Q:\' <nul")
    lab.ok(f"vssadmin delete shadows /shadow={guid} /quiet")
    assert lab.state["shadow_copies"] == 0


def test_permissions_of_its_own() -> None:
    lab = bench("2016")
    lab.ok(r"md C:\q")
    lab.ok(r'icacls C:\q /inheritance:r /grant:r "*S-1-5-18:(OI)(CI)F" Administrators:RX')
    acl = "D:PAI(A;OICI;FA;;;SY)(A;;0x1200a9;;;BA)"
    assert lab.state["files"][r"C:\q"]["acl"] == acl
    lab.ok(r"icacls C:\q /deny Everyone:(WD)")
    lab.ok(r"icacls C:\q /grant:r *S-1-5-32-544:F")
    assert lab.state["files"][r"C:\q"]["acl"] == ("D:PAI(D;;0x2;;;WD)(A;OICI;FA;;;SY)(A;;FA;;;BA)")
    lab.ok(r"icacls C:\q /remove:d Everyone /remove SYSTEM Administrators /inheritance:e")
    assert "acl" not in lab.state["files"][r"C:\q"]


def test_times_of_the_files_of_a_folder() -> None:
    lab = bench("2016")
    lab.ok(r"md C:\q\deep&echo a>C:\q\a.txt&echo b>C:\q\deep\b.txt")
    where = r"drive='C:' and path='\\q\\'"
    said = lab.ok(f'wmic datafile where "{where}" get Name,LastModified /value <nul')
    assert "Name=c:\\q\\a.txt" in said
    assert "b.txt" not in said


def test_a_process_is_ended_only_under_its_name() -> None:
    lab = bench("2016", processes=[r"C:\x\a.exe"])
    pid = next(p.pid for p in lab.machine._host.processes if p.name == "a.exe")
    lab.ok(f'taskkill /f /pid {pid} /fi "imagename eq b.exe"')
    assert r"C:\x\a.exe" in lab.state["processes"]
    lab.ok(f'taskkill /f /pid {pid} /fi "imagename eq a.exe"')
    assert r"C:\x\a.exe" not in lab.state["processes"]
