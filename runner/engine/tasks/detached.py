"""Writes that go on by themselves on the host (``async``), and are looked after from here.

A detached command outlives the connection: a broken link costs nothing but a new one. So unlike
an ordinary write it is never in doubt while the host can be asked again.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping
from typing import Any

from runner.engine.hosts.job_runner import Job
from runner.engine.hosts.link import Link
from runner.engine.hosts.session import Writer
from runner.errors import ModuleError
from runner.interfaces.exchange import Command, Output
from runner.interfaces.setting import Setting


class DetachedWriter(Writer):
    """Starts each write detached and looks every ``poll`` seconds until it ends.

    Reads, and writes that are expected to cut the connection, go as ever. After ``seconds`` the
    command is ended on the host. With ``poll`` 0 one command is started and not waited for: its
    answer is an empty success, ``jobs`` has its id, and nobody ends it.

    ``token`` (letters and digits, unique for the job) makes the ids.
    """

    def __init__(
        self,
        link: Link,
        timeout: float | None = None,
        setting: Setting = Setting(),  # noqa: B008 - it is frozen
        *,
        token: str,
        seconds: float,
        poll: float,
    ) -> None:
        super().__init__(link, timeout, setting)
        self._token = token
        self._seconds = seconds
        self._every = poll
        self.jobs: list[str] = []
        """The ids of the commands started so far."""
        self._place = ""

    def started(self) -> Mapping[str, Any]:
        """Ansible's return values of a task with ``poll: 0``; empty when nothing was started."""
        if not self.jobs:
            return {}
        return {
            "ansible_job_id": self.jobs[-1],
            "results_file": self._place,
            "started": True,
            "finished": False,
        }

    def _write(self, command: Command) -> Output:
        if command.disconnects:
            return super()._write(command)
        if self.jobs and self._every <= 0:
            raise ModuleError(
                "'poll: 0' is for tasks of one command, and this one needs the answer to its first",
                hint=f"give 'poll' some seconds; job {self.jobs[0]} goes on on the host",
            )
        name = f"{self._token}n{len(self.jobs) + 1}" if self.jobs else self._token
        shell = self._shells.of(command)
        shown = shell.render(command).text
        encoding = self.link.open().encoding
        self.link.hold(self._setting, self._seconds if self._every > 0 else 0.0)
        self.sent.append(shown)
        begun = time.monotonic()
        advice = f"see later what became of it: async_status with jid: {name}"
        job = Job(name, shell.jobs(), shell.keeper(), "the detached command", advice)
        self._runner.start(job, shell.detach(command, name, encoding), shell, self._seconds)
        self.jobs.append(name)
        self._place = job.jobs.place(name)
        if self._every <= 0:
            self.answered += 1
            return Output(0)
        raw = self._runner.wait(job, begun, self._seconds, self._every)
        self.answered += 1
        raw = dataclasses.replace(raw, seconds=time.monotonic() - begun)
        return job.keeper.decode(raw, self.link.open().encoding)
