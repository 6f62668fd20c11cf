"""One logon on one connection, and the verbs of a remote shell on it.

The messages are pywinrm's (``envelopes``), and so is what a fault says
(``winrm.faulted``). How they travel depends on the logon: NTLM, Basic and certificates by
``winrm.lean``, Kerberos, CredSSP and proxies by pywinrm's transport on requests
(``winrm.wire``).

A link is used by one thread. When a verb fails in a way that leaves the connection in an unknown
state, the link is broken and stays so: a new one logs on again, and the shell lives on.
"""

from __future__ import annotations

import math
import socket
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, TypeVar

from runner.transports.winrm import answers, envelopes
from runner.transports.winrm.answers import CreatedShell, Received
from runner.transports.winrm.clock import Deadline
from runner.transports.winrm.envelopes import new_id
from runner.transports.winrm.failure import Attempt, LinkFailure, Verb
from runner.transports.winrm.faults import BUSY, INPUT_CLOSED, NO_SUCH_SHELL
from runner.transports.winrm.guards import LogonRefused
from runner.transports.winrm.lean import LeanWire, suits
from runner.transports.winrm.options import WinrmOptions

if TYPE_CHECKING:
    from runner.transports.winrm.wire import Wire

__all__ = ["CreatedShell", "Input", "Link", "Received", "codes_of"]

T = TypeVar("T")


class Input(Enum):
    """What became of input that was sent to a program."""

    TAKEN = "taken"
    BUSY = "earlier input has not been read yet: wait, and send it again"
    CLOSED = "the program reads no more, or has ended: what it returns will tell"


