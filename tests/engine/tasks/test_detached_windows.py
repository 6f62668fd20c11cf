"""Detached writes on a lab host over real WinRM: they outlive the shell that started them."""

from __future__ import annotations

import base64
import contextlib
import time
from collections.abc import Iterator
from typing import Any

import pytest

from runner.engine.hosts.job_runner import Job
from runner.engine.hosts.link import Link
from runner.engine.stop import Stop
from runner.errors import ModuleError
from runner.interfaces.exchange import Command, Exec, Script
from runner.interfaces.setting import Setting
from runner.lab.machine import Machine
from runner.lab.spec import HostSpec
from runner.lab.winrm.front import Front
from runner.model.secret import Secret
from runner.shells import load as load_shell
from runner.transports import load as load_transport
from tests.engine.detaching import answer, only, writer


@contextlib.contextmanager
def windows(os: str) -> Iterator[tuple[Link, Machine]]:
    """A lab host behind real WinRM."""
    spec = HostSpec(name="web01", port=0, user="ops", password="S3cret-x", os=os)
    machine = Machine(spec)
    with Front(machine, spec) as front:
        transport = load_transport("winrm")
        variables = {
            "ansible_host": front.address, "ansible_port": front.port,
            "ansible_winrm_scheme": front.scheme, "ansible_winrm_transport": "ntlm",
            "ansible_user": "ops", "ansible_password": "S3cret-x",
        }  # fmt: skip
        options = transport.options("web01", variables)
        link = Link("web01", transport, options, load_shell, "cmd", Stop())
        yield link, machine
        link.drop()


def state(machine: Machine) -> dict[str, Any]:
    found: dict[str, Any] = machine.snapshot()["state"]
    return found


def leftovers(machine: Machine) -> list[str]:
    return [path for path in state(machine)["files"] if ".ansible_async\\" in path]


ON_WINDOWS: list[Command] = [
    Exec("hostname"),
    Script("cmd", 'echo a^&b 100% "x|y" %OS%&echo err>&2&exit 3010'),
    Script("cmd", "if exist C:\\Windows (echo yes) else (echo no)"),
    Script("cmd", "cd", chdir="C:\\Windows"),
    Exec("cmd", "/c", "exit", "-1"),
    Script("cmd", "nosuch"),
]


@pytest.mark.parametrize("os", ["2003-sp2", "2008r2-sp1", "2019"])
def test_windows_answers_as_a_direct_run_does(os: str) -> None:
    with windows(os) as (link, machine):
        for command in ON_WINDOWS:
            shell = link.shell_of(command)
            connection = link.open()
            raw = connection.run(shell.render(command), timeout=10)
            direct = shell.decode(raw, connection.encoding)
            found = answer(link, command)
            assert (found.stdout, found.stderr) == (direct.stdout, direct.stderr)
            if command != Script("cmd", "nosuch"):
                assert found.code == direct.code
        assert leftovers(machine) == []
        assert machine.snapshot()["volatile"]["not_simulated"] == []


def test_windows_variables_go_with_it() -> None:
    with windows("2016") as (link, _):
        setting = Setting({"MYVAR": 'a & "b" 5%', "S": Secret("s^!")})
        found = answer(link, Script("cmd", "set MYVAR&set S"), setting=setting)
        assert 'MYVAR=a & "b" 5%\n' in found.stdout
        assert "S=s^!\n" in found.stdout


def test_it_outlives_the_shell_that_started_it() -> None:
    with windows("2008r2-sp1") as (link, machine):
        work = "ping -n 3 127.0.0.1 >nul&echo done>C:\\made.txt&echo said"
        run = writer(link, poll=0, token="longone")
        run.drive(only(Script("cmd", work)))
        link.drop()  # the WinRM shell is deleted, and with it everything that runs in it
        assert "C:\\made.txt" not in state(machine)["files"]
        again = writer(link, token="other")
        shell = load_shell("cmd")
        job = Job("longone", shell.jobs(), shell.keeper())
        assert again._runner.status(job).state == "running"
        end = time.monotonic() + 10
        while (status := again._runner.status(job)).state == "running":
            assert time.monotonic() < end
            time.sleep(0.1)
        assert (status.state, status.code) == ("finished", 0)
        assert again._runner.wait(job, time.monotonic(), 5, 1).stdout == b"said\r\n"
        assert "C:\\made.txt" in state(machine)["files"]


def test_windows_ends_what_takes_too_long() -> None:
    with windows("2016") as (link, machine):
        script = Script("cmd", "ping -n 60 127.0.0.1 >nul&echo x>C:\\made.txt")
        with pytest.raises(ModuleError, match=r"ran longer than 0.3 s and was ended"):
            answer(link, script, seconds=0.3)
        assert leftovers(machine) == []
        processes = machine.snapshot()["volatile"]["pids"].values()
        assert "cmd.exe" not in processes


def test_a_restart_under_it_is_told() -> None:
    with windows("2016") as (link, machine):
        run = writer(link, poll=0, token="job1")
        run.drive(only(Script("cmd", "ping -n 60 127.0.0.1 >nul")))
        link.drop()
        machine.crash()
        machine.power_on()
        again = writer(link)
        shell = load_shell("cmd")
        job = Job("job1", shell.jobs(), shell.keeper())
        assert again._runner.status(job).state == "died"


def test_no_way_to_start_one_is_told_and_leaves_nothing() -> None:
    with windows("2025") as (link, machine):
        with pytest.raises(ModuleError, match="neither wmic nor PowerShell started"):
            answer(link, Exec("hostname"))
        assert leftovers(machine) == []


def test_what_cannot_be_detached_on_windows_is_told() -> None:
    with windows("2016") as (link, machine):
        with pytest.raises(ModuleError, match="cannot have a standard input"):
            answer(link, Script("cmd", "sort", stdin="b\na"))
        with pytest.raises(ModuleError, match="cannot be detached"):
            answer(link, Script("raw", "hostname"))
        assert leftovers(machine) == []


def test_long_scripts_arrive_whole() -> None:
    """The lab has no PowerShell: what it would have been given is looked at instead."""
    with windows("2016") as (link, _machine):
        text = "# é" + "x" * 30_000
        run = writer(link, poll=0, token="ps")
        run.drive(only(Script("powershell", text)))
        folder = "C:\\Users\\ops\\.ansible_async\\ps"
        shell = load_shell("cmd")
        given = answer(link, Script("cmd", f"type {folder}.in")).stdout
        script = base64.b64decode("".join(given.split()).partition(".")[0]).decode()
        assert text in script
        assert max(len(line) for line in given.splitlines()) < 8000
        assert shell.jobs().place("ps").endswith("\\.ansible_async\\ps")
