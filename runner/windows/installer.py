"""What a package of Windows Installer and a program file say about themselves.

The product code of an ``.msi`` is a row of its table ``Property``, which only Windows Installer's
own COM object reads (Microsoft, "Installer.OpenDatabase method", "ProductCode property"); without
PowerShell nothing on a host can ask that object for it without writing a script there first.

The version of a file is what its resource VS_FIXEDFILEINFO says: ``CIM_DataFile.Version`` of WMI,
or .NET's FileVersionInfo where wmic is gone.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import Final

from runner.errors import ModuleError, Refused
from runner.interfaces.exchange import Exec, Read, Reply, Script, read
from runner.windows import wmi
from runner.windows.exit_codes import PROGRAM_MISSING

_CODE: Final = re.compile(r"\{[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}")
_PRODUCT_CODE: Final = """\
$i = New-Object -ComObject WindowsInstaller.Installer
function Invoke-It($on, $name, $with) {
    $on.GetType().InvokeMember($name, 'InvokeMethod', $null, $on, $with)
}
$d = Invoke-It $i 'OpenDatabase' @($params.path, 0)
$v = Invoke-It $d 'OpenView' @("SELECT Value FROM Property WHERE Property = 'ProductCode'")
[void](Invoke-It $v 'Execute' $null)
$r = Invoke-It $v 'Fetch' $null
$r.GetType().InvokeMember('StringData', 'GetProperty', $null, $r, @(1))
[void](Invoke-It $v 'Close' $null)
"""
_VERSION: Final = """\
$f = [Diagnostics.FileVersionInfo]::GetVersionInfo($params.path)
"Version=$($f.FileMajorPart).$($f.FileMinorPart).$($f.FileBuildPart).$($f.FilePrivatePart)"
"""


def product_code(path: str) -> Generator[Read, Reply, str]:
    """The product code of a package on the host. Raises Refused where the host cannot tell it."""
    (output,) = yield from read(Script("powershell", _PRODUCT_CODE, params={"path": path}))
    found = _CODE.search(output.stdout) if output.code == 0 else None
    if found is not None:
        return found[0].upper()
    if output.code == PROGRAM_MISSING or not output.stderr.strip():
        raise Refused(
            f"which product {path} holds is asked with PowerShell, which this host has not",
            hint="say its product code as 'product_id', or a file as 'creates_path'",
        )
    said = output.stderr.strip().splitlines()[0]
    raise ModuleError(
        f"the product code of {path} cannot be read: {said}",
        hint="is it a whole package of Windows Installer? 'product_id' says the code beforehand",
    )


def file_version(path: str) -> Generator[Read, Reply, str]:
    """``6.1.7601.23689``; empty for a file that has none, or that is not there."""
    escaped = path.replace("\\", "\\\\").replace("'", "\\'")
    where = f"name='{escaped}'"
    by_wmic = Exec("wmic", "datafile", "where", where, "get", "Version", "/value")
    (output,) = yield from read(by_wmic)
    if output.code == PROGRAM_MISSING:
        script = Script("powershell", _VERSION, params={"path": path})
        (output,) = yield from read(script)
        if output.code == PROGRAM_MISSING:
            raise Refused(
                f"the version of {path} is told by wmic or PowerShell, and this host has neither",
                hint="use 'product_id' or 'creates_path' alone",
            )
    return wmi.properties(output).get("Version", "").strip() if output.code == 0 else ""


def same_version(one: str, other: str) -> bool:
    """Whether two versions are the same; missing parts at the end are zeros."""
    return _parts(one) == _parts(other)


def _parts(version: str) -> tuple[str, ...]:
    parts = [part.strip().lstrip("0") or "0" for part in version.split(".")]
    while len(parts) > 1 and parts[-1] == "0":
        parts.pop()
    return tuple(parts)
