"""get_url against a real server on loopback, with curl and with wget."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.utils import formatdate, parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from runner.errors import InputError, ModuleError, Refused
from runner.modules._parts.get_url_params import digest_for
from tests.modules.files.hosting import Task, run, snapshot

_NEEDED = (
    "sh", "stat", "readlink", "id", "find", "od", "base64", "sha1sum", "sha256sum", "date",
    "head", "tr", "cut", "wc", "cat", "cp", "mv", "rm", "ln", "mkdir", "rmdir", "chmod",
    "chown", "touch", "grep", "sed", "tail", "mktemp",
)  # fmt: skip
DATA = bytes(range(256)) * 40
SHA256 = hashlib.sha256(DATA).hexdigest()


@dataclass
class Server:
    url: str
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    modified: float = 1_600_000_000.0

    def gets(self) -> int:
        return sum(1 for method, _, _ in self.asked if method == "GET")


@pytest.fixture
def server() -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            return

        def do_HEAD(self) -> None:
            self._answer(body=False)

        def do_GET(self) -> None:
            self._answer(body=True)

        def _answer(self, *, body: bool) -> None:
            told.asked.append((self.command, self.path, dict(self.headers)))
            known = base64.b64encode(b'ann:se cret"\\').decode()
            if self.path == "/secret" and self.headers.get("Authorization") != f"Basic {known}":
                self.send_response(401)
                self.send_header("WWW-Authenticate", "Basic")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            if self.path == "/moved":
                self.send_response(302)
                self.send_header("Location", "/data")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            since = self.headers.get("If-Modified-Since")
            if since and parsedate_to_datetime(since).timestamp() >= told.modified:
                self.send_response(304)
                self.end_headers()
                return
            content = DATA
            if self.path == "/sums":
                content = f"{'0' * 64}  other\n{SHA256} *data\n".encode()
            elif self.path not in ("/data", "/secret"):
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Last-Modified", formatdate(told.modified, usegmt=True))
            self.end_headers()
            if body:
                self.wfile.write(content)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        told = Server(f"http://127.0.0.1:{httpd.server_address[1]}")
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield told
        httpd.shutdown()
        thread.join()


@pytest.fixture(params=["curl", "wget"], autouse=True)
def tool(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Only this program is there."""
    name = str(request.param)
    folder = tmp_path / "bin"
    folder.mkdir()
    for program in (*_NEEDED, name):
        found = shutil.which(program)
        if found is None:
            pytest.skip(f"there is no {program}")
        (folder / program).symlink_to(found)
    monkeypatch.setenv("PATH", str(folder))
    for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    return name


def test_a_download_and_its_undo(room: Path, server: Server) -> None:
    dest = room / "f"
    before = snapshot(room)
    done = run("get_url", url=f"{server.url}/moved", dest=str(dest), mode="0640")
    assert dest.read_bytes() == DATA
    assert dest.stat().st_mode & 0o777 == 0o640
    assert (done.result["status_code"], done.result["size"]) == (200, len(DATA))
    done.undo()
    assert snapshot(room) == before


def test_what_has_not_changed_since_is_not_downloaded(room: Path, server: Server) -> None:
    task = {"url": f"{server.url}/data", "dest": f"{room}/f"}
    assert run("get_url", **task).changed
    assert not Task("get_url", task).differences()
    assert server.gets() == 1
    server.modified = 4_000_000_000.0
    done = run("get_url", **task)
    assert server.gets() == 2
    assert not done.changed  # the same bytes
    (room / "f").write_text("old")
    done = run("get_url", **task)
    assert done.changed
    done.undo()
    assert (room / "f").read_text() == "old"


def test_checksums_decide(room: Path, server: Server) -> None:
    task = {"url": f"{server.url}/data", "dest": f"{room}/f", "checksum": f"sha256:{SHA256}"}
    run("get_url", **task)
    assert not Task("get_url", task).differences()
    assert server.gets() == 1
    (room / "f").write_text("damaged")
    assert run("get_url", **task).changed
    before = snapshot(room)
    with pytest.raises(ModuleError, match="did not match"):
        run("get_url", **{**task, "checksum": "sha256:" + "1" * 64})
    assert snapshot(room) == before


def test_a_checksum_from_a_list(room: Path, server: Server) -> None:
    sums = f"sha256:{server.url}/sums"
    task = {"url": f"{server.url}/data", "dest": f"{room}/", "checksum": sums}
    assert run("get_url", **task).result["dest"] == f"{room}/data"
    with pytest.raises(Refused, match="Unable to find a checksum for file 'secret'"):
        run("get_url", **{**task, "url": f"{server.url}/secret"})


def test_credentials_and_headers_are_in_no_command(room: Path, server: Server) -> None:
    task = Task("get_url", {
        "url": f"{server.url}/secret", "dest": f"{room}/f", "url_username": "ann",
        "url_password": 'se cret"\\', "headers": {"X-Token": "hush hush"},
    })  # fmt: skip
    done = task.run()
    assert (room / "f").read_bytes() == DATA
    assert server.asked[-1][2]["X-Token"] == "hush hush"
    assert server.asked[-1][2]["User-Agent"] == "ansible-httpget"
    assert "cret" not in "".join(task.sent)
    assert "hush" not in "".join(task.sent)
    done.undo()
    with pytest.raises(ModuleError, match="Request failed"):
        run("get_url", url=f"{server.url}/secret", dest=f"{room}/g", url_username="ann",
            url_password="no")  # fmt: skip
    assert list(room.iterdir()) == []


def test_no_such_page_and_no_such_server(room: Path, server: Server) -> None:
    for url in (f"{server.url}/nope", "http://127.0.0.1:1/x"):
        with pytest.raises(ModuleError, match="Request failed"):
            run("get_url", url=url, dest=f"{room}/f", timeout=2)
    assert list(room.iterdir()) == []


def test_what_is_refused() -> None:
    for raw, says in (
        ({"url": "gopher://x"}, "must begin with"),
        ({"checksum": "abc"}, "format"),
        ({"checksum": "crc32:abcdef01"}, "must begin with one of"),
        ({"checksum": "sha256:xyz"}, "no checksum in hexadecimal"),
        ({"tmp_dest": "/tmp"}, "not supported"),
    ):
        with pytest.raises(InputError, match=says):
            Task("get_url", {"url": "http://x/y", "dest": "/x", **raw})


def test_lists_of_checksums() -> None:
    assert digest_for("f", "ABCDEF0123\n") == "abcdef0123"
    assert digest_for("f", "SHA256 (f) = abcdef0123\n") == "abcdef0123"
    assert digest_for("f", "11111111  g\nabcdef0123 *./f\n") == "abcdef0123"
    assert digest_for("f", "11111111  g\n22222222  h\n") == ""


def test_no_program_no_download(room: Path, tool: str) -> None:
    Path(os.environ["PATH"], tool).unlink()
    with pytest.raises(Refused, match="neither curl nor wget"):
        run("get_url", url="http://127.0.0.1/x", dest=f"{room}/f")
