"""The line of several users' commands: which may stand in it, and what an answer is taken for."""

from __future__ import annotations

import re

import pytest

from runner.errors import ProtocolFailed
from runner.interfaces.exchange import Command, Exec, Script
from runner.interfaces.setting import Setting
from runner.interfaces.shell import Invocation, RawOutput
from runner.shells import load
from runner.shells.cmd_series import CmdSeries
from tests.modules.labhost import LabHost

CMD = load("cmd")
NONCE = "kabcdefghijkmn"


def script(text: str, chdir: str | None = None) -> Script:
    return Script("cmd", text, chdir=chdir)


@pytest.mark.parametrize(
    ("command", "joins"),
    [
        (script("<nul hostname"), True),
        (script("echo a & (echo b) | more"), True),
        (script('reg add "HKLM\\a b" /v "c"'), True),
        (script("dir", chdir=r"C:\a b"), True),
        (Exec("reg", "query", "HKLM\\a & b"), True),
        (script("echo %OS%"), False),
        (Exec("reg", "query", "HKLM\\100%"), False),
        (script('echo "'), False),
        (script('"C:\\a b\\c.exe" "d"'), False),
        (script("echo a^"), False),
        (script(' "C:\\a b\\c.exe" "d"'), False),
        (script(";echo a"), False),
        (script("p^ing -n 6 127.0.0.1"), False),
        (script("echo one\necho two"), False),
        (script("  "), False),
        (script("dir", chdir="%TEMP%"), False),
        (script("echo " + "x" * 7500), False),
        (Script("cmd", "findstr a", stdin="a"), False),
        (Script("cmd", "hostname", timeout=5.0), False),
        (Script("cmd", "hostname", disconnects=True), False),
        (Script("powershell", "hostname"), False),
        (script("ping -n 6 127.0.0.1"), False),
        (script(r"\\server\share\setup.exe /q"), False),
        (script("reg query HKLM /v Shipping"), True),
    ],
)
def test_what_reads_the_same_in_a_cmd_of_its_own_joins(command: Command, joins: bool) -> None:
    assert CMD.joins(command) is joins
    assert not CMD.under(Setting(environment={"A": "b"})).joins(command)
    assert not load("powershell").joins(command)
    assert (CMD.series([command, script("ver")]) is not None) is joins


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("hostname", False),
        ("sc start Spooler", False),
        ("net start Spooler", False),
        ("sc config x start= auto", False),
        (r"C:\start\tool.exe", False),
        ("ipconfig /flushdns", False),
        ("echo model", False),
        ("start /b hostname", True),
        ("echo a&start hostname", True),
        ('(start "" x.exe)', True),
        ("if exist x (echo a) else start y", True),
        ("cmd /c start y", True),
        ("CHCP 65001>nul&type x", True),
        ("mode con cp select=437", True),
        (r"C:\Windows\System32\shutdown.exe /r", True),
        ("ipconfig /release", True),
        ("netsh interface set interface x disabled", True),
        ("net stop winrm", True),
        ("powershell -File x.ps1", True),
        ("taskkill /im cmd.exe", True),
        ("if exist x start /b y", True),
        ("if not defined a (echo b)&start y", True),
        ("cmd /cstart y", True),
        ("st^art y", True),
        ("CH^CP 65001", True),
        (";start y", True),
        ("if exist x sc config y start= auto", False),
        ("reg add HKLM\\K /v Start /d 4", False),
        (r"C:\tools\restart-it.cmd now", True),
        (r"call C:\tools\x.bat", True),
        ("route delete 0.0.0.0", True),
        ('net stop "Windows Remote Management (WS-Management)"', True),
        ("net stop http /y", True),
        ("psshutdown -r", True),
        ("rundll32 a.dll,b", True),
        ("type x.com", False),
    ],
)
def test_what_may_leave_something_behind_is_the_last(line: str, parts: bool) -> None:
    assert CMD.parts(script(line)) is parts


