"""One logon on one connection, and the verbs of a remote shell on it (pywinrm's Protocol).

A link is used by one thread. When a verb fails in a way that leaves the connection in an unknown
state, the link is broken and stays so: a new one logs on again, and the shell lives on.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeVar

from winrm.exceptions import WinRMOperationTimeoutError, WSManFaultError
from winrm.protocol import Protocol

from runner.transports.winrm_clock import Deadline
from runner.transports.winrm_errors import explain
from runner.transports.winrm_failure import Attempt, LinkFailure, Verb
from runner.transports.winrm_faults import BUSY, INPUT_CLOSED, NO_SUCH_SHELL
from runner.transports.winrm_kerberos import KerberosPlan
from runner.transports.winrm_options import WinrmOptions
from runner.transports.winrm_wire import Wire

T = TypeVar("T")

_IDLE_TIMEOUT: Final = re.compile(rb"IdleTimeOut>P(?:T|0DT0H0M)(\d+)(?:\.\d+)?S<", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class CreatedShell:
    """What Create answered. ``idle_seconds`` is the host's idle timeout, if it said so."""

    id: str
    idle_seconds: int | None

    @property
    def first_generation(self) -> bool:
        """WinRM 1.1 (Server 2003, 2008) writes its shell ids with a prefix."""
        return self.id.lower().startswith("uuid:")

    @property
    def old_quota(self) -> bool:
        """WinRM 1.1 and 2.0 allow 15 operations in a shell; their idle timeout is 180 s."""
        idle = self.idle_seconds
        return self.first_generation or (idle is not None and 0 < idle <= 900)


class Input(Enum):
    """What became of input that was sent to a program."""

    TAKEN = "taken"
    BUSY = "earlier input has not been read yet: wait, and send it again"
    CLOSED = "the program reads no more, or has ended: what it returns will tell"


@dataclass(frozen=True, slots=True)
class Received:
    """What one Receive brought. ``code`` is None while the command runs."""

    stdout: bytes
    stderr: bytes
    code: int | None


