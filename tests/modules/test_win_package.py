"""win_package on the lab and in tables."""

from __future__ import annotations

from typing import Any

import pytest

from runner.errors import ModuleError, ParamsError, Refused
from runner.interfaces.exchange import Output
from runner.model.state import Change
from tests.modules.contract.cases_remedies import PRODUCT
from tests.modules.labhost import LabHost
from tests.modules.scripted import Scripted
from tests.modules.scripted import task as parsed

MSI = r"C:\setup\a.msi"
EXE = r"C:\set up\a.exe"
FILES = {MSI: {"content": f"lab msi {PRODUCT} 1.2 Agent"}, r"C:\no.msi": {"content": "x"}}
FILE = Output(0, "=--a------=9=x=\r\n")
KEY = r"reg query HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall"


def key(name: str, **values: str) -> dict[str, Output]:
    lines = [f"    {value}    REG_SZ    {data}" for value, data in values.items()]
    body = "\r\n".join(["", f"HKEY_LOCAL_MACHINE\\SOFTWARE\\x\\{name}", *lines, ""])
    return {f"{KEY}\\{name}": Output(0, body)}


def planned(answers: dict[str, Any], **raw: Any) -> tuple[Any, Any, Change[Any], Scripted]:
    module, params = parsed("win_package", **raw)
    host = Scripted({"for %i": FILE, "(for %i": FILE, **answers})
    before = host.drive(module.probe(params, {}))
    change = Change("", before, module.plan(params, before, {}))
    return module, params, change, host


def test_an_msi_is_installed_found_and_uninstalled() -> None:
    host = LabHost("2016", files=FILES)
    task = host.task("win_package", path=MSI, product_id=PRODUCT)
    change = task.plan()
    assert not task.module.irreversible(task.params, change, {})
    assert task.apply(change) == {"rc": 0, "reboot_required": False}
    found = task.probe()
    assert (found.installed, found.name, found.version, found.msi) == (True, "Agent", "1.2", True)
    gone = host.task("win_package", product_id=PRODUCT, state="absent")
    back = gone.plan()
    assert "does not come back" in gone.module.irreversible(gone.params, back, {})
    gone.apply(back)
    assert not task.probe().installed
    assert not gone.plan().differences()


@pytest.mark.parametrize(
    ("raw", "sent"),
    [
        ({"path": MSI, "product_id": PRODUCT}, f"msiexec /i {MSI} /qn /norestart"),
        (
            {"path": MSI, "product_id": PRODUCT, "log_path": r"C:\l", "arguments": 'A="b c" /x'},
            rf"msiexec /i {MSI} /qn /norestart /log C:\l A=b c /x",
        ),
        ({"path": EXE, "product_id": "x", "arguments": ["/S", "a b"]}, f"{EXE} /S a b"),
        ({"path": EXE, "creates_path": r"C:\nix", "chdir": r"C:\set up"}, f'"{EXE}"'),
    ],
)
def test_how_it_is_installed(raw: dict[str, Any], sent: str) -> None:
    line = Output(0, "=--a------=9=x=\r\n")
    answers = {
        "for %i": [line, Output(0, "==0==\r\n")] if "creates_path" in raw else line,
        "msiexec": Output(0),
        "C:\\set": Output(0),
        '"C:': Output(0),
    }
    module, params, change, host = planned(answers, **raw)
    host.drive(module.apply(params, change, {}))
    assert host.sent == [sent]
    irreversible = module.irreversible(params, change, {})
    assert bool(irreversible) is (raw["path"] == EXE)


@pytest.mark.parametrize(
    ("values", "raw", "sent"),
    [
        ({"QuietUninstallString": '"C:\\a b\\u.exe" /S', "UninstallString": "no"}, {},
         r"C:\a b\u.exe /S"),
        ({"UninstallString": r"C:\u.exe"}, {"arguments": "/quiet"}, r"C:\u.exe /quiet"),
        ({"UninstallString": r"C:\u.exe"}, {"path": EXE, "arguments": "/u"}, f"{EXE} /u"),
    ],
)  # fmt: skip
def test_how_it_is_uninstalled(values: dict[str, str], raw: dict[str, Any], sent: str) -> None:
    answers = {**key("7-Zip", **values), "C:\\": Output(0)}
    module, params, change, host = planned(answers, product_id="7-Zip", state="absent", **raw)
    host.drive(module.apply(params, change, {}))
    assert host.sent == [sent]


