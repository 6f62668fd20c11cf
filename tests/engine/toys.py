"""A toy fleet for the engine's tests: hosts that are dictionaries, and a module that sets keys."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from runner.engine.graph_build import GraphBuilder
from runner.engine.runtime import Links, Runtime
from runner.engine.session import Link
from runner.engine.stop import Stop
from runner.engine.variables import Variables
from runner.engine.visit import TaskVisit
from runner.engine.walk import Walk
from runner.errors import ConnectionLost
from runner.events import Event, JobFinished
from runner.interfaces.exchange import Exec, Script
from runner.interfaces.shell import Bundle, Invocation, RawOutput, Shell
from runner.interfaces.transport import Connection, Options, Transport
from runner.loading.templates import JinjaTemplates
from runner.model.inventory import Group, Host, Inventory
from runner.model.job import JobId, Outcome
from runner.model.playbook import Play, Playbook, Task
from runner.model.secret import Redactor
from runner.model.source import Source
from tests.engine.toy_modules import MODULES

HERE = Source("play.yml", 1, 1, "- toy:")


@dataclass
class ToyHost:
    """A host: its keys, the lines that it was sent, and what goes wrong there."""

    keys: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    deaf: set[str] = field(default_factory=set)
    """Keys whose setting reports success and does nothing."""
    lose_answer_of: str = ""
    never_start: str = ""
    connects: int = 0


class ToyConnection(Connection):
    def __init__(self, host: ToyHost) -> None:
        self.host = host

    def run(self, invocation: Invocation, *, timeout: float) -> RawOutput:
        self.exchanges += 1
        verb, _, rest = invocation.line.partition(" ")
        if self.host.never_start and self.host.never_start in invocation.line:
            raise ConnectionLost("refused before it began")
        self.host.lines.append(invocation.line)
        key, _, value = rest.partition("=")
        if verb == "get":
            self._lose(invocation.line)
            found = self.host.keys.get(key)
            return RawOutput(0 if found is not None else 1, (found or "").encode())
        if verb == "set" and key not in self.host.deaf:
            self.host.keys[key] = value
        if verb == "unset":
            self.host.keys.pop(key, None)
        self._lose(invocation.line)
        return RawOutput(0, b"done")

    def _lose(self, line: str) -> None:
        if self.host.lose_answer_of and self.host.lose_answer_of in line:
            self.host.lose_answer_of = ""
            raise ConnectionLost("the answer was lost", may_have_started=True)

    def close(self) -> None:
        return None


class ToyOptions(Options):
    name: str


class ToyTransport(Transport):
    name = "toy"
    default_shell = "toy"

    def __init__(self, hosts: Mapping[str, ToyHost]) -> None:
        self._hosts = hosts

    def options(self, host: str, variables: Mapping[str, Any]) -> ToyOptions:
        return ToyOptions(name=host)

    def connect(self, options: ToyOptions, *, timeout: float) -> ToyConnection:
        self._hosts[options.name].connects += 1
        return ToyConnection(self._hosts[options.name])


class ToyShell(Shell):
    name = "toy"

    def render(self, command: Exec | Script) -> Invocation:
        assert isinstance(command, Exec)
        return Invocation(" ".join(command.argv))

    def bundle(self, commands: Sequence[Exec | Script]) -> Sequence[Bundle] | None:
        return None

    def decode(self, raw: RawOutput, encoding: str) -> Any:
        from runner.interfaces.exchange import Output

        return Output(raw.code, raw.stdout.decode(encoding), raw.stderr.decode(encoding))


def task(name: str, module: str, args: Mapping[str, Any] | None = None, **fields: Any) -> Task:
    return Task(name, module, dict(args or {}), HERE, **fields)


class Fleet:
    """Toy hosts, a play on all of them, and what became of its jobs."""

    def __init__(self, hosts: Mapping[str, ToyHost] | None = None, **variables: Any) -> None:
        self.hosts = dict(hosts or {"a": ToyHost()})
        self.variables = variables
        self.outcomes: dict[JobId, Outcome] = {}
        self.events: list[Event] = []
        self.redactor = Redactor()
        self._lock = threading.Lock()

    @property
    def inventory(self) -> Inventory:
        names = tuple(self.hosts)
        return Inventory(
            {n: Host(n, dict(self.variables)) for n in names}, {"all": Group("all", names)}
        )

    def publish(self, event: Event) -> None:
        with self._lock:
            self.events.append(event)
            if isinstance(event, JobFinished):
                self.outcomes[event.job] = event.outcome

    def runtime(self, plays: tuple[Play, ...], check: bool) -> Runtime:
        stop = Stop()
        transport = ToyTransport(self.hosts)
        shell = ToyShell()

        def link(host: str) -> Link:
            options = transport.options(host, {})
            return Link(host, transport, options, lambda _name: shell, "toy", stop)

        return Runtime(
            run="test",
            plays=plays,
            variables=Variables(self.inventory, {}, check_mode=check, playbook_dir="."),
            templates=JinjaTemplates(),
            modules=MODULES.__getitem__,
            links=Links(link),
            publish=self.publish,
            redactor=self.redactor,
            stop=stop,
        )

    def walk(
        self, make: Callable[[Runtime], TaskVisit], *tasks: Task, check: bool = False, **play: Any
    ) -> dict[str, Outcome]:
        """Walk a play of these tasks; gives the outcomes on the first host by step."""
        whole = Play("p", "all", HERE, HERE, tasks=tasks, gather_facts=False, **play)
        return self.walk_plays(make, whole, check=check)

    def walk_plays(
        self, make: Callable[[Runtime], TaskVisit], *plays: Play, check: bool = False
    ) -> dict[str, Outcome]:
        """The same with whole plays."""
        book = Playbook("play.yml", plays, "0")
        names = tuple(self.hosts)
        graph = GraphBuilder(self.inventory, lambda *_: names, None).build(book)
        runtime = self.runtime(plays, check)
        Walk(graph, make(runtime), 4, runtime.stop).run()
        return {job.step: o for job, o in self.outcomes.items() if job.host == names[0]}
