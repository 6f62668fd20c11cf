"""win_command, win_shell, win_powershell and raw: what is sent, and what tells that it is done."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from runner.errors import ModuleError, ParamsError, PlaybookError
from runner.interfaces.codec import to_json
from runner.interfaces.exchange import Command, Exec, Output, Read, Script, Write
from runner.interfaces.module import CommandState
from runner.model.state import Change
from runner.modules import win_powershell
from tests.modules.scripted import Answers, Scripted, task

CHANGE = Change("", CommandState(), CommandState(done=True))


def sent(module_name: str, **raw: Any) -> Command:
    """The one command that a task writes."""
    module, params = task(module_name, **raw)
    request = next(module.apply(params, CHANGE, {}))
    assert isinstance(request, Write)
    return request.command


SENT: list[tuple[str, dict[str, Any], Command]] = [
    ("win_command", {"_raw_params": "ipconfig /all"}, Script("cmd", "<nul ipconfig /all")),
    (
        "win_command",
        {"_raw_params": '"C:\\Program Files\\x.exe" "a b"'},
        Script("cmd", '<nul "C:\\Program Files\\x.exe" "a b"'),
    ),
    # what cmd would see as its own goes as separate arguments, which the shell quotes
    ("win_command", {"cmd": 'prog a|b "%PATH%"'}, Exec("prog", "a|b", "%PATH%")),
    ("win_command", {"argv": ["prog", "a b", "c&d"]}, Script("cmd", '<nul prog "a b" "c&d"')),
    ("win_command", {"argv": ["prog", "100%"]}, Exec("prog", "100%")),
    (
        "win_command",
        {"_raw_params": "sort", "stdin": "b\na", "chdir": r"C:\x"},
        Script("cmd", "@sort", stdin="b\na", chdir=r"C:\x"),
    ),
    ("win_shell", {"_raw_params": "Get-Service"}, Script("powershell", "Get-Service")),
    (
        "win_shell",
        {"_raw_params": "echo %A% | more", "executable": "cmd.exe", "chdir": r"C:\x"},
        Script("cmd", "echo %A% | more", chdir=r"C:\x"),
    ),
    (
        "win_shell",
        {"_raw_params": "x", "executable": r"C:\Windows\System32\cmd.exe"},
        Script("cmd", "x"),
    ),
    ("raw", {"_raw_params": "echo a | b"}, Script("raw", "echo a | b")),
]


@pytest.mark.parametrize(("name", "raw", "command"), SENT)
def test_what_is_sent(name: str, raw: dict[str, Any], command: Command) -> None:
    assert sent(name, **raw) == command


EXISTS = "dir /b /a C:\\done"
DONE: list[tuple[dict[str, Any], Answers, bool | None, str]] = [
    ({}, {}, None, ""),
    ({"creates": "C:\\done"}, {EXISTS: Output(0)}, True, "C:\\done exists"),
    ({"creates": "C:\\done"}, {"dir /ad C:\\done": Output(0)}, True, "C:\\done exists"),
    ({"creates": "C:\\done"}, {}, False, "C:\\done does not exist"),
    ({"removes": "C:\\done"}, {}, True, "C:\\done does not exist"),
    ({"removes": "C:\\done"}, {EXISTS: Output(0)}, False, "C:\\done exists"),
    ({"creates": "C:\\new", "removes": "C:\\done"}, {EXISTS: Output(0)}, False, "C:\\new does not"),
    ({"check": "<nul-free"}, {}, False, "check: exit code 1"),
    ({"check": "is-done"}, {"is-done": Output(0), "<nul is-done": Output(0)}, True, "check: it is"),
    ({"creates": "C:\\done", "check": "x"}, {EXISTS: Output(0)}, True, "C:\\done exists"),
]


@pytest.mark.parametrize("name", ["win_command", "win_shell"])
@pytest.mark.parametrize(("raw", "answers", "done", "because"), DONE)
def test_what_tells_that_it_is_done(
    name: str, raw: dict[str, Any], answers: Answers, done: bool | None, because: str
) -> None:
    module, params = task(name, _raw_params="work", **raw)
    host = Scripted(answers)
    found = host.drive(module.probe(params, {}))
    assert found.done is done
    assert found.because.startswith(because)
    assert host.sent == []


def test_check_runs_in_the_same_shell_and_folder() -> None:
    module, params = task(
        "win_shell", _raw_params="x", check="test", executable="cmd", chdir="C:\\"
    )
    request = next(module.probe(params, {}))
    assert request == Read((Script("cmd", "test", chdir="C:\\"),))


def test_a_failed_command_keeps_its_output() -> None:
    module, params = task("win_command", _raw_params="prog")
    said = Output(0xFFFFFFFF, "out\nmore\n", "\nit went wrong\n")
    applied = Scripted({"<nul prog": said}).drive(module.apply(params, CHANGE, {}))
    result = module.result(params, CHANGE, {}, applied)
    assert result["failed"] is True
    assert result["rc"] == -1
    assert result["msg"] == "non-zero return code"
    assert module.failure(applied) == "exit code -1: it went wrong"
    assert result["stdout_lines"] == ["out", "more"]
    assert result["cmd"] == "prog"


def test_what_was_not_run_says_why() -> None:
    module, params = task("win_shell", _raw_params="x", creates="C:\\done")
    state = CommandState(done=True, because="C:\\done exists")
    result = module.result(params, Change("", state, state), {}, {})
    assert result["skipped"] is True
    assert result["msg"] == "skipped, since C:\\done exists"
    assert result["rc"] == 0


def answer(report: dict[str, Any], before: str = "") -> Output:
    encoded = base64.b64encode(json.dumps(report).encode()).decode()
    return Output(0, f"{before}\n{win_powershell._MARK}{encoded}\r\n", "noise")


REPORT = {
    "result": {"a": 1}, "changed": True, "failed": False, "message": "", "output": ["路径", 2],
    "error": [], "warning": ["careful"], "verbose": [], "debug": [], "information": [],
}  # fmt: skip


def test_powershell_output_is_data() -> None:
    found = win_powershell.report(answer(REPORT, "said by Write-Host"), datetime.now())
    assert found["output"] == ["路径", 2]
    assert found["result"] == {"a": 1}
    assert found["host_out"] == "said by Write-Host"
    assert found["host_err"] == "noise"
    assert "msg" not in found


def test_powershell_failures_are_told() -> None:
    failed = {**REPORT, "failed": True, "message": "no such item"}
    assert win_powershell.report(answer(failed), datetime.now())["msg"] == "no such item"
    with pytest.raises(ModuleError, match="did not run the script to its end: exit code 1: bad"):
        win_powershell.report(Output(1, "", "bad"), datetime.now())
    with pytest.raises(ModuleError, match="garbled"):
        win_powershell.report(Output(0, "runner-report ###"), datetime.now())


def test_the_users_script_travels_as_data() -> None:
    command = sent(
        "win_powershell",
        script="$x = 'a'",
        parameters={"Path": "C:\\t", "Force": True},
        error_action="stop",
        chdir="C:\\w",
    )
    assert isinstance(command, Script)
    assert command.text == win_powershell.wrapper()
    assert "$x = 'a'" not in command.text
    assert command.params == {
        "script": "$x = 'a'",
        "path": "",
        "parameters": [{"name": "Path", "value": "C:\\t"}, {"name": "Force", "value": True}],
        "chdir": "C:\\w",
        "depth": 2,
        "sensitive": 0,
        "error_action": "Stop",
    }


def test_sensitive_parameters_are_in_no_command_line() -> None:
    command = sent(
        "win_powershell",
        script="$x = 'a'",
        sensitive_parameters=[
            {"name": "Token", "value": "se;cret"},
            {"name": "Who", "username": "LAB\\ann", "password": "pä"},
        ],
    )
    assert isinstance(command, Script)
    assert command.params["sensitive"] == 2
    lines = [
        [base64.b64decode(part).decode() for part in line.split(";")]
        for line in (command.stdin or "").splitlines()
    ]
    assert lines == [["Token", "", "se;cret"], ["Who", "LAB\\ann", "pä"]]
    _module, params = task(
        "win_powershell", script="x", sensitive_parameters=[{"name": "T", "value": "pw1"}]
    )
    assert "pw1" not in repr(params)
    assert "pw1" not in json.dumps(to_json(params))
    for wrong in ({"name": "a"}, {"name": "a", "value": "x", "username": "y"},
                  {"name": "a", "username": "y"}):  # fmt: skip
        with pytest.raises(ParamsError):
            task("win_powershell", script="x", sensitive_parameters=[wrong])


def test_a_script_in_a_file_of_the_controller_or_of_the_host(tmp_path: Path) -> None:
    file = tmp_path / "a.ps1"
    file.write_bytes("\ufeff$x = 'ä'".encode())
    module = win_powershell.Module()
    filled = module.filled_in({"path": str(file)}, lambda data, name: data)
    assert filled == {"loaded": "$x = 'ä'"}
    params = win_powershell.Params(path=str(file), **filled)
    assert module.subject(params) == f"powershell {file}"
    assert module.shown(params) == "$x = 'ä'"
    request = next(module.apply(params, CHANGE, {}))
    assert isinstance(request, Write)
    command = request.command
    assert isinstance(command, Script)
    assert (command.params["script"], command.params["path"]) == ("$x = 'ä'", "")
    remote = sent("win_powershell", path="C:/s/a.ps1", remote_src=True)
    assert isinstance(remote, Script)
    assert (remote.params["script"], remote.params["path"]) == ("", r"C:\s\a.ps1")
    assert module.controller_file("path", {"path": "a", "remote_src": "yes"}) is None
    file.write_bytes(b"\xff")
    with pytest.raises(PlaybookError, match="UTF-8"):
        module.filled_in({"path": str(file)}, lambda data, name: data)
    for wrong in ({}, {"script": "x", "path": "y"}, {"script": "x", "remote_src": True},
                  {"path": "a.ps1", "remote_src": True}):  # fmt: skip
        with pytest.raises(ParamsError):
            task("win_powershell", **wrong)


NEWER = ("[ordered]", "[pscustomobject]", "-notin", " -in ", "Get-CimInstance", ".foreach(")


@pytest.mark.parametrize("newer", NEWER)
def test_the_wrapper_keeps_to_powershell_2(newer: str) -> None:
    assert newer.lower() not in win_powershell.wrapper().lower()
