"""Detaching a command on Windows; see ``runner.windows.detached`` for the job's files.

What a WinRM shell starts ends with that shell: its processes are in a job object. So the command
goes into a batch file, and WMI starts that (Win32_Process.Create): such a process belongs to the
WMI service. ``wmic`` asks for it, or PowerShell where wmic is gone (Microsoft, "Deprecated
features for Windows client").

The batch file reads by other rules than a command line: ``%%`` is a percent sign, and every
character that means something gets a caret. It hands the line to a cmd of its own, so that the
line means there what it means on a command line.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator
from typing import Final

from runner.errors import ModuleError
from runner.interfaces.detached import checked
from runner.interfaces.exchange import Output, Script
from runner.interfaces.shell import Invocation
from runner.shells import load
from runner.shells.cmd_quoting import LONGEST_LINE, cmd_escape, utf16_length
from runner.windows.detached import FOLDER

_SPECIAL: Final = frozenset('"^&|<>()!')
_CHUNK: Final = 7000
"""Characters of a line of the input file: what one ``echo`` writes."""
_ROOM: Final = 400
"""Characters of a line that the redirection to the job's file may take."""
_INHERITED: Final = ("USERPROFILE", "APPDATA", "LOCALAPPDATA", "TEMP", "TMP")
"""Variables that a process of the WMI service may find with other values than a logon has."""
_STARTED: Final = re.compile(r"ProcessId = (\d+);")

_CREATE: Final = """\
$r=([wmiclass]'Win32_Process').Create($params.line,$env:USERPROFILE+$params.folder)
if($r.ReturnValue -ne 0){"ReturnValue = $($r.ReturnValue)";exit 1}
"ProcessId = $($r.ProcessId);"
"""


def launch(
    line: str, job: str, encoding: str, base64: bytes | None = None
) -> Generator[Invocation, Output, None]:
    """Write the job's files and start it.

    ``base64`` is its standard input, of which it must not matter where the lines break.
    """
    files = f"{FOLDER}\\{checked(job)}"
    batch = _batch(line, files, encoding, has_input=base64 is not None)
    texts = [*input_lines(base64, f"{files}.in"), *batch]
    first = f'(if not exist "{FOLDER}" mkdir "{FOLDER}")&(if exist "{files}.*" exit 1)&{texts[0]}'
    for chain in chains(first, texts[1:]):
        answer = yield _plain(chain)
        if answer.code != 0:
            said = answer.stderr.strip() or answer.stdout.strip() or f"exit code {answer.code}"
            raise ModuleError(
                f"the detached command's files cannot be written: {said}",
                hint=f"may this account write to {FOLDER}?",
            )
    command = f"cmd.exe /d /c .\\{job}.cmd"
    answer = yield _plain(f'<nul wmic process call create "{command}","{FOLDER}"')
    pid = _STARTED.search(answer.stdout)
    if pid is None:
        params = {"line": command, "folder": FOLDER.removeprefix("%USERPROFILE%")}
        answer = yield load("powershell").render(Script("powershell", _CREATE, params=params))
        pid = _STARTED.search(answer.stdout)
    if pid is None:
        said = (answer.stdout.strip() or answer.stderr.strip() or f"code {answer.code}")[:300]
        yield _plain(f'del /q "{files}.*"')
        raise ModuleError(
            f"neither wmic nor PowerShell started the detached command: {said}",
            hint="is the service Winmgmt running, and may this account create processes by WMI?",
        )
    yield _plain(f'>"{files}.pid" echo pid={pid[1]}')


def batch_line(line: str) -> str | None:
    """The line of a batch file by which a second cmd runs ``line``; None when it cannot be."""
    if not line.isascii():
        return None
    quoted = "".join(
        "%%" if char == "%" else f"^{char}" if char in _SPECIAL else char for char in f'"{line}"'
    )
    text = f"cmd.exe /d /v:off /s /c {quoted}"
    return text if utf16_length(cmd_escape(text)) <= LONGEST_LINE - _ROOM else None


def _batch(line: str, files: str, encoding: str, *, has_input: bool) -> Iterator[str]:
    """The lines that write the batch file, as commands of cmd."""
    to = f'>>"{files}.cmd" echo '
    command = batch_line(line)
    if command is None:
        raise ModuleError("the command line is too long to be detached")
    yield f"{to}@echo off"
    yield f"{to}setlocal disabledelayedexpansion"
    yield f'{to}^>"{files}.run" echo started'
    yield f"{to}chcp {codepage_of(encoding)} ^>nul"
    for name in _INHERITED:
        yield f'{to}set "{name}=%{name}%"'
    yield f'{to}cd /d "%USERPROFILE%"'
    source = f'"{files}.in"' if has_input else "nul"
    streams = f'^<{source} ^>"{files}.out" 2^>"{files}.err"'
    yield f"{to}{streams} {cmd_escape(command)}"
    yield f'{to}^>"{files}.tmp" echo code={cmd_escape("%errorlevel%")}'
    yield f'{to}move /y "{files}.tmp" "{files}.rc" ^>nul'


def codepage_of(encoding: str) -> str:
    """The number of the code page that a connection calls by its encoding's name."""
    return "65001" if encoding in ("utf-8", "utf8") else encoding.removeprefix("cp")


def input_lines(base64: bytes | None, path: str) -> Iterator[str]:
    """The lines that write a command's standard input to a file."""
    for line in (base64 or b"").decode("ascii").split():
        for at in range(0, len(line), _CHUNK):
            yield f'>>"{path}" echo {line[at : at + _CHUNK]}'


def chains(first: str, texts: Iterable[str]) -> Iterator[str]:
    """The commands joined by ``&&`` into lines that are not too long."""
    chain = first
    for text in texts:
        if utf16_length(chain) + utf16_length(text) + 2 > LONGEST_LINE - _ROOM:
            yield chain
            chain = text
        else:
            chain = f"{chain}&&{text}"
    yield chain


def _plain(line: str) -> Invocation:
    return Invocation(line)
