"""win_package: packages on a share, below a variable, in the web; what they say of themselves."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from runner.errors import ModuleError, Refused
from runner.interfaces.exchange import Output, Script
from runner.model.state import UNKNOWN, Change
from runner.windows import installer
from runner.windows.exit_codes import PROGRAM_MISSING
from tests.modules.contract.cases_remedies import PRODUCT
from tests.modules.labhost import LabHost
from tests.modules.scripted import Scripted
from tests.modules.scripted import task as parsed

PACKAGE = f"lab msi {PRODUCT} 1.2 Agent"
FILE = Output(0, "=--a------=9=x=\r\n")
KEYS = r"reg query HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall"


@pytest.fixture
def web() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            return

        def do_GET(self) -> None:
            if self.path == "/latest":
                self.send_response(302)
                self.send_header("Location", "/a.msi")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            body = PACKAGE.encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()
        thread.join()


@pytest.mark.parametrize(
    "path", [r"\\files\setup\a.msi", "//files/setup/a.msi", r"%ProgramFiles%\a.msi"]
)
def test_on_a_share_and_below_a_variable(path: str) -> None:
    files = {r"\\files\setup\a.msi": {"content": PACKAGE},
             r"C:\Program Files\a.msi": {"content": PACKAGE}}  # fmt: skip
    task = LabHost("2016", files=files).task("win_package", path=path, product_id=PRODUCT)
    task.apply(task.plan())
    assert not task.plan().differences()
    task.undo(task.plan())
    assert not task.probe().installed


@pytest.mark.parametrize("name", ["a.msi", "latest"])
def test_from_the_web_only_when_it_is_needed(web: str, name: str) -> None:
    host = LabHost("2019")
    before = host.state
    task = host.task("win_package", path=f"{web}/{name}", product_id=PRODUCT, provider="msi")
    change = task.plan()
    assert not task.module.irreversible(task.params, change, {})
    assert task.apply(change) == {"rc": 0, "reboot_required": False}
    assert task.probe().version == "1.2"
    again = task.plan()
    assert not again.differences()
    assert [path for path in host.state["files"] if "runner" in path.lower()] == []
    task.undo(Change("", again.after, change.before))
    assert host.state == before


def test_what_is_another_file_is_not_started(web: str) -> None:
    host = LabHost("2019")
    before = host.state
    raw = {"path": f"{web}/a.msi", "product_id": PRODUCT, "checksum": "0" * 40}
    task = host.task("win_package", **raw)
    with pytest.raises(Refused, match="is not started"):
        task.apply(task.plan())
    assert host.state == before


def coded(code: Output, **answers: Any) -> dict[str, Any]:
    return {"for %i": FILE, "(for %i": FILE, "$i = New-Object": code, **answers}


def test_an_msi_says_itself_which_product_it_is() -> None:
    module, params = parsed("win_package", path=r"C:\a.msi")
    answers = coded(Output(0, f"{PRODUCT.lower()}\r\n"), msiexec=Output(0))
    host = Scripted(answers)
    before = host.drive(module.probe(params, {}))
    assert (before.installed, before.product) == (False, PRODUCT)
    change = Change("", before, module.plan(params, before, {}))
    assert not module.irreversible(params, change, {})
    host.drive(module.apply(params, change, {}))
    host.drive(module.undo(params, change.reversed(), {}))
    assert host.sent == [
        r"msiexec /i C:\a.msi /qn /norestart", f"msiexec /x {PRODUCT} /qn /norestart",
    ]  # fmt: skip
    there = {f"{KEYS}\\{PRODUCT}": Output(0, "\r\nHKEY_LOCAL_MACHINE\\x\r\n")}
    found = Scripted({**answers, **there}).drive(module.probe(params, {}))
    assert found.installed


@pytest.mark.parametrize(
    ("code", "error", "said"),
    [
        (Output(PROGRAM_MISSING), Refused, "which this host has not"),
        (Output(1, "", "OpenDatabase,DatabasePath,OpenMode\r\n"), ModuleError, "cannot be read"),
    ],
)
def test_who_cannot_ask_the_package(code: Output, error: type[ModuleError], said: str) -> None:
    module, params = parsed("win_package", path=r"C:\a.msi")
    with pytest.raises(error, match=said):
        Scripted(coded(code)).drive(module.probe(params, {}))


def test_an_exe_that_nobody_can_tell_is_started_every_time() -> None:
    module, params = parsed("win_package", path=r"C:\a.exe", arguments="/S")
    host = Scripted({"for %i": FILE, "C:\\a.exe": Output(0)})
    before = host.drive(module.probe(params, {}))
    assert before.installed is None
    change = Change("", before, module.plan(params, before, {}))
    assert [each.after for each in change.differences()] == [UNKNOWN]
    assert "not known beforehand" in module.irreversible(params, change, {})
    assert host.drive(module.apply(params, change, {})) == {"rc": 0, "reboot_required": False}
    assert host.sent == [r"C:\a.exe /S"]


@pytest.mark.parametrize(("state", "there"), [("present", True), ("present", False),
                                              ("absent", True), ("absent", False)])  # fmt: skip
def test_an_msi_in_the_web_is_asked_once_it_is_here(state: str, there: bool) -> None:
    module, params = parsed("win_package", path="https://h/a.msi", state=state)
    key = Output(0, "\r\nHKEY_LOCAL_MACHINE\\x\r\n") if there else Output(1)
    host = Scripted({
        "set": Output(0, "TEMP=C:\\Temp\r\nOS=Windows_NT\r\n"),
        "(if exist %SystemRoot%\\System32\\curl": Output(0, "curl\r\n"),
        "(cd /d": Output(0, "200"), "$i = New-Object": Output(0, PRODUCT),
        f"{KEYS}\\{PRODUCT}": key, "msiexec": Output(0), "rd": Output(0),
    })  # fmt: skip
    before = host.drive(module.probe(params, {}))
    change = Change("", before, module.plan(params, before, {}))
    assert [each.after for each in change.differences()] == [UNKNOWN]
    applied = host.drive(module.apply(params, change, {}))
    told = [line for line in host.sent if line.startswith("msiexec")]
    if there is (state == "present"):
        assert applied["changed"] is False
        assert not told
    else:
        assert [line.split()[1] for line in told] == ["/i" if state == "present" else "/x"]
    assert "rd /s /q" in host.sent[-1]


def test_versions_are_the_same_whatever_zeros_they_end_in() -> None:
    assert installer.same_version("1.2", "1.02.0.0")
    assert not installer.same_version("1.2", "1.20")
    assert not installer.same_version("", "1")


def test_a_version_without_wmic_is_asked_of_powershell() -> None:
    host = Scripted({"wmic": Output(PROGRAM_MISSING), "$f =": Output(0, "Version=10.0.1.2\r\n")})
    assert host.drive(installer.file_version(r"C:\a b\it's.exe")) == "10.0.1.2"
    (script,) = host.scripts
    assert isinstance(script, Script)
    assert script.params == {"path": r"C:\a b\it's.exe"}
    with pytest.raises(Refused, match="neither"):
        Scripted({"wmic": Output(PROGRAM_MISSING), "$f =": Output(PROGRAM_MISSING)}).drive(
            installer.file_version(r"C:\a.exe")
        )
