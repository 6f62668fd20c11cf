"""Leases on Windows: values of one registry key, through ``reg.exe``.

Neither cmd nor reg can compare and swap. What the protocol (``engine.leasing``) needs of the host
is less: a value that is written stays until somebody deletes it, and a listing that shows exactly
one value was made while no other one was there from its beginning to its end. RegEnumValue goes by
index, so a value may be missing in a listing while others come and go; but with two values there
all the time, index 0 and index 1 always give one (Microsoft, "RegEnumValueW function").

Who has the host deletes the key as a whole: RegDeleteKey is one step, so no value of somebody else
is left without its key, and no empty key stays. That may happen in the middle of a listing, which
then ends, perhaps before it came to the others: so a listing counts only if the value just written
is there behind it, too.

At the head of a script cmd itself looks at the listing, line by line (``for /f``). It knows four
kinds: the entry just written (a second one is one too many), the name of the key, the head line of
Windows 2003 (``! REG.EXE VERSION 3.0``), and all others. One of these, be it a message, the name of
a subkey or what AutoRun prints, and the script stops before its first change; then the listing is
read by ``engine.hosts.host_lease``, as it is where no script is sent. Lines that begin with a
semicolon are passed over: no runner writes such entries.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from runner.interfaces.exchange import Command, Output, Script
from runner.interfaces.lease import DENIED, KEPT, STAYS, Lease, Leased, Leases, checked
from runner.interfaces.setting import Setting
from runner.windows import registry

KEY: Final = r"HKLM\SOFTWARE\Runner"
_LISTED: Final = r"HKEY_LOCAL_MACHINE\SOFTWARE\Runner"
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
        stays = f"{_is_there(lease)}&&echo {STAYS}"
        return self._line(f"{gone}{_add(lease)}||echo {DENIED}&{_query()}&{stays}")

    def taking(self, lease: Lease) -> Command | None:
        if self._language != "cmd":
            return None
        return self._line(f"{_add(lease)}&{_is_alone(lease)}", together=True)

    def keep(self, lease: Lease) -> Command:
        return self._line(f"{_is_there(lease)}&&{_add(lease)}&&echo {KEPT}&{_query()}")

    def withdraw(self, lease: Lease) -> Command:
        return self._line(_delete(lease.name), together=True)

    def release(self, lease: Lease, *, alone: bool) -> Command:
        if not alone:
            return self.withdraw(lease)
        return self._line(f"{_is_there(lease)}&&<nul reg delete {KEY} /f {_QUIET}", together=True)

    def read(self, output: Output) -> Leased:
        lines = output.stdout.splitlines()
        said = {line.strip() for line in (*lines[:1], *lines[-1:])} & {DENIED, KEPT, STAYS}
        keys = registry.parsed("\n".join(line for line in lines if line.strip() not in said))
        found = tuple(
            Lease.read(value.name, str(value.data)) for key in keys for value in key.values
        )
        return Leased(found, DENIED in said, KEPT in said, STAYS in said)

    def _line(self, line: str, *, together: bool = False) -> Command:
        """All that stands in it is of letters that neither language interprets."""
        if self._language == "powershell":
            return Script("powershell", f"cmd /d /c '{line}'")
        return Script("cmd", line, together=together)


def _is_alone(lease: Lease) -> str:
    """Comes out well if the listing shows this one, once, and nothing else, and it is there behind
    that. Nothing has an ``else``, each ``if`` stands in brackets of its own, and none behind the
    loop sets a variable: so every cmd reads it alike, Wine's too. What it sets stays set for the
    commands behind it: no host has variables of these names."""
    own = f'"%a %b %c"=="{checked(lease.name)} REG_SZ {lease.text}"'
    known = f'if /i not "%a"=="{_LISTED}" (if not "%a %b"=="! REG.EXE" (set r_odd=1))'
    twice = f"(if {own} (if defined r_own (set r_odd=1)))"
    each = f"@{twice}&(if {own} (set r_own=1))&(if not {own} ({known}))"
    listing = f"for /f \"tokens=1-3\" %a in ('reg query {KEY} 2^>nul') do {each}"
    said = "(if not defined r_own cmd /d /c exit 1)&(if defined r_odd cmd /d /c exit 1)"
    return f"set r_own=&set r_odd=&({listing})&{_is_there(lease)}&{said}"


def _is_there(lease: Lease) -> str:
    return f"<nul reg query {KEY} /v {checked(lease.name)} {_QUIET}"


def _add(lease: Lease) -> str:
    named = f"/v {checked(lease.name)} /t REG_SZ /d {lease.text} /f"
    return f"<nul reg add {KEY} {named} {_QUIET}"


def _delete(name: str) -> str:
    return f"<nul reg delete {KEY} /v {checked(name)} /f {_QUIET}"


def _query() -> str:
    return f"<nul reg query {KEY} 2>nul"
