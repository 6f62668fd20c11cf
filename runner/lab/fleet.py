"""Every host of a lab in one process: machines with their fronts, sharing one loop."""

from __future__ import annotations

import contextlib
import resource
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from runner.lab.control_files import LabError
from runner.lab.front import Front, PortTaken
from runner.lab.front_loop import Loop
from runner.lab.front_options import FrontOptions
from runner.lab.http_tls import Authority
from runner.lab.machine import Machine
from runner.lab.spec import HostSpec, LabSpec

_SPARE: Final = 1024
"""Open files beyond the listening sockets: connections, databases, logs."""


@dataclass(frozen=True)
class Member:
    """One host of the fleet."""

    spec: HostSpec
    machine: Machine
    front: Front


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
        machine = Machine(host)
        front = Front(
            machine,
            host,
            self._options,
            loop=self.loop,
            directory=directory,
            authority=self.authority,
        )
        self._cleanup.callback(front.stop)
        front.start()
        return Member(host, machine, front)

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
