r"""What is in an archive on a Windows host, and unpacking it, by what that Windows brings.

``tar.exe`` came with Windows 10 1803 and Server 2019 and reads ZIP, too; .NET 4.5, which Windows 8
and Server 2012 bring, has ``ZipFile`` for PowerShell; before, only the compressed folders of the
shell unpack (``Shell.Application``, ``Folder.CopyHere``), which a script of Windows Script Host
asks. Sources: Microsoft, "tar", "ZipFile Class", "Folder.CopyHere method".
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from typing import Final

from runner.errors import ModuleError, Refused
from runner.interfaces.exchange import Command, Exec, Output, Script
from runner.windows.facts import WindowsFacts
from runner.windows.paths import quoted
from runner.windows.put_lines import CERTUTIL, SYSTEM

TAR: Final = "tar"
POWERSHELL: Final = "powershell"
SHELL: Final = "Shell.Application"
_TAR_BUILD: Final = 17063
_SECONDS: Final = 3600.0
_OPEN: Final = """\
Add-Type -AssemblyName System.IO.Compression.FileSystem
$z=[IO.Compression.ZipFile]::OpenRead($params.src)
try{foreach($e in $z.Entries){
"""
_LIST: Final = f"{_OPEN}$e.FullName\n}}}}finally{{$z.Dispose()}}\n"
_UNPACK: Final = (
    _OPEN
    + r"""$p=Join-Path $params.dest $e.FullName
if($e.FullName -match '[\\/]$'){[void][IO.Directory]::CreateDirectory($p)}else{
[void][IO.Directory]::CreateDirectory([IO.Path]::GetDirectoryName($p))
[IO.Compression.ZipFileExtensions]::ExtractToFile($e,$p,$true)}
}}finally{$z.Dispose()}
"""
)
# 1556: no window, yes to all, no question about folders, no messages (FILEOPERATION flags).
_VBS: Final = r"""Set a=WScript.Arguments
Set s=CreateObject("Shell.Application")
Set o=CreateObject("Scripting.FileSystemObject")
Set z=s.NameSpace(a(0))
If z Is Nothing Then WScript.Quit 3
n=0
Sub L(f)
For Each i In f.Items
p=Mid(i.Path,Len(a(0))+2)
If i.IsFolder And LCase(Right(p,4))<>".zip" Then
If a.Count=1 Then WScript.Echo p & "/"
L i.GetFolder
ElseIf a.Count=1 Then
WScript.Echo p
ElseIf Not o.FileExists(a(1) & "\" & p) Then
n=n+1
End If
Next
End Sub
If a.Count=1 Then
L z
WScript.Quit 0
End If
s.NameSpace(a(1)).CopyHere z.Items,1556
For t=1 To 17000
n=0
L z
If n=0 Then WScript.Quit 0
WScript.Sleep 200
Next
WScript.Quit 4
"""
_REASONS: Final = {
    3: "it is no ZIP archive, or this Windows has no compressed folders (Server Core)",
    4: "not all of it was unpacked in an hour",
}


def way(host: WindowsFacts, src: str) -> str:
    """What unpacks there. Raises Refused for an archive that it cannot read."""
    if host.build >= _TAR_BUILD:
        return TAR
    if not src.lower().endswith(".zip"):
        raise Refused(
            f"{host.name} unpacks .zip alone, not {src}",
            hint="bring a program for it and start that with win_command ('creates')",
        )
    return POWERSHELL if host.nt >= (6, 2) and host.powershell >= 3 else SHELL


def listing(how: str, src: str) -> Command:
    """The command that prints the names in an archive."""
    if how == TAR:
        return Exec("tar", "-tf", src, timeout=_SECONDS)
    if how == POWERSHELL:
        return Script("powershell", _LIST, params={"src": src}, timeout=_SECONDS)
    return _script(src)


def unpacking(how: str, src: str, dest: str) -> Command:
    """The command that unpacks it into a folder that is there; what is in the way is replaced."""
    if how == TAR:
        return Exec("tar", "-xf", src, "-C", dest, timeout=_SECONDS)
    if how == POWERSHELL:
        params = {"src": src, "dest": dest}
        return Script("powershell", _UNPACK, params=params, timeout=_SECONDS)
    return _script(src, dest)


def _script(*args: str) -> Script:
    """Our script in the account's temporary folder, while it runs."""
    stem = rf"%TEMP%\runner-{secrets.token_hex(6)}"
    text = base64.b64encode(_VBS.replace("\n", "\r\n").encode()).decode()
    run = f'{SYSTEM}\\cscript.exe //nologo "{stem}.vbs" {" ".join(map(quoted, args))}'
    decode = f'{CERTUTIL} -f -decode "{stem}.b64" "{stem}.vbs">nul'
    gone = f'del /f /q "{stem}.*" 2>nul'
    line = f'(echo {text})>"{stem}.b64"&({decode}&&{run}&&({gone}&exit 0)||({gone}&exit 3))'
    return Script("cmd", line, timeout=_SECONDS)


def names(output: Output, src: str) -> tuple[str, ...]:
    """The names in an archive, those of folders with a slash at the end. Raises ModuleError."""
    if output.code != 0:
        raise ModuleError(f"{src} cannot be read: {said(output)}", hint="is it a whole archive?")
    found = [line.strip("\r").replace("\\", "/") for line in output.stdout.splitlines()]
    plain = [name[2:] if name.startswith("./") else name for name in found if name.strip()]
    for name in plain:
        parts = name.rstrip("/").split("/")
        if name.startswith("/") or ".." in parts or ":" in name:
            raise ModuleError(f"{src} holds a name that leads out of its folder: {name}")
    return tuple(dict.fromkeys(name for name in plain if name.strip("/")))


def folders_of(found: Sequence[str]) -> tuple[str, ...]:
    """Every folder that unpacking makes, named in the archive or not, the outer ones first."""
    every: dict[str, None] = {}
    for name in found:
        parts = name.split("/")
        for depth in range(1, len(parts)):
            every["/".join(parts[:depth])] = None
    return tuple(sorted(every, key=lambda name: name.count("/")))


def said(output: Output) -> str:
    """What went wrong, in one line."""
    lines = (output.stderr.strip() or output.stdout.strip()).splitlines()
    reason = _REASONS.get(output.code, f"exit code {output.signed}")
    return lines[0].strip() if lines else reason
