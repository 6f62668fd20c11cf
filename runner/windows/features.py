"""Roles and features of Windows Server: the tree of them, and the tools that know it.

- Server 2008 and 2008 R2: ``servermanagercmd`` (Microsoft, "Servermanagercmd"); one feature a call.
  Its ``-query`` prints ``[X] Telnet Client  [Telnet-Client]``, indented below what it is a part of;
  the name in the last brackets is the same in every language, and an X says that it is installed.
- Server 2012 and later: ``dism`` for features of which we know both names and which have no parts;
  PowerShell's ServerManager module for all others.

Server Manager and dism do not use the same names for a feature.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from runner.interfaces.exchange import Exec, Output, Script

NO_CHANGE_NEEDED: Final = 1003
"""What ``servermanagercmd`` answers when there is nothing to do (public, no Microsoft page)."""
DISM_NAMES: Final = {
    "fs-smb1": "SMB1Protocol",
    "telnet-client": "TelnetClient",
    "telnet-server": "TelnetServer",
    "tftp-client": "TFTP",
}
"""Server Manager's name in lower case -> dism's."""

_SECONDS: Final = 3600.0
_LINE: Final = re.compile(r"^(?P<indent>\s*)\[(?P<mark>.)\]\s.*\[(?P<id>[A-Za-z0-9_.+\-]+)\]")
_ROW: Final = re.compile(r"^(?P<depth>\d+);(?P<mark>[01]);(?P<id>[A-Za-z0-9_.+\-]+)\s*$", re.M)

QUERY: Final = Exec("servermanagercmd", "-query", timeout=600.0)
_LIST: Final = """\
$ErrorActionPreference='Stop'
Import-Module ServerManager
foreach($f in Get-WindowsFeature){"$($f.Depth);$([int]$f.Installed);$($f.Name)"}
"""
LIST: Final = Script("powershell", _LIST, timeout=600.0)
_CHANGE: Final = """\
$ErrorActionPreference='Stop'
$ProgressPreference='SilentlyContinue'
Import-Module ServerManager
$a=@{Name=[string[]]@($params.names)}
if($params.tools){$a.IncludeManagementTools=$true}
if($params.source){$a.Source=$params.source}
if($params.install){$r=Install-WindowsFeature @a}else{$r=Uninstall-WindowsFeature @a}
"success=$([int]$r.Success)"
"restart=$([int]($r.RestartNeeded -ne 'No'))"
"exit=$($r.ExitCode)"
"""
_SAID: Final = re.compile(r"^(success|restart)=([01])\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Feature:
    """One role, role service or feature; ``above`` are the names of what it is a part of."""

    name: str
    installed: bool
    above: tuple[str, ...] = ()


class Tree:
    """All features of one server. Names do not distinguish case."""

    def __init__(self, found: Iterable[tuple[int, bool, str]]) -> None:
        self._by_name: dict[str, Feature] = {}
        path: list[tuple[int, str]] = []
        for depth, installed, name in found:
            while path and path[-1][0] >= depth:
                path.pop()
            above = tuple(each for _, each in path)
            self._by_name[name.casefold()] = Feature(name, installed, above)
            path.append((depth, name))

    def __bool__(self) -> bool:
        return bool(self._by_name)

    def find(self, name: str) -> Feature | None:
        """The feature of that name."""
        return self._by_name.get(name.casefold())

    def parts(self, name: str) -> tuple[Feature, ...]:
        """Everything that is a part of it, at any depth."""
        wanted = name.casefold()
        return tuple(
            feature
            for feature in self._by_name.values()
            if wanted in (above.casefold() for above in feature.above)
        )

    def names(self) -> tuple[str, ...]:
        """The names of all."""
        return tuple(feature.name for feature in self._by_name.values())


def from_servermanagercmd(output: Output) -> Tree:
    """The tree that ``servermanagercmd -query`` printed."""
    found = (_LINE.match(line) for line in output.stdout.splitlines())
    return Tree((len(m["indent"].expandtabs()), m["mark"] in "Xx", m["id"]) for m in found if m)


def from_powershell(output: Output) -> Tree:
    """The tree that ``LIST`` printed."""
    rows = _ROW.finditer(output.stdout)
    return Tree((int(m["depth"]), m["mark"] == "1", m["id"]) for m in rows)


def by_servermanagercmd(name: str, *, install: bool) -> Exec:
    """The command that installs or removes one feature."""
    return Exec("servermanagercmd", "-install" if install else "-remove", name, timeout=_SECONDS)


def by_powershell(names: tuple[str, ...], *, install: bool, tools: bool, source: str) -> Script:
    """The script that installs or removes features."""
    params = {"names": list(names), "install": install, "tools": tools, "source": source}
    return Script("powershell", _CHANGE, params=params, timeout=_SECONDS)


def said(output: Output) -> tuple[bool, bool]:
    """Whether ``by_powershell`` succeeded, and whether a restart is needed."""
    found = dict(_SAID.findall(output.stdout))
    return found.get("success") == "1", found.get("restart") == "1"
