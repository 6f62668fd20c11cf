"""win_get_url on the lab, whose tools really ask a server on loopback."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from runner.errors import ModuleError, ParamsError, Refused
from runner.interfaces.exchange import Output
from runner.model.state import UNKNOWN, Change
from runner.modules.win_get_url import _Told
from runner.windows import download
from runner.windows.looking import Seen
from runner.windows.put_lines import Put
from tests.modules.labhost import LabHost
from tests.modules.scripted import Scripted
from tests.modules.scripted import task as parsed

DATA = bytes(range(256)) * 40
SHA1 = hashlib.sha1(DATA).hexdigest()
SHA256 = hashlib.sha256(DATA).hexdigest()
DEST = r"C:\data\f.bin"


@dataclass
class Server:
    url: str
    asked: list[dict[str, str]] = field(default_factory=list)


@pytest.fixture
def server() -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            return

        def do_GET(self) -> None:
            told.asked.append(dict(self.headers))
            known = base64.b64encode(b'ann:se "cret\\').decode()
            secret = self.path == "/secret"
            refused = secret and self.headers.get("Authorization") != f"Basic {known}"
            found = self.path.startswith(("/f.bin", "/secret"))
            self.send_response(401 if refused else 200 if found else 404)
            body = DATA if found and not refused else b"no"
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        told = Server(f"http://127.0.0.1:{running.server_address[1]}")
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield told
        running.shutdown()
        thread.join()


def lab(os: str = "2019", content: str = "old") -> LabHost:
    host = LabHost(os, files={DEST: {"content": content}, r"C:\data\x": {"content": "x"}})
    if os == "2008-sp2":
        host.machine._host.files.remove(r"C:\Windows\System32\cscript.exe")
    return host


@pytest.mark.parametrize("os", ["2019", "2008-sp2"])
def test_there_again_and_back(server: Server, os: str) -> None:
    host = lab(os)
    before = host.state
    task = host.task("win_get_url", url=f"{server.url}/f.bin?a=b&c", dest=DEST)
    change = task.plan()
    assert change.after.checksum is UNKNOWN
    result = task.apply(change)
    assert (result["checksum_src"], result["size"]) == (SHA1, len(DATA))
    assert host.state["files"][DEST]["sha1"] == SHA1
    assert not [name for name in host.state["files"] if ".runner-" in name]
    assert task.apply(task.plan())["changed"] is False
    task.undo(Change("", change.before, task.probe()))
    assert host.state == before


def test_a_checksum_tells_beforehand(server: Server) -> None:
    host = lab()
    for algorithm, digest in (("sha1", SHA1), ("sha256", SHA256)):
        how = {"dest": "C:\\data\\", "checksum": digest.upper(), "checksum_algorithm": algorithm}
        task = host.task("win_get_url", url=f"{server.url}/f.bin", **how)
        if task.plan().differences():
            task.apply(task.plan())
        assert not task.plan().differences()
    assert len(server.asked) == 1


def test_what_is_another_file_never_takes_its_place(server: Server) -> None:
    host = lab()
    before = host.state
    for how in ({"checksum": "0" * 40}, {"checksum": "0" * 64, "checksum_algorithm": "sha256"}):
        task = host.task("win_get_url", url=f"{server.url}/f.bin", dest=DEST, **how)
        with pytest.raises(ModuleError, match="did not match"):
            task.apply(task.plan())
        assert host.state == before


@pytest.mark.parametrize("os", ["2019", "2008-sp2"])
def test_a_server_that_says_no(server: Server, os: str) -> None:
    host = lab(os)
    before = host.state
    for url in (f"{server.url}/nothing", "http://127.0.0.1:1/x"):
        task = host.task("win_get_url", url=url, dest=DEST)
        with pytest.raises(ModuleError, match=f"Error downloading '{url}'"):
            task.apply(task.plan())
    assert host.state == before


def test_secrets_are_on_no_command_line(server: Server) -> None:
    host = lab()
    task = host.task(
        "win_get_url", url=f"{server.url}/secret", dest=DEST, url_username="ann",
        url_password='se "cret\\', headers={"X-Token": "t0ken"}, http_agent="me/1",
    )  # fmt: skip
    assert task.apply(task.plan())["status_code"] == 200
    assert server.asked[-1]["X-Token"] == "t0ken"
    assert server.asked[-1]["User-Agent"] == "me/1"
    lines = "\n".join(host.machine.counters.commands)
    assert "cret" not in lines
    assert "t0ken" not in lines


def test_force_false_keeps_what_is_there(server: Server) -> None:
    task = lab().task("win_get_url", url=f"{server.url}/f.bin", dest=DEST, force=False)
    assert not task.plan().differences()
    assert not server.asked


@pytest.mark.parametrize(
    ("there", "raw", "tool"),
    [
        ("certutil\ncscript\npowershell\ncurl", {}, "curl"),
        ("powershell\ncscript\ncertutil", {"headers": {"a": "b"}}, "powershell"),
        ("cscript\ncertutil", {}, "cscript"),
        ("certutil", {}, "certutil"),
        ("certutil", {"headers": {"a": "b"}}, None),
        ("certutil", {"url": "http://h/a%20b"}, None),
        ("cscript", {"proxy_url": "http://p:1", "use_proxy": False}, "cscript"),
        ("", {}, None),
    ],
)
def test_the_tool_is_chosen_by_what_is_there(
    there: str, raw: dict[str, Any], tool: str | None
) -> None:
    params: Any = parsed("win_get_url", **{"url": "http://h/f", "dest": DEST, **raw})[1]
    if tool is None:
        with pytest.raises(Refused):
            download.choose(Output(0, there), params.wish)
    else:
        assert download.choose(Output(0, there), params.wish) == tool


WISH = download.Wish(
    'http://h/a"b%20', 7, "me", "ann", "se cret", {"X-A": "b"}, check_certificate=False
)
SPEC = Put(DEST, "", Seen(DEST))


def test_a_script_for_server_2003() -> None:
    line, text = download.filled("cscript", SPEC, WISH) or ("", "")
    assert "cscript.exe //nologo //E:vbscript" in line
    assert text is not None
    assert 'x.open "GET","http://h/a""b%20",False,"ann","se cret"\r\n' in text
    assert f's.SaveToFile "{SPEC.folder}\\f.bin",2\r\n' in text
    assert "x.setOption 2,13056" in text
    assert max(map(len, text.splitlines())) < 8191


def test_powershell_downloads_beside_and_the_rest_is_cmds() -> None:
    module, params = parsed("win_get_url", url="http://h/f", dest=DEST, url_password="pw")
    before = module.state("file", "0" * 40, path=DEST, above=r"C:\data", kept=r"C:\b\k")
    before = dataclasses.replace(before, told=_Told("powershell"))
    after = module.plan(params, before, {})
    printed = f"=--a------=3=x=\r\nSHA1 hash:\r\n{SHA1}\r\n"
    host = Scripted(
        {"$v=@($input)": Output(0, "200"), "(for %i": Output(0, printed), "(": Output(0)}
    )
    result = host.drive(module.apply(params, Change("", before, after), {}))
    assert (result["status_code"], result["checksum_src"]) == (200, SHA1)
    assert [text[:13] for text in host.sent] == [
        '(cd /d "C:\\da',
        "$v=@($input)\n",
        '(cd /d "C:\\da',
    ]
    (script,) = [one for one in host.scripts if one.shell == "powershell"]
    lines = (script.stdin or "").splitlines()
    assert lines[:4] == ["http://h/f", f"{SPEC.work}\\f.bin", "1", "30"]
    assert lines[5] == "pw"


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"url": "gopher://h/x"}, "http://, https://, ftp://"),
        ({"url": "http://h/a b"}, "percent signs"),
        ({"headers": {"a": "b\nc"}}, "line break"),
        ({"checksum": "12"}, "not as long"),
        ({"checksum": "z" * 40}, "hexadecimal"),
        ({"url": "http://h/", "dest": "C:\\x\\"}, "names no file"),
        ({"client_cert": "x"}, "client certificates"),
    ],
)
def test_what_is_refused_before_a_host_is_asked(raw: dict[str, Any], said: str) -> None:
    with pytest.raises(ParamsError, match=said):
        parsed("win_get_url", **{"url": "http://h/f", "dest": DEST, **raw})


@pytest.mark.parametrize(
    ("wish", "line"),
    [
        (download.Wish("http://h/f", use_proxy=False), "x.setProxy 1\r\n"),
        (download.Wish("http://h/f", proxy="http://me:pw@p:3128/"), 'x.setProxy 2,"p:3128"\r\n'),
    ],
)
def test_a_script_says_which_proxy(wish: download.Wish, line: str) -> None:
    _, text = download.filled("cscript", SPEC, wish) or ("", "")
    assert line in (text or "")
