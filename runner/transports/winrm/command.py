"""One command on a host: started, fed, listened to, acknowledged; and what of it is repeated."""

from __future__ import annotations

import time
from typing import Final

from runner.errors import ConnectionLost, DeadlineExceeded
from runner.interfaces.listening import Listener
from runner.interfaces.shell import Invocation, RawOutput
from runner.transports.winrm.again import may_be_repeated, pause_before, repeated
from runner.transports.winrm.clock import Deadline
from runner.transports.winrm.failure import LinkFailure
from runner.transports.winrm.faults import Remedy
from runner.transports.winrm.foothold import CLEANUP_SECONDS, Foothold
from runner.transports.winrm.link import Input, Received
from runner.transports.winrm.named import new_name, not_understood
from runner.transports.winrm.shell import OLD_QUOTA

_RECONNECTS: Final = 3
"""How often listening to one command may go on over a new connection, and how often that
connection is tried."""
_INPUT_CHUNK: Final = 65536
"""Bytes of input a message: with base64 and envelope below the smallest MaxEnvelopeSizekb, 150."""
_BUSY_PAUSE: Final = 1.0
_ASK_SECONDS: Final = 3.0
"""How long to ask for a command whose start is in doubt."""


class HostCommand:
    """One command. ``id`` is known once one of both sides has chosen it.

    Only what surely did not start is sent again. Raises LinkFailure.
    """

    def __init__(
        self,
        foothold: Foothold,
        endpoint: str,
        deadline: Deadline,
        listener: Listener | None = None,
    ) -> None:
        self.id = ""
        self._listener = listener
        self._foothold = foothold
        self._endpoint = endpoint
        self._deadline = deadline
        self._early: Received | None = None

    def run(self, invocation: Invocation) -> RawOutput:
        """From start to end."""
        self._start(invocation.line)
        if invocation.stdin is not None:
            self._feed(invocation.stdin)
        raw = self._collect()
        self._finish()
        return raw

    def _start(self, line: str) -> None:
        """Start the command; what surely did not start is sent once more."""
        foothold = self._foothold
        remedies = {Remedy.LOGON, Remedy.SHELL}
        while True:
            shell = foothold.shell()
            if shell.commands_run == OLD_QUOTA:
                foothold.ask_quota(self._deadline)
            shell.commands_left -= 1
            shell.commands_run += 1
            self.id = new_name() if shell.takes_names else ""
            try:
                started = foothold.link.command_named(shell.id, line, self.id, self._deadline)
                shell.takes_names = started.upper() == self.id
                self.id = started
                return
            except LinkFailure as failure:
                if shell.takes_names and not_understood(failure):
                    shell.takes_names = False
                    continue
                if failure.error.may_have_started:
                    self._ask_for(failure)
                    return
                if failure.remedy not in remedies:
                    raise
                remedies.remove(failure.remedy)
                if failure.remedy is Remedy.LOGON:
                    repeated(foothold.renew_link, self._deadline)
                else:
                    foothold.learn(failure)
                    repeated(foothold.renew_shell, self._deadline)

    def _ask_for(self, failure: LinkFailure) -> None:
        """Ask by its name for a command of which nobody knows whether it started.

        Raises the failure when the host cannot tell. That it knows no such command is no proof:
        the request may still be on its way to it.
        """
        shell = self._foothold.shell()
        if not self.id or self._deadline.passed:
            raise failure
        try:
            self._resume(failure)
            asking = Deadline(min(_ASK_SECONDS, self._deadline.remaining))
            part = self._foothold.link.receive(shell.id, self.id, asking)
        except LinkFailure as second:
            raise failure from second
        if part is not None:
            self._early = part

    def _feed(self, data: bytes) -> None:
        chunks = [data[at : at + _INPUT_CHUNK] for at in range(0, len(data), _INPUT_CHUNK)] or [b""]
        for number, chunk in enumerate(chunks, start=1):
            if self._give(chunk, number == len(chunks)) is Input.CLOSED:
                return

    def _give(self, chunk: bytes, end: bool) -> Input:
        while (became := self._send(chunk, end)) is Input.BUSY:
            if self._deadline.passed:
                raise LinkFailure(expired(self._endpoint, self._deadline))
            time.sleep(min(_BUSY_PAUSE, max(0.0, self._deadline.remaining)))
        return became

    def _send(self, chunk: bytes, end: bool) -> Input:
        shell = self._foothold.shell().id
        return self._foothold.link.send(shell, self.id, chunk, end, self._deadline)

    def _take(self) -> Received | None:
        """What the host said when it was asked whether the command had started, once."""
        early, self._early = self._early, None
        return early

    def _collect(self) -> RawOutput:
        out: list[bytes] = []
        err: list[bytes] = []
        lost: LinkFailure | None = None
        reconnects = 0
        while True:
            if self._deadline.passed:
                raise LinkFailure(expired(self._endpoint, self._deadline))
            try:
                part = self._take() or self._foothold.link.receive(
                    self._foothold.shell().id, self.id, self._deadline
                )
            except LinkFailure as failure:
                reconnects += 1
                if (
                    failure.remedy is not Remedy.LOGON
                    or self._deadline.passed
                    or reconnects > _RECONNECTS
                ):
                    raise
                lost = failure if failure.answer_lost else lost
                self._resume(failure)
                continue
            if self._listener is not None:
                self._tell(self._listener, part)
            if part is None:
                continue
            out.append(part.stdout)
            err.append(part.stderr)
            if part.code is not None:
                if lost is not None:
                    raise self._incomplete(lost, part.code)
                return RawOutput(part.code, b"".join(out), b"".join(err))

    def _tell(self, listener: Listener, part: Received | None) -> None:
        """Hand on what has just come; that nothing came, too."""
        if part is None or part.stdout:
            listener("stdout", b"" if part is None else part.stdout)
        if part is not None and part.stderr:
            listener("stderr", part.stderr)

    def _resume(self, failure: LinkFailure) -> None:
        """Go on listening to the command on a new connection; it may well be running."""
        for attempt in range(_RECONNECTS):
            pause_before(attempt, self._deadline)
            try:
                self._foothold.renew_link(self._deadline)
                return
            except LinkFailure as second:
                last = attempt == _RECONNECTS - 1 or self._deadline.passed
                if last or not may_be_repeated(second):
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

    def _finish(self) -> None:
        """Acknowledge the end, as [MS-WSMV] 2.2.4.38 demands before the next command."""
        shell = self._foothold.shell()
        try:
            self._foothold.link.signal(shell.id, self.id, Deadline(CLEANUP_SECONDS))
        except LinkFailure:
            # The result is known. The next command gets a new shell, in a known state.
            shell.commands_left = 0


def expired(endpoint: str, deadline: Deadline) -> DeadlineExceeded:
    """Our own clock ran out under a command."""
    return DeadlineExceeded(
        f"a command on {endpoint} was not done in {deadline.seconds:g} s",
        hint="raise the timeout of this task, or look at what it waits for; "
        "processes that it started may still run",
        may_have_started=True,
    )
