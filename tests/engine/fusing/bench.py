"""A play on one lab machine, with and without what travels together, to be compared."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

from runner import modules
from runner.app.wiring.ledger import RunLedger, UndoLedger
from runner.engine.fusing.visit_rollback import FusedRollback
from runner.engine.fusing.visit_run import FusedVisit
from runner.engine.graph.graph import JobGraph
from runner.engine.graph.lines import Lines
from runner.engine.graph.rollback import graph_to_json, rollback_graph
from runner.engine.hosts.link import Link
from runner.engine.runtime import Links, Runtime
from runner.engine.stop import Stop
from runner.engine.variables.variables import Variables
from runner.engine.visits.check import CheckVisit
from runner.engine.visits.rollback import RollbackVisit
from runner.engine.visits.run import RunVisit
from runner.engine.visits.visit import TaskVisit
from runner.engine.walk.walk import Walk
from runner.errors import Unreachable
from runner.events import Event, JobFinished, JobStarted
from runner.interfaces.shell import Invocation, RawOutput
from runner.interfaces.transport import Connection, Transport
from runner.journal.journal import Journal
from runner.journal.records import ChangeRecord, Intent
from runner.lab.toolkit.regwords import RegFault
from runner.loading.templates.templates import JinjaTemplates
from runner.model.job import JobId, Outcome
from runner.model.playbook import Entry, Play
from runner.model.secret import Redactor
from runner.model.source import Source
from runner.model.task import Task
from tests.engine.makers import build, inventory, play
from tests.modules.labhost import LabHost

HOST = "WEB01"


@dataclass
class Book:
    """The journal as a list: what was intended, and what became of it."""

    intents: list[Intent] = field(default_factory=list)
    settled: dict[int, tuple[str, Any, Any]] = field(default_factory=dict)
    back: list[int] = field(default_factory=list)
    groups: list[int] = field(default_factory=list)
    """How many intents became durable at once."""

    def intend(self, run: str, intent: Intent) -> int:
        return self.intend_all(run, [intent])[0]

    def intend_all(self, run: str, intents: Sequence[Intent]) -> list[int]:
        self.groups.append(len(intents))
        self.intents += intents
        count = len(self.intents)
        return list(range(count - len(intents), count))

    def settle(self, change: int, status: str, *, found: Any = None, applied: Any = None) -> None:
        assert change not in self.settled, "settled twice"
        self.settled[change] = (status, found, applied)

    def undone(self, change: int, by: str) -> None:
        self.back.append(change)

    @property
    def records(self) -> list[ChangeRecord]:
        """What a rollback finds of it."""
        found = []
        for number, intent in enumerate(self.intents):
            status, state, _ = self.settled.get(number, ("intended", None, None))
            if status in ("changed", "failed", "in doubt", "intended"):
                values = {f.name: getattr(intent, f.name) for f in dataclasses.fields(intent)}
                found.append(ChangeRecord(
                    **values, id=number, run="run", sequence=number + 1, started=0.0,
                    status=status, found=state,
                ))  # fmt: skip
        return found

    @property
    def changes(self) -> list[tuple[Any, ...]]:
        """What was sent, and what became of it; announced and never sent is no change."""
        return [
            (intent, *self.settled.get(number, ("intended", None, None)))
            for number, intent in enumerate(self.intents)
            if self.settled.get(number, ("", None, None))[0] != "cancelled"
        ]


@dataclass
class Played:
    """What a play came to."""

    outcomes: dict[str, Outcome]
    events: list[tuple[str, str]]
    book: Book
    state: dict[str, Any]
    exchanges: int
    lines: list[str]
    said: list[Event]
    graph: JobGraph


Fault = Callable[[str, Callable[[], RawOutput]], RawOutput]
"""Stands between the runner and the machine: the line that is sent, and what carries it out."""


class _Through:
    """The machine's own transport, with a fault in between."""

    name = "lab"
    default_shell = "cmd"
    shared = True

    def __init__(self, transport: Transport, bench: Bench) -> None:
        self._transport = transport
        self._bench = bench

    def connect(self, options: Any, *, timeout: float) -> Connection:
        self._bench.connects += 1
        if self._bench.gone:
            raise Unreachable("nobody answers there")
        opened = self._transport.connect(options, timeout=timeout)
        send, bench = opened.run, self._bench
        bench.opened = opened

        def run(invocation: Invocation, *, timeout: float) -> RawOutput:
            bench.lines.append(invocation.line)
            done = partial(send, invocation, timeout=timeout)
            return bench.fault(invocation.line, done) if bench.fault else done()

        cast(Any, opened).run = run
        return opened


