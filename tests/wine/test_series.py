"""Scripts of users' commands on a cmd that we did not write: what one does stays its own."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from runner.interfaces.exchange import Exec, Output, Script
from runner.interfaces.lease import Lease
from runner.interfaces.shell import Series
from runner.shells import load
from runner.windows.lease import KEY, WindowsLeases
from tests.wine.wine import WineBench
from tests.wine.winehost import WineHost

WELL = [
    "cd",
    r"cd \&cd",
    r"cd windows&set A=1&set g=7&set errorlevel=5",
    "(if defined g echo seen)&(if defined A echo seen)&cd",
    "exit 0",
    "exit /b 0",
    "echo a&echo b>&2",
    'echo "a & b" ^& (c) ^| ^<d^> !OS! ^^ end',
    "echo kabcdefghjkmn.1.0.y.&echo kabcdefghjkmn.end.>&2",
    "(echo x)&(echo y)",
    "echo)",
    "if 1==1 (echo then) else (echo otherwise)",
    "<nul hostname",
    '<nul reg add "HKLM\\SOFTWARE\\T (x) & y" /v v /d "a | b" /f',
    "echo 路径&echo end",
    "cmd /c echo inner&cmd /c exit 0",
    "setlocal&endlocal&echo on",
    "@echo off&echo quiet",
    "set /a 1+2",
    "rem nothing",
]
BADLY = [
    "exit 3",
    "exit /b 4",
    "<nul nosuch-program",
    "cd nosuch-folder",
    "exit -1",
]


HEAD = WindowsLeases().taking(
    Lease.make("20260513-0730-bcdf.00000001", seconds=9, beat="ab", since=1, owner="anna@here:1")
)


@pytest.fixture
def host(chinese: WineBench) -> WineHost:
    return WineHost(chinese)


def script(text: str) -> Script:
    return Script("cmd", text)


def made(commands: Sequence[Script | Exec]) -> Series:
    found = load("cmd").series(commands)
    assert found is not None
    assert found.count == len(commands)
    return found


def together(host: WineHost, commands: Sequence[Script | Exec]) -> tuple[Output, ...]:
    series, link = made(commands), host.link.open()
    return series.outputs(link.run(series.invocation, timeout=120), link.encoding)


def alone(host: WineHost, command: Script | Exec) -> Output:
    shell, link = load("cmd"), host.link.open()
    return shell.decode(link.run(shell.render(command), timeout=120), link.encoding)


def timeless(output: Output) -> tuple[int, str, str]:
    return output.code, output.stdout, output.stderr


def test_each_comes_to_what_it_comes_to_alone(host: WineHost) -> None:
    commands = [script(text) for text in WELL]
    found = [timeless(output) for output in together(host, commands)]
    assert found == [timeless(alone(host, command)) for command in commands]
    assert {code for code, *_ in found} == {0}


@pytest.mark.parametrize("text", BADLY)
def test_nothing_runs_behind_the_first_failure(host: WineHost, text: str) -> None:
    commands = [script("echo first"), script(text), script("echo never")]
    first, second = together(host, commands)
    assert first.stdout == "first\n"
    assert timeless(second) == timeless(alone(host, commands[1]))
    assert second.code != 0


def test_what_prints_no_text_is_cut_at_the_same_byte(host: WineHost) -> None:
    link = host.link.open()
    for line in (r'cmd /u /c "echo wide">C:\wide.txt', r"<nul set /p =no end>C:\open.txt"):
        assert link.run(load("cmd").render(script(line)).__class__(line), timeout=60).code == 0
    commands = [script(r"type C:\wide.txt"), script(r"type C:\open.txt"), script("echo last")]
    found = [timeless(output) for output in together(host, commands)]
    assert found == [timeless(alone(host, command)) for command in commands]


def test_what_takes_the_host_before_them_changes_nothing_for_them(host: WineHost) -> None:
    assert isinstance(HEAD, Script)
    seen = [script(f"if defined {name} echo seen") for name in ("own", "odd")]
    try:
        head, *found = together(host, [HEAD, *seen])
    finally:
        together(host, [script(f"reg delete {KEY} /f"), script("ver")])
    assert head.code == 0
    assert [timeless(output) for output in found] == [(0, "", "")] * 2
