"""The name of the host. It takes effect at the next start; a restart is not part of this task.

WMI renames it (Microsoft, Win32_ComputerSystem.Rename), asked by ``wmic``, or by PowerShell where
wmic is gone. A member of a domain can be renamed only by an account that may do so in the domain.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import Field, field_validator

from runner.errors import ModuleError
from runner.interfaces import module as base
from runner.interfaces.exchange import (
    Exec,
    Output,
    Query,
    Reply,
    Request,
    Script,
    Verbatim,
    read,
    write,
)
from runner.interfaces.guide import Guide, Using
from runner.interfaces.loose import Text
from runner.model.state import Change
from runner.windows import registry
from runner.windows.reboot import NAMES

_TCPIP: Final = r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"
_NAME: Final = re.compile(r"(?!\d+$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_RETURNED: Final = re.compile(r"ReturnValue = (\d+)")
_BY_POWERSHELL: Final = """\
$r=(Get-WmiObject Win32_ComputerSystem).Rename($params.name)
"ReturnValue = $($r.ReturnValue)"
"""
_MEANINGS: Final = {
    5: "access denied: a domain member needs an account that may rename it there",
    87: "the name is not valid",
    1326: "the account or its password is not valid in the domain",
    1355: "no domain controller answers",
    2224: "the domain has a computer of that name already",
}


class Params(base.Params):
    """Parameters of Ansible's win_hostname."""

    name: Text = Field(description="the new name, without a domain")

    @field_validator("name")
    @classmethod
    def _fits(cls, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise ValueError(
                f"'{name}' is not a host name: 1 to 63 letters, digits and hyphens, "
                "not only digits, no hyphen at either end"
            )
        return name


@dataclass(frozen=True, slots=True)
class HostName:
    """The name from the next start on; ``active`` is the one that the host goes by now."""

    name: str
    active: str = field(default="", compare=False)


class Module(base.Module[Params, HostName]):
    """Gives the host a name."""

    params = Params
    state = HostName
    doc_url = "https://docs.ansible.com/ansible/latest/collections/ansible/windows/win_hostname_module.html"
    guide = Guide(
        example=("win_hostname:\n  name: files-07"),
        using=(
            Using("reg"),
            Using("wmic (tried first)"),
            Using(
                "powershell", since="2025", powershell=True, part="the renaming, where wmic is gone"
            ),
        ),
    )

    def subject(self, params: Params) -> str:
        return "host name"

    def probe(self, params: Params, facts: base.Facts) -> Generator[Query, Reply, HostName]:
        tcpip, active, pending = yield from read(
            registry.query(_TCPIP),
            registry.query(rf"{NAMES}\ActiveComputerName", "ComputerName"),
            registry.query(rf"{NAMES}\ComputerName", "ComputerName"),
        )
        short = registry.text(pending, "ComputerName")
        if not short:
            raise ModuleError("the host does not tell its name", hint="may this account read HKLM?")
        full = registry.text(tcpip, "NV Hostname") or registry.text(tcpip, "Hostname")
        # The short name is cut off after 15 characters and in capitals.
        same = bool(full) and full[:15].casefold() == short.casefold()
        return HostName(full if same else short, registry.text(active, "ComputerName"))

    def plan(self, params: Params, before: HostName, facts: base.Facts) -> HostName:
        if params.name.casefold() == before.name.casefold():
            return before
        return HostName(params.name, before.active)

    def apply(
        self, params: Params, change: Change[HostName], facts: base.Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        name = change.after.name
        if not _NAME.fullmatch(name) or not _NAME.fullmatch(change.before.name):
            raise ModuleError(f"{name!r} is no name that can be given", hint="rename it by hand")
        # Both names are letters, digits and hyphens only: wmic reads its line by rules of its own.
        where = Verbatim(f"\"Name='{change.before.active[:15]}'\"")
        if not _NAME.fullmatch(change.before.active):
            where = Verbatim("\"Name like '_%'\"")
        call = Exec("wmic", "computersystem", "where", where, "call", "rename",
                    Verbatim(f'name="{name}"'))  # fmt: skip
        out = yield from write(call)
        returned = _RETURNED.search(out.stdout)
        if returned is None:
            out = yield from write(Script("powershell", _BY_POWERSHELL, params={"name": name}))
            returned = _RETURNED.search(out.stdout)
        _require(out, returned, name)
        return {"reboot_required": True}

    def restore(self, params: Params, change: Change[HostName]) -> tuple[base.Restoring, ...]:
        return (base.Restoring({"name": change.before.name}),)

    def result(
        self,
        params: Params,
        change: Change[HostName],
        facts: base.Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        now = change.after
        waits = bool(now.active) and now.active.casefold() != now.name[:15].casefold()
        return {"old_name": change.before.name, "reboot_required": waits}


def _require(out: Output, returned: re.Match[str] | None, name: str) -> None:
    if returned is None:
        said = (out.stderr.strip() or out.stdout.strip() or f"exit code {out.signed}").splitlines()
        raise ModuleError(
            f"neither wmic nor PowerShell renamed the host: {said[0].strip()}",
            hint="is the service Winmgmt running?",
        )
    code = int(returned[1])
    if code != 0:
        meaning = f" ({_MEANINGS[code]})" if code in _MEANINGS else ""
        raise ModuleError(f"rename the host to {name}: WMI answered {code}{meaning}")
