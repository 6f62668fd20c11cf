"""A Wine machine behind the engine's own session, as tests.modules.labhost has a lab machine."""

from __future__ import annotations

import codecs
import threading
from collections.abc import Mapping
from typing import Any, ClassVar

from runner.engine.hosts.link import Link
from runner.engine.stop import Stop
from runner.errors import Unreachable
from runner.interfaces.shell import Invocation, RawOutput
from runner.interfaces.transport import Connection, Options, Transport
from runner.lab.machine import Power
from runner.lab.wine.machine import WineMachine
from runner.shells import load as load_shell
from tests.modules.labhost import LabHost
from tests.wine.wine import WineBench


class _Connection(Connection):
    def __init__(self, machine: WineMachine) -> None:
        self._machine = machine
        self._codepage = machine.profile.oem_codepage
        self.encoding = codecs.lookup(f"cp{self._codepage}").name

    def run(self, invocation: Invocation, *, timeout: float) -> RawOutput:
        self.exchanges += 1
        said = {"stdout": bytearray(), "stderr": bytearray()}
        stdin = [invocation.stdin or b""]
        code = self._machine.run(
            invocation.line,
            write=lambda stream, data: said[stream].extend(data),
            stdin=lambda: stdin.pop() if stdin else b"",
            codepage=self._codepage,
            user="Administrator",
            cwd=None,
            env={},
            cancelled=threading.Event(),
        )
        return RawOutput(code, bytes(said["stdout"]), bytes(said["stderr"]))

    def close(self) -> None:
        """Nothing is held."""


class _Transport(Transport):
    name: ClassVar[str] = "wine"

    def __init__(self, machine: WineMachine) -> None:
        self._machine = machine

    def options(self, host: str, variables: Mapping[str, Any]) -> Options:
        return Options()

    def connect(self, options: Any, *, timeout: float) -> Connection:
        if self._machine.power is not Power.ON:
            raise Unreachable("the machine is down")
        return _Connection(self._machine)


class WineHost(LabHost):
    """The verbs of modules on a Wine machine."""

    def __init__(self, bench: WineBench) -> None:
        self.bench = bench
        self.link = Link(
            host="WEB01",
            transport=_Transport(bench.machine),
            options=Options(),
            shells=load_shell,
            login_shell="cmd",
            stop=Stop(),
        )

    @property
    def state(self) -> dict[str, Any]:
        return {"registry": self.bench.registry(), "files": self.bench.files()}

    @property
    def not_simulated(self) -> list[str]:
        return self.bench.not_simulated
