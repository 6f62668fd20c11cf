"""win_shadow_copy on the lab and in tables."""

from __future__ import annotations

from typing import Any

import pytest

from runner.errors import ModuleError, ParamsError, Refused
from runner.interfaces.exchange import Output
from runner.model.state import UNKNOWN, Change
from tests.modules.facts import facts
from tests.modules.labhost import LabHost
from tests.modules.scripted import Scripted
from tests.modules.scripted import task as parsed

VOLUME = "\\\\?\\Volume{1}\\"
OLD = "{00000000-0000-0000-0000-000000000001}"
NEW = "{00000000-0000-0000-0000-000000000002}"
VOLUMES = Output(0, f"\r\r\n\r\r\nDeviceID={VOLUME}\r\r\nDriveLetter=C:\r\r\nFileSystem=NTFS\r\r\n")
COPIES = Output(
    0, f"\r\r\nID={OLD}\r\r\nInstallDate=20240101000000.000000+000\r\r\nVolumeName={VOLUME}\r\r\n"
    f"\r\r\nID={NEW}\r\r\nInstallDate=20230101000000.000000+000\r\r\nVolumeName=other\r\r\n"
)  # fmt: skip


def made(code: int, name: str = NEW) -> Output:
    return Output(0, f'{{\r\r\n\tReturnValue = {code};\r\r\n\tShadowID = "{name}";\r\r\n}};\r\r\n')


def drive(answers: dict[str, Output], os: str = "2016", **raw: Any) -> tuple[Any, Scripted]:
    module, params = parsed("win_shadow_copy", **raw)
    host = Scripted(answers)
    before = host.drive(module.probe(params, facts(os)))
    change = Change("", before, module.plan(params, before, facts(os)))
    return module.apply(params, change, facts(os)), host


@pytest.mark.parametrize("os", ["2003-sp2", "2008-sp2", "2012r2", "2022"])
def test_one_is_made_listed_and_taken_back(os: str) -> None:
    host = LabHost(os)
    first = host.task("win_shadow_copy")
    first.apply(first.plan())
    task = host.task("win_shadow_copy")
    change = task.plan()
    assert change.after.copies is UNKNOWN
    assert task.module.result(task.params, change, task.facts, {})["id"] is UNKNOWN
    assert "no backup" in task.module.message(task.params, change, task.facts)
    applied = task.apply(change)
    look = host.task("win_shadow_copy", state="listed").plan()
    assert not look.differences()
    listed = task.module.result(task.params, look, task.facts, {})["shadow_copies"]
    assert [one["volume"] for one in listed] == ["C:", "C:"]
    assert listed[1]["id"] == applied["id"]
    task.undo(Change("", change.before, task.probe()))
    assert task.probe() == change.before
    assert any(f"/shadow={applied['id']} /quiet" in line.replace('"', "")
               for line in host.machine.counters.commands)  # fmt: skip


def test_only_copies_of_the_volume_count() -> None:
    module, params = parsed("win_shadow_copy")
    host = Scripted({"wmic shadowcopy": COPIES, "wmic volume": VOLUMES})
    assert host.drive(module.probe(params, facts("2016"))).copies == (OLD,)


def test_without_wmic_powershell_is_asked() -> None:
    answers = {
        "wmic": Output(9009),
        "Get-WmiObject Win32_ShadowCopy": COPIES,
        "Get-WmiObject Win32_Volume": VOLUMES,
        "$r=(Get-WmiObject": Output(0, f"ReturnValue = 0\r\nShadowID = {NEW}\r\n"),
    }
    generator, host = drive(answers, "2025")
    assert host.drive(generator) == {"id": NEW}
    assert host.scripts[-1].params == {"volume": "C:\\"}


@pytest.mark.parametrize(
    ("output", "said"),
    [
        (made(4, ""), "NTFS is needed"),
        (made(6, ""), "not enough room"),
        (made(9, ""), "try again later"),
        (Output(0, ""), "no answer"),
        (Output(0, "ERROR: x"), "ERROR: x"),
    ],
)
def test_what_goes_wrong_is_told(output: Output, said: str) -> None:
    answers = {
        "wmic shadowcopy get": COPIES,
        "wmic volume": VOLUMES,
        "wmic shadowcopy call": output,
    }
    generator, host = drive(answers)
    with pytest.raises(ModuleError, match=said):
        host.drive(generator)
    assert host.sent == ["wmic shadowcopy call create Volume='C:\\'"]


def test_what_is_refused() -> None:
    with pytest.raises(Refused, match="no drive Q:"):
        LabHost("2016").task("win_shadow_copy", volume="q:").plan()
    with pytest.raises(ModuleError, match="did not tell its volumes"):
        drive({})
    module, params = parsed("win_shadow_copy")
    client = facts("2003", product_type="WinNT")
    with pytest.raises(Refused, match="no shadow copies that stay"):
        Scripted({}).drive(module.probe(params, client))
    with pytest.raises(ParamsError, match="must be a drive"):
        parsed("win_shadow_copy", volume="/dev/sda")
