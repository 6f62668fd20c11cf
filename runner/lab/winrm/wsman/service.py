"""The WS-Management service of one host: envelopes in, envelopes out.

Source: [MS-WSMV] 3.1.4 (the shell operations), DSP0226 (Identify, faults). Both dialects of
request are read: pywinrm's (un-namespaced mustUnderstand, TRUE/FALSE) and pypsrp's.
"""

from __future__ import annotations

import base64
import binascii
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from runner.lab.machine import PoweredOff
from runner.lab.ports.books import Books
from runner.lab.ports.host import Host
from runner.lab.winrm.options import FrontOptions
from runner.lab.winrm.wsman import faults
from runner.lab.winrm.wsman.command import Command, Output
from runner.lab.winrm.wsman.config import config
from runner.lab.winrm.wsman.faults import Fault
from runner.lab.winrm.wsman.limits import Limits
from runner.lab.winrm.wsman.names import (
    CMD,
    COMMAND,
    CONFIG,
    CREATE,
    DELETE,
    ENUMERATE,
    GET,
    RECEIVE,
    SEND,
    SHELL,
    SIGNAL,
)
from runner.lab.winrm.wsman.opening import created, described, new_command, new_shell
from runner.lab.winrm.wsman.reply import Envelopes, command_state, element, identified, stream
from runner.lab.winrm.wsman.request import Malformed, Request, read_request
from runner.lab.winrm.wsman.shells import Shell, Shells, Timer

_ROOM: Final = 4096
"""Bytes of an answer that are not output."""
_SECURITY_PROFILES: Final = ("http/spnego-kerberos",)


class Reset(Exception):
    """The connection is to be dropped without an answer."""


class Hang(Exception):
    """The request is never to be answered."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request: the account, from where, and the address that was asked."""

    user: str
    address: str
    url: str


