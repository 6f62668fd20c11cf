r"""Shadow copies of a volume: made, or only listed.

With ``wmic shadowcopy``; where wmic is gone (from build 26100 on it is an optional feature)
PowerShell calls the same class. ``vssadmin delete shadows`` takes one back, by its own ID only.
Sources: Microsoft, "Win32_ShadowCopy class" and "Create method of the Win32_ShadowCopy class" (its
return values), "Vssadmin delete shadows".

A shadow copy lies on the volume that it is of, and malware that encrypts files deletes all of them
first: it is no backup, and that is said each time.
"""

from __future__ import annotations

import re
import string
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from pydantic import Field, field_validator

from runner.errors import ModuleError, Refused
from runner.interfaces import module as base
from runner.interfaces.exchange import Exec, Output, Query, Reply, Request, Script, read, write
from runner.interfaces.exchange import Verbatim as Fixed
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Text
from runner.model.state import UNKNOWN, Change
from runner.modules._parts.win_files import require_windows
from runner.windows import wmi
from runner.windows.exit_codes import expect
from runner.windows.facts import WindowsFacts

_WMIC: Final = (
    Exec("wmic", "shadowcopy", "get", "ID,InstallDate,VolumeName", "/value"),
    Exec("wmic", "volume", "get", "DeviceID,DriveLetter,FileSystem", "/value"),
)
_POWERSHELL: Final = (
    Script(
        "powershell",
        "Get-WmiObject Win32_ShadowCopy | ForEach-Object {\n"
        '"ID=$($_.ID)"\n"InstallDate=$($_.InstallDate)"\n"VolumeName=$($_.VolumeName)"\n}\n',
    ),
    Script(
        "powershell",
        "Get-WmiObject Win32_Volume | ForEach-Object {\n"
        '"DeviceID=$($_.DeviceID)"\n"DriveLetter=$($_.DriveLetter)"\n'
        '"FileSystem=$($_.FileSystem)"\n}\n',
    ),
)
_CREATE: Final = (
    '$r=(Get-WmiObject -List Win32_ShadowCopy).Create($params.volume,"ClientAccessible")\n'
    '"ReturnValue = $($r.ReturnValue)"\n"ShadowID = $($r.ShadowID)"\n'
)
_VOLUMES: Final = {
    letter: Fixed(rf"Volume='{letter}:\'") for letter in string.ascii_uppercase
}  # wmic reads its raw line itself: a quote behind a backslash would end nowhere
_VALUE: Final = re.compile(r"ReturnValue\s*=\s*(\d+)")
_ID: Final = re.compile(r'ShadowID\s*=\s*"?(\{[0-9A-Fa-f-]{36}\})')
_GUID: Final = re.compile(r"\{[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}")
_REASONS: Final = {
    1: "access denied",
    2: "invalid argument",
    3: "there is no such volume",
    4: "shadow copies of this volume are not supported; NTFS is needed",
    5: "this kind of shadow copy is not supported",
    6: "there is not enough room for it",
    7: "the volume is in use",
    8: "there are as many as there can be",
    9: "another shadow copy is being made; try again later",
    10: "a provider refused",
    11: "the provider is not registered",
    12: "the provider failed",
}
_SECONDS: Final = 900.0


class Params(base.Params):
    """Parameters of this module; Ansible has none like it."""

    state: Literal["listed", "present"] = Field(
        "present", description="present makes one more, every time; listed only looks"
    )
    volume: Text = Field("C:", description="the drive, such as C:")

    @field_validator("volume")
    @classmethod
    def _drive(cls, text: str) -> str:
        plain = text.strip().rstrip("\\").upper()
        if not re.fullmatch(r"[A-Z]:", plain):
            raise ValueError(f"must be a drive such as C:, not '{text}'")
        return plain


@dataclass(frozen=True, slots=True)
class ShadowState:
    """The IDs of the volume's shadow copies, the oldest first, and when they were made."""

    copies: tuple[str, ...] = ()
    created: tuple[str, ...] = field(default=(), compare=False)