@pytest.mark.parametrize(
    ("code", "codes", "rc"),
    [(3010, None, 3010), (0xFFFFFFFF, [-1], -1), (7, "7,0", 7)],
)
def test_expected_codes(code: int, codes: Any, rc: int) -> None:
    raw = {"expected_return_code": codes} if codes else {}
    answers = {"msiexec": Output(code)}
    module, params, change, host = planned(answers, path=MSI, product_id=PRODUCT, **raw)
    applied = host.drive(module.apply(params, change, {}))
    assert applied == {"rc": rc, "reboot_required": code == 3010}


@pytest.mark.parametrize(("code", "said"), [(1618, "another installation"), (1603, "log_path")])
def test_what_msiexec_says_is_explained(code: int, said: str) -> None:
    module, params, change, host = planned({"msiexec": Output(code)}, path=MSI, product_id=PRODUCT)
    with pytest.raises(ModuleError, match=said):
        host.drive(module.apply(params, change, {}))
    with pytest.raises(ModuleError, match=said):
        host.drive(module.undo(params, change.reversed(), {}))


def test_a_package_that_is_none() -> None:
    host = LabHost("2016", files=FILES)
    task = host.task("win_package", path=r"C:\no.msi", product_id=PRODUCT)
    with pytest.raises(ModuleError, match="no Windows Installer package"):
        task.apply(task.plan())


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"path": r"C:\nix.msi"}, "no package"),
        ({"path": MSI, "checksum": "0" * 40}, "is not started"),
    ],
)
def test_what_is_refused(raw: dict[str, Any], said: str) -> None:
    host = LabHost("2016", files=FILES)
    with pytest.raises(Refused, match=said):
        host.task("win_package", product_id=PRODUCT, **raw).plan()


def test_nothing_says_how_to_uninstall() -> None:
    with pytest.raises(Refused, match="how 7-Zip is uninstalled"):
        planned(key("7-Zip", DisplayName="x"), product_id="7-Zip", state="absent")


@pytest.mark.parametrize(
    ("raw", "installed"),
    [
        ({"creates_path": r"C:\Windows", "product_id": "nix"}, True),
        ({"creates_path": r"C:\nix", "product_id": PRODUCT}, False),
        ({"creates_path": r"C:\nix", "creates_service": "Spooler"}, True),
        ({"creates_path": r"C:\Windows", "creates_service": "nix"}, False),
        ({"creates_path": r"C:\app\a.exe", "creates_version": "1.2"}, True),
        ({"creates_path": r"C:\app\a.exe", "creates_version": "1.2.0.1"}, False),
        ({"creates_path": r"C:\app\b.exe", "creates_version": "1.2"}, False),
        ({"creates_path": r"C:\nix", "creates_version": "1.2"}, False),
    ],
)
def test_a_service_says_more_than_a_file_and_that_more_than_the_product(
    raw: dict[str, Any], installed: bool
) -> None:
    own = {r"C:\app\a.exe": {"sha1": "0" * 40, "size": 1, "version": "1.2.0.0"},
           r"C:\app\b.exe": {"content": "b"}}  # fmt: skip
    host = LabHost("2016", files={**FILES, **own})
    ready = host.task("win_package", path=MSI, product_id=PRODUCT)
    ready.apply(ready.plan())
    assert host.task("win_package", path=MSI, **raw).probe().installed is installed


def test_a_folder_has_no_version() -> None:
    host = LabHost("2016", files=FILES)
    task = host.task("win_package", path=MSI, creates_path=r"C:\Windows", creates_version="1")
    with pytest.raises(ModuleError, match="needs a file"):
        task.probe()


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"product_id": PRODUCT}, "needs 'path'"),
        ({"path": "ftp://x/a.msi", "product_id": "x"}, "http://, https://"),
        ({"path": EXE, "state": "absent"}, "told by 'product_id'"),
        ({"path": EXE, "creates_version": "1"}, "needs 'creates_path'"),
        ({"state": "absent", "creates_path": r"C:\x"}, "needs 'product_id' or 'path'"),
        ({"state": "absent", "provider": "msi", "product_id": "x"}, "product code"),
        ({"path": MSI, "product_id": "a\\b"}, "one key"),
        ({"path": EXE, "product_id": "x", "log_path": r"C:\l"}, "msi packages"),
        ({"path": EXE, "product_id": "x", "checksum": "12"}, "hex digits"),
        ({"path": EXE, "product_id": "x", "wait_for_children": True}, "cmd waits"),
        ({"path": EXE, "product_id": "x", "provider": "msix"}, "provider"),
    ],
)
def test_wrong_parameters(raw: dict[str, Any], said: str) -> None:
    with pytest.raises(ParamsError, match=said):
        parsed("win_package", **raw)