class Service:
    """WS-Management in front of one machine. Safe for many threads."""

    def __init__(
        self, host: Host, limits: Limits, books: Books, timer: Timer, options: FrontOptions
    ) -> None:
        profile = host.profile
        self._host = host
        self._limits = limits
        self._books = books
        self._options = options
        self._stack = profile.winrm_stack
        self._envelopes = Envelopes(host.name, activity=profile.build >= 14393)
        self.shells = Shells(limits, books, timer, wmi_faults=self._stack == "3.0")
        self._handlers: Mapping[str, tuple[str, Callable[[Request, Caller], bytes]]] = {
            CREATE: ("creates", self._create),
            COMMAND: ("commands", self._command),
            RECEIVE: ("receives", self._receive),
            SEND: ("sends", self._send),
            SIGNAL: ("signals", self._signal),
            DELETE: ("deletes", self._delete),
            GET: ("gets", self._get),
            ENUMERATE: ("enumerates", self._enumerate),
        }

    def answer(self, body: bytes, charset: str, caller: Caller | None) -> tuple[int, bytes] | None:
        """The HTTP status and envelope for a request.

        ``caller`` is None before a logon: then only Identify is answered, all else is None.
        Raises Reset and Hang when a test asked for them.
        """
        try:
            request = read_request(body, charset)
        except Malformed:
            return self._fault(faults.bad_schema(), "") if caller else None
        if request.identify:
            self._books.count("identifies")
            return 200, self._identify(caller)
        if caller is None:
            return None
        try:
            return 200, self._dispatch(request, caller)
        except Fault as fault:
            return self._fault(fault, request.message_id)

    def _fault(self, fault: Fault, relates_to: str) -> tuple[int, bytes]:
        self._books.count("soap_faults")
        return 500, self._envelopes.fault(fault, relates_to)

    def _identify(self, caller: Caller | None) -> bytes:
        if caller is None:
            return identified(f"OS: 0.0.0 SP: 0.0 Stack: {self._stack}", ())
        return identified(self._host.profile.product_version, _SECURITY_PROFILES)

    def _dispatch(self, request: Request, caller: Caller) -> bytes:
        found = self._handlers.get(request.action)
        if found is None:
            raise faults.unknown_action(request.action)
        what, handler = found
        self._books.count(what)
        if request.resource != CMD and request.action not in (GET, ENUMERATE):
            raise faults.unknown_resource(request.resource)
        _ = request.timeout  # a field that is no duration is refused whatever the action
        return handler(request, caller)

    @contextmanager
    def _used(self, request: Request, caller: Caller) -> Iterator[Shell]:
        """The shell that the request names, kept from idling away meanwhile. Raises Fault."""
        wanted = request.selectors.get("ShellId", "").removeprefix("uuid:")
        shell = self.shells.use(wanted, caller.user)
        try:
            yield shell
        finally:
            self.shells.release(shell)

    def _get(self, request: Request, caller: Caller) -> bytes:
        if request.resource in {SHELL, CMD}:
            with self._used(request, caller) as shell:
                body = described(shell, old=self._stack == "1.1")
            return self._envelopes.got(GET, request.message_id, body)
        if request.resource != CONFIG:
            raise faults.unknown_resource(request.resource)
        if self._stack != "3.0":
            raise faults.access_denied()
        return self._envelopes.got(GET, request.message_id, config(self._limits, self._options))

    def _enumerate(self, request: Request, caller: Caller) -> bytes:
        """The caller's shells, all in the first answer ([MS-WSMV] 3.1.4.8.2, note <114>)."""
        old = self._stack == "1.1"
        if request.resource != (CMD if old else SHELL):
            raise faults.unknown_action(request.action)
        items = "".join(described(shell, old=old) for shell in self.shells.of_user(caller.user))
        return self._envelopes.enumerated(ENUMERATE, request.message_id, items)

    def _create(self, request: Request, caller: Caller) -> bytes:
        profile = self._host.profile
        shell = new_shell(request, caller.user, caller.address, profile, self._limits)
        self.shells.add(shell)
        body = created(shell, caller.url, old=self._stack == "1.1")
        return self._envelopes.created(CREATE, request.message_id, body)

    def _command(self, request: Request, caller: Caller) -> bytes:
        if self._books.take("reset_before_command"):
            raise Reset
        with self._used(request, caller) as shell:
            command = new_command(request, self._host.profile)
            self.shells.start(shell, command)
        threading.Thread(
            target=self._run, args=(shell, command), name=f"{self._host.name} command", daemon=True
        ).start()
        if self._books.take("reset_on_command"):
            raise Reset
        body = f"<rsp:CommandResponse>{element('CommandId', command.id)}</rsp:CommandResponse>"
        return self._envelopes.created(COMMAND, request.message_id, body)

    def _run(self, shell: Shell, command: Command) -> None:
        """The thread of one command."""
        try:
            code = self._host.run(
                command.line,
                write=command.write,
                stdin=command.read_stdin,
                codepage=shell.codepage,
                user=shell.owner,
                cwd=shell.cwd,
                env=shell.env,
                cancelled=command.cancelled,
                memory_mb=self._limits.memory_mb,
            )
        except PoweredOff:
            return  # the front drops the connections first, and the shells after that
        except BaseException:
            command.finish(1)
            raise
        command.finish(code)

    def _receive(self, request: Request, caller: Caller) -> bytes:
        wanted = request.find("DesiredStream")
        if wanted is None or not wanted.get("CommandId"):
            raise faults.parameter_incorrect()
        if self._books.take("hang_receive"):
            raise Hang
        with self._used(request, caller) as shell:
            command = shell.command(wanted.get("CommandId", ""))
            streams = (wanted.text or shell.output_streams).split()
            output = command.receive(
                streams,
                timeout=min(request.timeout, self._limits.timeout),
                room=min(request.max_envelope, self._limits.envelope) - _ROOM,
            )
        if self._books.take("drop_receive"):
            raise Reset
        body = _received(command.id, streams, output)
        return self._envelopes.received(RECEIVE, request.message_id, body)

    def _send(self, request: Request, caller: Caller) -> bytes:
        streams = [] if request.content is None else request.content.findall("{*}Stream")
        if not streams:
            raise faults.bad_schema()
        with self._used(request, caller) as shell:
            for sent in streams:
                command = shell.command(sent.get("CommandId", ""))
                try:
                    data = base64.b64decode(sent.text or "")
                except binascii.Error:
                    raise faults.bad_schema() from None
                command.feed(data, end=sent.get("End", "").lower() in {"true", "1"})
        return self._envelopes.created(SEND, request.message_id, "<rsp:SendResponse/>")

    def _signal(self, request: Request, caller: Caller) -> bytes:
        if request.content is None:
            raise faults.bad_schema()
        code = request.text("Code").strip().lower().rpartition("/")[2]
        with self._used(request, caller) as shell:
            command = shell.command(request.content.get("CommandId", ""))
            if code == "terminate":
                self.shells.forget(shell, command)
            elif code in {"ctrl_c", "ctrl_break"}:
                command.interrupt()
            else:
                raise faults.parameter_incorrect()
        return self._envelopes.created(SIGNAL, request.message_id, "<rsp:SignalResponse/>")

    def _delete(self, request: Request, caller: Caller) -> bytes:
        wanted = request.selectors.get("ShellId", "").removeprefix("uuid:")
        self.shells.remove(wanted, caller.user)
        return self._envelopes.deleted(DELETE, request.message_id)


def _received(command_id: str, streams: list[str], output: Output) -> str:
    parts = [
        stream(name, command_id, base64.b64encode(data).decode("ascii"))
        for name, data in output.chunks
    ]
    if output.exit_code is None:
        parts.append(command_state(command_id, "Running", None))
    else:
        parts += [stream(name, command_id, "", end=True) for name in streams]
        parts.append(command_state(command_id, "Done", output.exit_code))
    return f"<rsp:ReceiveResponse>{''.join(parts)}</rsp:ReceiveResponse>"
