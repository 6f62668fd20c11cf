"""Commands as SYSTEM on lab hosts: run once, answered exactly, and nothing of it stays."""

from __future__ import annotations

import threading
from collections.abc import Generator
from typing import Any

import pytest

from runner.engine.hosts.session import Reader, Writer
from runner.engine.stop import Stop, StopLevel
from runner.engine.tasks.detached import DetachedWriter
from runner.errors import ConnectionLost, HostError, ModuleError
from runner.interfaces.exchange import Command, Exec, Output, Reply, Request, Script, read, write
from runner.interfaces.setting import Setting
from runner.interfaces.shell import Invocation, RawOutput
from runner.interfaces.transport import Connection
from tests.modules.labhost import LabHost

SYSTEM = Setting(become="runas", user="SYSTEM")
LEAVES = ("2003-sp2", "2008-sp2", "2016", "2025")


def one(command: Command) -> Generator[Request, Reply, Output]:
    return (yield from write(command))


def several(*commands: Command) -> Generator[Any, Reply, Reply]:
    return (yield from read(*commands))


def remains(host: LabHost) -> list[str]:
    """What becoming left on the host."""
    state = host.state
    return [*state["tasks"], *(path for path in state["files"] if "runner_become" in path)]


ANSWERS: list[tuple[Command, int, str, str]] = [
    (Exec("whoami"), 0, "nt authority\\system\n", ""),
    (
        Script("cmd", 'echo a^&b 100% "x|y" %OS%&echo err>&2&exit 3010'),
        3010,
        'a&b 100% "x|y" Windows_NT\n',
        "err\n",
    ),
    (Script("cmd", "cd", chdir="C:\\"), 0, "C:\\\n", ""),
    (Exec("cmd", "/c", "exit", "-1"), 0xFFFFFFFF, "", ""),
    (Script("cmd", "exit /b 7"), 7, "", ""),
    (Script("cmd", "more", stdin="one\r\ntwo\r\n"), 0, "one\ntwo\n", ""),
    (Script("cmd", "findstr x", stdin=""), 1, "", ""),
]


@pytest.mark.parametrize("os", LEAVES)
def test_it_answers_as_that_user_and_leaves_nothing(os: str) -> None:
    host = LabHost(os)
    writer = Writer(host.link, setting=SYSTEM)
    for command, code, stdout, stderr in ANSWERS:
        found = writer.drive(one(command))
        assert (found.code, found.stdout, found.stderr) == (code, stdout, stderr)
    assert remains(host) == []
    assert host.not_simulated == []
    assert writer.answered == len(ANSWERS)
    assert writer.sent[0] == "as SYSTEM: <nul whoami"


def test_service_accounts_that_are_not_system() -> None:
    for user, name in (("LocalService", "local"), ("NT AUTHORITY\\NetworkService", "network")):
        host = LabHost("2019")
        found = Reader(host.link, setting=Setting(become="runas", user=user)).drive(
            several(Exec("whoami"))
        )
        assert found[0].stdout == f"nt authority\\{name} service\n"
        assert remains(host) == []
    old = LabHost("2003-sp2")
    with pytest.raises(ModuleError, match="cannot become LocalService") as caught:
        Reader(old.link, setting=Setting(become="runas", user="LocalService")).drive(
            several(Exec("whoami"))
        )
    assert "SYSTEM only" in caught.value.hint
    assert remains(old) == []


def test_reads_are_that_users_too_and_go_together() -> None:
    host = LabHost("2008r2-sp1")
    reader = Reader(host.link, setting=SYSTEM)
    who, status, absent = reader.drive(
        several(Exec("whoami"), Exec("sc", "query", "Spooler"), Exec("reg", "query", "HKLM\\nix"))
    )
    assert who.stdout == "nt authority\\system\n"
    assert (status.code, absent.code) == (0, 1)
    assert remains(host) == []


def test_variables_go_with_it() -> None:
    host = LabHost("2016")
    setting = Setting({"A": "1 & 2"}, become="runas", user="SYSTEM")
    writer = Writer(host.link, setting=setting)
    assert writer.drive(one(Script("cmd", 'echo "%A%"'))).stdout == '"1 & 2"\n'


