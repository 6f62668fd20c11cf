"""A Wine machine reaches nothing of this computer, and nothing of it stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from runner.lab.machine import PoweredOff
from runner.lab.wine.template import Template
from tests.wine.wine import ROOT, WineBench

_OWNER = """
import sys, time
from tests.wine.wine import WineBench, require_wine
bench = WineBench(require_wine())
print(bench.ok("hostname").strip(), bench.machine.sandbox.first, flush=True)
time.sleep(60)
"""


def processes_of(namespace: str) -> list[int]:
    """Live processes in a pid namespace."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if str((entry / "ns/pid").readlink()) == namespace:
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def mounts() -> list[str]:
    return [line for line in Path("/proc/mounts").read_text().splitlines() if "wine" in line]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["kill", "term"])
def test_nothing_is_left_when_the_owner_dies(number: signal.Signals, wine: Template) -> None:
    before = mounts()
    owner = subprocess.Popen(
        [sys.executable, "-c", _OWNER], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    name, first = owner.stdout.readline().split()
    assert name == "WEB01"
    namespace = str(Path(f"/proc/{first}/ns/pid").readlink())
    assert len(processes_of(namespace)) > 3, "wineserver, services and their like run there"
    assert mounts() == before, "its mounts are its own"
    owner.send_signal(number)
    owner.wait(10)
    owner.stdout.close()
    end = time.monotonic() + 10
    while processes_of(namespace):
        assert time.monotonic() < end, "processes of the machine outlive their owner"
        time.sleep(0.02)


def test_nothing_is_left_after_closing(wine: Template) -> None:
    bench = WineBench(wine)
    bench.ok("hostname")
    namespace = str(Path(f"/proc/{bench.machine.sandbox.first}/ns/pid").readlink())
    bench.machine.close()
    assert not processes_of(namespace)


def test_this_computer_cannot_be_reached(english: WineBench) -> None:
    secret = ROOT / "pyproject.toml"
    assert secret.exists()
    for path in (r"Z:\\", rf"\\?\unix{secret}".replace("/", "\\"), r"\\localhost\c$\windows"):
        assert english.run(f'type "{path}"').code != 0, path
    assert english.run(r"dir \\?\unix\root").code != 0
    assert english.run(r"copy C:\windows\win.ini \\?\unix\usr\x.txt").code != 0
    assert not Path("/usr/x.txt").exists()
    variables = english.ok("set")
    for name in ("HOME", "PATH", "VIRTUAL_ENV", "PWD"):
        value = os.environ.get(name)
        assert value is None or len(value) < 2 or f"={value}\n" not in variables, name
    assert "USERNAME=Administrator\n" in variables
    interfaces = Path(f"/proc/{english.machine.sandbox.first}/net/dev")
    assert [line.split(":")[0].strip() for line in interfaces.read_text().splitlines()[2:]] == [
        "lo"
    ]


def test_what_a_machine_writes_stays_on_it(wine: Template, english: WineBench) -> None:
    english.ok(r"echo x>C:\only-here.txt&reg add HKLM\SOFTWARE\OnlyHere /f")
    try:
        assert "only-here.txt" in english.files()
        other = WineBench(wine)
        assert other.run(r"type C:\only-here.txt").code != 0
        assert other.run(r"reg query HKLM\SOFTWARE\OnlyHere").code == 1
        other.ok(r"del C:\windows\system32\hostname.exe")
        assert (wine.prefix / "drive_c/windows/system32/hostname.exe").exists()
        other.machine.close()
    finally:
        english.ok(r"del C:\only-here.txt&reg delete HKLM\SOFTWARE\OnlyHere /f")


def test_lines_codes_streams_and_input(english: WineBench) -> None:
    assert english.run("exit 3010").code == 3010
    assert english.run("exit -1073741819").code == -1073741819
    result = english.run("echo out&echo err>&2")
    assert (result.out, result.err) == ("out\n", "err\n")
    assert english.run("set /p A=&call echo [%^A%]", stdin=b"typed\r\n").out == "[typed]\n"
    assert english.ok("echo %COLOUR%", COLOUR="a & b") == "a & b\n"
    assert english.ok("echo %COLOUR%") == "%COLOUR%\n"
    assert english.ok("cd", cwd=r"C:\windows") == "C:\\windows\n"
    assert english.ok("echo 中文", codepage=65001) == "中文\n"
    assert english.ok("echo %COMPUTERNAME%\\%USERNAME%") == "WEB01\\Administrator\n"


def test_commands_run_side_by_side_and_can_be_ended(english: WineBench) -> None:
    cancelled = threading.Event()
    codes: list[int] = []
    slow = threading.Thread(
        target=lambda: codes.append(
            english.run("ping -n 30 127.0.0.1>nul", cancelled=cancelled).code
        )
    )
    slow.start()
    assert english.ok("echo meanwhile") == "meanwhile\n"
    cancelled.set()
    slow.join(10)
    assert codes == [-1073741510], "STATUS_CONTROL_C_EXIT"
    assert "PING.EXE" not in english.ok("tasklist").upper()


def test_power(wine: Template) -> None:
    """An orderly shutdown keeps the registry, auto services start again, a crash ends commands."""
    bench = WineBench(wine)
    bench.ok(r"reg add HKLM\SOFTWARE\Kept /f&sc config Spooler start= auto")
    changes: list[str] = []
    bench.machine.subscribe_power(lambda machine: changes.append(str(machine.power)))
    bench.machine.power_off()
    with pytest.raises(PoweredOff):
        bench.run("hostname")
    bench.machine.power_on()
    bench.ok(r"reg query HKLM\SOFTWARE\Kept")
    assert "4  RUNNING" in bench.ok("sc query Spooler")
    ended: list[str] = []

    def wait() -> None:
        try:
            bench.run("ping -n 30 127.0.0.1>nul")
        except PoweredOff:
            ended.append("powered off")

    waiting = threading.Thread(target=wait)
    waiting.start()
    time.sleep(0.5)
    bench.machine.crash()
    waiting.join(10)
    assert ended == ["powered off"]
    bench.machine.power_on()
    assert bench.ok("hostname") == "WEB01\n"
    assert changes == ["off", "on", "off", "on"]
    bench.machine.close()