class Link:
    """Each verb raises LinkFailure. ``deadline`` bounds it on our own clock."""

    def __init__(self, options: WinrmOptions) -> None:
        self._options = options
        self._wire = _wire(options)
        # Its own transport, which is replaced at once, asks for no password only with this logon.
        self._protocol = Protocol(
            options.url,
            transport="kerberos",
            read_timeout_sec=options.read_timeout,
            operation_timeout_sec=options.operation_timeout,
        )
        self._protocol.transport = self._wire

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

    def create(self, codepage: int, deadline: Deadline) -> CreatedShell:
        """Open a shell whose programs print in this code page."""
        shell = self._do(
            Verb.CREATE, deadline, lambda: self._protocol.open_shell(codepage=codepage)
        )
        idle = _IDLE_TIMEOUT.search(self._wire.last_answer)
        return CreatedShell(_present(shell), int(idle[1]) if idle else None)

    def command(self, shell: str, line: str, deadline: Deadline) -> str:
        """Start a command line; returns its id."""
        command = self._do(
            Verb.COMMAND,
            deadline,
            lambda: self._protocol.run_command(shell, line, console_mode_stdin=False),
        )
        return _present(command)

    def send(self, shell: str, command: str, data: bytes, end: bool, deadline: Deadline) -> Input:
        """Hand over input."""
        try:
            self._do(
                Verb.SEND,
                deadline,
                lambda: self._protocol.send_command_input(shell, command, data, end=end),
            )
        except LinkFailure as failure:
            cause = failure.__cause__
            if isinstance(cause, WinRMOperationTimeoutError):
                return Input.TAKEN  # it waits for the program to read it
            codes = _codes(cause)
            if BUSY in codes:
                return Input.BUSY
            if codes & INPUT_CLOSED:
                return Input.CLOSED
            raise
        return Input.TAKEN

    def receive(self, shell: str, command: str, deadline: Deadline) -> Received | None:
        """Wait for output or the end; None when there was neither in the operation timeout."""
        held = max(1, min(self._options.operation_timeout, math.ceil(deadline.remaining)))
        self._protocol.operation_timeout_sec = held
        try:
            out, err, code, done = self._do(
                Verb.RECEIVE,
                deadline,
                lambda: self._protocol.get_command_output_raw(shell, command),
            )
        except LinkFailure as failure:
            if isinstance(failure.__cause__, WinRMOperationTimeoutError):
                return None
            raise
        finally:
            self._protocol.operation_timeout_sec = self._options.operation_timeout
        return Received(out, err, code & 0xFFFFFFFF if done else None)

    def signal(self, shell: str, command: str, deadline: Deadline) -> None:
        """End a command, or acknowledge its end. Fine if it is gone already."""
        self._do_unless_gone(
            Verb.SIGNAL, deadline, lambda: self._protocol.cleanup_command(shell, command)
        )

    def delete(self, shell: str, deadline: Deadline) -> None:
        """Close the shell; what runs in it is ended. Fine if it is gone already."""
        self._do_unless_gone(
            Verb.DELETE, deadline, lambda: self._protocol.close_shell(shell, close_session=False)
        )

    def close(self) -> None:
        """Close the connection. Never raises."""
        self._wire.break_off()

    def _spelled(self, failure: LinkFailure) -> LinkFailure:
        """The names of variables as this inventory has them."""
        failure.error.message = self._options.spelled(failure.error.message)
        failure.error.hint = self._options.spelled(failure.error.hint)
        return failure

    def _do_unless_gone(self, verb: Verb, deadline: Deadline, call: Callable[[], None]) -> None:
        try:
            self._do(verb, deadline, call)
        except LinkFailure as failure:
            if NO_SUCH_SHELL not in _codes(failure.__cause__):
                raise

    def _do(self, verb: Verb, deadline: Deadline, call: Callable[[], T]) -> T:
        self._wire.deadline = deadline
        self._wire.connect_limit = self._options.connect_timeout
        self._wire.read_limit = self._options.read_timeout
        attempt = Attempt(
            verb=verb,
            endpoint=self._options.endpoint,
            user=self._options.user,
            auth=self._options.auth,
            trusted=not self._wire.fresh,
        )
        try:
            return call()
        # pywinrm and what is below it raise anything at an answer that they do not expect.
        except Exception as error:
            if not isinstance(error, WSManFaultError | WinRMOperationTimeoutError):
                self._wire.break_off()
            raise self._spelled(explain(error, attempt)) from error
        except BaseException:
            self._wire.break_off()
            raise


def _plan(options: WinrmOptions) -> KerberosPlan | None:
    who = options.identity
    if who is None:
        return None
    if options.auth == "credssp":  # requests-credssp makes its SPN of the address
        return KerberosPlan(who, options.address, "HTTP")
    host = options.kerberos_hostname_override or options.address
    return KerberosPlan(who, host, options.service, delegate=options.kerberos_delegation)


def _codes(error: BaseException | None) -> set[int]:
    if not isinstance(error, WSManFaultError):
        return set()
    return {code for code in (error.wsman_fault_code, error.wmierror_code) if code is not None}


def _present(identifier: str | None) -> str:
    return identifier or ""


def _wire(options: WinrmOptions) -> Wire:
    return Wire(
        must_seal=options.must_seal,
        kerberos=_plan(options),
        endpoint=options.url,
        auth_method=options.auth,
        username=options.user or None,
        password=options.password.reveal() if options.password is not None else None,
        service=options.service,
        ca_trust_path=options.ca_trust_path,
        cert_pem=options.cert_pem,
        cert_key_pem=options.cert_key_pem,
        server_cert_validation=options.certificate,
        read_timeout_sec=options.read_timeout,
        message_encryption="always" if options.must_seal else "never",
        credssp_auth_mechanism=options.credssp_auth_mechanism,
        credssp_minimum_version=options.credssp_minimum_version,
        send_cbt=options.send_cbt,
        proxy=options.proxy,
    )
