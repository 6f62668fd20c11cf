"""Programs and scripts for the POSIX shell: quoting that real shells confirm, and decoding."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.errors import ModuleError
from runner.interfaces.exchange import Command, Exec, Script
from runner.interfaces.shell import Invocation, RawOutput
from runner.posix import quoting
from runner.shells import load
from tests.shells.posix_hosts import SHELLS, ask, run

POSIX = load("posix")

VALUES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30) | st.text(
    "'\"\\ $`!*?[]{}~#&|;<>()=%^\n\t-a", max_size=20
)
NASTY = [
    "", " ", "'", '"', "\\", "'\"'", "a\nb", "$HOME", "`id`", "$(id)", "*", "~", "~root", "=ls",
    "-n", "--", "!", "!!", "a=b", "{a,b}", "#x", "\u8def\u5f84", "\U0001f600", "\x01\x7f", "%s",
    "a\\", "\r\n", ";", "&", "é'é", "[a-z]", "x" * 5000,
]  # fmt: skip


@pytest.mark.parametrize("login", SHELLS)
def test_every_shell_hands_on_exactly_these_arguments(login: str) -> None:
    out = run(POSIX.render(Exec("printf", "%s\\0", *NASTY)), login)
    assert out.stdout.decode() == "".join(value + "\0" for value in NASTY)


@pytest.mark.parametrize("login", SHELLS)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(VALUES, min_size=1, max_size=12))
def test_any_arguments(login: str, values: list[str]) -> None:
    out = run(POSIX.render(Exec("printf", "%s\\0", *values)), login)
    assert out.stdout.decode() == "".join(value + "\0" for value in values)


@given(VALUES)
def test_a_word_is_what_the_standard_library_makes_of_it(value: str) -> None:
    assert quoting.quote(value) == shlex.quote(value)
    assert shlex.split(quoting.quote(value)) == [value]


@pytest.mark.parametrize("login", SHELLS)
@pytest.mark.parametrize("program", ["if", "time", "A=b", "for", "{", "!"])
def test_a_program_is_never_syntax(login: str, program: str, tmp_path: Path) -> None:
    tool = tmp_path / program
    tool.write_text('#!/bin/sh\necho ran "$1"\n')
    tool.chmod(0o755)
    line = f"PATH={shlex.quote(str(tmp_path))}:$PATH; {POSIX.render(Exec(program, 'x y')).line}"
    assert run(Invocation(line), login).stdout == b"ran x y\n"


@pytest.mark.parametrize("login", SHELLS)
def test_scripts_are_read_by_sh_whatever_the_login_shell(login: str, tmp_path: Path) -> None:
    folder = tmp_path / "a 'b' $c"
    folder.mkdir()
    script = Script("posix", "cat; pwd; echo é >&2; exit 9", stdin="in\n", chdir=str(folder))
    out = ask(POSIX, script, login)
    assert (out.code, out.stdout, out.stderr) == (9, f"in\n{folder}\n", "é\n")


def test_a_folder_that_is_not_there_runs_nothing(tmp_path: Path) -> None:
    out = ask(POSIX, Script("posix", f"touch {tmp_path}/made", chdir="/no such/folder"))
    assert out.code == 1
    assert out.stderr
    assert not (tmp_path / "made").exists()


def test_a_folder_may_begin_with_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sub $x").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CDPATH", "/usr")
    for folder in ("~/sub $x", "$HOME/sub $x", "${HOME}/sub $x"):
        assert ask(POSIX, Script("sh", "pwd", chdir=folder)).stdout == f"{tmp_path}/sub $x\n"


@pytest.mark.parametrize(
    ("text", "variables", "value"),
    [
        ("$A/$B${C}", {"A": "a b", "B": "*", "C": "'"}, "a b/*'"),
        ("$NOSUCH/${NOSUCH}x", {}, "$NOSUCH/${NOSUCH}x"),
        ("$1$$$(id)`id`$", {}, "$1$$$(id)`id`$"),
        ("a~", {}, "a~"),
        ("$EMPTY.", {"EMPTY": ""}, "."),
        ("${A", {"A": "1"}, "${A"),
    ],
)
def test_variables_of_the_host_in_a_path(
    text: str, variables: dict[str, str], value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NOSUCH", "A", "B", "C"):
        monkeypatch.delenv(name, raising=False)
    for name, content in variables.items():
        monkeypatch.setenv(name, content)
    for login in SHELLS:
        line = Invocation(f"printf %s {quoting.path(text)}")
        if "zsh" not in login:
            assert run(line, login).stdout.decode() == value


@pytest.mark.parametrize(
    ("command", "line"),
    [
        (Exec("systemctl", "stop", "x y"), "systemctl stop 'x y'"),
        (Script("posix", "echo $A"), "/bin/sh -c 'echo $A'"),
        (Script("sh", "a | b\n"), "/bin/sh -c 'a | b\n'"),
        (Script("raw", "show version"), "/bin/sh -c 'show version'"),
    ],
)
def test_lines(command: Command, line: str) -> None:
    assert POSIX.render(command).line == line
    assert load("sh").render(command).line == line


@pytest.mark.parametrize(
    "command",
    [
        Exec(),
        Exec(""),
        Exec("a\0b"),
        Exec("x", "\ud800"),
        Script("posix", " \n"),
        Script("posix", "x", params={"a": 1}),
        Script("powershell", "Get-Item x"),
        Script("cmd", "dir"),
        Exec("x", "y" * 130_000),
        Script("posix", "'" * 30_000),
    ],
)
def test_what_cannot_be_said_is_refused(command: Command) -> None:
    with pytest.raises(ModuleError):
        POSIX.render(command)


def test_a_line_of_the_length_that_we_promise_really_runs() -> None:
    text = "x" * 119_000
    assert ask(POSIX, Exec("printf", "%s", text)).stdout == text
    assert ask(POSIX, Script("posix", f"printf %s {text}")).stdout == text


def test_what_is_shown_is_the_users_text() -> None:
    shown = POSIX.render(Script("posix", "echo 'a'", chdir="/a b")).text
    assert shown == "cd '/a b' && echo 'a'"


@given(st.binary(max_size=60), st.sampled_from(["utf-8", "latin-1", "x"]))
def test_decoding_never_fails(data: bytes, encoding: str) -> None:
    out = POSIX.decode(RawOutput(1, data, data, 0.5), encoding)
    assert (out.code, out.seconds) == (1, 0.5)
    if encoding == "latin-1":
        assert out.stdout.encode("latin-1") == data
