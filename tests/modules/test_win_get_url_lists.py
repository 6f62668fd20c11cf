"""win_get_url: lists of checksums, where a server sends elsewhere, and what each tool can do."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from runner.errors import ModuleError, ParamsError, Refused
from runner.interfaces.exchange import Output
from runner.modules.win_get_url import Params
from runner.windows import download
from runner.windows.looking import Seen
from runner.windows.put_lines import Put
from tests.modules.labhost import LabHost
from tests.modules.scripted import task as parsed

DATA = b"data\r\n"
SHA256 = hashlib.sha256(DATA).hexdigest()
LIST = f"{'0' * 64}  other.bin\n{SHA256} *f.bin\n"
DEST = r"C:\data\f.bin"


@pytest.fixture
def server() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            return

        def do_GET(self) -> None:
            moved = self.path.startswith("/moved")
            body = b"elsewhere" if moved else LIST.encode() if self.path == "/sums" else DATA
            self.send_response(302 if moved else 200)
            if moved:
                self.send_header("Location", "/f.bin")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()
        thread.join()


def lab(os: str = "2019") -> LabHost:
    return LabHost(os, files={r"C:\data\sums": {"content": LIST}})


@pytest.mark.parametrize("place", ["{}/sums", r"C:\data\sums", "file:///C:/data/sums"])
def test_a_list_names_the_checksum(server: str, place: str) -> None:
    host = lab()
    raw = {"dest": DEST, "checksum_url": place.format(server), "checksum_algorithm": "sha256"}
    task = host.task("win_get_url", url=f"{server}/f.bin", **raw)
    task.apply(task.plan())
    assert host.state["files"][DEST]["sha1"] == hashlib.sha1(DATA).hexdigest()
    assert not task.plan().differences()
    with pytest.raises(ModuleError, match=r"Checksum record not found for file name 'nix\.bin'"):
        host.task("win_get_url", url=f"{server}/nix.bin", **raw).plan()
    with pytest.raises(ModuleError, match="is no md5"):
        host.task(
            "win_get_url", url=f"{server}/f.bin", **{**raw, "checksum_algorithm": "md5"}
        ).plan()
    wrong = host.task("win_get_url", url=f"{server}/other.bin", **raw)
    with pytest.raises(ModuleError, match="did not match"):
        wrong.apply(wrong.plan())


@pytest.mark.parametrize(
    ("raw", "status", "data"),
    [
        ({}, 200, DATA),
        ({"follow_redirects": "all", "maximum_redirection": 3}, 200, DATA),
        ({"follow_redirects": "none"}, 302, b"elsewhere"),
    ],
)
def test_where_a_server_sends(server: str, raw: dict[str, Any], status: int, data: bytes) -> None:
    host = lab()
    task = host.task("win_get_url", url=f"{server}/moved", dest=DEST, **raw)
    assert task.apply(task.plan())["status_code"] == status
    assert host.state["files"][DEST]["sha1"] == hashlib.sha1(data).hexdigest()


@pytest.mark.parametrize(
    ("raw", "tool"),
    [
        ({"follow_redirects": "none"}, "cscript"),
        ({"url": "ftp://h/f.bin"}, "cscript"),
        ({"url": "ftp://h/f.bin"}, "certutil"),
    ],
)
def test_what_old_tools_cannot(raw: dict[str, Any], tool: str) -> None:
    params = Params.model_validate({"url": "http://h/f.bin", "dest": DEST, **raw})
    with pytest.raises(Refused, match=f"only {tool}"):
        download.choose(Output(0, tool), params.wish)
    assert download.choose(Output(0, f"{tool}\ncurl"), params.wish) == "curl"
    with pytest.raises(Refused, match="prints nothing"):
        download.printed(tool, params.wish)


def test_powershell_is_told_all_of_it() -> None:
    raw = {"proxy_url": "http://p:8", "proxy_username": "a b", "proxy_password": "c@d"}
    params = Params.model_validate({"url": "http://h/f.bin", "dest": DEST, **raw})
    script = download.printed("powershell", params.wish)
    lines = (script.stdin or "").splitlines()
    assert (lines[1], lines[7], lines[9]) == ("", "http://a%20b:c%40d@p:8", "50")
    text = download.more("cscript", _spec(), params.wish, 5.0).stdin or ""
    assert 'x.setProxy 2,"p:8"' in text
    assert 'x.setProxyCredentials "a b","c@d"' in text


def _spec() -> Put:
    return Put(DEST, "", Seen(DEST))


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ({"checksum": "0" * 40, "checksum_url": "http://h/s"}, "exclude each other"),
        ({"checksum_url": "gopher://h/s"}, "must be a URL"),
        ({"proxy_username": "x"}, "needs 'proxy_url'"),
        ({"use_default_credential": True}, "no password to show"),
    ],
)
def test_parameters_that_make_no_sense(raw: dict[str, Any], says: str) -> None:
    with pytest.raises(ParamsError) as caught:
        parsed("win_get_url", url="http://h/f.bin", dest=DEST, **raw)
    assert says in f"{caught.value} {caught.value.hint}"
