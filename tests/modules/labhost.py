"""A lab machine behind the engine's own session: what a module asks really runs there."""

from __future__ import annotations

import codecs
import threading
from collections.abc import Generator, Mapping
from typing import Any, ClassVar, TypeVar

from runner.engine.hosts.link import Link
from runner.engine.hosts.session import Reader, Writer
from runner.engine.stop import Stop, StopLevel
from runner.errors import ConnectionLost, Unreachable
from runner.interfaces import on_host
from runner.interfaces.exchange import Command, Output, Reply, Request
from runner.interfaces.module import Module, Params
from runner.interfaces.params import parse
from runner.interfaces.shell import Invocation, RawOutput
from runner.interfaces.transport import Connection, Options, Transport
from runner.lab.machine import Machine, Power, PoweredOff
from runner.lab.spec import HostSpec, LabState
from runner.model.source import Source
from runner.model.state import Change
from runner.modules import load
from runner.shells import load as load_shell

T = TypeVar("T")

PLACE = Source("play.yml", 1, 1)


class _Connection(Connection):
    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._codepage = machine.profile.oem_codepage
        self.encoding = codecs.lookup(f"cp{self._codepage}").name

    def run(self, invocation: Invocation, *, timeout: float) -> RawOutput:
        self.exchanges += 1
        said = {"stdout": bytearray(), "stderr": bytearray()}
        stdin = [invocation.stdin or b""]

        def write(stream: str, data: bytes) -> None:
            said[stream] += data

        try:
            code = self._machine.run(
                invocation.line,
                write=write,
                stdin=lambda: stdin.pop() if stdin else b"",
                codepage=self._codepage,
                user="Administrator",
                cwd=None,
                env={},
                cancelled=threading.Event(),
            )
        except PoweredOff:
            raise ConnectionLost("the machine went down", may_have_started=True) from None
        return RawOutput(code, bytes(said["stdout"]), bytes(said["stderr"]))

    def close(self) -> None:
        """Nothing is held."""


class _Transport(Transport):
    name: ClassVar[str] = "lab"

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def options(self, host: str, variables: Mapping[str, Any]) -> Options:
        return Options()

    def connect(self, options: Any, *, timeout: float) -> Connection:
        if self._machine.power is not Power.ON:
            raise Unreachable("the machine is down")
        return _Connection(self._machine)


class _Impatient(Stop):
    """Waits a fraction of what it is told; see conftest for the other side of it."""

    def sleep(self, seconds: float, level: StopLevel = StopLevel.FINISH) -> bool:
        return super().sleep(min(seconds, 0.01), level)


class LabHost:
    """One lab machine, and the verbs of modules on it."""

    def __init__(self, os: str, **state: Any) -> None:
        spec = HostSpec(
            name="WEB01",
            port=0,
            user="Administrator",
            password="x",
            os=os,
            state=LabState(reboot_seconds=0.2, update_seconds=0.0, **state),
        )
        self.machine = Machine(spec)
        self.link = Link(
            host="WEB01",
            transport=_Transport(self.machine),
            options=Options(),
            shells=load_shell,
            login_shell="cmd",
            stop=_Impatient(),
        )

    def facts(self) -> dict[str, Any]:
        """The gathered facts."""
        module = load("setup")
        found = self.read(module.probe(module.params(), {}))
        result = module.result(module.params(), Change("", found, found), {}, {})
        return dict(result["ansible_facts"])

    def read(self, generator: Generator[Request, Reply, T]) -> T:
        """Drive a probe."""
        return Reader(self.link).drive(generator)

    def write(self, generator: Generator[Request, Reply, T]) -> T:
        """Drive an apply or an undo."""
        return Writer(self.link).drive(generator)

    def task(self, module_name: str, /, **raw: Any) -> LabTask:
        """A task on this host."""
        module = load(module_name)
        whole = self.read(on_host.completed(module.params, raw))
        return LabTask(self, module, parse(module, whole, {}, PLACE))

    def write_cut(self, generator: Generator[Request, Reply, T], after: int) -> bool:
        """Drive an apply whose connection is cut after so many writes; whether it came to that."""
        try:
            _CutWriter(self.link, after).drive(generator)
        except ConnectionLost:
            return True
        return False

    @property
    def state(self) -> dict[str, Any]:
        """What administration changes on the machine."""
        return dict(self.machine.snapshot()["state"])

    @property
    def writes(self) -> int:
        """How many operations could have changed the machine."""
        return self.machine.counters.writes

    @property
    def not_simulated(self) -> list[str]:
        """What the lab was asked for and does not know."""
        return list(self.machine.snapshot()["volatile"]["not_simulated"])


class _CutWriter(Writer):
    """Loses the connection once, right after its n-th write was carried out."""

    def __init__(self, link: Link, after: int) -> None:
        super().__init__(link)
        self._after = after

    def _write(self, command: Command) -> Output:
        output = super()._write(command)
        if len(self.sent) == self._after:
            raise ConnectionLost("the line was cut", may_have_started=True)
        return output


class LabTask:
    """One task of one module on a lab host."""

    def __init__(self, host: LabHost, module: Module[Any, Any], params: Params) -> None:
        self.host = host
        self.module = module
        self.params = params
        self.facts = host.facts() if module.needs_facts else {}

    def probe(self) -> Any:
        return self.host.read(self.module.probe(self.params, self.facts))

    def plan(self, before: Any = None) -> Change[Any]:
        found = self.probe() if before is None else before
        after = self.module.plan(self.params, found, self.facts)
        return Change(self.module.subject(self.params), found, after)

    def apply(self, change: Change[Any]) -> Mapping[str, Any]:
        return self.host.write(self.module.apply(self.params, change, self.facts)) or {}

    def undo(self, change: Change[Any]) -> Mapping[str, Any]:
        return self.host.write(self.module.undo(self.params, change, self.facts)) or {}
