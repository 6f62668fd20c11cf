"""The local transport: processes on this machine, their ends, and the variables it reads."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runner.errors import ConnectionLost, DeadlineExceeded, InventoryError, PolicyRefused
from runner.interfaces.shell import Invocation, RawOutput
from runner.interfaces.transport import Connection
from runner.transports import load
from runner.transports.local.transport import Transport

TRANSPORT = Transport()


@pytest.fixture
def link() -> Iterator[Connection]:
    opened = TRANSPORT.connect(TRANSPORT.options("here", {}), timeout=5)
    yield opened
    opened.close()


def run(link: Connection, line: str, stdin: bytes | None = None, timeout: float = 10) -> RawOutput:
    return link.run(Invocation(line, stdin), timeout=timeout)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or ") Z " not in state.read_text()


def gone(pid: int, seconds: float = 3.0) -> bool:
    end = time.monotonic() + seconds
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.01)
    return not alive(pid)


def test_it_is_what_ansible_connection_local_means() -> None:
    assert load("local").name == "local"
    assert TRANSPORT.default_shell == "posix"
    assert TRANSPORT.endpoint(TRANSPORT.options("here", {})) == "this controller"


@pytest.mark.parametrize(
    ("line", "code"),
    [("kill -9 $$", 137), ("kill -TERM $$", 143), ("sh -c 'kill -9 $$'; exit $?", 137)],
)
def test_a_signal_is_a_code_above_128(link: Connection, line: str, code: int) -> None:
    assert run(link, line).code == code


def test_no_input_is_inherited(link: Connection) -> None:
    reading, writing = os.pipe()
    saved = os.dup(0)
    os.write(writing, b"not for you\n")
    os.dup2(reading, 0)
    try:
        assert run(link, "cat").stdout == b""
    finally:
        os.dup2(saved, 0)
        for fd in (reading, writing, saved):
            os.close(fd)


def test_input_that_nobody_reads_is_no_failure(link: Connection) -> None:
    raw = run(link, "exec 0<&-; sleep 0.05; echo done", b"x" * 1_000_000)
    assert (raw.code, raw.stdout) == (0, b"done\n")


def test_both_streams_may_be_long(link: Connection) -> None:
    line = "head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&2"
    raw = run(link, line, b"y" * 500_000)
    assert (len(raw.stdout), len(raw.stderr)) == (3_000_000, 3_000_000)


def test_the_deadline_ends_the_whole_group(link: Connection) -> None:
    with pytest.raises(DeadlineExceeded, match=r"no end after 0.3 s"):
        run(link, "sleep 60 & echo $! >/tmp/runner-local-$PPID; wait", timeout=0.3)
    place = Path(f"/tmp/runner-local-{os.getpid()}")
    try:
        assert gone(int(place.read_text()))
    finally:
        place.unlink()


def test_what_ignores_the_polite_signal_is_ended_all_the_same(link: Connection) -> None:
    begun = time.monotonic()
    with pytest.raises(DeadlineExceeded) as caught:
        run(link, "trap '' TERM; while :; do sleep 0.1; done", timeout=0.2)
    assert caught.value.may_have_started
    assert time.monotonic() - begun < 4


def test_a_background_process_that_keeps_the_streams_open_is_not_waited_for(
    link: Connection, tmp_path: Path
) -> None:
    begun = time.monotonic()
    raw = run(link, f"sleep 60 & echo $! >{tmp_path}/pid; echo started")
    assert raw.stdout == b"started\n"
    assert time.monotonic() - begun < 5
    pid = int((tmp_path / "pid").read_text())
    assert alive(pid), "a service that a command starts lives on"
    os.kill(pid, signal.SIGKILL)


def test_output_after_the_end_of_the_process_is_not_lost(link: Connection) -> None:
    raw = run(link, "(for i in 1 2 3 4; do sleep 0.1; echo $i; done) & exit 3")
    assert raw.stdout == b"1\n2\n3\n4\n"
    assert raw.code == 3


def test_a_process_may_close_its_streams_and_go_on(link: Connection) -> None:
    raw = run(link, "exec >&- 2>&-; sleep 0.2; exit 4")
    assert raw.code == 4
    assert raw.seconds >= 0.2


def test_close_from_another_thread_ends_what_runs(link: Connection) -> None:
    closer = threading.Timer(0.2, link.close)
    closer.start()
    raw = run(link, "sleep 60", timeout=20)
    closer.join()
    assert raw.code == 128 + signal.SIGTERM
    with pytest.raises(ConnectionLost) as caught:
        run(link, ":")
    assert not caught.value.may_have_started


def test_there_is_no_terminal(link: Connection) -> None:
    assert run(link, "test -t 0 || test -t 1 || (: </dev/tty) 2>/dev/null").code != 0


def test_the_ways_to_other_hosts_mean_nothing_here() -> None:
    variables = {
        "ansible_host": "10.0.0.1", "ansible_port": 5986, "ansible_user": "x",
        "ansible_python_interpreter": "/usr/bin/python3", "ansible_winrm_transport": "ntlm",
        "ansible_become_user": "root", "ansible_local": {"facts": 1},
        "ansible_local_become_success_timeout": 5,
    }  # fmt: skip
    assert TRANSPORT.options("here", variables).host == "here"


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"ansible_local_become_strip_preambel": 1}, "unknown variable.*\n.*strip_preamble"),
        ({"ansible_shell_executable": "/bin/nosuch"}, "ansible_shell_executable: there is no"),
        ({"ansible_shell_executable": "sh"}, "ansible_shell_executable: there is no"),
    ],
)
def test_what_is_wrong_is_refused(variables: dict[str, Any], message: str) -> None:
    with pytest.raises(InventoryError, match=message):
        TRANSPORT.options("here", variables)


def test_another_shell_may_read_the_lines(tmp_path: Path) -> None:
    shell = tmp_path / "mine"
    shell.write_text('#!/bin/sh\necho "mine: $2"\n')
    shell.chmod(0o755)
    options = TRANSPORT.options("here", {"ansible_shell_executable": str(shell)})
    link = TRANSPORT.connect(options, timeout=5)
    assert run(link, "whatever").stdout == b"mine: whatever\n"


def test_a_windows_controller_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    options = TRANSPORT.options("here", {})
    monkeypatch.setattr("runner.transports.local.transport.os.name", "nt")
    with pytest.raises(PolicyRefused, match="POSIX shell"):
        TRANSPORT.connect(options, timeout=5)
