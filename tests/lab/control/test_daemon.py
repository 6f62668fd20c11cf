"""A lab in a process of its own: it starts, answers its control verbs, and leaves nothing."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runner.lab.control.control import Lab, LabError
from runner.lab.control.server import Control
from runner.lab.control_files import DirectoryLock, is_running
from runner.lab.fleet import Fleet
from runner.lab.ports.loop import Loop
from runner.lab.spec import LabSpec
from tests.lab.conftest import Connect, run
from tests.ports import free_port


def _host(name: str, **changes: Any) -> dict[str, Any]:
    return {"name": name, "port": 0, "user": "admin", "password": "pw", "os": "2016", **changes}


SPEC = {
    "hosts": [
        _host("web01", os="2008r2-sp1"),
        _host("web02", scheme="https"),
        _host("web03", state={"powered": False}),
    ]
}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    started = Lab.start(SPEC, tmp_path_factory.mktemp("lab"), timeout=30)
    yield started
    started.stop()


def _reachable(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), 5).close()
    except ConnectionRefusedError:
        return False
    return True


def test_every_host_with_power_accepts_connections(lab: Lab) -> None:
    reached = {host.name: _reachable(host.address, host.port) for host in lab.hosts()}
    assert reached == {"web01": True, "web02": True, "web03": False}


def test_the_record_is_private_and_has_no_password(lab: Lab) -> None:
    record = lab.directory / "lab.json"
    assert record.stat().st_mode & 0o777 == 0o600
    assert json.loads(record.read_text())["pid"] == lab.pid
    assert '"pw"' not in record.read_text()
    assert not (lab.directory / "spec.json").exists()


def test_clients_talk_to_the_process(lab: Lab, connect: Connect) -> None:
    plain, secure, _ = lab.hosts()
    before = lab.counters("web01")["commands"]
    assert run(connect(plain, "admin", "pw"), "echo hello")[0] == b"hello\r\n"
    trusting = connect(secure, "admin", "pw", transport="basic", ca_trust_path=str(lab.ca))
    assert run(trusting, "echo secure")[0] == b"secure\r\n"
    assert lab.counters("web01")["commands"] == before + 1


def test_exec_runs_on_the_machine_itself(lab: Lab) -> None:
    before = lab.counters("web01")["requests"]
    assert lab.exec("web01", "echo out& echo err 1>&2& exit 7") == (7, b"out\r\n", b"err \r\n")
    assert lab.counters("web01")["requests"] == before
    assert "echo out& echo err 1>&2& exit 7" in json.dumps(lab.state("web01"))


def test_exec_ends_a_command_that_takes_too_long(lab: Lab) -> None:
    began = time.monotonic()
    code, _, _ = lab.exec("web01", "ping -n 30 127.0.0.1 >nul", timeout=0.2)
    assert code != 0
    assert time.monotonic() - began < 10


def test_host_names_in_any_case(lab: Lab) -> None:
    assert lab.counters("WEB01") == lab.counters("web01")


def test_power(lab: Lab) -> None:
    host = next(host for host in lab.hosts() if host.name == "web03")
    lab.power("web03", "on")
    assert _reachable(host.address, host.port)
    lab.power("web03", "crash")
    assert not _reachable(host.address, host.port)
    with pytest.raises(LabError, match="web03 has no power"):
        lab.exec("web03", "ver")


def test_a_fault_reaches_the_front(lab: Lab) -> None:
    host = next(host for host in lab.hosts() if host.name == "web01")
    lab.fault("web01", "http_503")
    assert lab.counters("web01")["injected"] == 0
    lab.fault("web01", "http_503", 0)
    assert _reachable(host.address, host.port)


@pytest.mark.parametrize(
    ("verb", "arguments", "message"),
    [
        ("fault", ("web01", "nonsense"), "unknown fault 'nonsense'; there are: reset_on_command"),
        ("fault", ("web01", "http_503", -1), "-1 times"),
        ("power", ("web01", "sideways"), "on, off, crash, not to 'sideways'"),
        ("state", ("web99",), "no host 'web99'; it has: web01, web02, web03"),
    ],
)
def test_mistakes_are_explained(
    lab: Lab, verb: str, arguments: tuple[Any, ...], message: str
) -> None:
    with pytest.raises(LabError, match=message.replace("'", ".")):
        getattr(lab, verb)(*arguments)


def test_the_control_port_wants_its_token(lab: Lab) -> None:
    address = json.loads((lab.directory / "lab.json").read_text())["control"]["address"]
    for token in ("", "Bearer wrong"):
        connection = http.client.HTTPConnection(address, timeout=5)
        headers = {"Authorization": token}
        connection.request("POST", "/", b'{"verb": "stop"}', headers)
        assert connection.getresponse().status == 401
        connection.close()
    assert is_running(lab.directory)


def test_another_process_can_attach(lab: Lab) -> None:
    assert Lab.attach(lab.directory).hosts() == lab.hosts()


def test_a_second_lab_in_the_same_directory_is_refused(lab: Lab) -> None:
    with pytest.raises(LabError, match="already runs"):
        Lab.start(SPEC, lab.directory)
    with pytest.raises(LabError, match=f"already runs .*{lab.pid}"):
        DirectoryLock(lab.directory, patience=0.05)


def test_stop_leaves_nothing_but_the_log(tmp_path: Path) -> None:
    lab = Lab.start({"hosts": [_host("a", port=free_port())]}, tmp_path / "lab")
    host = lab.hosts()[0]
    assert _reachable(host.address, host.port)
    lab.stop()
    assert not _reachable(host.address, host.port)
    with pytest.raises(ProcessLookupError):
        os.kill(lab.pid, 0)
    assert [file.name for file in (tmp_path / "lab").iterdir()] == ["lab.log"]
    lab.stop()  # once more does no harm
    with pytest.raises(LabError, match="no lab runs"):
        Lab.attach(tmp_path / "lab")


def test_a_port_in_use_is_reported_with_the_host(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(LabError, match=rf"host b: cannot listen on 127\.0\.0\.1:{port}"):
            Lab.start({"hosts": [_host("a"), _host("b", port=port)]}, tmp_path)
    assert not is_running(tmp_path)
    assert not (tmp_path / "lab.json").exists()


def test_a_spec_with_a_mistake_is_explained(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="unknown os 'dos'"):
        Lab.start({"hosts": [_host("a", os="dos")]}, tmp_path)


def test_a_killed_lab_is_noticed_and_its_rest_cleaned_up(tmp_path: Path) -> None:
    lab = Lab.start({"hosts": [_host("a", scheme="https")]}, tmp_path)
    os.kill(lab.pid, signal.SIGKILL)
    lab.stop()
    assert [file.name for file in tmp_path.iterdir()] == ["lab.log"]


def test_a_record_left_behind_is_no_lab(tmp_path: Path) -> None:
    (tmp_path / "lab.json").write_text('{"pid": 1}')
    with pytest.raises(LabError, match="no lab runs"):
        Lab.attach(tmp_path)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    spec = tmp_path / "my.json"
    spec.write_text(json.dumps({"hosts": [_host("a")]}))
    process = subprocess.Popen(
        [sys.executable, "-m", "runner.lab", str(spec), "--dir", str(tmp_path / "lab")],
        stderr=subprocess.DEVNULL,
    )
    record = tmp_path / "lab" / "lab.json"
    deadline = time.monotonic() + 20
    while not record.exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(number)
    assert process.wait(10) == 0
    assert not record.exists()


def test_an_idle_lab_sleeps() -> None:
    hosts = [_host(f"h{i}") for i in range(50)]
    with Fleet(LabSpec.model_validate({"hosts": hosts})) as fleet:
        control = Control(fleet, lambda: None)
        control.start()
        assert sum(thread.name.startswith("lab") for thread in threading.enumerate()) == 1
        before = time.process_time()
        time.sleep(0.3)
        assert time.process_time() - before < 0.05
        control.stop()


def test_timers_run_in_their_order() -> None:
    loop = Loop()
    seen: list[int] = []
    done = threading.Event()
    loop.call_later(0.06, done.set)
    loop.call_later(0.04, lambda: seen.append(2))
    loop.call_later(0.02, lambda: seen.append(1))
    assert done.wait(5)
    assert seen == [1, 2]
    loop.stop()
    loop.stop()
