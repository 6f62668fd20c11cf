"""One open connection to a host: one logon and one shell for the whole run.

Only what surely did not start is sent again. When an answer is lost, or our deadline passes, the
command is ended and its shell deleted before the error is raised, so that nothing of ours goes on
unseen.
"""

from __future__ import annotations

import re
import threading
import time
from typing import Final

from runner.errors import (
    AuthenticationFailed,
    ConnectionLost,
    DeadlineExceeded,
    ProtocolFailed,
    TransportError,
    Unreachable,
)
from runner.interfaces.access import KeptConnection
from runner.interfaces.shell import Invocation, RawOutput
from runner.transports.winrm.again import may_be_repeated, repeated
from runner.transports.winrm.clock import Deadline
from runner.transports.winrm.codepage import Run, is_plain
from runner.transports.winrm.command import HostCommand, expired
from runner.transports.winrm.failure import LinkFailure
from runner.transports.winrm.foothold import Foothold
from runner.transports.winrm.options import WinrmOptions

_IDLE_SECONDS: Final = 55.0
"""HTTP.sys closes an idle connection after two minutes. Before that the link is made anew: a
Command that is lost on a closing connection would be in doubt."""

_NOT_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class WinrmConnection(KeptConnection):
    """Made by the transport, with a foothold that is open."""

    def __init__(self, options: WinrmOptions, foothold: Foothold) -> None:
        self._options = options
        self._foothold = foothold
        self._last_used = time.monotonic()
        self._state = threading.Condition()
        self._closed = False
        self._running = False
        self.encoding = foothold.encoding_or("utf-8")
        self._count()

    def run(self, invocation: Invocation, *, timeout: float) -> RawOutput:
        """Run one command line; see Connection."""
        if found := _NOT_XML.search(invocation.line):
            raise ProtocolFailed(f"U+{ord(found[0]):04X} cannot be sent in a WinRM message")
        self._begin()
        try:
            deadline = Deadline(timeout)
            begun = time.monotonic()
            command = HostCommand(self._foothold, self._options.endpoint, deadline, self.listener)
            try:
                self._get_ready(deadline)
                raw = command.run(invocation)
                if not is_plain(raw):
                    self._foothold.learn_encoding(self._aside(deadline))
            except LinkFailure as failure:
                somebody = may_be_repeated(failure)
                raise self._failed(failure.error, deadline, command, somebody) from failure
            except DeadlineExceeded as late:  # by who listens
                raise self._failed(late, deadline, command) from None
            except BaseException:
                self._abandon(command.id)
                raise
        finally:
            self._end()
        return RawOutput(raw.code, raw.stdout, raw.stderr, time.monotonic() - begun)

    def close(self) -> None:
        """Delete the shell and close the connection. Never raises, may be repeated."""
        with self._state:
            if self._closed:
                return
            self._closed = True
        self._abandon("")

    def end_now(self, seconds: float) -> bool:
        """Delete the shell, from any thread; see KeptConnection."""
        end = time.monotonic() + seconds
        with self._state:
            was_closed, self._closed = self._closed, True
            running = self._running
        if not running:
            return was_closed or self._abandon("")
        gone = self._foothold.end_now(seconds)
        with self._state:
            self._state.wait_for(lambda: not self._running, max(0.0, end - time.monotonic()))
        return gone

    def _begin(self) -> None:
        """While a command runs on this connection, only ``end_now`` may come in between."""
        with self._state:
            if self._closed:
                raise ConnectionLost(f"the connection to {self._options.endpoint} is closed")
            self._running = True

    def _end(self) -> None:
        self.encoding = self._foothold.encoding_or(self.encoding)
        self._last_used = time.monotonic()
        self._count()
        with self._state:
            self._running = False
            self._state.notify_all()

    def _get_ready(self, deadline: Deadline) -> None:
        foothold = self._foothold
        if foothold.link.broken or time.monotonic() - self._last_used > _IDLE_SECONDS:
            repeated(foothold.renew_link, deadline)
        if foothold.wants_shell:
            repeated(foothold.renew_shell, deadline)
        try:
            foothold.settle_codepage(self._aside(deadline), deadline)
        except LinkFailure as failure:
            failure.error.may_have_started = False  # what was asked for was not sent yet
            raise

    def _aside(self, deadline: Deadline) -> Run:
        """Runs a line of our own in the shell."""

        def run(line: str) -> RawOutput:
            command = HostCommand(self._foothold, self._options.endpoint, deadline)
            return command.run(Invocation(line))

        return run

    def _failed(
        self,
        error: TransportError,
        deadline: Deadline,
        command: HostCommand,
        somebody: bool = True,
    ) -> TransportError:
        """The error to raise, after the host was cleaned up where ``somebody`` answers there."""
        if deadline.passed and isinstance(error, ConnectionLost | Unreachable):
            late = expired(self._options.endpoint, deadline)
            late.may_have_started = error.may_have_started
            error = late
        nobody = isinstance(error, Unreachable) and not error.may_have_started
        if (nobody and not somebody) or isinstance(error, AuthenticationFailed):
            self._foothold.forget_shell()
        stopped = self._abandon(command.id)
        if error.may_have_started:
            error.message += _FATE[stopped]
            error.ended = stopped
        return error

    def _abandon(self, command: str) -> bool:
        """End the command, delete the shell, close. Whether the host confirmed it."""
        self._closed = True
        try:
            return self._foothold.give_back(command)
        finally:
            self._count()

    def _count(self) -> None:
        self.exchanges = self._foothold.exchanges


_FATE: Final = {
    True: "; its shell was deleted, so it does not go on",
    False: "; its shell could not be deleted, so it may still be running",
}
