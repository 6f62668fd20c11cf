"""command, shell and ping: what they send, and what this machine answers."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from runner.errors import ModuleError, ParamsError
from runner.interfaces.exchange import Command, Exec, Script, Write
from tests.modules.posix_host import CHANGE, FACTS, probe, run
from tests.modules.scripted import task


def sent(name: str, **raw: Any) -> Command:
    module, params = task(name, **raw)
    request = next(module.apply(params, CHANGE, FACTS))
    assert isinstance(request, Write)
    return request.command


SENT: list[tuple[str, dict[str, Any], Command]] = [
    ("command", {"_raw_params": "ls -l 'a b' | wc"}, Exec("ls", "-l", "a b", "|", "wc")),
    ("command", {"argv": ["echo", 5, "a b"]}, Exec("echo", "5", "a b")),
    ("command", {"cmd": "echo $HOME"}, Script("posix", 'exec echo "${HOME-\\$HOME}"')),
    ("command", {"cmd": "echo $HOME", "expand_argument_vars": False}, Exec("echo", "$HOME")),
    ("command", {"cmd": "x 'y z'", "chdir": "/a"}, Script("posix", "exec x 'y z'", chdir="/a")),
    ("command", {"cmd": "cat", "stdin": "a"}, Script("posix", "exec cat", stdin="a\n")),
    (
        "command",
        {"cmd": "cat", "stdin": "a", "stdin_add_newline": False},
        Script("posix", "exec cat", stdin="a"),
    ),
    ("shell", {"_raw_params": "ls | wc"}, Script("posix", "ls | wc")),
    (
        "shell",
        {"cmd": "ls | wc", "executable": "/bin/bash", "chdir": "/a", "stdin": "x"},
        Script("posix", "exec /bin/bash -c 'ls | wc'", stdin="x\n", chdir="/a"),
    ),
]


@pytest.mark.parametrize(("name", "raw", "command"), SENT)
def test_what_is_sent(name: str, raw: dict[str, Any], command: Command) -> None:
    assert sent(name, **raw) == command


@pytest.mark.parametrize(
    ("name", "raw", "message"),
    [
        ("command", {}, "give one command line"),
        ("command", {"cmd": "a", "argv": ["b"]}, "give one command line"),
        ("command", {"cmd": "echo 'a"}, "No closing quotation"),
        ("command", {"cmd": " "}, "empty command line"),
        ("command", {"argv": []}, "'argv' has no program"),
        ("command", {"cmd": "x", "executable": "/bin/bash"}, "executable"),
        ("command", {"cmd": "x", "check": "'"}, "No closing quotation"),
        ("shell", {}, "cmd"),
        ("shell", {"cmd": "x", "argv": ["y"]}, "argv"),
        ("ping", {"count": 1}, "count"),
    ],
)
def test_what_is_wrong_is_refused(name: str, raw: dict[str, Any], message: str) -> None:
    with pytest.raises(ParamsError, match=message):
        task(name, **raw)


def test_arguments_reach_the_program_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINE", "a  b*")
    monkeypatch.setenv("HOME", str(tmp_path))
    line = "printf '%s|' '*' $MINE ${MINE}x ~/f '$(id)' '`id`' $NOSUCH ';' a~"
    expected = f"*|a  b*|a  b*x|{tmp_path}/f|$(id)|`id`|$NOSUCH|;|a~|"
    assert run("command", cmd=line)["stdout"] == expected


def test_what_comes_back(tmp_path: Path) -> None:
    result = run("shell", cmd="echo out; echo; echo err >&2; cat; exit 3", stdin="in",
                 chdir=str(tmp_path))  # fmt: skip
    assert result["rc"] == 3
    assert result["failed"] is True
    assert result["msg"] == "non-zero return code"
    assert result["stdout"] == "out\n\nin"
    assert result["stdout_lines"] == ["out", "", "in"]
    assert result["stderr"] == "err"
    assert result["cmd"].startswith("echo out")
    assert result["start"] <= result["end"]
    assert result["delta"].startswith("0:00:0")


def test_ends_may_be_kept() -> None:
    assert run("command", cmd="echo a", strip_empty_ends=False)["stdout"] == "a\n"
    assert run("command", cmd="echo a")["stdout"] == "a"
    assert "failed" not in run("command", cmd="echo a")


def test_a_program_that_is_missing_has_failed() -> None:
    result = run("command", cmd="no-such-program a")
    assert result["rc"] == 127
    assert result["failed"] is True


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash on this machine")
def test_another_shell() -> None:
    script = 'a=(x "y z"); echo "${a[1]}"; cat <<< "$0"'
    result = run("shell", cmd=script, executable="/bin/bash")
    assert result["stdout"] == "y z\n/bin/bash"


DONE: list[tuple[dict[str, Any], bool | None, str]] = [
    ({}, None, ""),
    ({"creates": "{}/there"}, True, "there exists"),
    ({"creates": "{}/the*"}, True, "the* exists"),
    ({"creates": "{}/[st]here"}, True, "exists"),
    ({"creates": "{}/folder"}, True, "folder exists"),
    ({"creates": "{}/broken"}, True, "broken exists"),
    ({"creates": "{}/a b'"}, True, "exists"),
    ({"creates": "{}/$(id)"}, False, "does not exist"),
    ({"creates": "$HOME/there"}, True, "exists"),
    ({"creates": "~/there"}, True, "exists"),
    ({"creates": "there"}, True, "there exists"),
    ({"creates": "{}/*.none"}, False, "does not exist"),
    ({"removes": "{}/there"}, False, "there exists"),
    ({"removes": "{}/gone"}, True, "gone does not exist"),
    ({"creates": "{}/gone", "removes": "{}/there"}, False, "gone does not exist"),
    ({"check": "test -e there"}, True, "check: it is already done"),
    ({"check": "test -e gone"}, False, "check: exit code 1"),
    ({"creates": "{}/gone", "check": "true"}, True, "check: it is"),
]


@pytest.mark.parametrize("name", ["command", "shell"])
@pytest.mark.parametrize(("raw", "done", "because"), DONE)
def test_what_tells_that_it_is_done(
    name: str, raw: dict[str, Any], done: bool | None, because: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("HOME", str(tmp_path))
    for file in ("there", "a b'"):
        (tmp_path / file).touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "broken").symlink_to("nowhere")
    given = {key: value.format(tmp_path) for key, value in raw.items()}
    found = probe(name, _raw_params="false", chdir=str(tmp_path), **given)
    assert found.done is done
    assert because in found.because
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a b'", "broken", "folder", "there"]


def test_ping() -> None:
    module, params = task("ping")
    probe("ping")
    assert module.result(params, CHANGE, FACTS, {}) == {"ping": "pong"}
    with pytest.raises(ModuleError, match="boom"):
        probe("ping", data="crash")


@pytest.mark.parametrize(
    ("name", "instead"), [("command", "win_command"), ("shell", "win_shell"), ("ping", "win_ping")]
)
def test_windows_hosts_have_their_own(name: str, instead: str) -> None:
    raw = {} if name == "ping" else {"_raw_params": "x"}
    with pytest.raises(ModuleError, match="POSIX shell, this one has cmd") as caught:
        probe(name, facts={"shell_type": "cmd"}, **raw)
    assert instead in caught.value.hint
