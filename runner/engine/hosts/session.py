"""Sessions: the drivers that carry modules' requests over a host's link.

``Reader`` answers reads and nothing else: a dry run is given a Reader, so it has no path to a
mutation. ``Writer`` also sends writes; only the run and rollback visits make one. ``Preview``
walks through an apply without a host and notes what would be sent.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Sequence
from typing import Final, TypeVar

from runner.engine.hosts import shortage
from runner.engine.hosts.job_runner import JobRunner
from runner.engine.hosts.link import Link
from runner.engine.hosts.live_output import Watch, watched
from runner.engine.hosts.reconnecting import reconnect
from runner.engine.stop import StopLevel
from runner.errors import ConnectionLost, DeadlineExceeded, HostError, ModuleError, TransportError
from runner.interfaces import memory
from runner.interfaces.exchange import (
    NO_WAY,
    Command,
    Exec,
    Output,
    Poll,
    Read,
    Reconnect,
    Reply,
    Request,
    Script,
    Sleep,
    Upload,
    Write,
)
from runner.interfaces.setting import Setting
from runner.interfaces.shell import Invocation, RawOutput, Shell
from runner.interfaces.transfer import FileTransfer
from runner.interfaces.transport import Connection

T = TypeVar("T")

DEFAULT_TIMEOUT = 120.0
"""Seconds for a command that says nothing else."""


_RAW: Final = "raw"
_ANY_PROGRAM: Final = Exec("")
"""What the login shell renders."""


class Surrounded:
    """The shells of a link with a setting around what they render; one object for each shell."""

    def __init__(self, shell_of: Callable[[Command], Shell], setting: Setting) -> None:
        self._shell_of = shell_of
        self._setting = setting
        self._made: dict[str, Shell] = {}

    def of(self, command: Command) -> Shell:
        """The shell that renders this command. Raises ModuleError for a setting it cannot do."""
        shell = self._shell_of(command)
        if not self._setting:
            return shell
        if isinstance(command, Script) and command.shell == _RAW:
            # Text for the login shell as it is: a setting around it is that shell's business.
            shell = self._shell_of(_ANY_PROGRAM)
        if shell.name not in self._made:
            self._made[shell.name] = shell.under(self._setting)
        return self._made[shell.name]


class Reader:
    """Drives generators that only read. ``setting`` is around each of their commands."""

    def __init__(
        self,
        link: Link,
        timeout: float | None = None,
        setting: Setting = Setting(),  # noqa: B008 - it is frozen
    ) -> None:
        self.link = link
        self._deadline = time.monotonic() + timeout if timeout else None
        self._shells = Surrounded(link.shell_of, setting)
        self.last = False
        """What is read next is the last look at the host: it is given back with it."""
        self._runner = JobRunner(link, self._timeout, self._sleep)

    def drive(self, generator: Generator[Request, Reply, T]) -> T:
        """Run a module's generator to its end and give back what it returns."""
        reply: Reply = ()
        try:
            request = next(generator)
            while True:
                try:
                    reply = self._answer(request)
                except HostError as error:
                    request = generator.throw(error)
                else:
                    request = generator.send(reply)
        except StopIteration as stop:
            result: T = stop.value
            return result
        except ModuleError as error:
            # No module needs to know this of its own programs: it can happen to all of them.
            if advice := memory.advice_on(reply):
                error.hint = f"{advice}; {error.hint}" if error.hint else advice
            raise

    def _answer(self, request: Request) -> Reply:
        match request:
            case Read(commands):
                return self._read(commands)
            case Sleep(seconds):
                self._wait(seconds)
                return ()
            case Poll():
                return self._poll(request)
        raise TypeError(f"a probe must not ask for {type(request).__name__}")

    def _read(self, commands: Sequence[Command]) -> Reply:
        lease = self.link.lease
        parting = lease.parting(self.link) if self.last and lease is not None else None
        if parting is not None:
            commands = (*commands, parting)
        outputs: list[Output] = []
        for shell, group in self._grouped(commands):
            bundles = shell.bundle(group)
            if bundles is None:
                outputs += [self._run(command) for command in group]
                continue
            for bundle in bundles:
                raw = self._exchange(shell, bundle.invocation, None)
                outputs += bundle.outputs(raw, self._connect().encoding)
        if parting is not None and lease is not None:
            lease.parted()
            outputs.pop()
        return tuple(outputs)

    def _grouped(self, commands: Sequence[Command]) -> list[tuple[Shell, list[Command]]]:
        groups: list[tuple[Shell, list[Command]]] = []
        for command in commands:
            shell = self._shells.of(command)
            if groups and groups[-1][0] is shell:
                groups[-1][1].append(command)
            else:
                groups.append((shell, [command]))
        return groups

    def _run(self, command: Command) -> Output:
        shell = self._shells.of(command)
        raw = self._exchange(shell, shell.render(command), command.timeout)
        return shell.decode(raw, self._connect().encoding)

    def _exchange(self, shell: Shell, invocation: Invocation, timeout: float | None) -> RawOutput:
        """The host's answer to one invocation; a shell that runs apart has it run as a job."""
        connection = self._connect()
        seconds = self._timeout(timeout)
        if not shell.apart:
            return self._guard(lambda: connection.run(invocation, timeout=seconds))
        return self._runner.run_apart(shell, invocation, seconds)

    def _connect(self) -> Connection:
        """The open connection; waiting for a turn to make it is not the task's own time."""
        link, limit = self.link, None
        if self._deadline is not None:
            limit = max(1.0, min(link.connect_timeout, self._deadline - time.monotonic()))
        before = link.waited
        connection = link.open(limit)
        if self._deadline is not None:
            self._deadline += link.waited - before
        return connection

    def _guard(self, call: Callable[[], T]) -> T:
        try:
            with shortage.told(may_have_started=True):
                return call()
        except TransportError:
            # After any failure the link may be out of step with the host: never used again.
            self.link.drop()
            raise

    def _timeout(self, wanted: float | None) -> float:
        timeout = wanted or DEFAULT_TIMEOUT
        if self._deadline is not None:
            timeout = min(timeout, max(1.0, self._deadline - time.monotonic()))
        return timeout

    def _sleep(self, seconds: float) -> None:
        # What is in flight is finished when the run is asked to end: a restart is waited for.
        if self.link.stop.sleep(seconds, StopLevel.NOW):
            raise ModuleError("stopped while waiting", hint="the run was interrupted")

    def _wait(self, seconds: float) -> None:
        """The same, but no longer than the task has time. Raises DeadlineExceeded then."""
        left = math.inf if self._deadline is None else max(0.0, self._deadline - time.monotonic())
        self._sleep(min(seconds, left))
        if seconds > left:
            raise DeadlineExceeded(
                "the task's timeout passed while it waited", hint="raise the timeout of this task"
            )

    def _poll(self, poll: Poll) -> Reply:
        end = time.monotonic() + self._timeout(poll.timeout)
        while True:
            reply = self._read(poll.commands)
            if poll.done(reply):
                return reply
            if time.monotonic() >= end:
                raise ModuleError(f"{poll.what}: not within {poll.timeout:g} s")
            self._sleep(poll.interval)


