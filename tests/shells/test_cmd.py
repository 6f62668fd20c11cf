"""Lines of cmd for programs and for the user's own scripts."""

from __future__ import annotations

import pytest

from runner.errors import ModuleError
from runner.interfaces.exchange import Exec, Script
from runner.interfaces.shell import Invocation
from runner.shells import load
from runner.shells.cmd_quoting import LONGEST_LINE

CMD = load("cmd")


@pytest.mark.parametrize(
    ("command", "line"),
    [
        (Exec("sc", "config", "Spooler", "start=", "disabled"),
         "<nul sc config Spooler start= disabled"),
        (Exec("net", "stop", "A & B"), '<nul net stop "A & B"'),
        (Script("cmd", "dir %TEMP% & echo x | find \"x\"\n"), "dir %TEMP% & echo x | find \"x\""),
        (Script("cmd", "a\tb"), "a\tb"),
        (Script("cmd", "dir", chdir="C:\\a & (b)"), '(cd /d "C:\\a & (b)"||exit 1)&dir'),
        (Script("raw", "show version"), "show version"),
    ],
)  # fmt: skip
def test_lines(command: Exec | Script, line: str) -> None:
    assert CMD.render(command) == Invocation(line)


def test_input_goes_as_bytes_beside_the_line() -> None:
    rendered = CMD.render(Script("cmd", "more", stdin="é\n"))
    assert rendered == Invocation("more", "é\n".encode())


@pytest.mark.parametrize(
    "command",
    [
        Script("cmd", "echo a\necho b"),
        Script("cmd", "  \n"),
        Script("cmd", "echo \x1b"),
        Script("cmd", "echo", params={"a": 1}),
        Script("cmd", "echo", chdir='C:\\"a'),
        Script("cmd", "echo", chdir="C:\\%a%"),
        Script("raw", "x", params={"a": 1}),
        Script("raw", "x", chdir="C:\\"),
        Script("raw", " "),
        Exec(),
    ],
)
def test_what_cannot_be_said_is_refused(command: Exec | Script) -> None:
    with pytest.raises(ModuleError):
        CMD.render(command)


def test_raw_takes_no_program() -> None:
    with pytest.raises(ModuleError, match="quoting"):
        load("raw").render(Exec("sc"))


def test_lines_above_the_limit_are_refused_with_advice() -> None:
    room = LONGEST_LINE - len("<nul reg ")
    assert len(CMD.render(Exec("reg", "a" * room)).line) == LONGEST_LINE
    with pytest.raises(ModuleError, match=str(LONGEST_LINE + 1)) as caught:
        CMD.render(Exec("reg", "a" * (room + 1)))
    assert caught.value.hint
    with pytest.raises(ModuleError):
        CMD.render(Exec("reg", '"' + "\U0001f600" * 4100))


def test_powershell_scripts_are_rendered_by_their_own_shell() -> None:
    assert CMD.render(Script("powershell", "1")) == load("powershell").render(
        Script("powershell", "1")
    )
