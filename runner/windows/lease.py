"""Leases on Windows: values of one registry key, through ``reg.exe``.

Neither cmd nor reg can compare and swap. What the protocol (``engine.leasing``) needs of the host
is less: a value that is written stays until somebody deletes it, and a listing that shows exactly
one value was made while no other one was there from its beginning to its end. RegEnumValue goes by
index, so a value may be missing in a listing while others come and go; but with two values there
all the time, index 0 and index 1 always give one (Microsoft, "RegEnumValueW function").

Who has the host deletes the key as a whole: RegDeleteKey is one step, so no value of somebody else
is left without its key, and no empty key stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from runner.interfaces.exchange import Command, Output, Script
from runner.interfaces.lease import DENIED, KEPT, Lease, Leased, Leases, checked
from runner.interfaces.shell import Setting
from runner.windows import registry

KEY: Final = r"HKLM\SOFTWARE\Runner"
_QUIET: Final = ">nul 2>nul"


class WindowsLeases(Leases):
    """``language`` is what the login shell speaks: ``cmd`` or ``powershell``."""

    def __init__(self, language: str = "cmd") -> None:
        self._language = language

    @property
    def place(self) -> str:
        return KEY

    def setting(self, of_change: Setting) -> Setting:
        return Setting()  # who may log on remotely may write there

    def take(self, lease: Lease, without: Sequence[str] = ()) -> Command:
        gone = "".join(f"{_delete(name)}&" for name in without)
        return self._line(f"{gone}{_add(lease)}||echo {DENIED}&{_query()}")

    def keep(self, lease: Lease) -> Command:
        return self._line(f"{_is_there(lease)}&&{_add(lease)}&&echo {KEPT}&{_query()}")

    def withdraw(self, lease: Lease) -> Command:
        return self._line(_delete(lease.name))

    def release(self, lease: Lease, *, alone: bool) -> Command:
        if not alone:
            return self.withdraw(lease)
        return self._line(f"{_is_there(lease)}&&<nul reg delete {KEY} /f {_QUIET}")

    def read(self, output: Output) -> Leased:
        keys = registry.parse(output.stdout)
        found = tuple(
            Lease.read(value.name, str(value.data)) for key in keys for value in key.values
        )
        said = {line.strip() for line in output.stdout.splitlines()[:1]}
        return Leased(found, DENIED in said, KEPT in said)

    def _line(self, line: str) -> Command:
        """All that stands in it is of letters that neither language interprets."""
        if self._language == "powershell":
            return Script("powershell", f"cmd /d /c '{line}'")
        return Script("cmd", line)


def _is_there(lease: Lease) -> str:
    return f"<nul reg query {KEY} /v {checked(lease.name)} {_QUIET}"


def _add(lease: Lease) -> str:
    named = f"/v {checked(lease.name)} /t REG_SZ /d {lease.text} /f"
    return f"<nul reg add {KEY} {named} {_QUIET}"


def _delete(name: str) -> str:
    return f"<nul reg delete {KEY} /v {checked(name)} /f {_QUIET}"


def _query() -> str:
    return f"<nul reg query {KEY} 2>nul"
