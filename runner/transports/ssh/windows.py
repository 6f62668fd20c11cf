"""OpenSSH for Windows: what it starts for a line, and in which code page that prints.

Source: PowerShell/openssh-portable, contrib/win32/win32compat/w32-doexec.c: ``cmd.exe /c "LINE"``
with nothing escaped, ``powershell.exe -c`` with the line as one argument.
"""

from __future__ import annotations

import base64
import codecs
import re
from typing import Final

import paramiko

from runner.errors import PolicyRefused
from runner.interfaces.shell import RawOutput

ASK_CODEPAGE: Final = "chcp"
ASK_SHELL: Final = "echo %ComSpec%;$PSVersionTable.PSVersion.Major"
"""cmd prints one line, in which it has put its own path; PowerShell prints the first word as it is,
and then its version (Microsoft, about_Automatic_Variables)."""
_BANNER: Final = "for_windows"
_NUMBER: Final = re.compile(rb"(\d{3,5})\D*\s*$")

# PowerShell's own way of starting a program changes quotes in its arguments, takes < and & for its
# own, and makes every exit code 0 or 1 (Microsoft, about_Quoting_Rules, about_PowerShell_exe). So
# cmd is started by .NET, with the line as data: there is no quote in it that anything could eat.
_LAUNCH: Final = (
    "$i=New-Object Diagnostics.ProcessStartInfo;$i.FileName=$env:ComSpec;"
    "$i.Arguments=[Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('%s'));"
    "$i.UseShellExecute=$false;"
    "$p=[Diagnostics.Process]::Start($i);$p.WaitForExit();exit $p.ExitCode"
)


def is_windows(transport: paramiko.Transport) -> bool:
    """Whether OpenSSH for Windows answers, by what it greets with."""
    return _BANNER in str(transport.remote_version).lower()


def from_powershell(line: str) -> str:
    """A text for PowerShell that has cmd run this line, with its streams and its exit code."""
    arguments = f'/d /v:off /s /c "{line}"'.encode()
    return _LAUNCH % base64.b64encode(arguments).decode("ascii")


def codepage_of(raw: RawOutput) -> str:
    """Python's name of the code page that ``chcp`` told, in whatever language; or UTF-8."""
    found = _NUMBER.search(raw.stdout.rstrip())
    if raw.code != 0 or not found:
        return "utf-8"
    name = "utf-8" if found[1] == b"65001" else f"cp{int(found[1])}"
    try:
        return codecs.lookup(name).name
    except LookupError:
        return "utf-8"


def shell_of(said: str) -> tuple[str, str]:
    """Which shell answers ASK_SHELL so, as ``ansible_shell_type`` has it (empty for an unknown
    one), and in words."""
    lines = said.split()
    if lines[:1] == ["%ComSpec%"] and lines[1:] and lines[1].isdigit():
        return "powershell", f"PowerShell {lines[1]}"
    path, _, rest = said.partition(";")
    if rest.startswith("$PSVersionTable") and path.lower().endswith("cmd.exe"):
        return "cmd", path
    return "", f"an unknown shell, which answers {said[:80]!r}"


def require_language(endpoint: str, shell_type: str | None, *, windows: bool) -> None:
    """Refuse to guess what a Windows host's OpenSSH starts. Raises PolicyRefused."""
    if windows and shell_type not in ("cmd", "powershell"):
        raise PolicyRefused(
            f"{endpoint}: it is OpenSSH for Windows, and "
            + (f"ansible_shell_type is '{shell_type}'" if shell_type else
               "nothing says which shell it starts"),
            hint="set ansible_shell_type: cmd (OpenSSH's default), or powershell where the "
            "registry says so (HKLM\\SOFTWARE\\OpenSSH, DefaultShell)",
        )  # fmt: skip