def test_files_are_put_into_place_as_that_user() -> None:
    host = LabHost("2003-sp2")
    task = host.task("win_hosts", canonical_name="a.example", ip_address="10.0.0.9")
    writer = Writer(host.link, setting=SYSTEM)
    before = Reader(host.link, setting=SYSTEM).drive(task.module.probe(task.params, task.facts))
    change = task.plan(before)
    writer.drive(task.module.apply(task.params, change, task.facts))
    assert task.probe() == change.after
    assert remains(host) == []


def test_what_takes_too_long_is_ended_and_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runner.engine.hosts.job_runner._RECONNECT_PAUSE", 0.5)
    host = LabHost("2016")
    host.link.stop = Stop()  # the machine needs a moment to end it
    script = Script("cmd", "ping -n 60 127.0.0.1 >nul&echo x>C:\\made.txt", timeout=0.5)
    with pytest.raises(ModuleError, match=r"0\.5 s and was ended"):
        Writer(host.link, setting=SYSTEM).drive(one(script))
    assert remains(host) == []
    assert "C:\\made.txt" not in host.state["files"]


def test_told_to_stop_it_is_in_doubt_and_says_where_to_look() -> None:
    host = LabHost("2016")
    host.link.stop = Stop()
    host.link.open()
    timer = threading.Timer(0.4, lambda: host.link.stop.ask(StopLevel.NOW))
    timer.start()
    script = Script("cmd", "ping -n 3 127.0.0.1 >nul")
    with pytest.raises(ConnectionLost, match="goes on on the host") as caught:
        Writer(host.link, setting=SYSTEM).drive(one(script))
    assert caught.value.may_have_started
    assert "runner_become" in caught.value.hint
    timer.join()


def test_async_works_with_it() -> None:
    host = LabHost("2016")
    writer = DetachedWriter(host.link, None, SYSTEM, token="t1", seconds=20, poll=0.1)
    assert writer.drive(one(Exec("whoami"))).stdout == "nt authority\\system\n"
    assert remains(host) == []


class _Cut(Connection):
    """Loses the answer of the n-th exchange, which the host did carry out."""

    def __init__(self, inner: Connection, left: list[int]) -> None:
        self._inner = inner
        self._left = left
        self.encoding = inner.encoding

    def run(self, invocation: Invocation, *, timeout: float) -> RawOutput:
        raw = self._inner.run(invocation, timeout=timeout)
        self._left[0] -= 1
        if self._left[0] == 0:
            raise ConnectionLost("the line was cut", may_have_started=True)
        return raw

    def close(self) -> None:
        self._inner.close()


@pytest.mark.parametrize("at", range(1, 8))
def test_a_lost_answer_never_starts_it_twice(at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runner.engine.hosts.job_runner._RECONNECT_PAUSE", 0.02)
    host = LabHost("2016")
    left = [at]
    usual = host.link.transport.connect
    monkeypatch.setattr(
        host.link.transport, "connect", lambda o, *, timeout: _Cut(usual(o, timeout=timeout), left)
    )
    script = Script("cmd", "echo done>>C:\\made.txt&exit 5")
    try:
        code = Writer(host.link, setting=SYSTEM).drive(one(script)).code
    except HostError:
        assert at == 1  # the files were written, and nothing was started
        assert "C:\\made.txt" not in host.state["files"]
    else:
        assert code == 5
        assert host.state["files"]["C:\\made.txt"]["size"] == len("done\r\n")
    assert remains(host) == []


def test_a_task_that_starts_a_second_time_does_nothing() -> None:
    host = LabHost("2016")
    shell = host.link.shells("cmd").under(SYSTEM)
    line = shell.render(Script("cmd", "echo done>>C:\\made.txt"))
    reader = Reader(host.link)
    for step in (shell.launch(line, "job1", "utf-8"),):
        reader._runner._launch(step, host.link.shells("cmd"))
    for _ in range(100):
        if "C:\\made.txt" in host.state["files"] and not host.state["tasks"]:
            break
        host.link.stop.sleep(0.01)
    run = '"%USERPROFILE%\\.runner_become\\job1\\run.cmd"'
    again = host.link.open().run(Invocation(run), timeout=5)
    assert again.code == 1
    assert host.state["files"]["C:\\made.txt"]["size"] == len("done\r\n")
