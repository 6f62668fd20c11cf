"""One open connection to a host: one logon and one shell for the whole run.

Only what surely did not start is sent again. When an answer is lost, or our deadline passes, the
command is ended and its shell deleted before the error is raised, so that nothing of ours goes on
unseen.
"""

from __future__ import annotations

import contextlib
import re
import time
from dataclasses import dataclass
from typing import Final

from runner.errors import (
    AuthenticationFailed,
    ConnectionLost,
    DeadlineExceeded,
    ProtocolFailed,
    TransportError,
    Unreachable,
)
from runner.interfaces.shell import Invocation, RawOutput
from runner.interfaces.transport import Connection
from runner.transports.winrm_clock import Deadline
from runner.transports.winrm_failure import LinkFailure
from runner.transports.winrm_faults import Remedy
from runner.transports.winrm_link import Input, Link
from runner.transports.winrm_options import WinrmOptions
from runner.transports.winrm_shell import HostShell, open_shell

CLEANUP_SECONDS: Final = 5.0
_CLEANUP_TRIES: Final = 2
_RECONNECTS: Final = 3
"""How often listening to one command may go on over a new connection."""
_IDLE_SECONDS: Final = 55.0
"""HTTP.sys closes an idle connection after two minutes. Before that the link is made anew: a
Command that is lost on a closing connection would be in doubt."""
_INPUT_CHUNK: Final = 65536
"""Bytes of input a message: with base64 and envelope below the smallest MaxEnvelopeSizekb, 150."""
_BUSY_PAUSE: Final = 1.0