def test_as_many_go_as_fit() -> None:
    lines = [script(f"echo {'x' * 300}{n}") for n in range(40)]
    made = CMD.series(lines)
    assert made is not None
    assert 8 <= made.count < 20
    assert 7600 - 600 < len(made.invocation.line) <= 7600
    assert CMD.series(lines[:1]) is None
    assert CMD.series([script("echo " + "x" * 4000)] * 2) is None


def test_the_mark_never_stands_in_the_line() -> None:
    made = CMD.series([script("ver"), script("ver")])
    assert isinstance(made, CmdSeries)
    assert made.nonce not in made.invocation.line
    assert made.border == made.nonce.encode()


def test_of_an_answer_that_is_cut_only_what_has_ended_is_certain() -> None:
    host = LabHost("2012r2")
    made = CMD.series([script("echo a&echo b>&2"), script("hostname"), script("exit 5")])
    assert made is not None
    whole = host.link.open().run(made.invocation, timeout=30)
    outputs = made.outputs(whole, "cp437")
    assert [(o.code, o.stdout, o.stderr) for o in outputs] == [
        (0, "a\n", "b\n"), (0, "WEB01\n", ""), (5, "", ""),
    ]  # fmt: skip
    for out in range(len(whole.stdout)):
        cut = RawOutput(0, whole.stdout[:out], whole.stderr)
        assert made.certain(cut, "cp437") == outputs[: len(made.certain(cut, "cp437"))]
    for error in range(len(whole.stderr) - 2):
        cut = RawOutput(0, whole.stdout, whole.stderr[:error])
        found = made.certain(cut, "cp437")
        assert found == outputs[: len(found)]
        assert len(found) < 3
        with pytest.raises(ProtocolFailed) as caught:
            made.outputs(cut, "cp437")
        assert caught.value.may_have_started


@pytest.mark.parametrize(
    ("stdout", "certain"),
    [
        ("", 0),
        ("N.0.Windows_NT.\r\nN.1.0.y.\r\n", 0),
        ("N.0.!OS!.\r\nN.1.0.y.\r\n", 1),
        ("N.0.!OS!.\r\nN.2.0.y.\r\nN.1.0.y.\r\nN.end.\r\n", 0),
        ("N.0.!OS!.\r\nN.1.0.y.\r\nN.1.0.y.\r\nN.end.\r\n", 1),
        ("N.0.!OS!.\r\nN.1.5.y.\r\n", 0),
        ("N.0.!OS!.\r\nN.1.0.n.\r\n", 0),
        ("N.0.!OS!.\r\nN.7 N.1.0.y.\r\nN.2.0.y.\r\nN.end.\r\n", 0),
        ("N.0.!OS!.\r\nN.1.0.y.\r\nN.2.0.y.\r\n", 2),
    ],
)
def test_an_answer_that_cannot_be_is_not_taken_for_one(stdout: str, certain: int) -> None:
    marks = [0, *(int(n) for n in re.findall(r"N\.(\d)\.-?\d+\.[yn]\.", stdout))]
    errors = "".join(f"{NONCE}.{n}.\r\n" for n in marks)
    text = re.sub(r"\bN(?=\.| )", NONCE, stdout)
    made = CmdSeries(Invocation(""), NONCE, 2)
    raw = RawOutput(0, text.encode(), errors.encode())
    assert len(made.certain(raw, "cp437")) == certain
    with pytest.raises(ProtocolFailed) as caught:
        made.outputs(raw, "cp437")
    assert caught.value.may_have_started is ("Windows" not in stdout)


def test_what_is_printed_behind_the_end_is_nobodys() -> None:
    """By something that a command has left running."""
    text = "N.0.!OS!.\r\na\r\nN.1.0.y.\r\nN.2.0.y.\r\nN.end.\r\nlate\r\n".replace("N", NONCE)
    errors = "N.0.\r\nN.1.\r\nN.2.\r\nlate\r\n".replace("N", NONCE)
    made = CmdSeries(Invocation(""), NONCE, 2)
    outputs = made.outputs(RawOutput(0, text.encode(), errors.encode()), "cp437")
    assert [(o.code, o.stdout, o.stderr) for o in outputs] == [(0, "a\n", ""), (0, "", "")]
