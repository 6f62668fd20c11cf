"""The tools behind names, time zones, ports and tasks of service accounts, as documented."""

from __future__ import annotations

import pytest

from tests.lab.machine_bench import bench, wait_until


def test_a_time_zone() -> None:
    lab = bench("2019")
    assert lab.ok("tzutil /g") == "UTC"
    lab.ok('tzutil /s "w. europe standard time"')
    assert lab.ok("tzutil /g") == "W. Europe Standard Time"
    lab.ok('tzutil /s "China Standard Time_dstoff"')
    assert lab.ok("tzutil /g") == "China Standard Time_dstoff"
    assert lab.run('tzutil /s "Mars"').code == 1
    assert "\nUTC\n" in lab.ok("tzutil /l")
    assert "not recognized" in bench("2003-sp2").run("tzutil /g").err


def test_a_name_is_active_after_the_next_start() -> None:
    lab = bench("2003-sp2")
    said = lab.ok('<nul wmic computersystem where "Name=\'x\'" call rename name="new-01"')
    assert "\tReturnValue = 0;" in said
    key = r"reg query HKLM\SYSTEM\CurrentControlSet\Control\ComputerName"
    assert "NEW-01" in lab.ok(rf"{key}\ComputerName /v ComputerName")
    assert "NEW-01" not in lab.ok(rf"{key}\ActiveComputerName /v ComputerName")
    lab.reboot()
    assert "NEW-01" in lab.ok(rf"{key}\ActiveComputerName /v ComputerName")
    assert lab.ok("hostname") == "new-01\n"
    refused = lab.ok('<nul wmic computersystem call rename name="a b"')
    assert "\tReturnValue = 87;" in refused


def test_who_listens() -> None:
    lab = bench("2016")
    said = lab.ok("netstat -an")
    assert "0.0.0.0:445" in said
    assert "[::]:445" in said
    lab.ok("net stop lanmanserver /y")
    assert ":445" not in lab.ok("netstat -a -n")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (r'icacls C:\Windows /grant "*S-1-5-19:(OI)(CI)M"', 0),
        (r"icacls C:\Windows /grant Users:RX", 0),
        (r"icacls C:\Windows /grant Users:nonsense", 87),
        (r"icacls C:\nix /grant Users:R", 2),
    ],
)
def test_somebody_is_let_in(line: str, code: int) -> None:
    assert bench("2016").run(line).code == code


@pytest.mark.parametrize(
    ("os", "ru", "who"),
    [
        ("2003-sp2", "SYSTEM", "nt authority\\system"),
        ("2003-sp2", r"NT AUTHORITY\SYSTEM", "nt authority\\system"),
        ("2016", r"NT AUTHORITY\LOCALSERVICE", "nt authority\\local service"),
        ("2016", "S-1-5-20", "nt authority\\network service"),
        ("2003-sp2", r"NT AUTHORITY\LOCALSERVICE", None),
    ],
)
def test_tasks_of_service_accounts(os: str, ru: str, who: str | None) -> None:
    start = "00:00:00" if os.startswith("2003") else "00:00"
    lab = bench(os, files={r"C:\a b\t.cmd": {"content": "@whoami>C:\\who.txt\r\n"}})
    line = f'schtasks /create /tn t /ru "{ru}" /sc once /st {start} /tr "\\"C:\\a b\\t.cmd\\""'
    if who is None:
        assert lab.run(line).code == 1
        return
    lab.ok(line)
    lab.ok("schtasks /run /tn t")
    wait_until(lambda: lab.run("type C:\\who.txt").out == f"{who}\n")


def test_a_task_line_has_a_limit() -> None:
    lab = bench("2016")
    line = f"schtasks /create /tn t /ru SYSTEM /sc once /st 00:00 /tr {'x' * 262}"
    assert "261" in lab.run(line).err


def test_a_file_that_is_written_is_not_shared_for_writing() -> None:
    lab = bench("2016", files={r"C:\t.cmd": {"content": "ping -n 3 127.0.0.1 >C:\\out\r\n"}})
    lab.ok(r"schtasks /create /tn t /ru SYSTEM /sc once /st 00:00 /tr C:\t.cmd")
    lab.ok("schtasks /run /tn t")
    wait_until(lambda: lab.run(r"if not exist C:\out exit 1").code == 0)
    held = lab.run(r"type nul>>C:\out&&echo free||echo held")
    assert held.out == "held\n"
    assert "used by another process" in held.err
    wait_until(lambda: lab.run(r"type nul>>C:\out&&echo free||echo held").out == "free\n")
