"""Tells that a program on a host ended because it was refused memory, and says what to do then.

A remote shell of WinRM may take so much memory with all that runs in it, and no more: 150 MB up to
Server 2008 R2 (Microsoft, "Installation and configuration for Windows Remote Management":
MaxMemoryPerShellMB). A program that asks for more is refused it and ends as it sees fit, so this is
told by exit codes (Microsoft, [MS-ERREF] 2.1 HRESULT, 2.3.1 NTSTATUS) and by what Windows and .NET
say in English. It says nothing about where the shortage was: the host itself may have no more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from runner.interfaces.exchange import Output

_CODES: Final = frozenset(
    {
        0xC0000017,  # STATUS_NO_MEMORY
        0xC000009A,  # STATUS_INSUFFICIENT_RESOURCES
        0xC000012D,  # STATUS_COMMITMENT_LIMIT
        0x80070008,  # ERROR_NOT_ENOUGH_MEMORY
        0x8007000E,  # ERROR_OUTOFMEMORY
    }
)
_TEXTS: Final = (
    "outofmemoryexception",
    "not enough memory resources",
    "not enough storage is available to",
)

ADVICE: Final = (
    "the host refused it memory: a remote shell of WinRM has 150 MB up to Server 2008 R2; raise "
    "MaxMemoryPerShellMB (on WMF 3 that counts only with hotfix KB2842230), or give the task "
    "'async', which runs it outside of the shell"
)


def advice(code: object, *texts: object) -> str:
    """What to do about a command that ended so, where it was refused memory; else nothing.

    ``code`` is its exit code, signed or not; ``texts`` is what it printed.
    """
    if not isinstance(code, int) or code == 0:
        return ""
    printed = "\n".join(text for text in texts if isinstance(text, str)).casefold()
    short = code & 0xFFFFFFFF in _CODES or any(text in printed for text in _TEXTS)
    return ADVICE if short else ""


def advice_on(outputs: Iterable[Output]) -> str:
    """The same for what a module asked of a host."""
    found = (advice(one.code, one.stderr, one.stdout) for one in outputs)
    return next((text for text in found if text), "")


def advice_on_result(values: Mapping[str, Any]) -> str:
    """The same for what a command's task returns."""
    return advice(values.get("rc"), values.get("stderr"), values.get("stdout"))
