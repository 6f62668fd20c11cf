"""The task scheduler: tasks that run a command as a user or as SYSTEM."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runner.lab.faults import LabFault
from runner.lab.toolkit.taskxml import leaves

if TYPE_CHECKING:
    from runner.lab.state.host import Host

__all__ = ["ScheduledTask", "Scheduler"]

NEVER_RAN = 267011  # SCHED_S_TASK_HAS_NOT_RUN
RUNNING_NOW = 267009  # SCHED_S_TASK_RUNNING


_SERVICE_ACCOUNTS = {
    "SYSTEM": "SYSTEM", "S-1-5-18": "SYSTEM",
    "LOCALSERVICE": "LOCAL SERVICE", "LOCAL SERVICE": "LOCAL SERVICE", "S-1-5-19": "LOCAL SERVICE",
    "NETWORKSERVICE": "NETWORK SERVICE", "NETWORK SERVICE": "NETWORK SERVICE",
    "S-1-5-20": "NETWORK SERVICE",
}  # fmt: skip


@dataclass(slots=True)
class ScheduledTask:
    """One task. `cancelled` ends the run that is under way."""

    name: str
    command: str
    user: str
    schedule: str
    start_time: str
    enabled: bool = True
    last_result: int = NEVER_RAN
    last_run: float | None = None
    running: bool = False
    cancelled: threading.Event = field(default_factory=threading.Event)
    definition: str = ""
    """The XML that it was made of; empty for one that was made without."""
    due: float | None = None
    """When it runs by itself, in seconds since 1970, where its XML says so."""
    registered: float | None = None
    """How many seconds after it was made it runs by itself, where its XML says so."""
    at_boot: bool = False

    @property
    def account(self) -> str:
        """Who it runs as: SYSTEM, LOCAL SERVICE, NETWORK SERVICE, or a user."""
        name = self.user.upper()
        return _SERVICE_ACCOUNTS.get(name.removeprefix("NT AUTHORITY\\"), self.user)

    @property
    def is_service(self) -> bool:
        """Whether that is an account of Windows itself."""
        return self.account in _SERVICE_ACCOUNTS.values()


class Scheduler:
    """The tasks of one machine; call with its lock held."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._tasks: dict[str, ScheduledTask] = {}

    @staticmethod
    def _key(name: str) -> str:
        return name.lower().strip("\\")

    def find(self, name: str) -> ScheduledTask | None:
        return self._tasks.get(self._key(name))

    def all(self) -> list[ScheduledTask]:
        return [self._tasks[key] for key in sorted(self._tasks)]

    def add(self, task: ScheduledTask) -> None:
        """Register a task; one of schedule ONCE runs by itself if its time comes later today."""
        self._tasks[self._key(task.name)] = task
        if task.registered is not None:
            self._host.later(task.registered, lambda: self._fire(task))
        if task.schedule == "ONCE":
            delay = _seconds_until(task.start_time) if task.due is None else task.due - time.time()
            if delay > 0:
                self._host.later(delay, lambda: self._fire(task))

    def _fire(self, task: ScheduledTask) -> None:
        if self._tasks.get(self._key(task.name)) is task and task.enabled:
            self.run(task)

    def delete(self, task: ScheduledTask) -> None:
        """Forget a task; a run that is under way goes on, as on Windows."""
        del self._tasks[self._key(task.name)]

    def run(self, task: ScheduledTask) -> None:
        """Start a task now, without waiting for it."""
        if task.running:
            return
        task.running = True
        task.last_run = self._host.clock.now()
        task.last_result = RUNNING_NOW
        task.cancelled = threading.Event()

        def work() -> None:
            code = 1
            try:
                code = self._host.run_detached(
                    task.command,
                    user=task.account,
                    cancelled=task.cancelled,
                )
            except LabFault:
                pass  # the machine went down or the task was ended: code 1
            finally:
                with self._host.lock:
                    task.last_result = code & 0xFFFFFFFF
                    task.running = False

        self._host.spawn(work)

    def boot(self) -> None:
        """Run the tasks of schedule ONSTART."""
        for task in self.all():
            task.running = False
            if (task.schedule == "ONSTART" or task.at_boot) and task.enabled:
                self.run(task)

    def dump(self) -> dict[str, dict[str, object]]:
        """The tasks as plain data."""
        return {
            task.name: {
                "command": task.command, "user": task.user, "schedule": task.schedule,
                "start": task.start_time, "enabled": task.enabled,
                **({"definition": leaves(task.definition)} if task.definition else {}),
            }
            for task in self.all()
        }  # fmt: skip


def _seconds_until(clock: str) -> float:
    now = time.localtime()
    hour, minute = (int(part) for part in clock.split(":")[:2])
    return (hour - now.tm_hour) * 3600 + (minute - now.tm_min) * 60 - now.tm_sec
