"""Runs what the posix shell renders on this machine, in each POSIX shell that it has."""

from __future__ import annotations

import shutil
from pathlib import Path

from runner.interfaces.exchange import Command, Output
from runner.interfaces.shell import Invocation, RawOutput, Shell
from runner.transports.local.transport import Transport

SHELLS = tuple(
    path for name in ("sh", "dash", "bash", "ksh", "mksh", "zsh") if (path := shutil.which(name))
)
"""The login shells that a line is tried in. All but sh are there or not, as the machine has it."""

_TRANSPORT = Transport()


def run(invocation: Invocation, login: str = "/bin/sh", timeout: float = 20) -> RawOutput:
    """What one invocation answers under that login shell."""
    variables = {"ansible_shell_executable": str(Path(login).absolute())}
    link = _TRANSPORT.connect(_TRANSPORT.options("here", variables), timeout=5)
    try:
        return link.run(invocation, timeout=timeout)
    finally:
        link.close()


def ask(shell: Shell, command: Command, login: str = "/bin/sh") -> Output:
    """The decoded answer of one command."""
    return shell.decode(run(shell.render(command), login), "utf-8")


def ask_all(shell: Shell, *commands: Command, login: str = "/bin/sh") -> list[Output]:
    """The answers of commands that share lines."""
    bundles = shell.bundle(commands)
    assert bundles is not None
    return [out for one in bundles for out in one.outputs(run(one.invocation, login), "utf-8")]
