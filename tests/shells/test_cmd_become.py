"""Becoming somebody else on Windows: who can be become, and what is sent for it."""

from __future__ import annotations

import base64
from collections.abc import Generator

import pytest

from runner.errors import ModuleError
from runner.interfaces.exchange import Exec, Output, Script
from runner.interfaces.setting import Setting
from runner.interfaces.shell import Invocation, Shell
from runner.model.secret import Secret
from runner.shells import load
from runner.windows.accounts import account_of, bad_flags

CMD, POWERSHELL = load("cmd"), load("powershell")
SYSTEM = Setting(become="runas", user="SYSTEM")
BOB = Setting(become="runas", user="CORP\\bob", password=Secret("S3cret&pw"))


def sent(steps: Generator[Invocation, Output, None], *answers: Output) -> list[Invocation]:
    """What is sent, each answered in turn, the last answer for ever."""
    found = [next(steps)]
    given = list(answers) or [Output(0)]
    try:
        while True:
            answer = given.pop(0) if len(given) > 1 else given[0]
            found.append(steps.send(answer))
    except StopIteration:
        return found


def answered(
    steps: Generator[Invocation, Output, None], answers: list[Output], lines: list[str]
) -> None:
    """Answer each step in turn; ``lines`` takes what was sent."""
    lines.append(next(steps).line)
    for answer in answers:
        lines.append(steps.send(answer).line)


@pytest.mark.parametrize(
    ("user", "ru"),
    [
        ("SYSTEM", "SYSTEM"),
        ("nt authority\\system", "SYSTEM"),
        ("LocalSystem", "SYSTEM"),
        ("S-1-5-18", "SYSTEM"),
        ("LocalService", "NT AUTHORITY\\LOCALSERVICE"),
        ("NT AUTHORITY\\Local Service", "NT AUTHORITY\\LOCALSERVICE"),
        ("NetworkService", "NT AUTHORITY\\NETWORKSERVICE"),
        ("nt authority\\NETWORK SERVICE", "NT AUTHORITY\\NETWORKSERVICE"),
    ],
)
def test_accounts_of_windows_itself(user: str, ru: str) -> None:
    account = account_of(Setting(become="runas", user=user))
    assert account is not None
    assert account.is_service
    assert account.ru == ru


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        (Setting(become="sudo", user="root"), "become root with 'sudo'"),
        (Setting(become="runas", user="bob"), "missing become password"),
        (Setting(become="runas", user="SYSTEM", exe="x"), "become_exe"),
        (Setting(become="runas", user="SYSTEM", flags="logon_type=new_credentials"), "logon_type"),
        (Setting(become="runas", user="SYSTEM", flags="/netonly"), "'/netonly' is none of"),
        (Setting(become="runas", user='a" /rp "', password=Secret("x")), "not the name"),
        (Setting(become="runas", user="%USERNAME%", password=Secret("x")), "not the name"),
    ],
)
@pytest.mark.parametrize("shell", [CMD, POWERSHELL])
def test_what_cannot_be_is_refused_before_anything_is_sent(
    shell: Shell, setting: Setting, words: str
) -> None:
    with pytest.raises(ModuleError, match=words):
        shell.under(setting)


def test_flags_that_say_what_happens_anyway() -> None:
    assert not bad_flags("")
    assert not bad_flags("logon_type=batch logon_flags=with_profile")


@pytest.mark.parametrize("shell", [CMD, POWERSHELL])
def test_only_somebody_else_makes_a_shell_run_apart(shell: Shell) -> None:
    assert not shell.apart
    assert not shell.under(Setting({"A": "1"})).apart
    assert shell.under(SYSTEM).apart
    assert not shell.under(SYSTEM).keeper().apart


def test_people_see_as_whom() -> None:
    assert CMD.under(SYSTEM).render(Exec("whoami")).text == "as SYSTEM: <nul whoami"
    shown = POWERSHELL.under(BOB).render(Script("powershell", "whoami")).text
    assert shown == "as CORP\\bob: powershell: whoami"


