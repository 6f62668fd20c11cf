"""The file server over real sockets: what it gives, what it does not, and when it ends."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from runner.app import file_server
from runner.app.file_server import FileServer, listening, route_to
from runner.app.serve_files import serve_files
from runner.app.wiring.offering import Offers
from runner.errors import InventoryError, ModuleError, UsageError
from runner.interfaces.local_file import LocalFile

DATA = bytes(range(256)) * 4096


@pytest.fixture
def log() -> list[str]:
    return []


@pytest.fixture
def server(log: list[str]) -> Iterator[FileServer]:
    with closing(FileServer(("127.0.0.1", 0), log.append)) as running:
        yield running


@pytest.fixture
def file(tmp_path: Path) -> LocalFile:
    (tmp_path / "a b.bin").write_bytes(DATA)
    return LocalFile(str(tmp_path / "a b.bin"))


def get(
    url: str, method: str = "GET", path: str = "", **headers: str
) -> tuple[http.client.HTTPResponse, bytes]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 0, timeout=60)
    with closing(connection):
        connection.request(method, path or parts.path, headers=headers)
        response = connection.getresponse()
        return response, response.read()


def said(log: list[str], text: str) -> bool:
    end = time.monotonic() + 60
    while not any(text in line for line in log):
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


def test_a_url_is_used_up_by_one_whole_download(
    server: FileServer, file: LocalFile, log: list[str]
) -> None:
    url = server.offer(file, "a b.bin", "web01")
    assert url.endswith("/a%20b.bin")
    response, _ = get(url, "HEAD")
    assert (response.status, response.headers["Content-Length"]) == (200, str(len(DATA)))
    assert get(url)[1] == DATA
    assert said(log, f"web01 fetched a b.bin to its end: {len(DATA)} bytes from 0")
    assert get(url)[0].status == 404
    assert said(log, "an unknown or used URL was asked for")
    assert not [line for line in log if urlsplit(url).path.split("/")[1] in line]


@pytest.mark.parametrize(
    ("asked", "status", "start", "end"),
    [
        ("bytes=10-19", 206, 10, 20),
        ("bytes=1000000-", 206, 1_000_000, len(DATA)),
        ("bytes=-7", 206, len(DATA) - 7, len(DATA)),
        ("bytes=5-99999999", 206, 5, len(DATA)),
        ("bytes=0-", 200, 0, len(DATA)),
        ("bytes=1-2,5-6", 200, 0, len(DATA)),
        ("lines=1-2", 200, 0, len(DATA)),
        (f"bytes={len(DATA)}-", 416, 0, 0),
        ("bytes=-0", 416, 0, 0),
        ("bytes=9-3", 416, 0, 0),
    ],
)
def test_ranges(
    server: FileServer, file: LocalFile, asked: str, status: int, start: int, end: int
) -> None:
    response, body = get(server.offer(file, "f", "h"), Range=asked)
    assert response.status == status
    assert body == DATA[start:end]
    if status == 206:
        assert response.headers["Content-Range"] == f"bytes {start}-{end - 1}/{len(DATA)}"


def test_an_interrupted_download_can_ask_for_the_rest(
    server: FileServer, file: LocalFile, log: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_server, "_PIECE", 1024)
    url = server.offer(file, "f", "h")
    assert get(url, Range="bytes=0-99")[1] == DATA[:100]
    assert get(url, Range="bytes=100-")[1] == DATA[100:]
    assert said(log, "fetched f to its end")  # the one before was "not to its end"
    assert get(url, Range="bytes=100-")[0].status == 404


@pytest.mark.parametrize(
    "path", ["/", "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "//", "/x/y", "/..%5c..%5cx"]
)
def test_nothing_else_can_be_asked_for(server: FileServer, file: LocalFile, path: str) -> None:
    url = server.offer(file, "f", "h")
    response, body = get(url, path=path)
    assert (response.status, body) == (404, b"")
    token = urlsplit(url).path.split("/")[1]
    assert get(url, path=f"/{token}/../../etc/passwd")[1] == DATA  # the token alone says what


def test_a_withdrawn_url_and_a_closed_server(file: LocalFile, log: list[str]) -> None:
    server = FileServer(("127.0.0.1", 0), log.append)
    url = server.offer(file, "f", "h")
    server.withdraw(url)
    assert get(url)[0].status == 404
    server.close()
    with pytest.raises(OSError, match="refused"):
        get(url)


def test_a_port_that_is_taken(server: FileServer) -> None:
    with pytest.raises(UsageError, match="cannot serve files at"):
        FileServer(("127.0.0.1", server.port), print)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (":8080", ("0.0.0.0", 8080)), ("10.0.0.5:80", ("10.0.0.5", 80)), ("h", ("h", 0)),
        ("[::1]:9", ("::1", 9)), ("", ("0.0.0.0", 0)),
    ],
)  # fmt: skip
def test_addresses_to_listen_on(text: str, found: tuple[str, int]) -> None:
    assert listening(text) == found


def test_an_address_that_is_none() -> None:
    for text in ("a:b", "h:99999", "1:2:3"):
        with pytest.raises(ValueError, match="not an address"):
            listening(text)


def test_the_route_to_this_machine_is_loopback() -> None:
    assert route_to("127.0.0.1") == "127.0.0.1"


def test_offers_open_a_port_only_when_a_file_is_offered(file: LocalFile, log: list[str]) -> None:
    with closing(Offers(log.append)) as offers:
        for off in (None, False, "no"):
            assert offers.of("h", {"runner_file_server": off}) is None
        assert offers.of("h", {}) is None
        found = offers.of("h", {"runner_file_server": True, "ansible_host": "127.0.0.1"})
        assert found is not None
        assert not log
        url = found.offer(file)
        assert url.startswith("http://127.0.0.1:")
        assert len(log) == 1
        assert get(url)[1] == DATA
        found.withdraw(url)
    with pytest.raises(OSError, match="refused"):
        get(url)


def test_settings_of_offers(file: LocalFile, server: FileServer) -> None:
    with closing(Offers(print)) as offers:
        said = {"listen": "127.0.0.1:0", "address": "files.example", "min_size": 5}
        found = offers.of("h", {"runner_file_server": said})
        assert found is not None
        assert found.smallest == 5
        assert found.offer(file).startswith("http://files.example:")
        for wrong in ({"port": 1}, {"min_size": -1}, "a:b"):
            with pytest.raises(InventoryError, match="runner_file_server"):
                offers.of("h", {"runner_file_server": wrong})
        taken = offers.of("h", {"runner_file_server": f"127.0.0.1:{server.port}"})
        assert taken is not None
        with pytest.raises(ModuleError, match="cannot be offered"):
            taken.offer(file)


def test_a_folder_is_served_without_its_links(tmp_path: Path) -> None:
    folder = tmp_path / "d"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "f").write_bytes(b"x")
    (folder / "g h").write_bytes(b"y")
    (folder / "link").symlink_to("/etc/passwd")
    (folder / "out").symlink_to("/etc")
    lines: list[str] = []
    stop = threading.Event()
    worker = threading.Thread(
        target=serve_files, args=(folder, "127.0.0.1:0", 20, lines.append, print, stop)
    )
    worker.start()
    assert said(lines, "  sub/f")
    assert len(lines) == 2
    url = lines[1].split()[0]
    assert get(url)[1] == get(url)[1] == b"x"
    # One address for the folder, as a playbook needs it that knows the names.
    assert get(url.removesuffix("sub/f") + "g%20h")[1] == b"y"
    for wrong in ("", "sub", "link", "sub/../g%20h", "../f"):
        assert get(url.removesuffix("sub/f") + wrong)[0].status == 404, wrong
    stop.set()
    worker.join(10)
    with pytest.raises(OSError, match="refused"):
        get(url)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no file"):
        serve_files(tmp_path, ":0", 1, print, print, threading.Event())


def test_the_verb_ends_at_its_time_and_at_a_signal(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"x")
    words = [sys.executable, "-m", "runner", "serve-files", str(tmp_path), "--listen"]
    for more, number in ((["127.0.0.1:0", "--for", "1s"], None), (["127.0.0.1:0"], signal.SIGTERM)):
        with subprocess.Popen([*words, *more], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            url = process.stdout.readline().split()[0]
            assert get(url)[1] == b"x"
            if number is not None:
                os.kill(process.pid, number)
            assert process.wait(20) == 0
        with pytest.raises(OSError, match="refused"), closing(socket.socket()) as probe:
            probe.connect(("127.0.0.1", urlsplit(url).port or 0))
