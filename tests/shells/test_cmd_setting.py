"""Variables for cmd and PowerShell: what is sent, what is shown, what really arrives in a cmd."""

from __future__ import annotations

import base64
import re

import pytest

from runner.errors import ModuleError
from runner.interfaces.exchange import Command, Exec, Output, Script
from runner.interfaces.setting import Setting
from runner.model.secret import Secret
from runner.shells import load
from runner.shells.cmd_quoting import LONGEST_LINE
from runner.shells.cmd_setting import second_cmd
from tests.modules.labhost import LabHost

CMD = load("cmd")
POWERSHELL = load("powershell")


@pytest.mark.parametrize(
    ("environment", "command", "line"),
    [
        ({"A": "b"}, Exec("sc", "query"), 'set "A=b"&<nul sc query'),
        ({"A": "x & y"}, Exec("sc", "query"), 'set "A=x & y"&<nul sc query'),
        ({"A": "", "B": "C:\\d\\"}, Script("cmd", "dir|more"), 'set "A="&set "B=C:\\d\\"&dir|more'),
        ({"A": '"'}, Exec("x"), 'set ^"A=^"^"&<nul x'),
        ({"A": "50%"}, Exec("x"), 'set ^"A=50^%^"&<nul x'),
        ({"A": "1"}, Script("cmd", "@sort"), 'set "A=1"&sort'),
        ({"A": "1"}, Script("cmd", "echo %A%"),
         'set "A=1"&cmd /d /v:off /s /c ^"echo ^%^A^%^"'),
        ({"A": "1"}, Script("cmd", "dir", chdir="C:\\x"),
         'set "A=1"&(cd /d "C:\\x"||exit 1)&dir'),
    ],
)  # fmt: skip
def test_lines(environment: dict[str, str], command: Command, line: str) -> None:
    assert CMD.under(Setting(environment)).render(command).line == line


def lab(command: Command, setting: Setting) -> Output:
    """What a cmd of the lab, which was written apart from this quoting, makes of it."""
    link = LabHost("2016").link
    shell = CMD.under(setting)
    connection = link.open()
    return shell.decode(connection.run(shell.render(command), timeout=5), connection.encoding)


VALUES = [
    "plain", "a b", "a&b|c<d>e", "(x)", "^", "!x!", '"', 'a"b"c', "100%", "%OS%", "%OS", "a=b",
    "x\\", " lead", "trail ", "50% & \"q\" ^ %PATH%", "'", ";,",
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES)
def test_values_arrive(value: str) -> None:
    for given in (value, Secret(value)):
        out = lab(Script("cmd", "set MYVAR"), Setting({"MYVAR": given}))
        assert out.stdout == f"MYVAR={value}\n"


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("echo %MYVAR%", "v 1\n"),
        ('echo "%MYVAR%"&echo %NOSUCH%', '"v 1"\n%NOSUCH%\n'),
        ("if defined MYVAR (echo %MYVAR:v=w%) else (echo no)", "w 1\n"),
        ("echo a^&b %MYVAR%|findstr v", "a&b v 1\n"),
    ],
)
def test_a_users_line_sees_its_variables(text: str, printed: str) -> None:
    setting = Setting({"MYVAR": "v 1"})
    assert lab(Script("cmd", text), setting).stdout.replace(" \n", "\n") == printed


def test_the_exit_code_is_the_commands() -> None:
    for text in ("exit 7", "cmd /c exit 7", "echo %MYVAR%&exit 7"):
        assert lab(Script("cmd", text), Setting({"MYVAR": "x"})).code == 7


def test_bundles_have_the_variables_too() -> None:
    link = LabHost("2016").link
    shell = CMD.under(Setting({"MYVAR": "v", "S": Secret("s & t")}))
    commands = [Exec("cmd", "/c", "set", "MYVAR"), Exec("cmd", "/c", "set S"), Exec("hostname")]
    (bundle,) = shell.bundle(commands) or ()
    connection = link.open()
    outputs = bundle.outputs(connection.run(bundle.invocation, timeout=5), connection.encoding)
    assert outputs[0].stdout == "MYVAR=v\n"
    assert "S=s & t\n" in outputs[1].stdout
    assert outputs[2].stdout == "WEB01\n"


