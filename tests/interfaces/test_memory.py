"""How a program ends that was refused memory, and what ends otherwise."""

from __future__ import annotations

import pytest

from runner.interfaces import memory
from runner.interfaces.exchange import Output

REFUSED = {
    "STATUS_NO_MEMORY": (0xC0000017, "", ""),
    "the same, signed": (-1073741801, "", ""),
    "STATUS_COMMITMENT_LIMIT": (0xC000012D, "", ""),
    "STATUS_INSUFFICIENT_RESOURCES": (0xC000009A, "", ""),
    "E_OUTOFMEMORY": (0x8007000E, "", ""),
    ".NET": (
        0xE0434352,
        "",
        "Unhandled Exception: System.OutOfMemoryException: Exception of some type was thrown.",
    ),
    "PowerShell": (1, "", "Exception of type 'System.OutOfMemoryException' was thrown."),
    "net helpmsg 8, old": (8, "Not enough storage is available to process this command.", ""),
    "net helpmsg 14, old": (14, "", "Not enough storage is available to complete this operation."),
    "net helpmsg 8, new": (8, "Not enough memory resources are available to process it.", ""),
}
OTHERWISE = {
    "well": (0, "no OutOfMemoryException was seen", ""),
    "8 of its own": (8, "8 files differ", ""),
    "14 of its own": (14, "", ""),
    "the disk": (112, "There is not enough space on the disk.", ""),
    "cancelled": (0xC000013A, "", ""),
    "crashed": (0xC0000005, "", ""),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_program_that_was_refused_memory_is_known(case: str) -> None:
    code, out, err = REFUSED[case]
    said = memory.advice(code, out, err)
    assert "MaxMemoryPerShellMB" in said
    assert "150 MB" in said
    assert memory.advice_on([Output(0), Output(code & 0xFFFFFFFF, out, err)]) == said
    assert memory.advice_on_result({"rc": code, "stdout": out, "stderr": err}) == said


@pytest.mark.parametrize("case", OTHERWISE)
def test_what_ends_otherwise_is_not_taken_for_it(case: str) -> None:
    code, out, err = OTHERWISE[case]
    assert not memory.advice_on([Output(code, out, err)])
    assert not memory.advice_on_result({"rc": code, "stdout": out, "stderr": err})


def test_a_result_without_an_exit_code_says_nothing() -> None:
    assert not memory.advice_on_result({})
    assert not memory.advice_on_result({"rc": None, "stderr": "OutOfMemoryException"})
