"""The Windows modules over SSH: the same tasks on the same machines, through OpenSSH's quoting.

With cmd and with PowerShell as the host's shell. Of PowerShell the lab understands only how cmd is
started from it, so the second says that what we send it needs nothing else.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from runner.interfaces.module import CommandState
from runner.lab.spec import HostSpec
from runner.lab.ssh.front import SshFront
from runner.lab.ssh.options import Shell, SshOptions
from runner.model.state import UNKNOWN, Change, differences
from runner.shells import load as load_shell
from runner.transports.ssh.transport import Transport
from tests.modules.contract.cases import COMMAND_CASES, READ_CASES, STATE_CASES, Case
from tests.modules.contract.test_contract import comparable
from tests.modules.labhost import LabHost, LabTask

Start = Callable[[Case, Shell], LabTask]

QUOTING = {"win_command", "win_shell", "win_service", "raw", "win_ping"}
"""Modules that are tried with PowerShell as the shell, too."""
PASSWORD = "Lab-Passw0rd"


class SshLabHost(LabHost):
    """The same machine, reached through its OpenSSH."""

    def __init__(
        self, stack: contextlib.ExitStack, folder: Path, shell: Shell, os: str, **state: Any
    ) -> None:
        super().__init__(os, **state)
        spec = HostSpec.model_validate(
            {"name": "WEB01", "port": 0, "scheme": "ssh", "shell": shell, "os": os,
             "user": "Administrator", "password": PASSWORD}
        )  # fmt: skip
        front = stack.enter_context(SshFront(self.machine, spec, SshOptions(shell=shell)))
        known = folder / "known_hosts"
        known.write_text(front.known_hosts)
        config = folder / "ssh_config"
        config.write_text("")
        transport = Transport()
        self.link.transport = transport
        self.link.options = transport.options(
            "WEB01",
            {
                "ansible_host": front.address,
                "ansible_port": front.port,
                "ansible_user": "Administrator",
                "ansible_password": PASSWORD,
                "ansible_shell_type": shell,
                "ansible_ssh_common_args": f"-o UserKnownHostsFile={known}"
                " -o PubkeyAuthentication=no",
                "runner_ssh_config": str(config),
            },
        )
        self.link.login_shell = transport.language(self.link.options, shell)
        self.link.shells = load_shell
        stack.callback(self.link.drop)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    with contextlib.ExitStack() as stack:

        def made(case: Case, shell: Shell) -> LabTask:
            host = SshLabHost(stack, tmp_path, shell, case.os, **dict(case.state))
            return host.task(case.module, **dict(case.raw))

        yield made


def by_name(cases: Iterable[Case]) -> pytest.MarkDecorator:
    """Two of each module are enough: what they share is the way there."""
    by_module: dict[str, list[Case]] = {}
    for case in cases:
        by_module.setdefault(case.module, []).append(case)
    both = [(case, "cmd") for some in by_module.values() for case in some[:2]]
    both += [(case, "powershell") for case, _ in both if case.module in QUOTING]
    return pytest.mark.parametrize(
        ("case", "shell"), both, ids=[f"{case.name}-{shell}" for case, shell in both]
    )


@by_name(READ_CASES)
def test_reads(case: Case, shell: Shell, start: Start) -> None:
    task = start(case, shell)
    before = comparable(task.host)
    here = LabHost(case.os, **dict(case.state)).task(case.module, **dict(case.raw)).probe()
    found = task.probe()
    if case.module != "setup":  # facts tell the time
        assert found == here
    assert comparable(task.host) == before


@by_name(case for case in STATE_CASES if not case.restart)
def test_changes_and_their_way_back(case: Case, shell: Shell, start: Start) -> None:
    task = start(case, shell)
    before = comparable(task.host)
    change = task.plan()
    if not change.differences():
        return
    task.apply(change)
    found = task.probe()
    assert not [d for d in differences(change.after, found) if d.before is not UNKNOWN]
    task.undo(Change(change.subject, change.before, found))
    assert not differences(change.before, task.probe())
    assert comparable(task.host) == before


@by_name(COMMAND_CASES)
def test_commands(case: Case, shell: Shell, start: Start) -> None:
    task = start(case, shell)
    state = task.probe()
    assert isinstance(state, CommandState)
    if state.done or case.module == "win_powershell":
        return  # the lab runs no PowerShell
    change = Change("", state, task.module.plan(task.params, state, {}))
    applied = task.apply(change)
    result = task.module.result(task.params, change, {}, applied)
    assert result["rc"] == 0
    assert result["stdout_lines"] == result["stdout"].splitlines() != []
