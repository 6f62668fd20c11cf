"""Commands that run on the host by themselves: started once, looked after over any connection.

A job outlives the connection that started it, so a broken link costs nothing but a new one: the
host is asked again by the job's id. What may have started is never started again.
"""

from __future__ import annotations

import dataclasses
import secrets
import time
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Final, TypeVar

from runner.engine.stop import StopLevel
from runner.errors import (
    AuthenticationFailed,
    AuthorizationFailed,
    ConnectionLost,
    DeadlineExceeded,
    HostError,
    ModuleError,
    PolicyRefused,
    TlsFailed,
    TransportError,
)
from runner.interfaces.detached import Jobs, JobState, JobStatus
from runner.interfaces.exchange import Command, Output, Query, Read, Reply, Sleep
from runner.interfaces.shell import Invocation, RawOutput, Shell

if TYPE_CHECKING:
    from runner.engine.hosts.link import Link

T = TypeVar("T")

_LOOK_EVERY: Final = 1.0
"""Seconds between two looks at a command that runs apart."""
_FIRST_PAUSE: Final = 0.1
"""Seconds before the first look; each further pause is twice as long, up to ``every``."""
_RECONNECT_PAUSE: Final = 2.0
_COLLECT: Final = 60.0
"""Seconds in which a broken link may come back to fetch what an ended command printed."""
_FINAL: Final = (AuthenticationFailed, AuthorizationFailed, PolicyRefused, TlsFailed)
"""What no waiting heals; a refused logon is never repeated."""


@dataclasses.dataclass(frozen=True, slots=True)
class Job:
    """One command on the host: its id, who can be asked about it, and in whose language.

    ``what`` names it for people; ``advice`` says how to see later what became of it.
    """

    id: str
    jobs: Jobs
    keeper: Shell
    what: str = "the command"
    advice: str = ""


