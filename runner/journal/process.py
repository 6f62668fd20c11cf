"""Whether the process that works on a run is still alive."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Process:
    """A process in a way that outlives it: ids are used again, so its birth counts too.

    ``birth`` is ``boot id/pid namespace/start in clock ticks since boot`` (proc(5)); empty where
    the system does not tell.
    """

    machine: str
    pid: int
    birth: str

    @classmethod
    def of(cls, pid: int) -> Process:
        """The process with this id on this machine, as it is now."""
        return cls(socket.gethostname(), pid, _birth(pid))

    @property
    def is_here(self) -> bool:
        """Whether it ran on this machine."""
        return self.machine == socket.gethostname()

    @property
    def is_dead(self) -> bool:
        """Whether it is surely gone. False when that cannot be seen from here."""
        return self._is_alive() is False

    @property
    def is_seen_alive(self) -> bool:
        """Whether it is surely alive. False when that cannot be seen from here."""
        return self._is_alive() is True

    def _is_alive(self) -> bool | None:
        if not self.is_here:
            return None
        boot = _boot()
        if not self.birth or not boot:
            return _exists(self.pid)
        its_boot, its_namespace, start = self.birth.split("/")
        if its_boot != boot:
            return False  # the machine has been started anew since
        if its_namespace != _namespace():
            return None  # another container: its processes cannot be seen
        found = _start(self.pid)
        return None if found is None else found == start


def _birth(pid: int) -> str:
    boot, start = _boot(), _start(pid)
    return f"{boot}/{_namespace()}/{start}" if boot and start else ""


def _boot() -> str:
    try:
        return (_PROC / "sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""


def _namespace() -> str:
    try:
        return str((_PROC / "self/ns/pid").readlink())
    except OSError:
        return ""


def _start(pid: int) -> str | None:
    """Field 22 of /proc/PID/stat; empty for a process that is gone or only waits to be reaped.

    None when that cannot be seen now (no file handle is free, say): it may well be alive.
    """
    try:
        stat = (_PROC / str(pid) / "stat").read_text("utf-8", "replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""
    except OSError:
        return None
    # The name in field 2 may hold blanks and brackets: count from the last bracket.
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] in "ZX" else fields[19]


def _exists(pid: int) -> bool | None:
    if os.name != "posix":
        return None  # there, signal 0 would not ask but act
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
