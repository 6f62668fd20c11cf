"""What ``script`` does on a Windows host: its suffix says which program runs it there.

The script is sent into a new folder in the account's temporary folder, which is closed to others,
run by cmd with the rest of the line as its arguments, and removed again whatever came of it.
"""

from __future__ import annotations

import contextlib
import ntpath
import secrets
from collections.abc import Generator
from typing import Final

from runner.errors import DeadlineExceeded, HostError, ModuleError, Refused
from runner.interfaces.exchange import Output, Reply, Request, Script, read, write
from runner.interfaces.local_file import LocalFile
from runner.windows import paths
from runner.windows.looking import Seen
from runner.windows.paths import quoted
from runner.windows.put import Put, put
from runner.windows.put_lines import SYSTEM

_TEMP: Final = Script("cmd", "echo %TEMP%")
_POWERSHELL: Final = (
    rf"{SYSTEM}\WindowsPowerShell\v1.0\powershell.exe -NoProfile -NonInteractive "
    "-ExecutionPolicy Bypass -InputFormat None -File"
)
_BY_SUFFIX: Final = {
    ".ps1": _POWERSHELL,
    ".cmd": "call",
    ".bat": "call",
    ".exe": "",
    **dict.fromkeys((".vbs", ".js", ".wsf"), rf"{SYSTEM}\cscript.exe //nologo"),
}


def ran(
    content: LocalFile, name: str, rest: str, *, executable: str | None, chdir: str | None
) -> Generator[Request, Reply, Output]:
    """What came of the script. Raises Refused for one that nothing is known to run."""
    program, file = program_of(name, executable), _file(name)
    inside = paths.checked(chdir) if chdir is not None else None
    folder = paths.join((yield from _temp()), f"runner-script-{secrets.token_hex(6)}")
    path = paths.join(folder, file)
    made = yield from write(Script("cmd", f"md {quoted(folder)}"))
    if made.code != 0:
        raise ModuleError(f"a folder for the script cannot be made: {made.stderr.strip()}")
    gone = Script("cmd", f"rd /s /q {quoted(folder)}")
    try:
        yield from put(Put(path, content.sha1, Seen(path)), content)
    except ModuleError:
        yield from write(gone)
        raise
    line = " ".join(part for part in ("<nul", program, quoted(path), rest.strip()) if part)
    try:
        output = yield from write(Script("cmd", line, chdir=inside))
    except DeadlineExceeded:  # it was ended; a script that may still run is left alone
        with contextlib.suppress(HostError):
            yield from write(gone)
        raise
    yield from write(gone)
    return output


def program_of(name: str, executable: str | None) -> str:
    """What stands before the script's path in the line that runs it. Raises Refused."""
    file = _file(name)
    try:
        paths.checked(f"C:\\{file}")
    except ValueError as error:
        raise Refused(
            f"a script cannot have the name {file!r} on Windows: it {error}",
            hint="give its file on the controller another name",
        ) from None
    if executable is not None:
        return executable
    program = _BY_SUFFIX.get(ntpath.splitext(file)[1].lower())
    if program is None:
        raise Refused(
            f"nothing on Windows runs {file} by its name",
            hint=f"say the program in 'executable', or call it {', '.join(_BY_SUFFIX)}",
        )
    return program


def _file(name: str) -> str:
    return ntpath.basename(name.replace("/", "\\"))


def _temp() -> Generator[Request, Reply, str]:
    (output,) = yield from read(_TEMP)
    said = output.stdout.strip()
    if output.code == 0 and not said:
        return "C:\\TEMP"  # a preview, which asks nobody
    try:
        return paths.checked(said)
    except ValueError as error:
        raise ModuleError(f"the host's %TEMP% {error}: {said}") from None
