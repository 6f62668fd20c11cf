"""The snapshot: what reads changes nothing, what is undone leaves nothing."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.lab.machine_bench import Bench, bench, changes

READ_ONLY = [
    "sc query", "sc query state= all type= all", "sc queryex lanmanserver", "sc qc spooler",
    "sc qdescription spooler", "sc enumdepend lanmanserver 65536", "sc query nosuch",
    "net start", "net share", "net statistics server",
    r"reg query HKLM\SYSTEM\CurrentControlSet\Services /s", r"reg query HKLM\SOFTWARE /v nope",
    r"reg compare HKLM\SYSTEM\CurrentControlSet\Control HKLM\SYSTEM\ControlSet001\Control",
    "netsh advfirewall show allprofiles", "netsh advfirewall firewall show rule name=all verbose",
    "wmic os get Caption,Version /value <nul", "wmic qfe get HotFixID <nul",
    "wmic service get Name,State /format:csv <nul", "wmic process get Name,ProcessId <nul",
    "dism /online /english /get-packages", "dism /online /get-features",
    "dism /online /english /get-featureinfo /featurename:SMB1Protocol",
    "tasklist", "tasklist /nh /fo csv|findstr /i svchost", "tasklist /svc /fo csv",
    "schtasks /query", r"certutil -hashfile C:\Windows\System32\drivers\srv.sys SHA1",
    r"dir /s /b /a C:\Windows", r"dir C:\Windows", "ver", "set", "hostname", "whoami", "ipconfig",
    r"type C:\Windows\System32\drivers\etc\hosts", "where sc", r"attrib C:\Windows\*", "cd /d C:\\",
    "echo a>nul", "nosuch", "rem x", "ping -n 1 127.0.0.1", "cmd /c exit 5", "chcp",
    r"if exist C:\Windows echo a", "find \"a\" C:\\Windows\\System32\\drivers\\etc\\hosts",
    "powershell -c Get-Service", "icacls C:\\", "for %i in (1) do echo a", "systeminfo",
]  # fmt: skip


@pytest.mark.parametrize("os", ["2003-sp2", "2008-sp2", "2008r2-sp1", "2012r2", "2016", "2025"])
def test_reading_changes_nothing(os: str) -> None:
    lab = bench(os)
    before = lab.state
    for line in READ_ONLY:
        lab.run(line)
        assert lab.writes == 0, line
    assert changes(before, lab.state) == []


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(READ_ONLY), min_size=2, max_size=6), st.sampled_from("&|"))
def test_reading_changes_nothing_in_any_company(lines: list[str], operator: str) -> None:
    before = SHARED.state
    SHARED.run(operator.join(f"({line})" for line in lines))
    assert changes(before, SHARED.state) == []
    assert SHARED.writes == 0


SHARED: Bench = bench("2016")

WRITES = [
    r"reg add HKLM\SOFTWARE\T /f", r"reg delete HKLM\SOFTWARE\Nope /f",
    "sc config spooler start= auto", "sc stop nosuch", "sc start spooler", "net stop nosuch",
    "sc create t binPath= x", "sc delete nosuch", "net start spooler", r"net share a=C:\Windows",
    "netsh advfirewall set allprofiles state on",
    "netsh advfirewall firewall add rule name=x dir=in action=block",
    "netsh advfirewall firewall delete rule name=nope",
    "dism /online /enable-feature /featurename:SMB1Protocol", "wusa x.msu /quiet /norestart",
    r"echo a>C:\f", r"del C:\nope", r"copy C:\nope C:\x", r"move C:\nope C:\x", r"mkdir C:\q",
    r"rd C:\nope", "taskkill /f /im nope.exe", "shutdown /a", "schtasks /delete /tn nope /f",
    "schtasks /run /tn nope", "schtasks /create /tn t /tr x /sc once /st 00:00",
    'wmic process call create "hostname" <nul', r"attrib +r C:\Windows\explorer.exe",
    r"reg export HKLM\SOFTWARE\Policies C:\p.reg", r"expand -F:* C:\nope.msu C:\d",
]  # fmt: skip


@pytest.mark.parametrize("line", WRITES)
def test_what_could_change_the_machine_is_counted(line: str) -> None:
    lab = bench("2016")
    lab.run(line)
    assert lab.writes == 1


def test_a_restart_by_itself_changes_nothing() -> None:
    for os in ("2003-sp2", "2008r2-sp1", "2019"):
        lab = bench(os, role="domain_controller", updates=["KB4012598"])
        before = lab.state
        lab.reboot()
        assert changes(before, lab.state) == []


def test_the_snapshot_is_plain_data_and_remembers_commands() -> None:
    lab = bench()
    lab.run("echo hi")
    lab.run("openfiles x")
    snapshot = json.loads(json.dumps(lab.machine.snapshot()))
    assert snapshot["volatile"]["commands"] == ["echo hi", "openfiles x"]
    assert snapshot["volatile"]["not_simulated"] == ["openfiles.exe"]
    assert snapshot["state"] == lab.state


def test_machines_share_nothing() -> None:
    first, second = bench(), bench()
    before = second.state
    first.ok(r"reg add HKLM\SOFTWARE\T /v a /d 1 /f&echo x>C:\f&sc config spooler start= disabled")
    first.ok(r"reg delete HKLM\SYSTEM\CurrentControlSet\Control /f")
    assert changes(before, second.state) == []


def test_a_simple_command_is_cheap() -> None:
    lab = bench()
    lab.ok("sc query lanmanserver")
    start = time.process_time()
    for _ in range(200):
        lab.ok("sc query lanmanserver")
    assert (time.process_time() - start) / 200 < 0.001
