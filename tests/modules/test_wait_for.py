"""wait_for: real ports, connections and files of this machine, with and without Python there."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from runner.engine.hosts.session import Writer
from runner.errors import ModuleError, ParamsError
from runner.interfaces.exchange import Output
from runner.model.state import UNKNOWN
from runner.posix import looking, tools
from tests.modules.posix_host import FACTS, link
from tests.modules.scripted import Scripted, task
from tests.modules.unix import Task, needs
from tests.ports import free_port


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield server


def port_of(server: socket.socket) -> int:
    return int(server.getsockname()[1])


def greet(server: socket.socket, *parts: bytes) -> threading.Thread:
    """Says these to everybody who connects, one after the other."""

    def serve() -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            with client:
                for part in parts:
                    client.sendall(part)
                    time.sleep(0.02)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    return thread


def waited(then: Callable[[], object], **raw: Any) -> dict[str, Any]:
    """A wait for what happens a moment after it begins; what it returns."""
    wait = Task("wait_for", **{"timeout": 20, "sleep": 0, **raw})
    change = wait.plan()
    assert change.differences()
    timer = threading.Timer(0.1, then)
    timer.start()
    wait.applied = Writer(link()).drive(wait.module.apply(wait.params, change, FACTS))
    timer.join()
    assert wait.applied["changed"] is False
    return wait.result(change)


def there(**raw: Any) -> dict[str, Any]:
    """A condition that holds already; what it returns."""
    wait = Task("wait_for", **raw)
    wait.ok()
    return wait.result(wait.plan())


def limited(folder: Path, monkeypatch: pytest.MonkeyPatch, *programs: str) -> None:
    """A PATH with only these programs."""
    folder.mkdir()
    for name in ("sh", "cat", "head", "wc", *programs):
        found = shutil.which(name)
        needs(found, name)
        (folder / name).symlink_to(str(found))
    monkeypatch.setattr(tools, "SEARCH", f"PATH={folder}")
    monkeypatch.setattr(looking, "_SHELL", looking._SHELL.replace("/usr/bin/python3", "python3"))


BASH = ("bash", "timeout")


@pytest.mark.parametrize("programs", [None, BASH], ids=["python", "bash"])
def test_a_port_that_opens_and_closes(
    programs: tuple[str, ...] | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if programs is not None:
        limited(tmp_path / "bin", monkeypatch, *programs)
    port = free_port()
    there(port=port, state="stopped")
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("127.0.0.1", port))
    with closing(server):
        assert waited(server.listen, port=port)["port"] == port
        there(port=port)
        assert waited(server.close, port=port, state="stopped")["state"] == "stopped"


@pytest.mark.parametrize("programs", [None, BASH], ids=["python", "bash"])
def test_what_a_port_says(
    programs: tuple[str, ...] | None, listener: socket.socket, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    if programs is not None:
        limited(tmp_path / "bin", monkeypatch, *programs)
    greet(listener, b"220 SSH-2.0-", b"OpenSSH_9.2\r\n")
    port = port_of(listener)
    found = there(port=port, search_regex=r"OpenSSH_(\d+)\.(?P<minor>\d+)")
    assert found["match_groups"] == ["9", "2"]
    assert found["match_groupdict"] == {"minor": "2"}
    wait = Task("wait_for", port=port, search_regex="Dropbear", timeout=1, connect_timeout=1,
                sleep=0)  # fmt: skip
    with pytest.raises(ModuleError, match="waited for 'Dropbear' in 127"):
        wait.run()


def test_a_port_that_says_nothing_is_open_but_no_match(listener: socket.socket) -> None:
    wait = Task("wait_for", port=port_of(listener), search_regex="x", connect_timeout=1)
    assert wait.plan().after.met is UNKNOWN
    there(port=port_of(listener))


@pytest.mark.parametrize("programs", [None, ()], ids=["python", "nothing"])
def test_files_that_come_and_go(
    programs: tuple[str, ...] | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if programs is not None:
        limited(tmp_path / "bin", monkeypatch, *programs)
    path = tmp_path / "a file"
    there(path=str(path), state="absent")
    text = "one\ndone: 42 ü\n"
    found = waited(
        lambda: path.write_text(text), path=str(path), search_regex=r"^done: (?P<n>\d+) (.)$"
    )
    assert found["match_groups"] == ["42", "ü"]
    assert found["match_groupdict"] == {"n": "42"}
    there(path=str(path), state="present")
    there(path=str(path), state="present", search_regex="one")
    assert Task("wait_for", path=str(path), search_regex="two").plan().after.met is UNKNOWN
    waited(path.unlink, path=str(path), state="absent")


def test_paths_may_name_the_hosts_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "x").touch()
    there(path="~/x")
    there(path="$HOME/x")


def test_a_link_that_leads_nowhere_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("nowhere")
    there(path=str(tmp_path / "link"), state="absent")


def test_a_path_below_a_file_is_an_error_unless_it_is_to_be_absent(tmp_path: Path) -> None:
    (tmp_path / "x").touch()
    below = str(tmp_path / "x" / "y")
    with pytest.raises(ModuleError, match="Not a directory"):
        Task("wait_for", path=below).plan()
    there(path=below, state="absent")


def test_connections_that_end(listener: socket.socket) -> None:
    port = port_of(listener)
    there(port=port, state="drained")
    client = socket.create_connection(("127.0.0.1", port))
    server, _ = listener.accept()
    busy = Task("wait_for", port=port, state="drained")
    assert busy.plan().before.met is False
    assert Task("wait_for", host="0.0.0.0", port=port, state="drained").plan().before.met is False
    there(port=port, state="drained", host="127.9.9.9")
    there(port=port, state="drained", exclude_hosts="127.0.0.1")
    there(port=port, state="drained", exclude_hosts=["localhost"])
    there(port=port, state="drained", active_connection_states=["SYN_RECV"])

    def end() -> None:
        client.close()
        server.close()

    waited(end, port=port, state="drained", active_connection_states="ESTABLISHED,SYN_RECV")


def test_just_a_pause() -> None:
    module, params = task("wait_for", timeout=7)
    host = Scripted()
    before = host.drive(module.probe(params, FACTS))
    change: Any = type("C", (), {"before": before, "after": module.plan(params, before, FACTS)})
    host.drive(module.apply(params, change, FACTS))
    assert host.slept == 7
    assert not host.asked


def test_with_a_delay_what_is_seen_before_does_not_count(listener: socket.socket) -> None:
    module, params = task("wait_for", port=port_of(listener), delay=3)
    host = Scripted({"LC_ALL": Output(0)})
    before = host.drive(module.probe(params, FACTS))
    assert not host.asked
    change: Any = type("C", (), {"before": before, "after": module.plan(params, before, FACTS)})
    applied = host.drive(module.apply(params, change, FACTS))
    assert host.slept == 3
    assert applied["changed"] is False


def test_time_that_is_up_is_told_in_the_tasks_own_words(tmp_path: Path) -> None:
    wait = Task("wait_for", path=str(tmp_path / "x"), timeout=0, msg="the cluster is not ready")
    with pytest.raises(ModuleError, match=r"^the cluster is not ready: not within"):
        wait.run()


def test_a_host_with_nothing_to_look_with_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limited(tmp_path / "bin", monkeypatch)
    with pytest.raises(ModuleError, match="neither Python nor bash with timeout nor nc"):
        Task("wait_for", port=free_port()).plan()


def test_a_dry_run_says_what_it_would_wait_for() -> None:
    wait = Task("wait_for", port=free_port())
    change = wait.plan()
    assert change.subject.startswith("wait for 127.0.0.1:")
    assert wait.result(change)["elapsed"] is UNKNOWN


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"port": 1, "path": "/x"}, "exclude each other"),
        ({"path": "/x", "state": "stopped"}, "is for ports"),
        ({"path": "/x", "state": "drained"}, "is for ports"),
        ({"state": "drained"}, "needs port"),
        ({"port": 1, "exclude_hosts": "a"}, "exclude_hosts is for state drained"),
        ({"port": 1, "search_regex": "("}, "no regular expression"),
        ({"search_regex": "x"}, "needs port or path"),
        ({"port": 1, "active_connection_states": "OPEN"}, "'OPEN' is none of"),
        ({"port": 0}, "at least 1"),
    ],
)
def test_mistakes(raw: dict[str, Any], message: str) -> None:
    with pytest.raises(ParamsError) as error:
        task("wait_for", **raw)
    assert message in str(error.value)


def test_windows_is_told_apart() -> None:
    module, params = task("wait_for", port=1)
    with pytest.raises(ModuleError, match="win_wait_for"):
        Scripted().drive(module.probe(params, {"shell_type": "cmd"}))
