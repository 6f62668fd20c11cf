r"""Owners of files and folders, as identifiers: read by WMI, set by ``icacls /setowner``.

``wmic path Win32_LogicalFileSecuritySetting ... assoc`` names the owner of one path (Microsoft,
"Win32_LogicalFileOwner"; its output is a path of WMI, the same in every language). PowerShell does
where wmic is gone, for paths that WMI's query language would have to escape, and for what is in a
folder. ``/setowner`` came with Vista (Microsoft, "icacls"); a SID is given with an asterisk.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from runner.errors import ModuleError, Refused
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
from runner.windows import acls, sam
from runner.windows.paths import quoted

MOST: Final = 1000
"""How many entries below a folder are recorded with the owner that they had."""

_PLAIN: Final = re.compile(r"[A-Za-z]:\\[\w .()\\+-]*", re.ASCII)
_SID: Final = re.compile(r'Win32_SID\.SID="(S-1-[\d-]+)"', re.IGNORECASE)
_LINE: Final = re.compile(r"(owner|other|count)=([^=\s]*)(?:=(\S*))?")
_TOGETHER: Final = 6000
_SECONDS: Final = 1800.0

# A reparse point below the folder is left alone: what it leads to is elsewhere.
_FIND: Final = """\
function Own($p,$d){
if($d){$s=[IO.Directory]::GetAccessControl($p,'Owner')}
else{$s=[IO.File]::GetAccessControl($p,'Owner')}
$s.GetOwner([Security.Principal.SecurityIdentifier]).Value}
$folder=[IO.Directory]::Exists($params.path)
'owner='+(Own $params.path $folder)
$n=0
$left=New-Object Collections.Queue
if($params.below -and $folder){$left.Enqueue($params.path)}
while($left.Count){
$in=New-Object IO.DirectoryInfo ([string]$left.Dequeue())
foreach($e in @($in.GetFileSystemInfos())){
if($e.Attributes -band [IO.FileAttributes]::ReparsePoint){continue}
$d=[bool]($e.Attributes -band [IO.FileAttributes]::Directory)
if($d){$left.Enqueue($e.FullName)}
$o=Own $e.FullName $d
if($o -ne $params.wanted){$n++
if($n -le $params.most){
"other=$o="+[Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($e.FullName))}}}}
"count=$n"
"""
_RESOLVE: Final = """\
$a=New-Object Security.Principal.NTAccount $params.name
'owner='+$a.Translate([Security.Principal.SecurityIdentifier]).Value
"""


@dataclass(frozen=True, slots=True)
class Owned:
    """An entry below a folder, and who owns it."""

    path: str
    owner: str


@dataclass(frozen=True, slots=True)
class Found:
    """Who owns a path. ``others`` are entries below with another owner than the wanted one, up to
    ``MOST``; ``more`` is how many there are beyond.
    """

    owner: str
    others: tuple[Owned, ...] = ()
    more: int = 0


def sid_of(name: str) -> Generator[Query, Reply, str]:
    """The identifier behind a name. Raises ModuleError for a name that nobody has."""
    word = acls.word_of(name)
    if word.startswith("*"):
        return word[1:]
    who = (yield from sam.find()).principal(name)
    if who is not None and who.sid:
        return who.sid
    (output,) = yield from read(Script("powershell", _RESOLVE, params={"name": name}))
    found = _LINE.search(output.stdout) if output.code == 0 else None
    if found is None:
        raise ModuleError(
            f"nobody is called '{name}' on this host: {sam.first_line(output)}",
            hint="give a user or group of the host, DOMAIN\\name, or a SID",
        )
    return found[2]


def find(path: str, wanted: str, *, below: bool) -> Generator[Query, Reply, Found]:
    """Who owns a path; with ``below``, also what of a folder's content somebody else does.

    Raises Refused where only PowerShell could tell and there is none.
    """
    if not below and _PLAIN.fullmatch(path):
        (output,) = yield from read(_by_wmi(path))
        found = _SID.search(output.stdout) if output.code == 0 else None
        if found is not None:
            return Found(found[1].upper())
    values = {"path": path, "wanted": wanted, "below": below, "most": MOST}
    (output,) = yield from read(Script("powershell", _FIND, params=values, timeout=_SECONDS))
    lines = _LINE.findall(output.stdout) if output.code == 0 else []
    owner = next((value for name, value, _ in lines if name == "owner"), "")
    if not owner:
        raise Refused(
            f"the owner of {path} cannot be told: {sam.first_line(output)}",
            hint="what is in a folder, and a path with other characters than those of English, "
            "only PowerShell tells, which came with 2008 R2; may the account read all of it?",
        )
    others = tuple(Owned(_text(path, text), who) for n, who, text in lines if n == "other")
    count = next((int(value) for name, value, _ in lines if name == "count"), len(others))
    return Found(owner, others, count - len(others))


def _by_wmi(path: str) -> Exec:
    # The path holds letters, digits and a few signs only: wmic reads its line by rules of its own.
    where = Verbatim("\"Path='" + path.replace("\\", "\\\\") + "'\"")
    return Exec(
        "wmic", "path", "Win32_LogicalFileSecuritySetting", "where", where, "assoc",
        "/assocclass:Win32_LogicalFileOwner",
    )  # fmt: skip


def _text(path: str, encoded: str) -> str:
    try:
        return base64.b64decode(encoded, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        raise ModuleError(f"what is below {path} came back garbled") from None


def change(paths: Iterable[str], sid: str) -> Generator[Request, Reply, None]:
    """Give paths an owner. Raises ModuleError."""
    if not sam.SID.fullmatch(sid):
        raise ModuleError(f"not an identifier of an account: {sid!r}")
    for some in _batches([quoted(path) for path in paths]):
        steps = [f"({acls.ICACLS} {name} /setowner *{sid} /q>nul||exit 1)" for name in some]
        line = "&".join([*steps, "exit 0"])
        output: Output = yield from write(Script("cmd", line, timeout=_SECONDS))
        if output.code != 0:
            raise ModuleError(
                f"could not make {sid} the owner of {some[0]} (icacls): {sam.first_line(output)}",
                hint="the account must be an administrator, and may need to run without UAC's "
                "limits; on a share's volume there may be no owners at all",
            )


def _batches(names: Sequence[str]) -> list[list[str]]:
    found: list[list[str]] = []
    used = _TOGETHER
    for name in names:
        size = len(name) + 120
        if used + size > _TOGETHER:
            found.append([])
            used = 0
        found[-1].append(name)
        used += size
    return found
