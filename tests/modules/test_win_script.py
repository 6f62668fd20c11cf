"""script on Windows: sent, run by what its suffix says, removed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runner.errors import ConnectionLost, DeadlineExceeded, ModuleError, ParamsError, Refused
from runner.interfaces.exchange import Output
from runner.interfaces.module import CommandState
from runner.model.state import Change
from tests.modules.generations import OS_OF
from tests.modules.labhost import LabHost
from tests.modules.scripted import Scripted, task

CHANGE: Any = Change("", CommandState(), CommandState(done=True))
FACTS = {"shell_type": "cmd"}


def run(host: LabHost, tmp_path: Path, name: str, text: str, args: str = "", **raw: Any) -> Any:
    """What a script returns that is in a file of the controller."""
    file = tmp_path / name
    file.write_bytes(text.encode())
    line = f"'{name}' {args}"
    work = host.task("script", _raw_params=line, script=str(file), **raw)
    work.facts = FACTS
    applied = work.apply(CHANGE)
    return work.module.result(work.params, CHANGE, FACTS, applied)


@pytest.mark.parametrize("os", OS_OF.values())
def test_a_batch_file_with_arguments(os: str, tmp_path: Path) -> None:
    name = "my job.cmd" if os < "2012" else "JOB.BAT"
    host = LabHost(os)
    before = host.state
    text = "@echo off\r\necho [%~1] [%2]\r\ncd\r\nexit /b 3010\r\n"
    found = run(host, tmp_path, name, text, '"a b" 100', chdir=r"C:\WINDOWS")
    assert found["stdout_lines"][0] == "[a b] [100]"
    assert found["stdout_lines"][1].lower() == r"c:\windows"
    assert (found["rc"], found["failed"], found["cmd"]) == (3010, True, f"'{name}' \"a b\" 100")
    assert host.state == before, "the script is gone, and its folder"
    assert host.not_simulated == []


def test_a_large_script_travels_in_pieces(tmp_path: Path) -> None:
    host = LabHost("2016")
    before = host.state
    text = "@echo off\r\n" + "rem padding\r\n" * 90_000 + "echo end\r\n"
    found = run(host, tmp_path, "big.cmd", text)
    assert (found["rc"], found["stdout"]) == (0, "end\n")
    assert host.state == before


LINES = [
    ("a.ps1", {}, r"WindowsPowerShell\v1.0\powershell.exe -NoProfile -NonInteractive"),
    ("a.vbs", {}, r"<nul %SystemRoot%\System32\cscript.exe //nologo "),
    ("a.exe", {}, '<nul "C:\\T\\runner-script-'),
    ("a.pl", {"executable": r"C:\perl\perl.exe -w"}, r"<nul C:\perl\perl.exe -w "),
]


@pytest.mark.parametrize(("name", "raw", "begins"), LINES, ids=[line[0] for line in LINES])
def test_its_suffix_says_what_runs_it(
    name: str, raw: dict[str, Any], begins: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text("x")
    module, params = task("script", _raw_params=f"{name} 1 2", script=str(tmp_path / name), **raw)
    host = Scripted({"echo": Output(0, "C:\\T\r\n"), "": Output(0, "out")})
    applied = host.drive(module.apply(params, CHANGE, FACTS))
    made, _put, ran, gone = host.sent
    assert begins in ran
    assert ran.endswith(f'\\{name}" 1 2')
    assert gone == made.replace("md", "rd /s /q")
    assert applied["stdout"] == "out"


def test_what_nothing_runs_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    host = LabHost("2016")
    with pytest.raises(Refused, match=r"nothing on Windows runs a\.sh") as refused:
        run(host, tmp_path, "a.sh", "x")
    assert "executable" in refused.value.hint
    assert host.writes == 0
    work = host.task("script", _raw_params="a.sh")
    work.facts = FACTS
    with pytest.raises(Refused, match="nothing on Windows runs"):
        work.probe()


@pytest.mark.parametrize("name", ["50%.cmd", "con.cmd", "a.cmd.", "a!b.cmd"])
def test_a_name_that_windows_cannot_have_is_refused_in_a_preview(name: str) -> None:
    module, params = task("script", _raw_params=f"'{name}'")
    host = Scripted()
    with pytest.raises(Refused, match="cannot have the name"):
        host.drive(module.probe(params, FACTS))
    assert not host.asked


@pytest.mark.parametrize(
    ("error", "is_removed"),
    [(DeadlineExceeded("late"), True), (ConnectionLost("cut", may_have_started=True), False)],
)
def test_a_script_that_was_ended_is_removed_one_that_may_run_is_not(
    error: Exception, is_removed: bool, tmp_path: Path
) -> None:
    (tmp_path / "a.cmd").write_text("x")
    module, params = task("script", _raw_params="a.cmd", script=str(tmp_path / "a.cmd"))
    host = Scripted({"echo": Output(0, "C:\\T\r\n"), "<nul": error, "": Output(0)})
    with pytest.raises(type(error)):
        host.drive(module.apply(params, CHANGE, FACTS))
    assert host.sent[-1].startswith("rd /s /q") is is_removed


def test_where_it_cannot_be_sent_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "a.cmd").write_text("x")
    module, params = task("script", _raw_params="a.cmd", script=str(tmp_path / "a.cmd"))
    host = Scripted({"echo": Output(0, "C:\\T\r\n"), "(cd": Output(84), "": Output(0)})
    with pytest.raises(ModuleError, match="certutil -decode"):
        host.drive(module.apply(params, CHANGE, FACTS))
    assert host.sent[-1].startswith('rd /s /q "C:\\T\\runner-script-')


def test_creates_and_removes_are_paths_of_windows(tmp_path: Path) -> None:
    host = LabHost("2012r2", files={r"C:\done": {"content": "x"}})
    for raw, done in (({"creates": r"C:\done"}, True), ({"removes": r"C:\nix"}, True),
                      ({"creates": r"C:\nix"}, False)):  # fmt: skip
        work = host.task("script", _raw_params="a.cmd", **raw)
        work.facts = FACTS
        assert work.probe().done is done
    with pytest.raises(ParamsError, match="absolute"):
        task("script", _raw_params="a.cmd", chdir="x")
