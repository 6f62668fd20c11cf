"""The simulated hosts of one endpoint process: their shells and what runs in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from bench import soap
from bench.machine import Commands, wants_input

Reply = Callable[[bytes], None]


@dataclass(slots=True)
class _Command:
    line: str
    stdin: bytearray = field(default_factory=bytearray)
    ended: bool = False
    waiting: Callable[[], None] | None = None


@dataclass
class Counters:
    """What the endpoint saw since it was last asked."""

    exchanges: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    connections: int = 0
    logons: int = 0
    refused_logons: int = 0
    shells: int = 0
    commands: int = 0
    faults: int = 0


class Hosts:
    """Every host that this process serves, told apart by the address that was called."""

    def __init__(self, counters: Counters) -> None:
        self._commands = Commands()
        self._counters = counters
        self._shells: dict[tuple[str, str], dict[str, _Command]] = {}

    def prepare(self, addresses: Iterable[str]) -> None:
        """Close every shell, and have fresh machines at these addresses."""
        self._shells.clear()
        self._commands.prepare(addresses)

    def serve(self, address: str, body: bytes, reply: Callable[[int, bytes], None]) -> None:
        """Answer one envelope, now or, where a command still wants input, later."""
        request = None
        try:
            request = soap.read(body)
            self._dispatch(address, request, lambda data: reply(200, data))
        except soap.Refused as refused:
            self._counters.faults += 1
            reply(500, soap.fault(refused, request.message_id if request else ""))

    def _dispatch(self, address: str, request: soap.Request, reply: Reply) -> None:
        if request.action == "Create":
            shell_id = (request.attribute("ShellId") or soap.new_id()).upper()
            self._shells[address, shell_id] = {}
            self._counters.shells += 1
            reply(soap.answer(request, soap.created(shell_id, f"http://{address}/wsman")))
            return
        if request.action == "Get":
            reply(soap.answer(request, soap.configuration(request)))
            return
        commands = self._shells.get((address, request.shell_id))
        if commands is None:
            raise soap.Refused(2150858843, "the shell was not found on the server")
        if request.action == "Delete":
            del self._shells[address, request.shell_id]
            reply(soap.answer(request, ""))
        elif request.action == "Command":
            command_id = (request.attribute("CommandId") or soap.new_id()).upper()
            commands[command_id] = _Command(soap.command_line(request))
            self._counters.commands += 1
            reply(soap.answer(request, soap.started(command_id)))
        elif request.action == "Send":
            self._send(commands, request, reply)
        elif request.action == "Receive":
            self._receive(address, commands, request, reply)
        elif request.action == "Signal":
            commands.pop(request.attribute("CommandId").upper(), None)
            reply(soap.answer(request, "<rsp:SignalResponse/>"))
        else:
            raise soap.Refused(2150858752, f"no such action: {request.address}")

    def _send(self, commands: dict[str, _Command], request: soap.Request, reply: Reply) -> None:
        command_id, data, end = soap.sent(request)
        command = _known(commands, command_id)
        command.stdin += data
        command.ended = command.ended or end
        reply(soap.answer(request, "<rsp:SendResponse/>"))
        if command.ended and command.waiting is not None:
            command.waiting()

    def _receive(
        self, address: str, commands: dict[str, _Command], request: soap.Request, reply: Reply
    ) -> None:
        command_id = request.attribute("CommandId", "DesiredStream").upper()
        command = _known(commands, command_id)

        def finish() -> None:
            command.waiting = None
            answer = self._commands.run(address, command.line, bytes(command.stdin))
            reply(soap.answer(request, soap.received(command_id, answer.output, answer.code)))

        if wants_input(command.line) and not command.ended:
            command.waiting = finish
        else:
            finish()


def _known(commands: dict[str, _Command], command_id: str) -> _Command:
    command = commands.get(command_id)
    if command is None:
        raise soap.Refused(2150858843, "the command was not found on the server")
    return command