class Module(base.Module[Params, ShadowState]):
    """Makes a shadow copy."""

    params = Params
    state = ShadowState
    needs_facts = True
    redoable = True
    guide = Guide(
        example="win_shadow_copy:\n  volume: 'C:'",
        using=(
            Using("wmic, vssadmin", until="2022"),
            Using("vssadmin", since="2025", part="undo"),
            Using("Win32_ShadowCopy", since="2025", powershell=True),
        ),
    )

    def subject(self, params: Params) -> str:
        return f"shadow copies of {params.volume}"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, ShadowState]:
        require_windows(facts, "win_shadow_copy", "command with lvcreate --snapshot")
        host = WindowsFacts.of(facts)
        if host.nt < (6, 0) and host.product_type == "WinNT":
            raise Refused(
                f"{host.name} has no shadow copies that stay",
                hint="take a snapshot of the virtual machine, or copy the files (win_copy)",
            )
        copies, volumes = yield from read(*_WMIC)
        if volumes.code != 0:
            copies, volumes = yield from read(*_POWERSHELL)
        drives = {row.get("DriveLetter", "").upper(): row for row in wmi.rows(volumes)}
        if not drives:
            raise ModuleError(
                "the host did not tell its volumes",
                hint="wmic or PowerShell must be there, and the account an administrator",
            )
        drive = drives.get(params.volume)
        if drive is None:
            raise Refused(f"this host has no drive {params.volume}")
        own = [row for row in wmi.rows(copies) if row.get("VolumeName") == drive["DeviceID"]]
        own.sort(key=lambda row: row.get("InstallDate", ""))
        return ShadowState(
            tuple(row["ID"] for row in own), tuple(row.get("InstallDate", "") for row in own)
        )

    def plan(self, params: Params, before: ShadowState, facts: base.Facts) -> ShadowState:
        if params.state == "listed":
            return before
        more: Any = UNKNOWN  # Windows gives the new one its ID
        return ShadowState(more)

    def apply(
        self, params: Params, change: Change[ShadowState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        letter = params.volume[0]
        command = Exec("wmic", "shadowcopy", "call", "create", _VOLUMES[letter], timeout=_SECONDS)
        output = yield from write(command)
        if output.code != 0:
            volume = {"volume": f"{letter}:\\"}
            script = Script("powershell", _CREATE, params=volume, timeout=_SECONDS)
            output = yield from write(script)
        return {"id": _made(params, output)}

    def undo(
        self, params: Params, change: Change[ShadowState], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        for name in change.after.copies:
            if name not in change.before.copies and _GUID.fullmatch(name):
                command = Exec("vssadmin", "delete", "shadows", f"/shadow={name}", "/quiet")
                out = yield from write(command)
                expect(out, "vssadmin", f"delete the shadow copy {name}")
        return {}

    def result(
        self,
        params: Params,
        change: Change[ShadowState],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        now = change.after
        copies: Any = now.copies
        if copies is UNKNOWN:
            return {"id": applied.get("id", UNKNOWN), "shadow_copies": UNKNOWN}
        made = zip(copies, now.created, strict=True)
        return {
            "shadow_copies": [
                {"id": name, "created": when, "volume": params.volume} for name, when in made
            ],
            **applied,
        }

    def message(self, params: Params, change: Change[ShadowState], facts: base.Facts) -> str:
        if params.state == "listed":
            return ""
        return (
            "a shadow copy is no backup: it lies on the volume itself, and malware that encrypts "
            "files deletes all of them; take a snapshot of the machine or a backup elsewhere, too"
        )


def _made(params: Params, output: Output) -> str:
    value, name = _VALUE.search(output.stdout), _ID.search(output.stdout)
    if value is not None and value[1] == "0" and name is not None:
        return name[1]
    said = (output.stderr.strip() or output.stdout.strip()).splitlines()
    reason = _REASONS.get(int(value[1]) if value else -1, said[0] if said else "no answer")
    raise ModuleError(f"could not make a shadow copy of {params.volume}: {reason}")
