"""The PowerShell scripts of ``win_updates``, for PowerShell 2.0 and later, and what they print.

Searching works over a remote logon; downloading and installing do not (Microsoft, "Using WUA From a
Remote Computer": E_ACCESSDENIED), so those run in a scheduled task as SYSTEM. What is printed is
numbers, GUIDs and base64, so it is the same in every language.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from runner.interfaces.exchange import Output, Script

_SEARCH_SECONDS: Final = 1800.0

# $params in the search; what follows it may use $found, $session and $server.
_COMMON: Final = r"""
$ErrorActionPreference='Stop'
function b($t){[Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes([string]$t))}
$session=New-Object -ComObject Microsoft.Update.Session
$session.ClientApplicationID='runner'
function search($server){
 $s=$session.CreateUpdateSearcher()
 $s.ServerSelection=$server
 $s.Search('IsInstalled=0 and IsHidden=0').Updates
}
function row($u){
 $c=@($u.Categories|ForEach-Object{$_.CategoryID}) -join ','
 $k=@($u.KBArticleIDs) -join ','
 $o=[int][bool]($u.BrowseOnly)
 $f=@([int]$u.IsDownloaded,[int][bool]$u.RebootRequired,$o) -join ''
 'u;'+$u.Identity.UpdateID+';'+$k+';'+$f+';'+$c+';'+(b $u.Title)
}
"""
_SEARCH: Final = (
    _COMMON
    + r"""
foreach($u in @(search ([int]$params.server))){row $u}
'restart='+[int](New-Object -ComObject Microsoft.Update.SystemInfo).RebootRequired
'end'
"""
)
_WORK: Final = (
    _COMMON
    + r"""
