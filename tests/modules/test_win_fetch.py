"""Large files that a lab host fetches over HTTP: whole, interrupted, changed, refused."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from runner.errors import ModuleError
from runner.interfaces.local_file import LocalFile, survey
from runner.interfaces.serving import Offering
from tests.modules.labhost import LabHost, LabTask

DATA = bytes(range(256)) * 1024
DEST = r"C:\data\big.bin"
Serve = Callable[[BaseHTTPRequestHandler, int], None]


class Offered(Offering):
    """Offers files at a server of the test's own; ``asked`` are the Range headers."""

    smallest = 1000

    def __init__(self) -> None:
        self.data = DATA
        self.cuts = 0
        self.status = 0
        self.asked: list[str] = []
        self.open: set[str] = set()
        self.offered = 0
        self.url = ""

    def offer(self, file: LocalFile) -> str:
        self.offered += 1
        url = f"{self.url}/{self.offered}/{Path(file.path).name}"
        self.open.add(url)
        return url

    def withdraw(self, url: str) -> None:
        self.open.discard(url)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        asked = handler.headers.get("Range", "")
        self.asked.append(asked)
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        rest = self.data[start:]
        handler.send_response(self.status or (206 if start else 200))
        handler.send_header("Content-Length", str(len(rest)))
        handler.end_headers()
        if self.cuts:
            self.cuts -= 1
            rest = rest[: len(rest) // 2]
        handler.wfile.write(rest)


@pytest.fixture
def offered() -> Iterator[Offered]:
    offers = Offered()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            return

        def do_GET(self) -> None:
            offers.answer(self)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        offers.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield offers
        server.shutdown()
        thread.join()


@pytest.fixture
def host() -> LabHost:
    return LabHost("2019", files={DEST: {"content": "old", "attributes": "AR"}})


def sending(host: LabHost, path: Path, offered: Offered, data: bytes = DATA) -> LabTask:
    path.write_bytes(data)
    sources: Any = survey(str(path))
    return host.task(
        "win_copy", src=str(path), dest=DEST, origin="file", sources=sources, offering=offered
    )


def content(host: LabHost) -> Any:
    return host.state["files"][DEST]["sha1"]


def test_a_large_file_is_fetched(host: LabHost, offered: Offered, tmp_path: Path) -> None:
    task = sending(host, tmp_path / "f", offered)
    change = task.plan()
    assert not offered.offered
    before = host.state
    assert task.apply(change)["sent_via"] == "http"
    assert content(host) == hashlib.sha1(DATA).hexdigest()
    assert offered.asked == [""]
    assert not offered.open
    lines = "\n".join(host.machine.counters.commands)
    assert offered.url not in lines  # nobody on the host reads the token in a list of processes
    task.undo(change)
    assert host.state == before


def test_an_interrupted_one_goes_on(host: LabHost, offered: Offered, tmp_path: Path) -> None:
    offered.cuts = 2
    task = sending(host, tmp_path / "f", offered)
    assert task.apply(task.plan())["sent_via"] == "http"
    assert content(host) == hashlib.sha1(DATA).hexdigest()
    half = len(DATA) // 2
    assert offered.asked == ["", f"bytes={half}-", f"bytes={half + half // 2}-"]


def test_a_small_one_goes_through_the_connection(
    host: LabHost, offered: Offered, tmp_path: Path
) -> None:
    task = sending(host, tmp_path / "f", offered, b"small")
    task.apply(task.plan())
    assert not offered.offered


@pytest.mark.parametrize("status", [404, 500])
def test_what_cannot_be_fetched_goes_through_the_connection(
    host: LabHost, offered: Offered, tmp_path: Path, status: int
) -> None:
    offered.status = status
    task = sending(host, tmp_path / "f", offered)
    result = task.apply(task.plan())
    assert result["sent_via"] == "connection"
    assert f"returned error: {status}" in result["not_fetched"]
    assert content(host) == hashlib.sha1(DATA).hexdigest()
    assert not offered.open


def test_a_host_that_has_nothing_to_fetch_with(
    host: LabHost, offered: Offered, tmp_path: Path
) -> None:
    files = host.machine._host.files
    for name in ("curl.exe", "cscript.exe", r"WindowsPowerShell\v1.0\powershell.exe"):
        files.remove(rf"C:\Windows\System32\{name}")
    task = sending(host, tmp_path / "f", offered)
    assert task.apply(task.plan())["sent_via"] == "connection"
    assert content(host) == hashlib.sha1(DATA).hexdigest()


def test_another_content_never_takes_its_place(
    host: LabHost, offered: Offered, tmp_path: Path
) -> None:
    before = host.state
    offered.data = DATA[::-1]
    task = sending(host, tmp_path / "f", offered)
    with pytest.raises(ModuleError, match="did not arrive whole"):
        task.apply(task.plan())
    assert host.state == before
    assert not offered.open


def test_of_a_folder_only_the_large_ones(offered: Offered, tmp_path: Path) -> None:
    host = LabHost("2022")
    tree = tmp_path / "t"
    tree.mkdir()
    (tree / "big").write_bytes(DATA)
    (tree / "small").write_bytes(b"x")
    task = host.task(
        "win_copy", src=f"{tree}/", dest=r"C:\d", origin="directory", sources=survey(str(tree)),
        offering=offered,
    )  # fmt: skip
    task.apply(task.plan())
    assert offered.offered == 1
    assert not task.plan().differences()