class Writer(Reader):
    """Drives generators that change the host; notes each command that it sends.

    Whoever makes one has made the intent durable.
    """

    def __init__(
        self,
        link: Link,
        timeout: float | None = None,
        setting: Setting = Setting(),  # noqa: B008 - it is frozen
    ) -> None:
        super().__init__(link, timeout, setting)
        self._setting = setting
        self._becomes = bool(setting.become)
        self.watch: Watch | None = None
        """Who wants to hear what writes print while they run; mostly nobody."""
        self.sent: list[str] = []
        self.answered = 0
        """How many writes came back; when it is not zero, something did happen."""

    def _answer(self, request: Request) -> Reply:
        match request:
            case Write(command):
                return (self._write(command),)
            case Reconnect():
                reconnect(self.link, request, self._wait)
                return ()
            case Upload():
                return (self._upload(request),)
        return super()._answer(request)

    def _upload(self, upload: Upload) -> Output:
        """Send a file past the shell, which can only be as the user of the connection."""
        connection = self._connect()
        if self._becomes or not isinstance(connection, FileTransfer):
            return Output(NO_WAY)
        if upload.before is not None:
            first = self._write(upload.before)
            if first.code != 0:
                return first
        seconds = self._timeout(upload.timeout)
        self.link.hold(self._setting, seconds)
        self.sent.append(f"upload {upload.path} ({upload.content.size} bytes)")
        code = self._guard(lambda: connection.put(upload, timeout=seconds))
        self.answered += code != NO_WAY
        return Output(code)

    def _write(self, command: Command) -> Output:
        invocation = self._shells.of(command).render(command)
        connection = self._connect()
        self.link.hold(self._setting, self._timeout(command.timeout))
        self.sent.append(invocation.text)
        try:
            with watched(self.watch, self._shells.of(command), connection):
                output = self._run(command)
        except ConnectionLost:
            if not command.disconnects:
                raise
            output = Output(0)
        self.answered += 1
        return output
