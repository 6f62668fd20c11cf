"""Every host of a lab in one process: machines with their fronts, sharing one loop."""

from __future__ import annotations

import contextlib
import resource
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from runner.lab.control_files import LabError
from runner.lab.linux.found import missing
from runner.lab.linux.guard import NotStarted
from runner.lab.linux.kinds import LINUX_KEYS
from runner.lab.linux.machine import LinuxMachine
from runner.lab.machine import Machine
from runner.lab.ports.host import Host
from runner.lab.ports.loop import Loop
from runner.lab.ports.port import Port, PortTaken
from runner.lab.spec import HostSpec, LabSpec
from runner.lab.ssh.front import SshFront
from runner.lab.ssh.options import SshOptions
from runner.lab.winrm.front import Front
from runner.lab.winrm.http_tls import Authority
from runner.lab.winrm.options import FrontOptions

_SPARE: Final = 1024
"""Open files beyond the listening sockets: connections, databases, logs."""


@dataclass(frozen=True)
class Member:
    """One host of the fleet."""

    spec: HostSpec
    machine: Host
    front: Port


class Fleet:
    """Serves all hosts of a spec while it is open. A context manager.

    ``options`` holds for every host; ``directory`` is for files that only this user may read.
    """

    def __init__(
        self, spec: LabSpec, directory: Path | None = None, options: FrontOptions | None = None
    ) -> None:
        self._spec = spec
        self._options = options
        self._cleanup = contextlib.ExitStack()
        self._directory = directory
        self._members: dict[str, Member] = {}
        secure = any(host.scheme == "https" for host in spec.hosts)
        self.authority = Authority() if secure else None
        self.loop = Loop()
        self._cleanup.callback(self.loop.stop)

    def start(self) -> None:
        """Open the port of every host that has power. Raises LabError that names the host."""
        _allow_files(len(self._spec.hosts) * 2 + _SPARE)
        directory = self._directory
        if directory is None:
            directory = Path(self._cleanup.enter_context(tempfile.TemporaryDirectory()))
        for host in self._spec.hosts:
            try:
                self._members[host.name.lower()] = self._serve(host, directory)
            except PortTaken as error:
                raise LabError(str(error)) from error
            except FileNotFoundError as error:
                raise LabError(f"host {host.name}: no drive or folder for {error}") from error
            except ValueError as error:
                raise LabError(f"host {host.name}: {error}") from error

    def _serve(self, host: HostSpec, directory: Path) -> Member:
        machine = self._machine(host, directory)
        front = self._front(machine, host, directory)
        self._cleanup.callback(front.stop)
        _have_trouble(machine, front, host)
        front.start()
        return Member(host, machine, front)

    def _front(self, machine: Host, host: HostSpec, directory: Path) -> Port:
        if host.scheme == "ssh":
            options = SshOptions(shell=host.shell)
            if host.os in LINUX_KEYS:
                options = replace(options, sftp=False, banner="SSH-2.0-OpenSSH_9.2")
            return SshFront(machine, host, options, loop=self.loop)
        return Front(
            machine,
            host,
            self._options,
            loop=self.loop,
            directory=directory,
            authority=self.authority,
        )

    @property
    def known_hosts(self) -> str:
        """The keys of the hosts that are reached over SSH, as lines of known_hosts."""
        fronts = (member.front for member in self.members)
        return "".join(front.known_hosts for front in fronts if isinstance(front, SshFront))

    def _machine(self, host: HostSpec, directory: Path) -> Host:
        if host.os in LINUX_KEYS:
            return self._linux(host, directory)
        if host.backend == "simulated":
            return Machine(host)
        from runner.lab.wine import found, machine, template  # nobody else needs Wine

        try:
            made = machine.WineMachine(host, template.template())
        except found.WineError as error:
            raise LabError(f"host {host.name}: {error}") from error
        self._cleanup.callback(made.close)
        return made

    def _linux(self, host: HostSpec, directory: Path) -> Host:
        if why := missing():
            raise LabError(f"host {host.name}: no Linux can be simulated: {why}")
        try:
            made = LinuxMachine(host, directory / "linux")
        except NotStarted as error:
            raise LabError(f"host {host.name}: {error}") from error
        self._cleanup.callback(made.close)
        return made

    def stop(self) -> None:
        """Close every port and drop every connection."""
        self._cleanup.close()
        self._members.clear()

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def members(self) -> tuple[Member, ...]:
        """All hosts in the order of the spec."""
        return tuple(self._members.values())

    def member(self, name: str) -> Member:
        """The host of that name, in any case of letters. Raises LabError."""
        found = self._members.get(name.lower())
        if found is None:
            names = ", ".join(member.spec.name for member in self.members[:20])
            raise LabError(f"the lab has no host {name!r}; it has: {names}")
        return found


def _allow_files(wanted: int) -> None:
    """Raise this process's own limit of open files as far as it may be raised."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    with contextlib.suppress(ValueError, OSError):  # a system may allow less than it says
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _have_trouble(machine: Host, front: Port, host: HostSpec) -> None:
    """After each restart the first clients meet what the host is to do then."""

    def commit(_machine: object) -> None:
        if machine.power == "on":
            for kind, count in host.state.after_restart.items():
                front.inject(kind, count)

    machine.subscribe_power(commit)  # before the front does: it is in force when the port opens
