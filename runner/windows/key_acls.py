r"""Permissions of registry keys: read as SDDL, and set, by PowerShell 2.0 and .NET.

cmd has no tool for them that says what is there. Sources: Microsoft, "RegistrySecurity",
"RegistryKey.SetAccessControl" (the key must be opened with the right to change permissions),
"RegistryRights".
"""

from __future__ import annotations

import re
from collections.abc import Generator
from dataclasses import dataclass
from typing import Final

from runner.errors import ModuleError, Refused
from runner.interfaces.exchange import Output, Query, Reply, Request, Script, read, write
from runner.windows import acls, registry, sddl

RIGHTS: Final = {
    "queryvalues": 0x1, "setvalue": 0x2, "createsubkey": 0x4, "enumeratesubkeys": 0x8,
    "notify": 0x10, "createlink": 0x20, "delete": 0x10000, "readpermissions": 0x20000,
    "changepermissions": 0x40000, "takeownership": 0x80000, "readkey": 0x20019,
    "executekey": 0x20019, "writekey": 0x20006, "fullcontrol": 0xF003F,
}  # fmt: skip
"""Names of RegistryRights in lower case -> bits."""
GENERIC: Final = {0x10000000: 0xF003F, 0x20000000: 0x20019, 0x40000000: 0x20006,
                  0x80000000: 0x20019}  # fmt: skip
"""What the generic rights mean of a key (winnt.h)."""

_KEY: Final = re.compile(r"(?i)hk[a-z_]+:?(\\|$)")
_LINE: Final = re.compile(r"(?m)^(acl|who)=(\S.*?)\r?$")
_SECONDS: Final = 300.0

_FIND: Final = """\
$k=(Get-Item -LiteralPath ('Registry::'+$params.hive)).OpenSubKey($params.key,'ReadSubTree',
'ReadPermissions')
if($k -eq $null){'absent'}else{
'acl='+$k.GetAccessControl('Access').GetSecurityDescriptorSddlForm('Access')
if($params.who){
$a=$params.who
try{
if($a -notlike 'S-1-*'){
$a=(New-Object Security.Principal.NTAccount $a).Translate([Security.Principal.SecurityIdentifier])}
$i=New-Object Security.Principal.SecurityIdentifier ([string]$a)
$r=New-Object Security.AccessControl.RegistryAccessRule $i,'QueryValues','Allow'
$s=New-Object Security.AccessControl.RegistrySecurity
$s.AddAccessRule($r)
'who='+$s.GetSecurityDescriptorSddlForm('Access')
}catch{'nobody'}}}
"""
_SET: Final = """\
$k=(Get-Item -LiteralPath ('Registry::'+$params.hive)).OpenSubKey($params.key,'ReadWriteSubTree',
'ReadPermissions,ChangePermissions')
$s=$k.GetAccessControl('Access')
$s.SetSecurityDescriptorSddlForm($params.sddl,'Access')
$k.SetAccessControl($s)
"""


@dataclass(frozen=True, slots=True)
class Found:
    """The permissions of a key, and who was asked about, as SDDL writes it."""

    sddl: str
    who: str = ""


def is_key(path: str) -> bool:
    """Whether it names a key of the registry: ``HKLM:\\A``, ``HKLM\\A``."""
    return _KEY.match(path.strip()) is not None


def checked(path: str) -> str:
    """The key as ``HKLM\\A\\B``. Raises ValueError for none, and for a hive alone."""
    hive, rest = registry.split_path(path.strip())
    if not rest:
        raise ValueError(f"must name a key below {hive}:")
    return f"{hive}\\{rest}"


def find(path: str, name: str = "") -> Generator[Query, Reply, Found | None]:
    """The permissions of a key, and who ``name`` is; None for a key that is not there.

    Raises Refused where there is no PowerShell, ModuleError for what cannot be read.
    """
    who = acls.word_of(name).removeprefix("*") if name else ""
    values = {**_names(path), "who": who}
    (output,) = yield from read(Script("powershell", _FIND, params=values, timeout=_SECONDS))
    lines = output.stdout.split()
    if output.code == 0 and lines[:1] == ["absent"]:
        return None
    found = dict(_LINE.findall(output.stdout)) if output.code == 0 else {}
    if not sddl.dacl(found.get("acl", "")):
        raise Refused(
            f"the permissions of {path} cannot be read: {_said(output)}",
            hint="only PowerShell reads those of a key: it came with 2008 R2, for 2003 and 2008 as "
            "an update; may the account read them?",
        )
    if not name:
        return Found(found["acl"])
    entries = sddl.aces(found.get("who", ""))
    if not entries:
        raise ModuleError(
            f"nobody is called '{name}' on this host",
            hint="give a user or group of the host, DOMAIN\\name, or a SID",
        )
    return Found(found["acl"], entries[0].who)


def give(path: str, text: str) -> Generator[Request, Reply, None]:
    """Give a key these permissions. Raises ModuleError."""
    values = {**_names(path), "sddl": text}
    output = yield from write(Script("powershell", _SET, params=values, timeout=_SECONDS))
    if output.code != 0:
        raise ModuleError(
            f"could not change the permissions of {path}: {_said(output)}",
            hint="the account must own the key, or have the right to change its permissions",
        )


def _names(path: str) -> dict[str, str]:
    hive, rest = registry.split_path(path)
    return {"hive": registry.HIVES[hive], "key": rest}


def _said(output: Output) -> str:
    lines = (output.stderr.strip() or output.stdout.strip()).splitlines()
    return lines[0].strip() if lines else f"exit code {output.signed}"
