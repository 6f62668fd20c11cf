"""The remote shells of one host: who holds them, what they run, when they end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from runner.lab.ports.books import Books
from runner.lab.winrm.wsman import faults
from runner.lab.winrm.wsman.command import Command
from runner.lab.winrm.wsman.limits import Limits


class Timer(Protocol):
    """Calls a function some seconds later, on a thread of its own."""

    def call_later(self, seconds: float, function: Callable[[], None]) -> None: ...


def _since(moment: float) -> str:
    seconds = int(time.monotonic() - moment)
    days, hours, minutes = seconds // 86400, seconds // 3600 % 24, seconds // 60 % 60
    return f"P{days}DT{hours}H{minutes}M{seconds % 60}S"


@dataclass(eq=False)
class Shell:
    """One shell. ``client`` is the address from which it was opened, ``used`` is when its last
    request ended, ``busy`` how many are under way."""

    id: str
    owner: str
    codepage: int
    cwd: str | None
    env: Mapping[str, str]
    idle: float
    input_streams: str
    output_streams: str
    client: str = ""
    commands: dict[str, Command] = field(default_factory=dict)
    spent: list[Command] = field(default_factory=list)
    started: int = 0
    busy: int = 0
    opened: float = field(default_factory=time.monotonic)
    used: float = field(default_factory=time.monotonic)

    def lifetime(self) -> str:
        """How long it has been open, as an xs:duration in Windows' spelling."""
        return _since(self.opened)

    def inactivity(self) -> str:
        """How long ago its last request was."""
        return _since(self.used)

    def command(self, command_id: str) -> Command:
        """The command with that id, in any case of letters. Raises Fault."""
        found = self.commands.get(command_id.upper())
        if found is None:
            raise faults.no_such_command()
        return found

    def running(self) -> int:
        """How many processes it has: a killed command counts until its thread has ended."""
        self.spent = [command for command in self.spent if command.running]
        return len(self.spent) + sum(command.running for command in self.commands.values())

    def end(self) -> None:
        """Kill every command."""
        for command in self.commands.values():
            command.kill()


class Shells:
    """All shells of one host, with the quotas of its generation.

    A user's operations are counted as [MS-WSMV] 3.1.4.12 does for command shells: no Signal
    gives one back, only the end of the shell that started them.
    """

    def __init__(self, limits: Limits, books: Books, timer: Timer, *, wmi_faults: bool) -> None:
        self._limits = limits
        self._books = books
        self._timer = timer
        self._wmi = wmi_faults
        self._lock = threading.Lock()
        self._shells: dict[str, Shell] = {}
        self._sweeping = False

    def add(self, shell: Shell) -> None:
        """Open a shell. Raises Fault when its owner has too many."""
        with self._lock:
            mine = sum(other.owner == shell.owner for other in self._shells.values())
            if mine >= self._limits.shells or self._books.take("quota_shells"):
                self._books.count("quota_refusals")
                raise faults.too_many_shells(self._limits.shells, wmi=self._wmi)
            if shell.id in self._shells:
                raise faults.bad_schema()
            self._shells[shell.id] = shell
            self._schedule()

    def use(self, shell_id: str, user: str) -> Shell:
        """The shell with that id, marked as in use until ``release``. Raises Fault."""
        if self._books.take("expire_shell"):
            self._expire(shell_id.upper())
        with self._lock:
            shell = self._shells.get(shell_id.upper())
            if shell is None:
                raise faults.no_such_shell()
            if shell.owner != user:
                raise faults.access_denied()
            shell.busy += 1
            return shell

    def release(self, shell: Shell) -> None:
        """A request on this shell has been answered."""
        with self._lock:
            shell.busy -= 1
            shell.used = time.monotonic()

    def start(self, shell: Shell, command: Command) -> None:
        """Enter a command. Raises Fault when a quota is used up."""
        with self._lock:
            if self._shells.get(shell.id) is not shell:
                raise faults.no_such_shell()
            spent = sum(s.started for s in self._shells.values() if s.owner == shell.owner)
            if spent >= self._limits.operations or self._books.take("quota_operations"):
                self._books.count("quota_refusals")
                raise faults.too_many_operations(self._limits.operations, wmi=self._wmi)
            if shell.running() >= self._limits.processes:
                self._books.count("quota_refusals")
                raise faults.too_many_commands(self._limits.processes, wmi=self._wmi)
            if command.id in shell.commands:
                raise faults.parameter_incorrect()
            shell.started += 1
            shell.commands[command.id] = command

    def forget(self, shell: Shell, command: Command) -> None:
        """A command was signalled away."""
        with self._lock:
            if shell.commands.pop(command.id, None) is not None and command.running:
                shell.spent.append(command)
        command.kill()

    def remove(self, shell_id: str, user: str) -> None:
        """Delete a shell and kill what runs in it. Raises Fault."""
        shell = self.use(shell_id, user)
        with self._lock:
            self._shells.pop(shell.id, None)
        shell.end()

    def of_user(self, user: str) -> list[Shell]:
        """The shells of one user."""
        with self._lock:
            return [shell for shell in self._shells.values() if shell.owner == user]

    def clear(self) -> int:
        """End every shell, as a loss of power does; returns how many there were."""
        with self._lock:
            gone = list(self._shells.values())
            self._shells.clear()
        for shell in gone:
            shell.end()
        return len(gone)

    def sizes(self) -> tuple[int, int]:
        """How many shells are open and how many commands run."""
        with self._lock:
            shells = list(self._shells.values())
            return len(shells), sum(shell.running() for shell in shells)

    def _expire(self, shell_id: str) -> None:
        with self._lock:
            shell = self._shells.pop(shell_id, None)
        if shell is not None:
            self._books.count("shells_expired")
            shell.end()

    def _schedule(self) -> None:
        """Look again when the first shell may have been idle for too long. Lock is held."""
        if self._sweeping or not self._shells:
            return
        self._sweeping = True
        now = time.monotonic()
        first = min((now if s.busy else s.used) + s.idle for s in self._shells.values())
        self._timer.call_later(max(first - now, 0.0), self._sweep)

    def _sweep(self) -> None:
        now = time.monotonic()
        with self._lock:
            self._sweeping = False
            idle = [
                shell.id
                for shell in self._shells.values()
                if not shell.busy and now - shell.used >= shell.idle
            ]
        for shell_id in idle:
            self._expire(shell_id)
        with self._lock:
            self._schedule()