def test_the_task_is_created_started_and_nothing_else() -> None:
    shell = CMD.under(SYSTEM)
    files, start = sent(shell.launch(shell.render(Exec("whoami")), "job1", "cp437"))
    assert '(if exist "%USERPROFILE%\\.runner_become\\job1" exit 1)&mkdir' in files.line
    assert "icacls" not in files.line
    once = "/sc once"
    assert start.line.count(once) == 2  # with and without seconds
    assert '/ru "SYSTEM"' in start.line
    assert start.line.endswith("&&<nul schtasks /run /tn runner-job1")


def test_a_service_account_is_let_into_its_own_folder_only() -> None:
    shell = CMD.under(Setting(become="runas", user="LocalService"))
    files, start = sent(shell.launch(shell.render(Exec("whoami")), "job1", "utf-8"))
    assert 'job1" /grant "*S-1-5-19:(OI)(CI)M"' in files.line
    assert '/ru "NT AUTHORITY\\LOCALSERVICE"' in start.line


def test_a_password_is_on_no_command_line() -> None:
    shell = CMD.under(BOB)
    steps = shell.launch(shell.render(Exec("whoami")), "job1", "utf-8")
    files, start = sent(steps, Output(0), Output(0, "task made\n"))
    for one in (files, start):
        encoded = base64.b64encode(b"S3cret&pw").decode()
        wide = base64.b64encode("S3cret&pw".encode("utf-16-le")).decode()
        assert "S3cret" not in one.line + one.text
        assert encoded not in one.line
        assert wide not in one.line
    assert start.stdin is not None
    assert encoded.encode() in start.stdin.replace(b"\r\n", b"")


@pytest.mark.parametrize(
    ("setting", "answers", "words"),
    [
        (SYSTEM, [Output(1, "", "Access is denied.\n")], "cannot be written: Access is denied"),
        (SYSTEM, [Output(0), Output(1, "", "ERROR: x")], "scheduler refuses: ERROR: x"),
        (BOB, [Output(0), Output(0, "", "no such")], "cannot become CORP.bob"),
        (BOB, [Output(0), Output(9009)], "code 9009"),
    ],
)
def test_what_fails_cleans_up_and_says_so(
    setting: Setting, answers: list[Output], words: str
) -> None:
    shell = CMD.under(setting)
    steps = shell.launch(shell.render(Exec("whoami")), "job1", "utf-8")
    lines: list[str] = []
    with pytest.raises(ModuleError, match=words):
        answered(steps, [*answers, Output(0)], lines)
    assert 'rmdir /s /q "%USERPROFILE%\\.runner_become\\job1"' in lines[-1]
    assert "schtasks /delete /tn runner-job1 /f" in lines[-1]


def test_a_standard_input_goes_into_a_file_byte_for_byte() -> None:
    shell = CMD.under(SYSTEM)
    files, data, _ = sent(shell.detach(Script("cmd", "more", stdin="a\n\u00fc"), "job1", "utf-8"))
    assert "in^^^" not in files.line
    assert data.stdin is not None
    lines = data.stdin.decode().split("\r\n")[1:-2]
    assert base64.b64decode("".join(lines)) == "a\n\u00fc".encode()
    assert "certutil.exe -f -decode" in data.line


def test_reads_are_bundled_into_what_a_batch_file_can_hold() -> None:
    """A batch file needs a caret before every sign that means something."""
    shell = CMD.under(SYSTEM)
    reads = [Exec("reg", "query", f"HKLM\\SOFTWARE\\a & b ({number})") for number in range(60)]
    bundles = shell.bundle(reads)
    assert bundles is not None
    assert 1 < len(bundles) < 60
    for bundle in bundles:
        assert len(sent(shell.launch(bundle.invocation, "job1", "cp936"))) >= 2


def test_text_that_is_not_ascii_goes_through_powershell() -> None:
    shell = CMD.under(SYSTEM)
    lines = sent(shell.launch(shell.render(Exec("sc", "query", "打印")), "job1", "utf-8"))
    assert "powershell.exe" in "".join(one.line for one in lines)
    assert lines[-1].line.endswith("schtasks /run /tn runner-job1")
