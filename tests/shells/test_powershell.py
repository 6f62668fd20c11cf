"""PowerShell scripts: how they travel, and what comes back on the error stream."""

from __future__ import annotations

import base64
import json
import re

import pytest

from runner.errors import ModuleError
from runner.interfaces.exchange import Exec, Script
from runner.interfaces.shell import RawOutput
from runner.shells import load
from runner.shells.cmd_quoting import LONGEST_LINE
from runner.shells.powershell_clixml import errors_of, unescape

SHELL = load("powershell")
FLAGS = "powershell.exe -NoProfile -NonInteractive -ExecutionPolicy Bypass"


def sent(line: str) -> str:
    """The script in -EncodedCommand, as PowerShell reads it."""
    return base64.b64decode(line.rsplit(" ", 1)[1]).decode("utf-16-le")


def values(script: str) -> list[str]:
    """The texts that travel as base64 in a script."""
    return [
        base64.b64decode(v).decode() for v in re.findall(r"FromBase64String\('([^']*)'", script)
    ]


def test_a_short_script_is_encoded_and_gets_no_input() -> None:
    rendered = SHELL.render(Script("powershell", "Get-Item 'é' # 'x"))
    assert rendered.line.startswith(f"{FLAGS} -InputFormat None -EncodedCommand ")
    assert rendered.stdin is None
    script = sent(rendered.line)
    assert "\nGet-Item 'é' # 'x\n" in script
    assert script.startswith("$ProgressPreference='SilentlyContinue'")
    assert "OutputEncoding" in script
    assert "exit $global:LASTEXITCODE" in script


def test_values_never_become_script_text() -> None:
    params = {"name": "'; Remove-Item C:\\ -Recurse #", "list": ["é", 1, True, None], "$x": {}}
    chdir = "C:\\a'b; exit"
    script = sent(SHELL.render(Script("powershell", "1", params=params, chdir=chdir)).line)
    assert "Remove-Item" not in script
    assert "a'b" not in script
    found = values(script)
    assert json.loads(found[0]) == params
    assert found[1] == chdir
    assert "JavaScriptSerializer" in script
    assert "ConvertFrom-Json" in script


def test_a_long_script_goes_through_standard_input() -> None:
    text = "# é\n" + "Get-Item x\n" * 1000
    rendered = SHELL.render(Script("powershell", text, params={"a": "b"}))
    assert len(rendered.line) < 1000
    assert rendered.line.startswith(f"{FLAGS} -EncodedCommand ")
    assert rendered.stdin is not None
    (line,) = rendered.stdin.splitlines()
    assert text in base64.b64decode(line).decode()
    assert "$input" in sent(rendered.line)


@pytest.mark.parametrize("length", [10, 9000])
def test_own_input_follows_the_script(length: int) -> None:
    text = "x" * length
    rendered = SHELL.render(Script("powershell", text, stdin="é\n"))
    assert rendered.stdin is not None
    lines = [base64.b64decode(line).decode() for line in rendered.stdin.splitlines()]
    assert lines[-1] == "é\n"
    assert len(lines) == (1 if length == 10 else 2)
    script = sent(rendered.line) if length == 10 else lines[0]
    assert f"$in=&$d {len(lines) - 1}\n" in script
    assert f"$lines|&{{\n{text}\n}}" in script


@pytest.mark.parametrize("length", range(2300, 3100, 7))
def test_no_length_makes_a_line_that_is_too_long(length: int) -> None:
    assert len(SHELL.render(Script("powershell", "x" * length)).line) <= LONGEST_LINE


def test_programs_on_a_powershell_login_shell() -> None:
    rendered = SHELL.render(Exec("C:\\a b\\x.exe", "a b", 'q"$(1)', "%OS%"))
    assert values(sent(rendered.line)) == ["C:\\a b\\x.exe", '"a b" "q\\"$(1)" "%OS%"']


@pytest.mark.parametrize(
    "command",
    [
        Script("powershell", " \n"),
        Script("powershell", "1", params={"a": object()}),
        Script("powershell", "1", params={"a": float("nan")}),
        Exec(),
        Exec("a\nb"),
        Exec("x", "y" * 9000),
    ],
)
def test_what_cannot_be_said_is_refused(command: Exec | Script) -> None:
    with pytest.raises(ModuleError):
        SHELL.render(command)


def test_scripts_are_not_bundled() -> None:
    assert SHELL.bundle([Script("powershell", "1")]) is None


HEAD = (
    '#< CLIXML\r\n<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">'
)
PROGRESS = '<Obj S="progress" RefId="0"><MS><S N="x">y</S></MS></Obj>'


@pytest.mark.parametrize(
    ("text", "errors"),
    [
        ("plain\r\n", "plain\r\n"),
        (HEAD + PROGRESS + "</Objs>", ""),
        (HEAD + '<S S="Error">Boom_x000D__x000A_</S><S S="Error"> at 1</S></Objs>', "Boom\n at 1"),
        (HEAD + '<S S="verbose">v</S><S S="Error">e</S><S S="warning">w</S></Objs>', "e"),
        ("before\n" + HEAD + '<S S="Error">e</S></Objs>', "before\ne"),
        (HEAD + '<S S="Error">1</S></Objs>' + HEAD + '<S S="Error">2</S></Objs>\nafter', "12after"),
        (HEAD + '<S S="Error">&lt;a&gt; &amp;</S></Objs>', "<a> &"),
        (HEAD + '<S S="Error">cut', HEAD + '<S S="Error">cut'),
        (HEAD + '<S S="Error"></Objs>', HEAD + '<S S="Error"></Objs>'),
        ("#< CLIXML\r\n<!DOCTYPE a></Objs>", "#< CLIXML\r\n<!DOCTYPE a></Objs>"),
    ],
)
def test_clixml(text: str, errors: str) -> None:
    assert errors_of(text) == errors


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("a_x0020_b", "a b"),
        ("_x005F_x0041_", "_x0041_"),
        ("_xD83D__xDE00_", "\U0001f600"),
        ("_xD83D_", "\ufffd"),
        ("_x12_ _xZZZZ_", "_x12_ _xZZZZ_"),
    ],
)
def test_unescape(text: str, plain: str) -> None:
    assert unescape(text) == plain


def test_decoding_takes_utf8_where_it_is_that() -> None:
    assert SHELL.decode(RawOutput(0, "é".encode()), "cp437").stdout == "é"
    assert SHELL.decode(RawOutput(0, "é".encode("cp437")), "cp437").stdout == "é"


def test_what_is_shown_is_the_plain_script_so_that_a_secret_in_it_can_be_masked() -> None:
    script = Script("powershell", "Set-It $params.p", params={"p": "hunter2"}, chdir="C:\\x")
    invocation = load("powershell").render(script)
    assert "hunter2" not in invocation.line
    assert invocation.text == 'powershell: Set-It $params.p  in C:\\x  with {"p": "hunter2"}'


def test_a_program_is_shown_as_itself() -> None:
    invocation = load("powershell").render(Exec("sc", "query", "a b"))
    assert invocation.text == 'powershell: sc query "a b"'
