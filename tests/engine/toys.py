"""A toy fleet for the engine's tests: hosts that are dictionaries, and a module that sets keys."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from runner.engine.graph_build import GraphBuilder
from runner.engine.runtime import Links, Runtime
from runner.engine.session import Link
from runner.engine.variables import Variables
from runner.engine.visit import TaskVisit
from runner.engine.walk import Stop, Walk
from runner.errors import ConnectionLost, ModuleError, RestartFirst
from runner.events import Event, JobFinished
from runner.interfaces.exchange import Exec, Query, Reply, Request, Script, read, write
from runner.interfaces.module import (
    CommandState,
    Decision,
    Effect,
    Evaluate,
    Facts,
    LocalModule,
    Module,
    Params,
)
from runner.interfaces.shell import Bundle, Invocation, RawOutput, Shell
from runner.interfaces.transport import Connection, Options, Transport
from runner.loading.templates import JinjaTemplates
from runner.model.inventory import Group, Host, Inventory
from runner.model.job import JobId, Outcome
from runner.model.playbook import Play, Playbook, Task
from runner.model.secret import Redactor
from runner.model.source import Source
from runner.model.state import UNKNOWN, Change

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


class KeyParams(Params):
    key: str
    value: str | None = None
    forever: bool = False


@dataclass(frozen=True)
class KeyState:
    value: str | None
    owner: str | None = None
    """A field that the module reads and never sets."""


class Key(Module[KeyParams, KeyState]):
    """Sets a key of a toy host."""

    params = KeyParams
    state = KeyState

    def subject(self, params: KeyParams) -> str:
        return f"key {params.key}"

    def probe(self, params: KeyParams, facts: Facts) -> Generator[Query, Reply, KeyState]:
        out, owner = yield from read(Exec("get", params.key), Exec("get", "owner"))
        return KeyState(
            out.stdout if out.code == 0 else None, owner.stdout if owner.code == 0 else None
        )

    def plan(self, params: KeyParams, before: KeyState, facts: Facts) -> KeyState:
        return KeyState(params.value, before.owner)

    def apply(
        self, params: KeyParams, change: Change[KeyState], facts: Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        if change.after.value == "after-restart":
            (out,) = yield from read(Exec("get", "fresh"))
            if out.code != 0:
                raise RestartFirst("an earlier change waits for a restart")
        if change.after.value is None:
            yield from write(Exec("unset", params.key))
        else:
            yield from write(Exec("set", f"{params.key}={change.after.value}"))
        return {}

    def irreversible(self, params: KeyParams, change: Change[KeyState], facts: Facts) -> str:
        return "it is for ever" if params.forever else ""

    def result(
        self,
        params: KeyParams,
        change: Change[KeyState],
        facts: Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        return {
            "value": change.after.value,
            "reboot_required": change.before.value == "wait",
            "token": "t" if applied is not None else UNKNOWN,
        }


class NoFactsParams(Params):
    pass


class Boot(Module[NoFactsParams, KeyState]):
    """Restarts a toy host: everything that waited takes effect."""

    params = NoFactsParams
    state = KeyState
    settles = True

    def subject(self, params: NoFactsParams) -> str:
        return "restart"

    def probe(self, params: NoFactsParams, facts: Facts) -> Generator[Query, Reply, KeyState]:
        (out,) = yield from read(Exec("get", "boots"))
        return KeyState(out.stdout if out.code == 0 else "0")

    def plan(self, params: NoFactsParams, before: KeyState, facts: Facts) -> KeyState:
        return KeyState(str(int(before.value or "0") + 1))

    def apply(
        self, params: NoFactsParams, change: Change[KeyState], facts: Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        yield from write(Exec("set", f"boots={change.after.value}"))
        yield from write(Exec("set", "fresh=1"))
        return {}


class ShoutParams(Params):
    text: str


class Shout(Module[ShoutParams, CommandState]):
    """A command whose effect nobody can predict."""

    params = ShoutParams
    state = CommandState
    effect = Effect.COMMAND

    def subject(self, params: ShoutParams) -> str:
        return ""

    def probe(self, params: ShoutParams, facts: Facts) -> Generator[Query, Reply, CommandState]:
        return CommandState()
        yield

    def plan(self, params: ShoutParams, before: CommandState, facts: Facts) -> CommandState:
        return CommandState(done=True)

    def apply(
        self, params: ShoutParams, change: Change[CommandState], facts: Facts
    ) -> Generator[Request, Reply, Mapping[str, Any]]:
        out = yield from write(Exec("set", f"shout={params.text}"))
        return {"rc": out.code, "stdout": out.stdout}

    def result(
        self,
        params: ShoutParams,
        change: Change[CommandState],
        facts: Facts,
        applied: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        return dict(applied)


class SayParams(Params):
    text: str


class Say(LocalModule[SayParams]):
    params = SayParams

    def decide(self, params: SayParams, evaluate: Evaluate) -> Decision:
        return Decision(message=params.text, failed=params.text == "fail")


MODULES: dict[str, Module[Any, Any]] = {
    "key": Key(),
    "shout": Shout(),
    "say": Say(),
    "boot": Boot(),
}


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
        book = Playbook("play.yml", (whole,), "0")
        names = tuple(self.hosts)
        graph = GraphBuilder(self.inventory, lambda *_: names, None).build(book)
        runtime = self.runtime((whole,), check)
        Walk(graph, make(runtime), 4, runtime.stop).run()
        return {job.step: o for job, o in self.outcomes.items() if job.host == names[0]}


def fail(text: str) -> None:
    raise ModuleError(text)