class Link:
    """Each verb raises LinkFailure. ``deadline`` bounds it on our own clock."""

    def __init__(self, options: WinrmOptions, reached: socket.socket | None = None) -> None:
        """``reached`` is a connection to the host, if there is one already: it is ours now."""
        self._options = options
        self._wire: LeanWire | Wire
        if suits(options):
            self._wire = LeanWire(options, reached)
        else:
            from runner.transports.winrm.requests import wire

            self._wire = wire(options, reached)

    @property
    def broken(self) -> bool:
        """Whether this link sends nothing any more."""
        return self._wire.broken

    @property
    def exchanges(self) -> int:
        """HTTP requests sent."""
        return self._wire.requests_sent

    def logon(self, deadline: Deadline) -> None:
        """Connect and log on, where that is a step of its own (sealed messages)."""
        self._do(Verb.LOGON, deadline, self._wire.build_session)

    def create(
        self, codepage: int, deadline: Deadline, name: str = "", mark: str = ""
    ) -> CreatedShell:
        """Open a shell whose programs print in this code page, that is to be called ``name``, and
        by whose ``mark`` it is known in the host's list."""

        def call() -> CreatedShell:
            message, seconds = new_id(), self._options.operation_timeout
            sent = envelopes.create(message, seconds, codepage, name, mark)
            return answers.created(self._ask(message, sent))

        return self._do(Verb.CREATE, deadline, call)

    def command(self, shell: str, line: str, deadline: Deadline, name: str = "") -> str:
        """Start a command line, which is to be called so; returns its id."""

        def call() -> str:
            message, seconds = new_id(), self._options.operation_timeout
            sent = envelopes.command(message, seconds, shell, line, name)
            return answers.command_id(self._ask(message, sent))

        return self._do(Verb.COMMAND, deadline, call)

    def send(self, shell: str, command: str, data: bytes, end: bool, deadline: Deadline) -> Input:
        """Hand over input."""

        def call() -> None:
            message, seconds = new_id(), self._options.operation_timeout
            sent = envelopes.send(message, seconds, shell, command, data, end=end)
            self._ask(message, sent)

        try:
            self._do(Verb.SEND, deadline, call)
        except LinkFailure as failure:
            if _ran_out(failure):
                return Input.TAKEN  # it waits for the program to read it
            codes = codes_of(failure)
            if BUSY in codes:
                return Input.BUSY
            if codes & INPUT_CLOSED:
                return Input.CLOSED
            raise
        return Input.TAKEN

    def receive(self, shell: str, command: str, deadline: Deadline) -> Received | None:
        """Wait for output or the end; None when there was neither in the operation timeout."""
        held = max(1, min(self._options.operation_timeout, math.ceil(deadline.remaining)))

        def call() -> Received:
            message = new_id()
            sent = envelopes.receive(message, held, shell, command)
            return answers.received(self._ask(message, sent))

        try:
            return self._do(Verb.RECEIVE, deadline, call)
        except LinkFailure as failure:
            if _ran_out(failure):
                return None
            raise

    def signal(self, shell: str, command: str, deadline: Deadline) -> None:
        """End a command, or acknowledge its end. Fine if it is gone already."""

        def call() -> None:
            message, seconds = new_id(), self._options.operation_timeout
            sent = envelopes.signal(message, seconds, shell, command)
            answers.ended(self._ask(message, sent, surely=True))

        self._do_unless_gone(Verb.SIGNAL, deadline, call)

    def delete(self, shell: str, deadline: Deadline) -> bool:
        """Close the shell; what runs in it is ended. False if the host does not know it."""

        def call() -> None:
            message, seconds = new_id(), self._options.operation_timeout
            sent = envelopes.delete(message, seconds, shell)
            answers.ended(self._ask(message, sent, surely=True))

        return self._do_unless_gone(Verb.DELETE, deadline, call)

    def configuration(self, deadline: Deadline) -> bytes:
        """The answer to Get of ``winrm/config``; a host below 2012 says access denied to it."""

        def call() -> bytes:
            message, seconds = new_id(), self._options.operation_timeout
            return self._ask(message, envelopes.configuration(message, seconds))

        return self._do(Verb.CONFIG, deadline, call)

    def shells(self, deadline: Deadline) -> bytes:
        """The answer to Enumerate of the shells."""

        def call() -> bytes:
            message, seconds = new_id(), self._options.operation_timeout
            return self._ask(message, envelopes.shells(message, seconds))

        return self._do(Verb.SHELLS, deadline, call)

    def close(self) -> None:
        """Close the connection. Never raises."""
        self._wire.break_off()

    def _spelled(self, failure: LinkFailure) -> LinkFailure:
        """The names of variables as this inventory has them."""
        failure.error.message = self._options.spelled(failure.error.message)
        failure.error.hint = self._options.spelled(failure.error.hint)
        return failure

    def _ask(self, message: str, sent: bytes, *, surely: bool = False) -> bytes:
        """The answer to the message with that id."""
        try:
            answer = self._wire.send_message(sent)
        except Exception as error:
            if not getattr(error, "response_text", ""):
                raise
            from runner.transports.winrm.faulted import fault_in

            raise fault_in(error) from error
        answers.check_related(answer, message, surely=surely)
        return answer

    def _do_unless_gone(self, verb: Verb, deadline: Deadline, call: Callable[[], None]) -> bool:
        try:
            self._do(verb, deadline, call)
        except LinkFailure as failure:
            if NO_SUCH_SHELL not in codes_of(failure):
                raise
            return False
        return True

    def _do(self, verb: Verb, deadline: Deadline, call: Callable[[], T]) -> T:
        self._wire.deadline = deadline
        self._wire.connect_limit = self._options.connect_timeout
        self._wire.read_limit = self._options.read_timeout
        try:
            return call()
        # pyspnego and what is below it raise anything at an answer that they do not expect.
        except Exception as error:
            raise self._explained(verb, error) from error
        except BaseException:
            self._wire.break_off()
            raise

    def _explained(self, verb: Verb, error: Exception) -> LinkFailure:
        attempt = Attempt(
            verb=verb,
            endpoint=self._options.endpoint,
            user=self._options.user,
            auth=self._options.auth,
            trusted=not self._wire.fresh,
        )
        if isinstance(error, LogonRefused):
            from runner.transports.winrm.refused import explain_logon

            self._wire.break_off()
            return self._spelled(explain_logon(error, attempt))
        from runner.transports.winrm.errors import explain
        from runner.transports.winrm.faulted import is_fault

        if not is_fault(error):
            self._wire.break_off()
        return self._spelled(explain(error, attempt))


def _ran_out(failure: LinkFailure) -> bool:
    """Whether the host held the request as long as it was allowed to."""
    from winrm.exceptions import WinRMOperationTimeoutError

    return isinstance(failure.__cause__, WinRMOperationTimeoutError)


def codes_of(failure: LinkFailure) -> frozenset[int]:
    """The codes of the fault with which the host answered; none when it did not."""
    cause = failure.__cause__  # a WSManFaultError of pywinrm's, which is the only one to have codes
    both = (getattr(cause, "wsman_fault_code", None), getattr(cause, "wmierror_code", None))
    return frozenset(code for code in both if code is not None)
