"""What only the interface of Windows itself tells of a user: NetUserGetInfo, by PowerShell 2.0.

``net user NAME`` prints it in words of the system's language, and its dates in the order of the
system's country; so does ``net user NAME /expires:`` read them. Sources: Microsoft, USER_INFO_3
(``acct_expires`` counts seconds since 1970 in UTC, TIMEQ_FOREVER is never), NetUserSetInfo (levels
1006, 1009, 1017, 1052), "PasswordExpired" of the ADSI provider WinNT.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from runner.errors import ModuleError, Refused
from runner.interfaces.exchange import Query, Reply, Request, Script, read, write
from runner.windows import sam

NEVER: Final = "never"
_FOREVER: Final = 0xFFFFFFFF
_SHOWN: Final = "%Y-%m-%dT%H:%M:%SZ"
_FORMS: Final = ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d %H:%M:%S%z")
_LINE: Final = re.compile(r"(?m)^(home|script|profile|expires|expired)=(\S*)\r?$")

_NET: Final = """\
$c='[StructLayout(LayoutKind.Sequential,CharSet=CharSet.Unicode)]public struct Info{'
$c+='public string name,password;public int age,priv;public string home,comment;public int flags;'
$c+='public string script;public int auth;public string full,usr,parms,stations;'
$c+='public int logon,logoff;public uint expires;public int storage,units;public IntPtr hours;'
$c+='public int bad,logons;public string server;public int country,page,id,primary;'
$c+='public string profile,drive;public int expired;}'
$c+='[StructLayout(LayoutKind.Sequential,CharSet=CharSet.Unicode)]public struct One{'
$c+='public string value;}'
$n='[DllImport("netapi32.dll",CharSet=CharSet.Unicode)]static extern int '
$c+=$n+'NetUserGetInfo(IntPtr s,string u,int l,out IntPtr b);'
$c+=$n+'NetUserSetInfo(IntPtr s,string u,int l,ref One b,IntPtr e);'
$c+=$n+'NetUserSetInfo(IntPtr s,string u,int l,ref uint b,IntPtr e);'
$c+=$n+'NetApiBufferFree(IntPtr b);'
$c+='public static Info Get(string u){IntPtr b;int r=NetUserGetInfo(IntPtr.Zero,u,3,out b);'
$c+='if(r!=0)throw new System.ComponentModel.Win32Exception(r);'
$c+='Info i=(Info)Marshal.PtrToStructure(b,typeof(Info));NetApiBufferFree(b);return i;}'
$c+='public static void Text(string u,int l,string v){One o;o.value=v;'
$c+='int r=NetUserSetInfo(IntPtr.Zero,u,l,ref o,IntPtr.Zero);'
$c+='if(r!=0)throw new System.ComponentModel.Win32Exception(r);}'
$c+='public static void Number(string u,int l,uint v){'
$c+='int r=NetUserSetInfo(IntPtr.Zero,u,l,ref v,IntPtr.Zero);'
$c+='if(r!=0)throw new System.ComponentModel.Win32Exception(r);}'
$t=Add-Type -MemberDefinition $c -Name User -Namespace Details -PassThru|
Where-Object{$_.Name -eq 'User'}
"""
_FIND: Final = (
    _NET
    + """\
$i=$t::Get($params.name)
function Show($v){[Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes([string]$v))}
'home='+(Show $i.home)
'script='+(Show $i.script)
'profile='+(Show $i.profile)
"expires=$($i.expires)"
"expired=$($i.expired)"
"""
)
_SET: Final = (
    _NET
    + """\
if($params.home -ne $null){$t::Text($params.name,1006,$params.home)}
if($params.script -ne $null){$t::Text($params.name,1009,$params.script)}
if($params.profile -ne $null){$t::Text($params.name,1052,$params.profile)}
if($params.expires -ne $null){$t::Number($params.name,1017,[uint32]$params.expires)}
if($params.expired -ne $null){
$u=[ADSI]"WinNT://$env:COMPUTERNAME/$($params.name),user"
$u.PasswordExpired=[int]$params.expired
$u.SetInfo()}
"""
)


@dataclass(frozen=True, slots=True)
class Details:
    """What is known, or wanted, of a user; None for what nobody asked about.

    ``account_expires`` is ``never`` or a moment in UTC (``2026-12-31T00:00:00Z``).
    """

    home_directory: str | None = None
    login_script: str | None = None
    profile: str | None = None
    account_expires: str | None = None
    password_expired: bool | None = None


def moment(text: str) -> str:
    """A date as a playbook writes it. Raises ValueError for what is none."""
    given = text.strip()
    if given.casefold() == NEVER:
        return NEVER
    for form in _FORMS:
        try:
            found = datetime.strptime(given, form)
        except ValueError:
            continue
        aware = found if found.tzinfo else found.replace(tzinfo=UTC)
        if not 0 < aware.timestamp() < _FOREVER:
            raise ValueError(f"Windows counts from 1970 to 2106: '{text}' is beyond")
        return aware.astimezone(UTC).strftime(_SHOWN)
    raise ValueError(f"must be 'never', 2026-12-31 or 2026-12-31T18:00:00+0100, not '{text}'")


def find(name: str) -> Generator[Query, Reply, Details]:
    """All of a user. Raises Refused where there is no PowerShell, or no such user."""
    (output,) = yield from read(Script("powershell", _FIND, params={"name": name}))
    found = dict(_LINE.findall(output.stdout)) if output.code == 0 else {}
    if len(found) != len(_FIELDS):
        raise Refused(
            f"home directory, login script, profile and expiry of user {name} cannot be told: "
            f"{sam.first_line(output)}",
            hint="only PowerShell tells them exactly: it came with 2008 R2, for 2003 and 2008 as "
            "an update; else leave out the parameters about them",
        )
    expires = int(found["expires"])
    return Details(
        home_directory=_text(name, found["home"]),
        login_script=_text(name, found["script"]),
        profile=_text(name, found["profile"]),
        account_expires=NEVER
        if expires in (0, _FOREVER)
        else datetime.fromtimestamp(expires, UTC).strftime(_SHOWN),
        password_expired=found["expired"] != "0",
    )


_FIELDS: Final = {
    "home": "home_directory",
    "script": "login_script",
    "profile": "profile",
    "expires": "account_expires",
    "expired": "password_expired",
}


def _text(name: str, encoded: str) -> str:
    try:
        return base64.b64decode(encoded, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        raise ModuleError(f"what belongs to user {name} came back garbled") from None


def change(name: str, before: Details, after: Details) -> Generator[Request, Reply, None]:
    """Set what differs. Raises ModuleError."""
    values: dict[str, Any] = {}
    for word, field in _FIELDS.items():
        value = getattr(after, field)
        if value is not None and value != getattr(before, field):
            values[word] = _seconds(value) if word == "expires" else value
    if not values:
        return
    output = yield from write(Script("powershell", _SET, params={"name": name, **values}))
    if output.code != 0:
        what = ", ".join(_FIELDS[word] for word in values)
        raise ModuleError(f"set {what} of user {name}: {sam.first_line(output)}")


def _seconds(shown: str) -> int:
    if shown == NEVER:
        return _FOREVER
    return int(datetime.strptime(shown, _SHOWN).replace(tzinfo=UTC).timestamp())


def asked(wanted: Mapping[str, Any], found: Details) -> Details:
    """Of what was found, what a task says something about."""
    return Details(**{f: getattr(found, f) for f in _FIELDS.values() if wanted.get(f) is not None})
