"""What says that a restart is pending."""

from __future__ import annotations

import pytest

from runner.interfaces.exchange import Output
from runner.windows import reboot

ABSENT = Output(1)


def value(name: str, kind: str, data: str) -> Output:
    return Output(0, f"\nHKEY_LOCAL_MACHINE\\X\n    {name}    {kind}    {data}\n\n")


NAME = value("ComputerName", "REG_SZ", "WEB01")
CLEAN = [ABSENT, ABSENT, ABSENT, ABSENT, NAME, NAME]

CASES = [
    ({}, (), False),
    ({0: Output(0, "HKEY_LOCAL_MACHINE\\X")}, (reboot.SERVICING,), True),
    ({1: Output(0, "HKEY_LOCAL_MACHINE\\X")}, (reboot.WINDOWS_UPDATE,), True),
    ({2: value("UpdateExeVolatile", "REG_DWORD", "0x4")}, (reboot.UPDATE_EXE,), True),
    ({2: value("UpdateExeVolatile", "REG_DWORD", "0x0")}, (), False),
    (
        {3: value("PendingFileRenameOperations", "REG_MULTI_SZ", r"\??\C:\x\0")},
        (reboot.FILE_RENAMES,),
        False,
    ),
    ({5: value("ComputerName", "REG_SZ", "WEB02")}, (reboot.COMPUTER_NAME,), False),
    ({5: value("ComputerName", "REG_SZ", "web01")}, (), False),
]


@pytest.mark.parametrize(("changed", "reasons", "blocks"), CASES)
def test_reasons(changed: dict[int, Output], reasons: tuple[str, ...], blocks: bool) -> None:
    outputs = [changed.get(index, output) for index, output in enumerate(CLEAN)]
    assert len(outputs) == len(reboot.QUERIES)
    assert reboot.reasons(outputs) == reasons
    assert reboot.blocks_servicing(reasons) is blocks
