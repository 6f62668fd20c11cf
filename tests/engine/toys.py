"""A toy fleet for the engine's tests: hosts that are dictionaries, and a module that sets keys."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from runner.engine.graph.build import GraphBuilder
from runner.engine.hosts.link import Link
from runner.engine.runtime import Links, Runtime
from runner.engine.stop import Stop
from runner.engine.variables.variables import Variables
from runner.engine.visits.visit import TaskVisit
from runner.engine.walk.walk import Walk
from runner.errors import ConnectionLost, Unreachable
from runner.events import Event, JobFinished, StepAdded
from runner.interfaces.detached import Jobs, JobState, JobStatus
from runner.interfaces.exchange import Command, Exec, Output, Query, Reply, Script, read
from runner.interfaces.setting import Setting
from runner.interfaces.shell import Bundle, Invocation, RawOutput, Shell
from runner.interfaces.transport import Connection, Options, Transport
from runner.loading.templates.templates import JinjaTemplates
from runner.model.inventory import Group, Host, Inventory
from runner.model.job import JobId, Outcome, Status
from runner.model.playbook import Play, Playbook
from runner.model.secret import Redactor
from runner.model.source import Source
from runner.model.task import Block, Entry, Include, IncludeKind, Loop, Task, Way
from tests.engine.toy_includes import ToyIncludes
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
    down: bool = False
    slow: float = 0.0
    """Seconds that each write takes."""
    connects: int = 0


class ToyConnection(Connection):
    def __init__(self, host: ToyHost) -> None:
        self.host = host

    def run(self, invocation: Invocation, *, timeout: float) -> RawOutput:
        self.exchanges += 1
        verb, _, rest = invocation.line.rpartition("]")[2].strip().partition(" ")
        if self.host.never_start and self.host.never_start in invocation.line:
            raise ConnectionLost("refused before it began")
        self.host.lines.append(invocation.line)
        if verb == "start":
            # A job that is done as soon as it is started.
            job, _, rest = rest.partition(" ")
            self.host.keys[f"job-{job}"] = "finished"
            verb, _, rest = rest.partition(" ")
        key, _, value = rest.partition("=")
        if verb == "get":
            self._lose(invocation.line)
            found = self.host.keys.get(key)
            return RawOutput(0 if found is not None else 1, (found or "").encode())
        if verb == "set":
            time.sleep(self.host.slow)
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
        if self._hosts[options.name].down:
            raise Unreachable(f"nobody answers at {options.name}")
        self._hosts[options.name].connects += 1
        return ToyConnection(self._hosts[options.name])


class ToyShell(Shell):
    """Shows the setting in brackets before each command."""

    name = "toy"

    def __init__(self, setting: Setting | None = None) -> None:
        self._setting = setting

    def under(self, setting: Setting) -> ToyShell:
        return ToyShell(setting)

    def render(self, command: Exec | Script) -> Invocation:
        assert isinstance(command, Exec)
        line = " ".join(command.argv)
        if self._setting is None:
            return Invocation(line)
        words = [f"{name}={value}" for name, value in self._setting.environment.items()]
        if self._setting.become:
            words.append(f"{self._setting.become} {self._setting.user}")
        return Invocation(f"[{' '.join(words)}] {line}")

    def bundle(self, commands: Sequence[Exec | Script]) -> Sequence[Bundle] | None:
        return None

    def decode(self, raw: RawOutput, encoding: str) -> Output:
        return Output(raw.code, raw.stdout.decode(encoding), raw.stderr.decode(encoding))

    def detach(
        self, command: Command, job: str, encoding: str
    ) -> Generator[Invocation, Output, None]:
        yield Invocation(f"start {job} {self.render(command).line}")

    def jobs(self) -> Jobs:
        return ToyJobs()


class ToyJobs(Jobs):
    """Detached commands of toy hosts."""

    def status(self, job: str) -> Generator[Query, Reply, JobStatus]:
        (out,) = yield from read(Exec("get", f"job-{job}"))
        return JobStatus(JobState(out.stdout) if out.code == 0 else JobState.ABSENT)

    def output(self, job: str) -> Command:
        return Exec("output", job)

    def kill(self, job: str, status: JobStatus) -> Command:
        return Exec("kill", job)

    def clean(self, job: str) -> Command:
        return Exec("unset", f"job-{job}")

    def place(self, job: str) -> str:
        return f"/jobs/{job}"


def task(name: str, module: str, args: Mapping[str, Any] | None = None, **fields: Any) -> Task:
    """A task; ``loop`` may be its terms, ``control`` what stands in ``loop_control``."""
    if "loop" in fields and not isinstance(fields["loop"], Loop | None):
        fields["loop"] = Loop("loop", fields["loop"], HERE, **fields.pop("control", {}))
    return Task(name, module, dict(args or {}), HERE, **fields)


def block(*body: Entry, rescue: Sequence[Entry] = (), always: Sequence[Entry] = ()) -> Block:
    return Block("", HERE, body, tuple(rescue), tuple(always))


def include(name: str, file: str, kind: IncludeKind = IncludeKind.TASKS, **fields: Any) -> Task:
    """An include of one of the fleet's files."""
    return task(name, str(kind), {"file": file}, include=Include(kind), **fields)