$here=Split-Path -Parent $MyInvocation.MyCommand.Path
$lines=@()
try{
 $ids=@(Get-Content (Join-Path $here 'ids'))
 $install=($ids[0] -eq 'install'); $server=[int]$ids[1]; $ids=@($ids|Select-Object -Skip 2)
 $list=New-Object -ComObject Microsoft.Update.UpdateColl
 foreach($u in @(search $server)){if($ids -contains $u.Identity.UpdateID){
  if(-not $u.EulaAccepted){$u.AcceptEula()}
  [void]$list.Add($u)}}
 if($list.Count){
  $d=$session.CreateUpdateDownloader(); $d.Updates=$list; $r=$d.Download()
  for($i=0;$i -lt $list.Count;$i++){$x=$r.GetUpdateResult($i)
   $lines+='d;'+$list.Item($i).Identity.UpdateID+';'+$x.ResultCode+';'+$x.HResult}
  $ready=New-Object -ComObject Microsoft.Update.UpdateColl
  foreach($u in @($list)){if($u.IsDownloaded){[void]$ready.Add($u)}}
  if($install -and $ready.Count){
   $n=$session.CreateUpdateInstaller(); $n.Updates=$ready; $r=$n.Install()
   for($i=0;$i -lt $ready.Count;$i++){$x=$r.GetUpdateResult($i)
    $lines+='i;'+$ready.Item($i).Identity.UpdateID+';'+$x.ResultCode+';'+$x.HResult}
   $lines+='restart='+[int]$r.RebootRequired}}
}catch{$lines+='error;'+(b $_.Exception.Message)}
$lines+='end'
[IO.File]::WriteAllLines((Join-Path $here 'tmp'),[string[]]$lines)
Move-Item (Join-Path $here 'tmp') (Join-Path $here 'result')
"""
)
# The profile of the account is open to it, administrators and SYSTEM only.
_PLACE: Final = r"""
$ErrorActionPreference='Stop'
$top=Join-Path $env:USERPROFILE '.runner_updates'
$here=Join-Path $top $params.job
$task='runner-updates-'+$params.job
$s=New-Object -ComObject Schedule.Service; $s.Connect(); $root=$s.GetFolder('\')
"""
_START: Final = (
    _PLACE
    + r"""
[void](New-Item -ItemType Directory -Force $here)
[IO.File]::WriteAllText((Join-Path $here 'run.ps1'),$params.script)
[IO.File]::WriteAllLines((Join-Path $here 'ids'),[string[]]@($params.ids))
$d=$s.NewTask(0)
$d.Settings.ExecutionTimeLimit='PT0S'
$d.Settings.DisallowStartIfOnBatteries=$false
$d.Settings.StopIfGoingOnBatteries=$false
$d.Principal.RunLevel=1
$a=$d.Actions.Create(0)
$a.Path='powershell.exe'
$a.Arguments='-NoProfile -NonInteractive -ExecutionPolicy Bypass -File "'+$here+'\run.ps1"'
$t=$root.RegisterTaskDefinition($task,$d,6,'SYSTEM',$null,5)
[void]$t.Run($null)
'started'
"""
)
_LOOK: Final = (
    _PLACE
    + r"""
$file=Join-Path $here 'result'
$state=$root.GetTask($task).State
if(Test-Path $file){Get-Content $file}elseif($state -eq 4 -or $state -eq 2){'running'}else{'gone'}
"""
)
_CLEAN: Final = (
    _PLACE
    + r"""
try{$root.GetTask($task).Stop(0); $root.DeleteTask($task,0)}catch{}
Remove-Item -Recurse -Force $here
if(-not @(Get-ChildItem -Force $top).Count){Remove-Item -Force $top}
"""
)

_ROW: Final = re.compile(
    r"^u;(?P<id>[0-9a-fA-F\-]{36});(?P<kb>[\d,]*);(?P<flags>[01]{3});(?P<cats>[^;]*);(?P<title>\S*)\s*$",
    re.MULTILINE,
)
_RESULT: Final = re.compile(
    r"^(?P<what>[di]);(?P<id>[0-9a-fA-F\-]{36});(?P<code>\d+);(?P<hresult>-?\d+)\s*$", re.MULTILINE
)
_ERROR: Final = re.compile(r"^error;(\S*)\s*$", re.MULTILINE)
_END: Final = re.compile(r"^end\s*$", re.MULTILINE)
_RESTART: Final = re.compile(r"^restart=1\s*$", re.MULTILINE)
_SUCCEEDED: Final = (2, 3)
"""orcSucceeded and orcSucceededWithErrors (Microsoft, OperationResultCode)."""


@dataclass(frozen=True, slots=True)
class Update:
    """One update that is offered. ``pending`` is installed and waits for the restart."""

    id: str
    title: str
    kb: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    downloaded: bool = False
    pending: bool = False
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """What the task did: update -> HRESULT of its failure, or 0."""

    results: Mapping[str, int] = field(default_factory=dict)
    restart: bool = False
    error: str = ""


def search(server: int) -> Script:
    """Ask for what is offered; the answer goes to ``offered``."""
    return Script("powershell", _SEARCH, params={"server": server}, timeout=_SEARCH_SECONDS)


def start(job: str, ids: tuple[str, ...], server: int, *, install: bool) -> Script:
    """Begin to download, and to install, as SYSTEM."""
    lines = ["install" if install else "download", str(server), *ids]
    params = {"job": job, "script": _WORK, "ids": lines}
    return Script("powershell", _START, params=params)


def look(job: str) -> Script:
    """Ask how far it is; the answer goes to ``done``."""
    return Script("powershell", _LOOK, params={"job": job})


def clean(job: str) -> Script:
    """Remove the task and its files."""
    return Script("powershell", _CLEAN, params={"job": job})


def is_whole(output: Output) -> bool:
    """Whether a script came to its end."""
    return output.code == 0 and bool(_END.search(output.stdout))


def needs_restart(output: Output) -> bool:
    """Whether it said that a restart is needed."""
    return bool(_RESTART.search(output.stdout))


def offered(output: Output) -> tuple[Update, ...]:
    """The updates that a search printed."""
    return tuple(_update(row) for row in _ROW.finditer(output.stdout))


def _update(row: re.Match[str]) -> Update:
    return Update(
        id=row["id"].lower(),
        title=_text(row["title"]),
        kb=tuple(part for part in row["kb"].split(",") if part),
        categories=tuple(part.lower() for part in row["cats"].split(",") if part),
        downloaded=row["flags"][0] == "1",
        pending=row["flags"][1] == "1",
        optional=row["flags"][2] == "1",
    )


def done(output: Output) -> Done:
    """What the task's result says; the last word on an update is that of the installation."""
    results = {
        row["id"].lower(): 0
        if int(row["code"]) in _SUCCEEDED
        else (int(row["hresult"]) & 0xFFFFFFFF) or 0x80004005
        for row in _RESULT.finditer(output.stdout)
    }
    error = _ERROR.search(output.stdout)
    return Done(results, needs_restart(output), _text(error[1]) if error else "")


def _text(encoded: str) -> str:
    try:
        return base64.b64decode(encoded, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""