_NOT_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class WinrmConnection(Connection):
    """Made by the transport, with a link that is logged on and a shell that is open."""

    def __init__(self, options: WinrmOptions, link: Link, shell: HostShell, exchanges: int) -> None:
        self._options = options
        self._link = link
        self._shell: HostShell | None = shell
        self._retired_exchanges = exchanges
        self._last_used = time.monotonic()
        self._closed = False
        self.encoding = shell.encoding
        self._count()

    def run(self, invocation: Invocation, *, timeout: float) -> RawOutput:
        """Run one command line; see Connection."""
        if self._closed:
            raise ConnectionLost(f"the connection to {self._options.endpoint} is closed")
        if found := _NOT_XML.search(invocation.line):
            raise ProtocolFailed(f"U+{ord(found[0]):04X} cannot be sent in a WinRM message")
        deadline = Deadline(timeout)
        begun = time.monotonic()
        command = _Command()
        try:
            raw = self._run(invocation, deadline, command)
        except LinkFailure as failure:
            raise self._failed(failure.error, deadline, command) from failure
        except BaseException:
            self._abandon(command.id)
            raise
        finally:
            self._last_used = time.monotonic()
            self._count()
        return RawOutput(raw.code, raw.stdout, raw.stderr, time.monotonic() - begun)

    def close(self) -> None:
        """Delete the shell and close the connection. Never raises, may be repeated."""
        if not self._closed:
            self._abandon("")
            self._count()

    def _run(self, invocation: Invocation, deadline: Deadline, command: _Command) -> RawOutput:
        self._get_ready(deadline)
        command.id = self._start(invocation.line, deadline)
        if invocation.stdin is not None:
            self._feed(command.id, invocation.stdin, deadline)
        raw = self._collect(command, deadline)
        self._finish(command.id)
        return raw

    def _get_ready(self, deadline: Deadline) -> None:
        if self._link.broken or time.monotonic() - self._last_used > _IDLE_SECONDS:
            self._new_link(deadline)
        if self._shell is None or self._shell.commands_left <= 0:
            self._new_shell(deadline)

    def _start(self, line: str, deadline: Deadline) -> str:
        remedies = {Remedy.LOGON, Remedy.SHELL}
        while True:
            shell = self._current_shell()
            shell.commands_left -= 1
            try:
                return self._link.command(shell.id, line, deadline)
            except LinkFailure as failure:
                if failure.error.may_have_started or failure.remedy not in remedies:
                    raise
                remedies.remove(failure.remedy)
                if failure.remedy is Remedy.LOGON:
                    self._new_link(deadline)
                else:
                    self._new_shell(deadline)

    def _feed(self, command: str, data: bytes, deadline: Deadline) -> None:
        chunks = [data[at : at + _INPUT_CHUNK] for at in range(0, len(data), _INPUT_CHUNK)] or [b""]
        for number, chunk in enumerate(chunks, start=1):
            if self._give(command, chunk, number == len(chunks), deadline) is Input.CLOSED:
                return

    def _give(self, command: str, chunk: bytes, end: bool, deadline: Deadline) -> Input:
        shell = self._current_shell().id
        while (became := self._link.send(shell, command, chunk, end, deadline)) is Input.BUSY:
            if deadline.passed:
                raise LinkFailure(self._expired(deadline))
            time.sleep(min(_BUSY_PAUSE, max(0.0, deadline.remaining)))
        return became

    def _collect(self, command: _Command, deadline: Deadline) -> RawOutput:
        out: list[bytes] = []
        err: list[bytes] = []
        lost: LinkFailure | None = None
        reconnects = 0
        while True:
            if deadline.passed:
                raise LinkFailure(self._expired(deadline))
            try:
                part = self._link.receive(self._current_shell().id, command.id, deadline)
            except LinkFailure as failure:
                reconnects += 1
                if (
                    failure.remedy is not Remedy.LOGON
                    or deadline.passed
                    or reconnects > _RECONNECTS
                ):
                    raise
                lost = failure if failure.answer_lost else lost
                self._resume(failure, deadline)
                continue
            if part is None:
                continue
            out.append(part.stdout)
            err.append(part.stderr)
            if part.code is not None:
                if lost is not None:
                    raise self._incomplete(lost, part.code)
                return RawOutput(part.code, b"".join(out), b"".join(err))

    def _resume(self, failure: LinkFailure, deadline: Deadline) -> None:
        """Go on listening to the command on a new connection; it may well be running."""
        try:
            self._new_link(deadline)
        except LinkFailure as second:
            failure.error.message += f"; and then {second.error.message}"
            raise failure from second

    def _incomplete(self, lost: LinkFailure, code: int) -> LinkFailure:
        return LinkFailure(
            ConnectionLost(
                f"{lost.error.message}; the command ended with exit code {code}, "
                "but part of its output may be lost",
                hint=lost.error.hint,
                may_have_started=True,
            )
        )

    def _finish(self, command: str) -> None:
        """Acknowledge the end, as [MS-WSMV] 2.2.4.38 demands before the next command."""
        try:
            self._link.signal(self._current_shell().id, command, Deadline(CLEANUP_SECONDS))
        except LinkFailure:
            # The result is known. The next command gets a new shell, in a known state.
            self._current_shell().commands_left = 0

    def _failed(
        self, error: TransportError, deadline: Deadline, command: _Command
    ) -> TransportError:
        """The error to raise, after the host was cleaned up where somebody is there to do it."""
        if deadline.passed and isinstance(error, ConnectionLost | Unreachable):
            expired = self._expired(deadline)
            expired.may_have_started = error.may_have_started
            error = expired
        nobody = isinstance(error, Unreachable) and not error.may_have_started
        if nobody or isinstance(error, AuthenticationFailed):
            self._shell = None
        stopped = self._abandon(command.id)
        if error.may_have_started:
            error.message += _FATE[stopped]
        return error

    def _expired(self, deadline: Deadline) -> DeadlineExceeded:
        return DeadlineExceeded(
            f"a command on {self._options.endpoint} was not done in {deadline.seconds:g} s",
            hint="raise the timeout of this task, or look at what it waits for; "
            "processes that it started may still run",
            may_have_started=True,
        )

    def _abandon(self, command: str) -> bool:
        """End the command, delete the shell, close. Whether the host confirmed it."""
        self._closed = True
        shell, self._shell = self._shell, None
        try:
            return shell is not None and self._clean_up(shell.id, command)
        finally:
            self._link.close()
            self._count()

    def _clean_up(self, shell: str, command: str) -> bool:
        deadline = Deadline(CLEANUP_SECONDS)
        for _ in range(_CLEANUP_TRIES):
            with contextlib.suppress(LinkFailure):
                if self._link.broken:
                    self._new_link(deadline)
                if command:
                    self._link.signal(shell, command, deadline)
                self._link.delete(shell, deadline)
                return True
            if not self._link.broken or deadline.passed:
                break
        return False

    def _new_link(self, deadline: Deadline) -> None:
        self._retire_link()
        self._link.logon(deadline)

    def _retire_link(self) -> None:
        self._link.close()
        self._retired_exchanges += self._link.exchanges
        self._link = Link(self._options)

    def _new_shell(self, deadline: Deadline) -> None:
        self._drop_shell()
        if self._link.broken:
            self._new_link(deadline)
        self._shell = open_shell(self._link, self._options, deadline)
        self.encoding = self._shell.encoding

    def _drop_shell(self) -> None:
        shell, self._shell = self._shell, None
        if shell is not None and not self._link.broken:
            with contextlib.suppress(LinkFailure):
                self._link.delete(shell.id, Deadline(CLEANUP_SECONDS))

    def _current_shell(self) -> HostShell:
        if self._shell is None:
            raise LinkFailure(ConnectionLost(f"no shell on {self._options.endpoint}"))
        return self._shell

    def _count(self) -> None:
        self.exchanges = self._retired_exchanges + self._link.exchanges


_FATE: Final = {
    True: "; its shell was deleted, so it does not go on",
    False: "; its shell could not be deleted, so it may still be running",
}


@dataclass(slots=True)
class _Command:
    """The command that runs now; its id is known once the host has said it."""

    id: str = ""