class Fleet:
    """Toy hosts, plays on all of them, and what became of their jobs.

    ``of_host`` are variables of single hosts, ``files`` what includes find.
    """

    def __init__(self, hosts: Mapping[str, ToyHost] | None = None, **variables: Any) -> None:
        self.hosts = dict(hosts or {"a": ToyHost()})
        self.variables = variables
        self.of_host: dict[str, dict[str, Any]] = {}
        self.files: dict[str, Any] = {}
        self.others: dict[str, ToyHost] = {}
        """Hosts that no play is for; ``localhost`` is in no inventory."""
        self.claimed: list[str] = []
        self.ways: list[tuple[str, Way]] = []
        self.answers: list[str] = []
        self.outcomes: dict[JobId, Outcome] = {}
        self.events: list[Event] = []
        self.redactor = Redactor()
        self.login_shell = "toy"
        self.workers = 4
        self.stop = Stop()
        self._lock = threading.Lock()

    @property
    def inventory(self) -> Inventory:
        names = (*self.hosts, *(name for name in self.others if name != "localhost"))
        return Inventory(
            {n: Host(n, {**self.variables, **self.of_host.get(n, {})}) for n in names},
            {"all": Group("all", names)},
        )

    @property
    def steps(self) -> list[str]:
        """The steps that includes brought in."""
        return [event.step.step for event in self.events if isinstance(event, StepAdded)]

    def publish(self, event: Event) -> None:
        with self._lock:
            self.events.append(event)
            if isinstance(event, JobFinished):
                self.outcomes[event.job] = event.outcome

    def status(self, step: str, host: str) -> Status:
        """What became of one job."""
        return self.outcomes[JobId(step, host)].status

    def claim(self, host: str) -> None:
        self.claimed.append(host)

    def runtime(self, plays: tuple[Play, ...], check: bool) -> Runtime:
        transport = ToyTransport({**self.hosts, **self.others})
        shell = ToyShell()

        def link(host: str, way: Way) -> Link:
            self.ways.append((host, way))
            options = transport.options(host, {})
            return Link(host, transport, options, lambda _name: shell, self.login_shell, self.stop)

        templates = JinjaTemplates()
        return Runtime(
            run="test",
            plays=plays,
            variables=Variables(
                self.inventory,
                {},
                check_mode=check,
                playbook_dir=".",
                play_hosts={play.source: list(self.hosts) for play in plays},
                as_data=templates.as_data,
            ),
            templates=templates,
            modules=MODULES.__getitem__,
            links=Links(link),
            publish=self.publish,
            redactor=self.redactor,
            stop=self.stop,
            ask=lambda _prompt, _echo: self.answers.pop(0),
            includes=ToyIncludes(self.files),
            claim=self.claim,
        )

    def walk(
        self, make: Callable[[Runtime], TaskVisit], *tasks: Entry, check: bool = False, **play: Any
    ) -> dict[str, Outcome]:
        """Walk a play of these tasks; gives the outcomes on the first host by step."""
        play.setdefault("gather_facts", False)
        whole = Play("p", "all", HERE, HERE, tasks=tasks, **play)
        return self.walk_plays(make, whole, check=check)

    def walk_plays(
        self, make: Callable[[Runtime], TaskVisit], *plays: Play, check: bool = False
    ) -> dict[str, Outcome]:
        """The same with whole plays."""
        book = Playbook("play.yml", plays, "0")
        names = tuple(self.hosts)
        graph = GraphBuilder(self.inventory, lambda *_: names, None).build(book)
        runtime = self.runtime(plays, check)
        Walk(graph, make(runtime), self.workers, runtime.stop).run()
        return {job.step: o for job, o in self.outcomes.items() if job.host == names[0]}