class Bench:
    """A machine in some state. Values called ``locked`` cannot be written, of those called ``deaf``
    writing reports success and does nothing."""

    def __init__(self, *before: str, os: str = "2012r2", fault: Fault | None = None) -> None:
        self.host = LabHost(os)
        connection = self.host.link.open()
        for line in before:
            assert connection.run(Invocation(line), timeout=10).code == 0, line
        registry = self.host.machine._host.registry
        put = registry.set

        def guarded(path: str, name: str, data: Any, type_: str | None = None) -> None:
            if name.casefold() == "locked":
                raise RegFault("Access is denied.")
            if name.casefold() != "deaf":
                put(path, name, data, type_)

        cast(Any, registry).set = guarded
        self.lines: list[str] = []
        self.fault = fault
        self.connects = 0
        self.gone = False
        """Nobody answers there any more."""
        self.opened: Connection | None = None
        """The latest connection."""

    def run(self, make: Callable[..., TaskVisit], *tasks: Entry, verbose: bool = False,
            stop: Stop | None = None, **fields: Any) -> Played:  # fmt: skip
        """Walk a play of these tasks. ``make`` is one of the functions below."""
        whole = play(*tasks, **fields)
        inv = inventory(HOST)
        graph = build(inv, whole)
        events: list[Event] = []
        book = Book()
        stop = stop or Stop()
        link = self._link(stop)
        runtime = self._runtime(whole, inv, events, link, stop, verbose)
        ledger = RunLedger(cast(Journal, book), "run", runtime.redactor)
        Walk(graph, make(runtime, ledger, Lines(graph)), 2, stop).run()
        return _played(events, book, self, link, self.lines, graph)

    def back(self, of: Played, *, together: bool, stop: Stop | None = None) -> Played:
        """Take a play back on this machine, where it was played."""
        records = of.book.records
        changes: dict[JobId, list[ChangeRecord]] = defaultdict(list)
        for record in records:
            changes[record.job].append(record)
        graph = rollback_graph(*graph_to_json(of.graph), [r.job for r in records], frozenset())
        events: list[Event] = []
        book, stop = Book(), stop or Stop()
        link = self._link(stop)
        runtime = self._runtime(play(), inventory(HOST), events, link, stop, verbose=False)
        ledger = UndoLedger(cast(Journal, book), "back")
        visit = RollbackVisit(runtime, changes, {}, ledger, lambda _record: True)
        if together:
            visit = FusedRollback(visit, Lines(graph))
        before = len(self.lines)
        Walk(graph, visit, 2, stop).run()
        return _played(events, book, self, link, self.lines[before:], graph)

    def _link(self, stop: Stop) -> Link:
        own = self.host.link
        transport = cast(Transport, _Through(own.transport, self))
        return dataclasses.replace(own, transport=transport, stop=stop, connection=None)

    def _runtime(self, whole: Play, inv: Any, events: list[Event], link: Link, stop: Stop,
                 verbose: bool) -> Runtime:  # fmt: skip
        templates = JinjaTemplates()
        variables = Variables(
            inv, {}, check_mode=False, playbook_dir=".", play_hosts={whole.source: [HOST]},
            as_data=templates.as_data,
        )  # fmt: skip
        return Runtime(
            run="run", plays=(whole,), variables=variables, templates=templates,
            modules=modules.load, links=Links(lambda _host, _way: link), publish=events.append,
            redactor=Redactor(), stop=stop, shows_output=verbose,
        )  # fmt: skip


def _played(
    events: list[Event], book: Book, bench: Bench, link: Link, lines: list[str], graph: JobGraph
) -> Played:
    return Played(
        {e.job.step: dataclasses.replace(e.outcome, seconds=0.0)
         for e in events if isinstance(e, JobFinished)},
        [(type(e).__name__, e.job.step)
         for e in events if isinstance(e, JobStarted | JobFinished)],
        book, bench.host.state, link.exchanges, lines, events, graph,
    )  # fmt: skip


def fused(runtime: Runtime, ledger: RunLedger, lines: Lines) -> FusedVisit:
    return FusedVisit(runtime, ledger, lines)


def alone(runtime: Runtime, ledger: RunLedger, lines: Lines) -> RunVisit:
    return RunVisit(runtime, ledger)


def preview(runtime: Runtime, ledger: RunLedger, lines: Lines) -> CheckVisit:
    visit = CheckVisit(runtime)
    visit.look_ahead(lines)
    return visit


def preview_alone(runtime: Runtime, ledger: RunLedger, lines: Lines) -> CheckVisit:
    return CheckVisit(runtime)


def value(name: str, key: str = "K", data: Any = 1, **fields: Any) -> Task:
    """A task that wants a number in the registry."""
    args = {"path": rf"HKLM:\SOFTWARE\{key}", "name": name, "type": "dword", "data": data}
    return task("win_regedit", args, **fields)


def task(module: str, args: dict[str, Any], **fields: Any) -> Task:
    return Task(fields.pop("title", module), module, args, Source("play.yml", 1, 1), **fields)


def job(step: str) -> JobId:
    return JobId(step, HOST)
