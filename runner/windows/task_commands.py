"""The commands that read, make, change and remove scheduled tasks.

``schtasks`` answers 1 for every failure, a task that is not there too, and prints localized text:
only its XML is read. It takes XML from a file alone, which here comes through standard input and
lies in the account's temporary folder until the task is made. UTF-16 with its byte order mark is
what ``/query /xml`` itself says that it prints.
"""

from __future__ import annotations

import base64
from typing import Final

from runner.interfaces.exchange import Exec, Script
from runner.windows import paths
from runner.windows.paths import quoted
from runner.windows.put_lines import CERTUTIL, SYSTEM

_LINE: Final = 48
_REGISTER: Final = """\
$p=[Console]::In.ReadToEnd()
$s=New-Object -ComObject Schedule.Service
$s.Connect()
[void]$s.GetFolder('\\').RegisterTask($params.name,$params.xml,6,$params.user,$p,1)
"""


def query(name: str) -> Exec:
    """Prints the definition as XML; fails where there is no such task."""
    return Exec("schtasks", "/query", "/tn", name, "/xml")


def delete(name: str) -> Exec:
    """Removes the task; a run that is under way goes on."""
    return Exec("schtasks", "/delete", "/tn", name, "/f")


def enable(name: str, *, on: bool) -> Exec:
    """Lets the task run, or not."""
    return Exec("schtasks", "/change", "/tn", name, "/enable" if on else "/disable")


def create(name: str, definition: str) -> Script:
    """Makes a task, or replaces it, by its XML without a declaration."""
    file = f"%TEMP%\\runner-{paths.unique('task', name)}"
    given, made = f'"{file}.b64"', f'"{file}.xml"'
    gone = f"del /f /q {given} {made}"
    register = f"{SYSTEM}\\schtasks.exe /create /tn {quoted(name)} /xml {made} /f <nul>nul"
    steps = (
        f'({SYSTEM}\\findstr.exe "^">{given}||exit 83)',
        f"({CERTUTIL} -f -decode {given} {made}>nul||({gone}&exit 84))",
        f"({register}&&({gone}&exit 0)||({gone}&exit 1))",
    )
    return Script("cmd", "&".join(steps), stdin=_encoded(definition), timeout=120.0)


def create_with_password(name: str, definition: str, user: str, password: str) -> Script:
    """The same for a task that logs on with a password, which goes through standard input.

    6 is TASK_CREATE_OR_UPDATE, 1 TASK_LOGON_PASSWORD (Microsoft, "TaskFolder.RegisterTask").
    """
    values = {"name": name, "xml": definition, "user": user}
    return Script("powershell", _REGISTER, params=values, stdin=password, timeout=120.0)


def _encoded(definition: str) -> str:
    text = f'<?xml version="1.0" encoding="UTF-16"?>\r\n{definition}\r\n'
    data = b"\xff\xfe" + text.encode("utf-16-le")
    lines = [base64.b64encode(data[at : at + _LINE]) for at in range(0, len(data), _LINE)]
    body = "\r\n".join(line.decode("ascii") for line in lines)
    return f"-----BEGIN CERTIFICATE-----\r\n{body}\r\n-----END CERTIFICATE-----\r\n"
