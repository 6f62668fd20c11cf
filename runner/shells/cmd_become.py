"""Running a command as another account on Windows: by a task that runs once.

Nothing that Windows brings starts a process as SYSTEM, or as a service account, out of a remote
shell but the task scheduler: schtasks creates a task for that account and starts it (Microsoft,
"Schtasks.exe"). The command goes into a batch file in the job's folder, see
``runner.windows.task_jobs``. The batch file lets itself run once only, whatever starts it, and
removes its task when it is done.

A user with a password takes the same way, but schtasks wants the password on its command line, so
PowerShell registers that task through the scheduler's COM interface (Vista and later), with the
password from its standard input.
"""

from __future__ import annotations

import base64
from collections.abc import Generator, Iterator
from typing import Final

from runner.errors import ModuleError
from runner.interfaces.exchange import Output, Script
from runner.interfaces.shell import Invocation
from runner.shells import load
from runner.shells.cmd_detach import batch_line, chains, codepage_of, input_lines
from runner.shells.cmd_quoting import cmd_escape
from runner.windows.accounts import Account
from runner.windows.task_jobs import TaskJobs, folder, task_name

_MADE: Final = "task made"

# The user is let into the job's folder by SID, whatever it is called in the host's language.
# 6 creates or replaces, 1 is a logon with this password (Microsoft, ITaskFolder::
# RegisterTaskDefinition); the settings are those that would keep a task from starting.
_REGISTER: Final = """\
$ErrorActionPreference='Stop'
$place=$env:USERPROFILE+$params.folder
$who=New-Object Security.Principal.NTAccount $params.user
$sid=$who.Translate([Security.Principal.SecurityIdentifier])
$acl=[IO.Directory]::GetAccessControl($place)
$to='ContainerInherit,ObjectInherit'
$acl.AddAccessRule((New-Object Security.AccessControl.FileSystemAccessRule `
 $sid,'Modify',$to,'None','Allow'))
[IO.Directory]::SetAccessControl($place,$acl)
$s=New-Object -ComObject Schedule.Service
$s.Connect()
$d=$s.NewTask(0)
$d.Settings.DisallowStartIfOnBatteries=$false
$d.Settings.StopIfGoingOnBatteries=$false
$d.Settings.ExecutionTimeLimit='PT0S'
$a=$d.Actions.Create(0)
$a.Path=$place+'\\run.cmd'
$p=[Console]::In.ReadToEnd()
$t=$s.GetFolder('\\').RegisterTaskDefinition($params.task,$d,6,$params.user,$p,1)
[void]$t.Run($null)
'task made'
"""


def launch_as(
    account: Account,
    line: str,
    job: str,
    encoding: str,
    encoded: bytes | None = None,
    data: bytes | None = None,
) -> Generator[Invocation, Output, None]:
    """Write the job's files, create its task and start it; what fails leaves nothing behind.

    ``data`` is its standard input; or ``encoded``, in base64 whose line breaks do not matter.
    """
    command = batch_line(line)
    if command is None:
        raise ModuleError("the command line is too long, or not ASCII, for a batch file")
    files = folder(job)
    has_input = encoded is not None or data is not None
    batch = _batch(command, job, encoding, has_input=has_input)
    texts = [*input_lines(encoded, f"{files}\\in"), *batch]
    first = f'(if exist "{files}" exit 1)&mkdir "{files}"'
    if account.is_service and account.ru != "SYSTEM":
        texts.insert(0, f'icacls "{files}" /grant "*{account.sid}:(OI)(CI)M" >nul')
    steps = [Invocation(chain) for chain in chains(first, texts)]
    if data is not None:
        steps.append(_input_file(data, files))
    for step in steps:
        answer = yield step
        if answer.code != 0:
            yield from _give_up(account, job, "its files cannot be written", answer)
    answer = yield _start(account, job)
    started = _MADE in answer.stdout if not account.is_service else answer.code == 0
    if not started:
        yield from _give_up(account, job, "the task scheduler refuses", answer)


def _input_file(data: bytes, files: str) -> Invocation:
    """What makes a file of these bytes, which reach the host on standard input.

    See ``runner.windows.put`` for the tools, and why they are used so.
    """
    if not data:
        return Invocation(f'type nul>"{files}\\in"')
    text = base64.encodebytes(data).replace(b"\n", b"\r\n")
    text = b"-----BEGIN CERTIFICATE-----\r\n" + text + b"-----END CERTIFICATE-----\r\n"
    tools = "%SystemRoot%\\System32"
    line = (
        f'{tools}\\findstr.exe "^">"{files}\\in64"'
        f'&&{tools}\\certutil.exe -f -decode "{files}\\in64" "{files}\\in">nul'
        f'&&del /q "{files}\\in64"'
    )
    return Invocation(line, text)


def _batch(command: str, job: str, encoding: str, *, has_input: bool) -> Iterator[str]:
    source = '"%~dp0in"' if has_input else "nul"
    lines = (
        "@echo off",
        "setlocal disabledelayedexpansion",
        'mkdir "%~dp0begun" 2>nul||exit /b 1',
        f"chcp {codepage_of(encoding)} >nul",
        f'<{source} >"%~dp0out" 2>"%~dp0err" {command}',
        '>"%~dp0tmp" echo code=%errorlevel%',
        'move /y "%~dp0tmp" "%~dp0rc" >nul',
        f"schtasks /delete /tn {task_name(job)} /f >nul 2>nul",
    )
    for line in lines:
        yield f'>>"{folder(job)}\\run.cmd" echo {cmd_escape(line)}'


def _start(account: Account, job: str) -> Invocation:
    if not account.is_service:
        assert account.password is not None
        place = folder(job).removeprefix("%USERPROFILE%")
        params = {"user": account.name, "task": task_name(job), "folder": place}
        script = Script("powershell", _REGISTER, params, stdin=account.password.reveal())
        return load("powershell").render(script)
    # A start time is asked for, and is over; XP and Server 2003 want it with seconds. The caret
    # keeps cmd from seeing the outer quotes, so that to it, too, the path is what is quoted.
    create = (
        f'<nul schtasks /create /tn {task_name(job)} /ru "{account.ru}" /sc once /tr '
        f'^"\\"{folder(job)}\\run.cmd\\"^" /st 00:00'
    )
    run = f"<nul schtasks /run /tn {task_name(job)}"
    return Invocation(f"({create}||{create}:00)&&{run}")


def _give_up(
    account: Account, job: str, what: str, answer: Output
) -> Generator[Invocation, Output, None]:
    yield load("cmd").render(TaskJobs().clean(job))
    said = (answer.stderr.strip() or answer.stdout.strip() or f"code {answer.code}").splitlines()
    hint = "is this account an administrator, and does the service Schedule run?"
    if not account.is_service:
        hint = "is the password right, may the user log on as a batch job, and is there PowerShell?"
    elif account.ru != "SYSTEM":
        hint += " XP and Server 2003 have tasks for SYSTEM only"
    raise ModuleError(f"cannot become {account.name}: {what}: {said[0][:300]}", hint=hint)
