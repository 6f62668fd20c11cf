"""wmic: shapes of output, conditions, streams."""

from __future__ import annotations

import re
import threading
import time

import pytest

from tests.lab.machine_bench import Bench, bench, wait_until


def value(lab: Bench, query: str) -> str:
    """The text of a query with /value, blank lines and carriage returns away."""
    text = lab.ok(f"wmic {query} /value <nul")
    return "\n".join(line for line in text.replace("\r", "").split("\n") if line)


def test_value_output_to_a_pipe_has_doubled_carriage_returns() -> None:
    raw = bench().run("wmic os get BuildNumber,Caption /value <nul").raw
    assert raw == (
        b"\r\r\n\r\r\nBuildNumber=7601\r\r\n"
        b"Caption=Microsoft Windows Server 2008 R2 Standard \r\r\n\r\r\n\r\r\n\r\r\n"
    )


def test_to_a_file_it_is_utf_16() -> None:
    lab = bench()
    lab.ok(r"wmic os get BuildNumber /value >C:\o.txt <nul")
    assert lab.ok(r"type C:\o.txt") == "\n\nBuildNumber=7601\n\n\n\n"
    assert "C:\\o.txt" in lab.state["files"]


def test_tables_sort_their_columns() -> None:
    out = bench().ok("wmic os get Version,BuildNumber <nul").replace("\r", "")
    assert out == "BuildNumber  Version   \n7601         6.1.7601  \n\n"


QUERIES: list[tuple[str, str]] = [
    ('service where "name=\'Spooler\'" get State', "State=Running"),
    ("service where name='Spooler' get State,StartMode", "StartMode=Auto\nState=Running"),
    ("service where (name='spooler' and State='Stopped') get State", ""),
    ('service where "name like \'lanman%\' and not name=\'lanmanserver\'" get Name',
     "Name=LanmanWorkstation"),
    ('process where "name=\'odd.exe\'" get CommandLine', "CommandLine=C:\\x\\odd.exe -k"),
    ("path win32_computersystem get DomainRole", "DomainRole=3"),
    ('useraccount where "LocalAccount=TRUE and SID like \'S-1-5-21-%-500\'" get Name',
     "Name=Administrator"),
    ("share where name='C$' get Path", "Path=C:\\"),
    ("logicaldisk where DeviceID='C:' get FreeSpace", "FreeSpace=21474836480"),
    ("qfe get HotFixID", "HotFixID=KB4012212\nHotFixID=KB9999999"),
    ("qfe where HotFixID='KB4012212' get HotFixID", "HotFixID=KB4012212"),
]  # fmt: skip


@pytest.mark.parametrize(("query", "text"), QUERIES, ids=[case[0][:40] for case in QUERIES])
def test_query(query: str, text: str) -> None:
    lab = bench(processes=["C:\\x\\odd.exe -k"], updates=["KB4012212", "KB9999999"])
    assert value(lab, query) == text


def test_no_instance_is_said_on_standard_error_with_code_0() -> None:
    result = bench().run("wmic qfe where HotFixID='KB1' get HotFixID /value <nul")
    assert (result.code, result.out) == (0, "")
    assert result.err == "No Instance(s) Available.\n"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("os get Nope", 9999),
        ("os list brief", 9999),
        ("bios get Version", 9999),
        ("nicconfig call EnableDHCP", 9999),
        ('service where "name=" get State', 0x80041017 - (1 << 32)),
    ],
)
def test_wrong_or_unknown(query: str, code: int) -> None:
    result = bench().run(f"wmic {query} <nul")
    assert result.code == code
    assert result.err


def test_boot_time_moves_with_a_restart() -> None:
    lab = bench()
    query = "os get LastBootUpTime"
    before = value(lab, query)
    assert re.fullmatch(r"LastBootUpTime=\d{14}\.\d{6}[+-]\d{3}", before)
    lab.reboot()
    assert value(lab, query) > before


def test_process_call_create_runs_beside_the_shell() -> None:
    lab = bench()
    out = lab.ok(r'wmic process call create "cmd /c echo hi>C:\made.txt" <nul')
    assert re.search(r"ProcessId = \d+;\s+ReturnValue = 0;", out.replace("\r", ""))
    end = time.monotonic() + 5
    while lab.run(r"type C:\made.txt 2>nul|findstr hi").code:
        assert time.monotonic() < end
    assert "ReturnValue = 9;" in lab.ok('wmic process call create "nosuch" <nul')


def test_a_created_process_has_a_folder_a_console_and_a_user_of_its_own() -> None:
    lab = bench("2003-sp2")
    lab.ok(r'mkdir "C:\a b"')
    lab.ok(r'>"C:\a b\x.cmd" (echo chcp 1252 ^>nul&echo ^>made.txt chcp&echo ^>who.txt cd)')
    lab.ok(r'<nul wmic process call create "cmd /c .\x.cmd","C:\a b"')
    wait_until(lambda: lab.state["files"].get(r"C:\a b\who.txt", {}).get("size", 0) > 0)
    assert lab.ok(r'type "C:\a b\made.txt"') == "Active code page: 1252\n"
    assert lab.ok(r'type "C:\a b\who.txt"') == "C:\\a b\n"
    assert lab.ok("chcp") == "Active code page: 437\n"
    assert lab.run("chcp 1252").code == 9999
    assert "ReturnValue = 9;" in lab.ok(r'<nul wmic process call create "cmd /c ver","C:\none"')


def test_a_created_process_can_be_ended() -> None:
    lab = bench()
    line = r"cmd /c ping -n 60 127.0.0.1 >nul&echo x>C:\made.txt"
    out = lab.ok(f'wmic process call create "{line}" <nul')
    found = re.search(r"ProcessId = (\d+);", out)
    assert found
    assert f'"{found[1]}"' in lab.ok(f'tasklist /fi "pid eq {found[1]}" /fo csv /nh')
    lab.ok(f"taskkill /f /t /pid {found[1]}")
    assert "cmd.exe" not in lab.machine.snapshot()["volatile"]["pids"].values()
    time.sleep(0.2)
    assert r"C:\made.txt" not in lab.state["files"]


def test_on_server_2003_it_hangs_until_its_input_ends() -> None:
    lab = bench("2003-sp2")
    assert lab.run("wmic os get BuildNumber /value <nul").code == 0
    ended = threading.Event()
    cancelled = threading.Event()
    codes: list[int] = []

    def receive() -> bytes:
        ended.wait(5)
        return b""

    def hang() -> None:
        codes.append(
            lab.machine.run(
                "wmic os get BuildNumber", write=lambda name, data: None, stdin=receive,
                codepage=437, user="Administrator", cwd=None, env={}, cancelled=cancelled,
            )
        )  # fmt: skip

    thread = threading.Thread(target=hang)
    thread.start()
    time.sleep(0.05)
    assert thread.is_alive()
    assert lab.ok("echo others go on") == "others go on\n"
    cancelled.set()
    ended.set()
    thread.join(5)
    assert codes == [0xC000013A]


def test_it_is_gone_on_server_2025() -> None:
    assert bench("2025").run("wmic os get Version").code == 1
