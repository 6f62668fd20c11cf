"""Writes that go on by themselves on the host (``async``), and are looked after from here.

A detached command outlives the connection: a broken link costs nothing but a new one. So unlike
an ordinary write it is never in doubt while the host can be asked again.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Generator, Mapping
from typing import Any, Final, TypeVar

from runner.engine.session import Link, Writer
from runner.errors import (
    AuthenticationFailed,
    AuthorizationFailed,
    DeadlineExceeded,
    HostError,
    ModuleError,
    PolicyRefused,
    TlsFailed,
    TransportError,
)
from runner.interfaces.detached import Jobs, JobState, JobStatus
from runner.interfaces.exchange import Command, Output, Query, Read, Reply, Sleep
from runner.interfaces.shell import Setting, Shell

T = TypeVar("T")

_FIRST_PAUSE: Final = 0.1
"""Seconds before the first look; each further pause is twice as long, up to ``poll``."""
_RECONNECT_PAUSE: Final = 2.0
_COLLECT: Final = 60.0
"""Seconds in which a broken link may come back to fetch what an ended command printed."""
_FINAL: Final = (AuthenticationFailed, AuthorizationFailed, PolicyRefused, TlsFailed)
"""What no waiting heals; a refused logon is never repeated."""


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
        job = f"{self._token}n{len(self.jobs) + 1}" if self.jobs else self._token
        shell = self._shells.of(command)
        shown = shell.render(command).text
        self.link.open()
        self.sent.append(shown)
        begun = time.monotonic()
        self._start(_Job(job, shell.jobs(), shell.keeper()), shell, command)
        if self._every <= 0:
            self.answered += 1
            return Output(0)
        output = self._wait(_Job(job, shell.jobs(), shell.keeper()), begun + self._seconds)
        self.answered += 1
        return dataclasses.replace(output, seconds=time.monotonic() - begun)

    # -- starting ----------------------------------------------------------------------------

    def _start(self, job: _Job, shell: Shell, command: Command) -> None:
        steps = shell.detach(command, job.id, self.link.open().encoding)
        try:
            self._launch(steps, shell)
        except TransportError as error:
            # The answer is lost, but the host can be asked whether the job is there.
            if not error.may_have_started or not self._is_there(job):
                raise
        self.jobs.append(job.id)
        self._place = job.jobs.place(job.id)

    def _launch(self, steps: Generator[Any, Output, None], shell: Shell) -> None:
        try:
            invocation = next(steps)
            while True:
                connection = self.link.open()
                raw = self._guard(
                    lambda c=connection, i=invocation: c.run(  # type: ignore[misc]
                        i, timeout=self._timeout(None)
                    )
                )
                invocation = steps.send(shell.decode(raw, connection.encoding))
        except StopIteration:
            return

    def _is_there(self, job: _Job) -> bool:
        end = time.monotonic() + min(self._seconds, _COLLECT)
        for last in (False, True):
            try:
                status = self._persist(lambda: self._status(job), end)
            except HostError:
                return False
            if status.state is not JobState.ABSENT or last:
                return status.state is not JobState.ABSENT
            self._sleep(_RECONNECT_PAUSE)
        return False

    # -- waiting -----------------------------------------------------------------------------

    def _wait(self, job: _Job, end: float) -> Output:
        pause = min(_FIRST_PAUSE, self._every)
        while True:
            self._pause(job, min(pause, max(0.0, end - time.monotonic())))
            pause = min(pause * 2, self._every)
            status = self._persist(lambda: self._status(job), end)
            if status.state is not JobState.RUNNING:
                return self._collect(job, status)
            if time.monotonic() >= end:
                self._end(job, status)

    def _pause(self, job: _Job, seconds: float) -> None:
        try:
            self._sleep(seconds)
        except ModuleError:
            raise ModuleError(
                "stopped while waiting for a detached command, which goes on on the host",
                hint=f"see later what became of it: async_status with jid: {job.id}",
            ) from None

    def _collect(self, job: _Job, status: JobStatus) -> Output:
        """What it printed, with its exit code; its files are gone afterwards."""
        if status.state is JobState.ABSENT:
            raise ModuleError(
                f"the files of the detached command are gone from the host: {self._place}",
                hint="something cleans that folder; whether the command ended is not known",
            )
        end = time.monotonic() + _COLLECT
        output = self._persist(lambda: self._send(job.keeper, job.jobs.output(job.id)), end)
        self._clean(job)
        if status.state is JobState.DIED:
            said = (output.stderr.strip() or output.stdout.strip()).splitlines()
            raise ModuleError(
                "the detached command ended without an exit code"
                + (f"; the last that it said: {said[-1].strip()}" if said else ""),
                hint="something killed it, or the host was restarted under it",
            )
        return dataclasses.replace(output, code=status.code)

    def _end(self, job: _Job, status: JobStatus) -> None:
        """End it on the host, as far as can be, and say which it was. Always raises."""
        limit = f"the detached command ran longer than {self._seconds:g} s"
        try:
            self._send(job.keeper, job.jobs.kill(job.id, status))
            after = self._status(job)
            if after.state is JobState.RUNNING:
                self._sleep(_RECONNECT_PAUSE)
                after = self._status(job)
            ended = after.state is not JobState.RUNNING
        except HostError:
            ended = False
        if ended:
            self._clean(job)
            raise ModuleError(
                f"{limit} and was ended on the host",
                hint="what it had done by then stays done; give the task a longer 'async'",
            )
        raise DeadlineExceeded(
            f"{limit}, and could not be ended on the host",
            hint=f"it may still run: see async_status with jid: {job.id}",
            may_have_started=True,
        )

    def _clean(self, job: _Job) -> None:
        try:
            self._send(job.keeper, job.jobs.clean(job.id))
        except HostError:
            return  # files that stay behind are no reason to fail a command that has ended

    # -- talking to the host ---------------------------------------------------------------

    def _status(self, job: _Job) -> JobStatus:
        return self._ask(job.jobs.status(job.id), job.keeper)

    def _ask(self, questions: Generator[Query, Reply, T], shell: Shell) -> T:
        try:
            request = next(questions)
            while True:
                match request:
                    case Read(commands):
                        reply = tuple(self._send(shell, command) for command in commands)
                    case Sleep(seconds):
                        self._sleep(seconds)
                        reply = ()
                request = questions.send(reply)
        except StopIteration as stop:
            result: T = stop.value
            return result

    def _send(self, shell: Shell, command: Command) -> Output:
        invocation = shell.render(command)
        connection = self.link.open()
        timeout = self._timeout(command.timeout)
        raw = self._guard(lambda: connection.run(invocation, timeout=timeout))
        return shell.decode(raw, connection.encoding)

    def _persist(self, call: Callable[[], T], end: float) -> T:
        """What the call gives, over as many connections as it takes until ``end``."""
        pause = _RECONNECT_PAUSE / 8
        while True:
            try:
                return call()
            except TransportError as error:
                self.link.drop()
                if isinstance(error, _FINAL) or time.monotonic() >= end:
                    error.may_have_started = True
                    error.hint = error.hint or (
                        f"the detached command goes on by itself: async_status with jid: "
                        f"{self.jobs[-1] if self.jobs else self._token}"
                    )
                    raise
            self._sleep(max(0.0, min(pause, end - time.monotonic())))
            pause = min(pause * 2, _RECONNECT_PAUSE)


@dataclasses.dataclass(frozen=True, slots=True)
class _Job:
    """One detached command, and who can be asked about it."""

    id: str
    jobs: Jobs
    keeper: Shell
