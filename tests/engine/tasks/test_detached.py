"""Detached writes: real processes on this machine, over links that break."""

from __future__ import annotations

import time
from collections.abc import Generator
from pathlib import Path

import pytest

from runner.engine.hosts.link import Link
from runner.engine.stop import Stop, StopLevel
from runner.errors import (
    AuthenticationFailed,
    ConnectionLost,
    DeadlineExceeded,
    ModuleError,
    TransportError,
    Unreachable,
)
from runner.interfaces.exchange import Command, Exec, Output, Reply, Request, Script, read, write
from runner.interfaces.setting import Setting
from runner.interfaces.shell import Invocation, RawOutput
from runner.interfaces.transport import Connection
from runner.model.secret import Secret
from runner.shells import load as load_shell
from runner.transports import load as load_transport
from tests.engine.detaching import answer, only, writer


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def here(home: Path) -> Link:
    """This machine."""
    transport = load_transport("local")
    return Link("here", transport, transport.options("here", {}), load_shell, "posix", Stop())


def files(home: Path) -> list[str]:
    folder = home / ".ansible_async"
    return sorted(one.name for one in folder.iterdir()) if folder.exists() else []


# -- this machine ------------------------------------------------------------------------------

COMMANDS: list[Command] = [
    Exec("echo", "a b", "$HOME"),
    Script("posix", "echo out; echo err >&2; cat; pwd; exit 7", stdin="in 'x'\n", chdir="/usr"),
    Script("posix", "printf 'no end é'"),
    Script("posix", "kill -9 $$"),
    Script("posix", "umask; cat", stdin=""),
    Script("posix", "test -t 0 || cat"),
    Exec("no-such-program"),
    Script("posix", "head -c 200000 /dev/zero | tr '\\0' x; head -c 100000 /dev/zero >&2"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: str(c)[:40])
def test_it_answers_as_a_direct_run_does(here: Link, home: Path, command: Command) -> None:
    shell = load_shell("posix")
    direct = shell.decode(here.open().run(shell.render(command), timeout=10), "utf-8")
    found = answer(here, command)
    assert (found.code, found.stdout) == (direct.code, direct.stdout)
    if direct.code < 128:  # a shell says what signal ended a program, or not
        assert found.stderr.rpartition(": ")[2] == direct.stderr.rpartition(": ")[2]
    assert files(home) == []
    assert (home / ".ansible_async").stat().st_mode & 0o777 == 0o700


def test_its_setting_goes_with_it(here: Link, home: Path) -> None:
    setting = Setting({"A": "1", "S": Secret("s\n2")})
    command = Script("posix", 'echo "$A$S"; cat', stdin="in")
    run = writer(here, setting=setting)
    assert run.drive(only(command)).stdout == "1s\n2\nin"
    assert run.sent == ['A=1 S=******** echo "$A$S"; cat']
    assert run.answered == 1
    assert files(home) == []


def test_several_writes_and_reads_between_them(here: Link, home: Path) -> None:
    def apply() -> Generator[Request, Reply, list[str]]:
        first = yield from write(Script("posix", "echo 1 >$HOME/made"))
        (seen,) = yield from read(Script("posix", "cat $HOME/made"))
        second = yield from write(Script("posix", "echo 2"))
        return [first.stdout, seen.stdout, second.stdout]

    run = writer(here, token="abc")
    assert run.drive(apply()) == ["", "1\n", "2\n"]
    assert run.jobs == ["abc", "abcn2"]


def test_what_takes_too_long_is_ended_with_all_it_started(here: Link, home: Path) -> None:
    script = Script("posix", f"sleep 60 & echo $! >{home}/pid; sleep 60")
    begun = time.monotonic()
    with pytest.raises(ModuleError, match=r"ran longer than 0.5 s and was ended on the host"):
        answer(here, script, seconds=0.5)
    assert time.monotonic() - begun < 8
    pid = (home / "pid").read_text().strip()
    stat = Path(f"/proc/{pid}/stat")
    assert not stat.exists() or ") Z " in stat.read_text()
    assert files(home) == []


def test_something_kills_it_from_outside(here: Link, home: Path) -> None:
    script = Script("posix", "echo last words; kill -9 -$PPID; kill -9 $PPID; kill -9 $$")
    with pytest.raises(ModuleError, match=r"ended without an exit code; the last.*last words"):
        answer(here, script)


def test_poll_0_starts_it_and_returns_at_once(here: Link, home: Path) -> None:
    run = writer(here, poll=0, token="job1")
    begun = time.monotonic()
    assert run.drive(only(Script("posix", "sleep 0.5; echo done"))) == Output(0)
    assert time.monotonic() - begun < 0.5
    assert run.started() == {
        "ansible_job_id": "job1",
        "results_file": "~/.ansible_async/job1",
        "started": True,
        "finished": False,
    }
    assert "job1.pid" in files(home)


def test_poll_0_is_for_one_command(here: Link, home: Path) -> None:
    def apply() -> Generator[Request, Reply, None]:
        yield from write(Exec("true"))
        yield from write(Exec("touch", str(home / "second")))

    run = writer(here, poll=0)
    with pytest.raises(ModuleError, match="tasks of one command"):
        run.drive(apply())
    assert not (home / "second").exists()
    assert writer(here, poll=0).started() == {}


def test_an_id_is_used_once(here: Link, home: Path) -> None:
    writer(here, poll=0, token="same").drive(only(Exec("true")))
    with pytest.raises(ModuleError, match="is there already"):
        writer(here, poll=0, token="same").drive(only(Exec("touch", str(home / "x"))))
    assert not (home / "x").exists()


def test_an_id_that_could_be_a_path_is_refused(here: Link, home: Path) -> None:
    with pytest.raises(ModuleError, match="not a job id"):
        answer(here, Exec("true"), token="../x")


def test_a_home_that_cannot_be_written_has_another_place(
    here: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/proc/none")
    assert answer(here, Exec("echo", "1")).stdout == "1\n"


def test_a_stop_says_that_it_goes_on(here: Link, home: Path) -> None:
    run = writer(here, token="goeson")
    here.open()
    here.stop.ask(StopLevel.NOW)
    with pytest.raises(ModuleError, match="goes on on the host") as caught:
        run.drive(only(Script("posix", "sleep 0.3")))
    assert "jid: goeson" in caught.value.hint


# -- broken links -------------------------------------------------------------------------------


class Breaking(Connection):
    """A connection whose answers are lost, or that refuses, as a list says."""

    def __init__(self, inner: Connection, faults: list[TransportError | None]) -> None:
        self.inner = inner
        self.faults = faults

    def run(self, invocation: Invocation, *, timeout: float) -> RawOutput:
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None and not fault.may_have_started:
            raise fault
        raw = self.inner.run(invocation, timeout=timeout)
        if fault is not None:
            raise fault
        return raw

    def close(self) -> None:
        self.inner.close()


@pytest.fixture
def breaking(here: Link, monkeypatch: pytest.MonkeyPatch) -> list[TransportError | None]:
    """The faults of the next runs, in order, over all connections."""
    monkeypatch.setattr("runner.engine.hosts.job_runner._RECONNECT_PAUSE", 0.05)
    faults: list[TransportError | None] = []
    connect = type(here.transport).connect
    monkeypatch.setattr(
        type(here.transport),
        "connect",
        lambda self, options, timeout: Breaking(connect(self, options, timeout=timeout), faults),
    )
    return faults


def lost() -> TransportError:
    return ConnectionLost("the answer is lost", may_have_started=True)


@pytest.mark.parametrize("first", range(5))
def test_a_link_that_breaks_anywhere_costs_nothing(
    here: Link, home: Path, breaking: list[TransportError | None], first: int
) -> None:
    """Cut at the start, at a look, at the fetching, at the cleaning: run once, answer whole."""
    breaking += [*[None] * first, lost(), Unreachable("no route"), lost(), Unreachable("no route")]
    script = Script("posix", f"echo x >>{home}/times; sleep 0.2; echo out; exit 3")
    found = answer(here, script)
    assert (found.code, found.stdout) == (3, "out\n")
    assert (home / "times").read_text() == "x\n"


def test_what_surely_never_started_is_said_so(
    here: Link, home: Path, breaking: list[TransportError | None]
) -> None:
    breaking += [ConnectionLost("refused")]
    with pytest.raises(ConnectionLost) as caught:
        answer(here, Exec("touch", str(home / "x")))
    assert not caught.value.may_have_started
    assert not (home / "x").exists()


def test_a_refused_logon_is_never_repeated(
    here: Link, home: Path, breaking: list[TransportError | None]
) -> None:
    breaking += [None, AuthenticationFailed("no")]
    with pytest.raises(AuthenticationFailed) as caught:
        answer(here, Script("posix", "sleep 0.1"))
    assert caught.value.may_have_started
    assert breaking == []


def test_a_host_that_stays_away_is_in_doubt(
    here: Link, home: Path, breaking: list[TransportError | None]
) -> None:
    breaking += [None, *[Unreachable("no route") for _ in range(100)]]
    with pytest.raises(Unreachable) as caught:
        answer(here, Script("posix", "sleep 0.1"), seconds=0.4, token="away")
    assert caught.value.may_have_started
    assert "jid: away" in caught.value.hint


def test_the_deadline_error_of_a_job_that_cannot_be_ended(
    here: Link, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runner.engine.hosts.job_runner._RECONNECT_PAUSE", 0.01)
    monkeypatch.setattr("runner.posix.detached._KILL", "exit 1\n")
    with pytest.raises(DeadlineExceeded, match="could not be ended") as caught:
        answer(here, Script("posix", "sleep 1"), seconds=0.2)
    assert caught.value.may_have_started
