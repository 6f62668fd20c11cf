"""That the benches run, and that what they report was really sent. No speed is judged here."""

from __future__ import annotations

import base64
import http.client
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bench.cases import NO_FUSE, PYPSRP, PYWINRM, RUNNER, Case
from bench.compare import sample, verify
from bench.contenders import CONTENDERS, PASSWORD, USER, Start, write_files
from bench.far_end import FarEnd, Seen
from bench.measure import Failed, run

pytestmark = pytest.mark.xdist_group("bench")

# Challenge and answers of NTLM with pywinrm's blank POST; Create, 3 for a command, Delete.
_PYWINRM_EXCHANGES = 3 + 1 + 3 + 1


@pytest.fixture(scope="module")
def far_end() -> Iterator[FarEnd]:
    with FarEnd(processes=2) as one:
        yield one


def test_what_a_client_sent_is_what_is_counted(far_end: FarEnd) -> None:
    ((address, port),) = far_end.begin(1, 0)
    secret = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    sent = received = 0
    link = http.client.HTTPConnection(address, port, timeout=30)
    for number in range(5):
        body = b"x" * number
        link.putrequest("POST", "/wsman", skip_host=True, skip_accept_encoding=True)
        link.putheader("Authorization", f"Basic {secret}")
        link.putheader("Content-Length", str(len(body)))
        link.endheaders(body)
        head = f"POST /wsman HTTP/1.1\r\nAuthorization: Basic {secret}\r\nContent-Length: {number}"
        sent += len(head) + 4 + len(body)
        answer = link.getresponse()
        answered = answer.read()
        assert answer.status == (500 if body else 200)  # one x is not an envelope
        lines = "".join(f"{name}: {value}\r\n" for name, value in answer.getheaders())
        received += len(f"HTTP/1.1 {answer.status} \r\n{lines}\r\n") + len(answered)
    link.close()
    seen = far_end.end()
    assert (seen.exchanges, seen.bytes_in, seen.bytes_out) == (5, sent, received)
    assert (seen.connections, seen.faults, seen.commands) == (1, 4, 0)


def test_a_wrong_password_is_refused_and_counted(far_end: FarEnd) -> None:
    ((address, port),) = far_end.begin(1, 0)
    secret = base64.b64encode(f"{USER}:wrong".encode()).decode()
    link = http.client.HTTPConnection(address, port, timeout=30)
    link.request("POST", "/wsman", headers={"Authorization": f"Basic {secret}"})
    assert link.getresponse().status == 401
    link.close()
    assert far_end.end().refused_logons == 1


@pytest.mark.parametrize("client", [PYWINRM, PYPSRP])
def test_other_clients(far_end: FarEnd, client: str) -> None:
    found = sample(Case(client, hosts=2, tasks=1), far_end)
    assert found["exchanges"] == 2 * _PYWINRM_EXCHANGES
    assert (found["logons"], found["shells"], found["commands"]) == (2, 2, 2)
    assert all(found[name] > 0 for name in ("cpu_s", "wall_s", "bytes", "rss_mb"))
    assert found["cpu_ms_per_job"] == pytest.approx(found["cpu_s"] / 2 * 1000, abs=1)


def test_the_runner(far_end: FarEnd) -> None:
    found = sample(Case(RUNNER, hosts=2, tasks=1), far_end)
    # At least: a logon of two, Create, Command, Receive, Signal, Delete.
    assert found["exchanges"] >= 2 * 6
    assert found["logons"] == 2
    assert found["shells"] >= 2


_ENVIRONMENT = "win_environment: {{name: V{n}, value: x, level: machine, state: present}}"
_VALUES = "win_regedit: {{path: 'HKLM:\\SOFTWARE\\Microsoft', name: v{n}, type: dword, data: 1}}"
_COMMANDS = "win_command: hostname"


@pytest.mark.parametrize(
    ("task", "count", "option", "exchanges", "status"),
    [
        # Logon 2, Create and Delete 2; a look, a script with the lease, a look with its return.
        (_ENVIRONMENT, 8, "", 13, "changed 8"),
        (_ENVIRONMENT, 20, "", 13, "changed 20"),
        (_VALUES, 20, "", 13, "changed 20"),
        # The script with the lease, and its return by itself.
        (_COMMANDS, 5, "", 10, "changed 5"),
        (_COMMANDS, 20, "", 10, "changed 20"),
        # The script.
        (_COMMANDS, 20, "--no-lease", 7, "changed 20"),
        # One by one: each a command of three; with the lease, and its return.
        (_COMMANDS, 5, "--no-fuse", 4 + 3 * (5 + 2), "changed 5"),
    ],
)
def test_a_visit_costs_exactly_this(
    far_end: FarEnd,
    tmp_path: Path,
    task: str,
    count: int,
    option: str,
    exchanges: int,
    status: str,
) -> None:
    """As the far end counts them: HTTP requests with NTLM, all of a play on one host. On a busy
    machine one more may be needed, so the fewest of several runs count."""
    lines = "".join(f"    - {task.format(n=number)}\n" for number in range(count))
    counted: list[int] = []
    while exchanges not in counted and len(counted) < 4:
        directory = tmp_path / str(len(counted))
        directory.mkdir()
        write_files(Case(RUNNER, 1, 1), far_end.begin(1, 0), directory)
        play = f"- hosts: all\n  gather_facts: false\n  tasks:\n{lines}"
        (directory / "command.yml").write_text(play, encoding="utf-8")
        start = CONTENDERS[RUNNER].start(Case(RUNNER, 1, 1), directory)
        argv = [*start.argv, *([option] if option else [])]
        done = subprocess.run(argv, env=dict(start.environment), capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        assert f"{status}\n" in done.stdout, done.stdout
        seen = far_end.end()
        assert (seen.logons, seen.connections, seen.faults) == (1, 1, 0)
        counted.append(seen.exchanges)
    assert min(counted) == exchanges, counted


def test_a_client_that_sent_less_than_it_should_is_no_result() -> None:
    seen = Seen(
        exchanges=100, bytes_in=1, bytes_out=1, connections=2, logons=2, refused_logons=0,
        shells=2, commands=9, faults=0,
    )  # fmt: skip
    verify(Case(PYWINRM, hosts=3, tasks=3), seen)
    verify(Case(RUNNER, hosts=3, tasks=5), seen)  # several tasks in one command
    for client, hosts in ((PYWINRM, 5), (RUNNER, 10)):
        with pytest.raises(Failed, match="the far end saw"):
            verify(Case(client, hosts, tasks=2), seen)
    with pytest.raises(Failed, match="faults=1"):
        verify(Case(PYWINRM, hosts=3, tasks=3), replace(seen, faults=1))


def test_a_process_that_fails_is_no_result(tmp_path: Path) -> None:
    start = Start(["sh", "-c", "echo no route; exit 3"], {"PATH": "/usr/bin:/bin"})
    with pytest.raises(Failed, match=r"ended with 3:\nno route"):
        run(start, tmp_path, limit=60)


def test_a_process_that_hangs_is_ended(tmp_path: Path) -> None:
    start = Start(["sleep", "600"], {"PATH": "/usr/bin:/bin"})
    with pytest.raises(Failed, match="took too long"):
        run(start, tmp_path, limit=0.5)


def test_an_option_that_the_runner_lacks_is_said() -> None:
    why = CONTENDERS[NO_FUSE].missing()
    assert why in {"", "the runner has no --no-fuse"}