class JobRunner:
    """Starts jobs over a link and waits for them. ``limit`` bounds one exchange in seconds."""

    def __init__(
        self, link: Link, limit: Callable[[float | None], float], sleep: Callable[[float], None]
    ) -> None:
        self._link = link
        self._limit = limit
        self._sleep = sleep

    def run_apart(self, shell: Shell, invocation: Invocation, seconds: float) -> RawOutput:
        """The answer to one invocation of a shell that runs apart, as if it had been run here."""
        begun, name = time.monotonic(), f"b{secrets.token_hex(8)}"
        place = shell.jobs().place(name)
        job = Job(name, shell.jobs(), shell.keeper(), "the command as another user",
                  f"look at {place} on the host")  # fmt: skip
        steps = shell.launch(invocation, name, self._link.open().encoding)
        self.start(job, steps, shell, seconds)
        try:
            raw = self.wait(job, begun, seconds, _LOOK_EVERY)
        except ModuleError as error:
            if self._link.stop.level < StopLevel.NOW:
                raise
            # It is neither done nor ended: whoever asks has lost it, as with a connection.
            raise ConnectionLost(error.message, hint=error.hint, may_have_started=True) from None
        return dataclasses.replace(raw, seconds=time.monotonic() - begun)

    # -- starting ----------------------------------------------------------------------------

    def start(
        self, job: Job, steps: Generator[Invocation, Output, None], shell: Shell, seconds: float
    ) -> None:
        """Send what starts it. When an answer is lost, the host is asked whether it is there."""
        try:
            self._launch(steps, shell)
        except TransportError as error:
            if not error.may_have_started or not self._is_there(job, seconds):
                raise

    def _launch(self, steps: Generator[Invocation, Output, None], shell: Shell) -> None:
        try:
            invocation = next(steps)
            while True:
                raw = self._run(invocation, None)
                invocation = steps.send(shell.decode(raw, self._link.open().encoding))
        except StopIteration:
            return

    def _is_there(self, job: Job, seconds: float) -> bool:
        end = time.monotonic() + min(seconds, _COLLECT)
        for last in (False, True):
            try:
                status = self._persist(job, lambda: self.status(job), end)
                if last and status.state is JobState.WAITING:
                    # Nothing of it ran: once its files are gone, nothing of it can run any more.
                    self.clean(job)
                    status = self._persist(job, lambda: self.status(job), end)
            except HostError:
                return False
            there = status.state not in (JobState.ABSENT, JobState.WAITING)
            if there or last:
                return there
            self._sleep(_RECONNECT_PAUSE)
        return False

    # -- waiting -----------------------------------------------------------------------------

    def wait(self, job: Job, begun: float, seconds: float, every: float) -> RawOutput:
        """What it printed, with its exit code; its files are gone afterwards.

        Looks every ``every`` seconds. After ``seconds`` it is ended on the host: ModuleError if
        it surely has ended, DeadlineExceeded if it may go on.
        """
        end = begun + seconds
        pause = min(_FIRST_PAUSE, every)
        while True:
            self._pause(job, min(pause, max(0.0, end - time.monotonic())))
            pause = min(pause * 2, every)
            status = self._persist(job, lambda: self.status(job), end)
            if status.state not in (JobState.RUNNING, JobState.WAITING):
                return self._collect(job, status)
            if time.monotonic() >= end:
                self._end(job, status, seconds)

    def _pause(self, job: Job, seconds: float) -> None:
        try:
            self._sleep(seconds)
        except ModuleError:
            raise ModuleError(
                f"stopped while waiting for {job.what}, which goes on on the host",
                hint=job.advice,
            ) from None

    def _collect(self, job: Job, status: JobStatus) -> RawOutput:
        if status.state is JobState.ABSENT:
            raise ModuleError(
                f"the files of {job.what} are gone from the host: {job.jobs.place(job.id)}",
                hint="something cleans that folder; whether the command ended is not known",
            )
        end = time.monotonic() + _COLLECT
        raw = self._persist(job, lambda: self._send(job, job.jobs.output(job.id)), end)
        self.clean(job)
        if status.state is JobState.DIED:
            output = job.keeper.decode(raw, self._link.open().encoding)
            said = (output.stderr.strip() or output.stdout.strip()).splitlines()
            raise ModuleError(
                f"{job.what} ended without an exit code"
                + (f"; the last that it said: {said[-1].strip()}" if said else ""),
                hint="something killed it, or the host was restarted under it",
            )
        return dataclasses.replace(raw, code=status.code)

    def _end(self, job: Job, status: JobStatus, seconds: float) -> None:
        """End it on the host, as far as can be, and say which it was. Always raises."""
        limit = f"{job.what} ran longer than {seconds:g} s"
        if status.state is JobState.WAITING:
            limit = f"{job.what} was not begun by the host within {seconds:g} s"
        try:
            self._send(job, job.jobs.kill(job.id, status))
            after = self.status(job)
            if after.state is JobState.RUNNING:
                self._sleep(_RECONNECT_PAUSE)
                after = self.status(job)
            ended = after.state is not JobState.RUNNING
        except HostError:
            ended = False
        if ended:
            self.clean(job)
            raise ModuleError(
                f"{limit} and was ended on the host",
                hint="what it had done by then stays done; give the task a longer 'async' or "
                "'timeout'",
            )
        raise DeadlineExceeded(
            f"{limit}, and could not be ended on the host",
            hint=f"it may still run: {job.advice}",
            may_have_started=True,
        )

    def clean(self, job: Job) -> None:
        """Remove what the job left on the host, if that can be."""
        try:
            self._send(job, job.jobs.clean(job.id))
        except HostError:
            return  # files that stay behind are no reason to fail a command that has ended

    # -- talking to the host ---------------------------------------------------------------

    def status(self, job: Job) -> JobStatus:
        """How far it is. Raises ModuleError when the host's answer makes no sense."""
        return self._ask(job.jobs.status(job.id), job)

    def _ask(self, questions: Generator[Query, Reply, T], job: Job) -> T:
        try:
            request = next(questions)
            while True:
                reply: Reply = ()
                match request:
                    case Read(commands):
                        reply = tuple(self._answer(job, command) for command in commands)
                    case Sleep(seconds):
                        self._sleep(seconds)
                request = questions.send(reply)
        except StopIteration as stop:
            result: T = stop.value
            return result

    def _answer(self, job: Job, command: Command) -> Output:
        return job.keeper.decode(self._send(job, command), self._link.open().encoding)

    def _send(self, job: Job, command: Command) -> RawOutput:
        return self._run(job.keeper.render(command), command.timeout)

    def _run(self, invocation: Invocation, timeout: float | None) -> RawOutput:
        connection = self._link.open()
        try:
            return connection.run(invocation, timeout=self._limit(timeout))
        except TransportError:
            # After any failure the link may be out of step with the host: never used again.
            self._link.drop()
            raise

    def _persist(self, job: Job, call: Callable[[], T], end: float) -> T:
        """What the call gives, over as many connections as it takes until ``end``."""
        pause = _RECONNECT_PAUSE / 8
        while True:
            try:
                return call()
            except TransportError as error:
                self._link.drop()
                if isinstance(error, _FINAL) or time.monotonic() >= end:
                    error.may_have_started = True
                    error.hint = error.hint or f"{job.what} goes on by itself: {job.advice}"
                    raise
            self._sleep(max(0.0, min(pause, end - time.monotonic())))
            pause = min(pause * 2, _RECONNECT_PAUSE)
