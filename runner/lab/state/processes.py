"""The processes of a simulated machine."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = ["ProcessTable", "Running"]

_FIXED = {"system idle process": 0, "system": 4}


@dataclass(frozen=True, slots=True)
class Running:
    """One process. `service` says that it exists because a service runs in it.

    `cancelled` is set when something ends a process that the lab really runs.
    """

    pid: int
    name: str
    path: str
    command_line: str
    started: float
    memory_kb: int = 5120
    service: bool = False
    cancelled: threading.Event | None = field(default=None, compare=False, repr=False)


class ProcessTable:
    """Processes by number. Numbers are multiples of four, as on Windows."""

    def __init__(self, now: float) -> None:
        self._next = 300
        self._now = now
        self._running: dict[int, Running] = {}

    def add(
        self,
        command_line: str,
        path: str = "",
        *,
        now: float | None = None,
        cancelled: threading.Event | None = None,
    ) -> Running:
        """A new process, which runs until something ends it."""
        program = path or _program_of(command_line)
        return self._add(command_line, program, now, service=False, cancelled=cancelled)

    def _add(
        self,
        line: str,
        path: str,
        now: float | None,
        *,
        service: bool,
        cancelled: threading.Event | None = None,
    ) -> Running:
        name = path.replace("/", "\\").rpartition("\\")[2]
        pid = _FIXED.get(name.lower(), self._next)
        self._next += 4
        entry = Running(
            pid, name, path, line, self._now if now is None else now, 2048 + pid % 977 * 16,
            service, cancelled,
        )  # fmt: skip
        self._running[pid] = entry
        return entry

    def for_service(self, image_path: str) -> int:
        """The process that serves an ImagePath; services with the same one share it."""
        line = image_path or "services.exe"
        for entry in self._running.values():
            if entry.service and entry.command_line.lower() == line.lower():
                return entry.pid
        return self._add(line, _program_of(line), None, service=True).pid

    def ended(self, pid: int) -> None:
        """Forget a process; one that really runs is told to end."""
        entry = self._running.pop(pid, None)
        if entry is not None and entry.cancelled is not None:
            entry.cancelled.set()

    def find(self, pid: int) -> Running | None:
        return self._running.get(pid)

    def named(self, name: str) -> list[Running]:
        """All processes of an image name, `*` wildcards allowed at the end."""
        pattern = re.compile(re.escape(name).replace(r"\*", ".*") + r"\Z", re.IGNORECASE)
        return [entry for entry in self if pattern.match(entry.name)]

    def runs_from(self, path: str) -> bool:
        """Whether a process runs from this file, which then cannot be deleted."""
        return any(entry.path.lower() == path.lower() for entry in self._running.values())

    def __iter__(self) -> Iterator[Running]:
        return iter([self._running[pid] for pid in sorted(self._running)])

    def dump(self) -> list[str]:
        """The command lines of processes that no service brought, in order."""
        return sorted(entry.command_line for entry in self if not entry.service)


def _program_of(line: str) -> str:
    if line.startswith('"'):
        return line[1:].partition('"')[0]
    path = line.partition(" ")[0]
    replaced = re.sub(r"(?i)^(%systemroot%|\\systemroot)", lambda _: r"C:\Windows", path)
    return replaced.removeprefix("\\??\\")