def test_a_secret_is_not_shown() -> None:
    setting = Setting({"A": "1", "S": Secret('hunter2"%')})
    shown = CMD.under(setting).render(Script("cmd", "echo %S%")).text
    assert shown == 'set "A=1"&set "S=********"&echo %S%'
    invocation = POWERSHELL.under(setting).render(Script("powershell", "$env:S"))
    assert invocation.text == "powershell: $env:S  where A=1, S=********"


@pytest.mark.parametrize("name", ["", "1", "A B", "A=", "%A%", "ERRORLEVEL", "CmdCmdLine", "A\n"])
@pytest.mark.parametrize("shell", [CMD, POWERSHELL])
def test_names_that_windows_cannot_have(shell: object, name: str) -> None:
    with pytest.raises(ModuleError, match="not a name"):
        shell.under(Setting({name: "x"}))  # type: ignore[attr-defined]


def test_values_that_cmd_cannot_say() -> None:
    for value in ("a\nb", "\x1b"):
        with pytest.raises(ModuleError):
            CMD.under(Setting({"A": value}))
        with pytest.raises(ModuleError) as caught:
            CMD.under(Setting({"A": Secret(value)}))
        assert value not in str(caught.value)
    with pytest.raises(ModuleError, match=str(LONGEST_LINE)):
        CMD.under(Setting({"A": "x" * 8100})).render(Exec("hostname"))


def test_raw_has_no_setting() -> None:
    for setting in (Setting({"A": "1"}), Setting(become="sudo")):
        with pytest.raises(ModuleError, match="not possible with the shell 'raw'"):
            load("raw").under(setting)
    with pytest.raises(ModuleError, match="not possible with the shell 'raw'"):
        CMD.under(Setting({"A": "1"})).render(Script("raw", "x"))


def test_an_empty_setting_changes_nothing() -> None:
    assert CMD.under(Setting()) is CMD
    assert POWERSHELL.under(Setting()) is POWERSHELL


def decoded(line: str) -> str:
    return base64.b64decode(line.rsplit(" ", 1)[1]).decode("utf-16-le")


def values(script: str) -> list[str]:
    return [base64.b64decode(v).decode() for v in re.findall(r"String\('([^']*)'", script)]


@pytest.mark.parametrize("command", [Script("powershell", "1"), Exec("x.exe", "a")])
def test_powershell_gets_them_as_values(command: Command) -> None:
    setting = Setting({"A": "'; exit 1 #\n", "ProgramFiles(x86)": "é"})
    script = decoded(POWERSHELL.under(setting).render(command).line)
    assert values(script)[:4] == ["A", "'; exit 1 #\n", "ProgramFiles(x86)", "é"]
    assert "exit 1 #" not in script
    assert script.index("SetEnvironmentVariable") < script.index("&{" if "&{" in script else "$i")


@pytest.mark.parametrize(
    "command",
    [Script("powershell", "1"), Script("powershell", "1", stdin="in"), Exec("x.exe", "a")],
)
def test_a_secret_is_not_on_powershells_command_line(command: Command) -> None:
    invocation = POWERSHELL.under(Setting({"S": Secret("hunter2")})).render(command)
    assert "hunter2" not in decoded(invocation.line)
    assert base64.b64encode(b"hunter2").decode() not in decoded(invocation.line)
    assert invocation.stdin is not None
    script = base64.b64decode(invocation.stdin.split(b".")[0]).decode()
    assert "hunter2" in values(script)


def test_a_script_of_another_language_gets_them_as_well() -> None:
    setting = Setting({"A": "1"})
    script = Script("powershell", "$env:A")
    assert CMD.under(setting).render(script) == POWERSHELL.under(setting).render(script)


@pytest.mark.parametrize("line", ["echo %A%", 'a "b c" ^| %OS% <nul', "100%", "%"])
def test_the_first_cmd_does_not_read_the_line(line: str) -> None:
    outer = second_cmd(f"echo {line}")
    link = LabHost("2016").link
    direct = link.open().run(CMD.render(Script("cmd", f"echo {line}")), timeout=5)
    twice = link.open().run(CMD.render(Script("cmd", outer)), timeout=5)
    assert (twice.code, twice.stdout) == (direct.code, direct.stdout)
