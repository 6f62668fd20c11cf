"""``runner run --processes N``: as with one process, but for who does the work."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from runner.app.carry_out import carry_out, conduct, run_prepared, settling
from runner.app.crew.crew import Crew, CrewLinks, Mate, part_of
from runner.app.crew.desk import Desk
from runner.app.crew.losing import Losses
from runner.app.crew.mate import Share
from runner.app.crew.messages import Answer, Became, Begin, Learn, Left, Message, StateOf, Told
from runner.app.crew.sharing import SharedVariables
from runner.app.crew.telling import Merged
from runner.app.crew.ties import Split, split
from runner.app.run_records import hosts_of
from runner.app.run_variables import run_variables
from runner.app.wiring.conduct import Conductor, step_infos
from runner.app.wiring.leases import leasing_of
from runner.app.wiring.ledger import record_outcome
from runner.app.wiring.links import make_links, ways
from runner.app.wiring.options import FORKS_CAP, RunOptions
from runner.app.wiring.prepare import Prepared
from runner.engine.hosts.access import Access
from runner.engine.hosts.leasing import Leasing
from runner.engine.stop import Stop, StopLevel
from runner.events import JobFinished
from runner.journal.journal import Journal
from runner.journal.records import RunRecord
from runner.journal.rows import dump


def run_in_processes(options: RunOptions, prepared: Prepared) -> int:
    """Run or preview a playbook in several processes, or in this one where it must be; gives the
    exit code."""
    found = gathered(options, prepared)
    if isinstance(found, Split):
        said = f"--processes {options.processes}: this goes in one process, because {found.why}"
        return run_prepared(options, prepared, said)
    with found as company:
        conductor = conduct(options, prepared)
        if options.check:
            interrupted = company.preview(conductor)
            return conductor.exit_code(interrupted=interrupted, detailed=options.detailed_exitcode)
        return carry_out(options, prepared, conductor, recorded=company.on_record)


def can_fork() -> bool:
    """Whether a copy of this process can go on: a thread of it might hold a lock at that moment."""
    return hasattr(os, "fork") and threading.active_count() == 1


def gathered(options: RunOptions, prepared: Prepared) -> Company | Split:
    """The mates for this run, forked; or why it goes in one process."""
    if not can_fork():
        return Split(why="this program cannot fork here")
    if options.forks == 1:
        return Split(why="one host is to be worked on at a time (--forks 1)")
    found = split(prepared, min(options.processes, options.forks or options.processes))
    if found.why:
        return found
    try:
        return Company(options, prepared, found)
    except OSError as error:
        return Split(why=f"the system has no room for another one ({error.strerror})")


class Company:
    """A run and its crew. A context manager: no process outlives it."""

    def __init__(self, options: RunOptions, prepared: Prepared, parts: Split) -> None:
        self._options = options
        self.prepared = prepared
        stop = Stop()  # that of the mates
        variables = run_variables(prepared, options, SharedVariables)
        assert isinstance(variables, SharedVariables)
        self._variables = variables
        links = make_links(prepared.fleet, variables, stop, ways(prepared), options.approach)
        assert links.access is not None
        self._access: Access = links.access
        graph = prepared.graph
        self._index = {name: number for number, name in enumerate(graph.hosts)}
        everybody = frozenset().union(*parts.parts)
        self.crew = Crew(
            [
                (
                    hosts,
                    Share(
                        options,
                        replace(prepared, graph=part_of(graph, hosts)),
                        variables,
                        links,
                        stop,
                        frozenset(graph.hosts[host] for host in everybody - hosts),
                    ),
                )
                for hosts in parts.parts
            ]
        )

    def preview(self, conductor: Conductor) -> bool:
        """A dry run; says whether it was interrupted."""
        return self._go(conductor, None, "", "check")

    def on_record(self, conductor: Conductor, journal: Journal, record: RunRecord) -> int:
        """Walk for a run that the journal knows; gives the exit code."""
        interrupted = self._go(conductor, journal, record.id, record.verb)
        return conductor.exit_code(interrupted=interrupted, detailed=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.crew.end()

    def _go(self, conductor: Conductor, journal: Journal | None, run: str, verb: str) -> bool:
        prepared, options, crew = self.prepared, self._options, self.crew
        leasing: Leasing | None = None
        if journal is not None:
            leasing = leasing_of(
                options.locking, journal, run, prepared.fleet, self._variables, conductor.notice
            )
        desk = Desk(conductor.stop, self._access, journal, run, leasing)
        office = _Office(self, desk, conductor, journal, run)
        try:
            return conductor.walk(
                prepared.graph,
                None,
                run=run,
                verb=verb,
                title=str(options.playbook),
                steps=step_infos(prepared.graph, [p.name for p in prepared.playbook.plays]),
                links=CrewLinks(crew),
                forks=options.forks,
                deadline=options.deadline,
                before_end=(
                    settling(conductor, journal, run) if journal is not None else lambda _: None
                ),
                work=lambda: office.work(self._begin(journal, run, leasing)),
            )
        finally:
            crew.end()
            desk.close()

    def _begin(self, journal: Journal | None, run: str, leasing: Leasing | None) -> list[Begin]:
        """What each mate is told; of the hosts at once each has its share."""
        count = len(self.crew.mates)
        most = self._options.forks or min(len(hosts_of(self.prepared)), FORKS_CAP)
        return [
            Begin(
                run,
                journal.path if journal is not None else None,
                leasing.owner if leasing is not None else "",
                journal.breaking if journal is not None else None,
                self._access.pace.settings,
                max(1, (most + number) // count),
            )
            for number in range(count)
        ]

    def mate_of(self, host: str) -> Mate | None:
        """Who works on this host."""
        return self.crew.of(self._index[host]) if host in self._index else None


class _Office:
    """Where the mates of a run report to."""

    def __init__(
        self, company: Company, desk: Desk, conductor: Conductor, journal: Journal | None, run: str
    ) -> None:
        graph = company.prepared.graph
        self._company = company
        self._desk = desk
        self._conductor = conductor
        self._journal = journal
        self._run = run
        self._merged = Merged(graph, conductor.publish)
        self._losses = Losses(graph)

    def work(self, begins: Sequence[Begin]) -> None:
        """Let the mates begin, and wait for them."""
        self._company.crew.start(begins, self._take, self._lost)
        self._company.crew.work(self._conductor.stop)

    def _take(self, mate: Mate, message: Message) -> None:
        match message:
            case Told(event):
                self._losses.note(event)
                self._merged.publish(event)
            case Became(values):
                self._record(values)
            case Learn(number, secrets):
                self._company.prepared.fleet.redactor.add(*secrets)
                self._learn(mate, number, secrets)
            case Left():
                self._company.crew.tell(message, but=mate)
            case StateOf(number, host):
                self._ask_state(mate, number, host)
            case _:
                self._desk.take(mate.wire, message)

    def _record(self, values: dict[str, Any]) -> None:
        """Keep an outcome; its task has the title that was shown, of whichever process."""
        if self._journal is None:
            return
        if title := self._conductor.titles.get(values["step"]):
            data = {**json.loads(values["data"]), "task": title}
            values = {**values, "data": dump(data, "an outcome")}
        self._journal.keep_outcome(values)

    def _learn(self, mate: Mate, number: int, secrets: tuple[str, ...]) -> None:
        """Have the others mask them, and say so to who has told of them."""
        others = [one for one in self._company.crew.mates if one is not mate and not one.gone]
        left = len(others)
        lock = threading.Lock()

        def heard(_done: object = None) -> None:
            nonlocal left
            with lock:
                left -= 1
                last = left == 0
            if last:
                mate.wire.send(Answer(number, None))

        if not others:
            mate.wire.send(Answer(number, None))
        for one in others:
            asked = one.wire.ask_for(lambda theirs: Learn(theirs, secrets))
            asked.add_done_callback(heard)

    def _ask_state(self, mate: Mate, number: int, host: str) -> None:
        other = self._company.mate_of(host)
        if other is None or other.gone:
            mate.wire.send(Answer(number, {}))
            return
        found = other.wire.ask_for(lambda theirs: StateOf(theirs, host))
        found.add_done_callback(
            lambda done: mate.wire.send(Answer(number, {} if done.exception() else done.result()))
        )

    def _lost(self, mate: Mate) -> None:
        """A mate has ended before its time: what it had in hand is in doubt, the rest not done."""
        self._desk.lost(mate.wire)
        why = f"the process that worked on this host {mate.end}"
        stopped = self._conductor.stop.level is not StopLevel.GO_ON
        self._conductor.notice(
            f"process {mate.pid} of this run, which had {len(mate.hosts)} of its hosts, {mate.end}"
        )
        for job, outcome in self._losses.of(mate.hosts, why, stopped):
            if self._journal is not None:
                title = self._conductor.titles.get(job.step, "")
                record_outcome(self._journal, self._run, job, outcome, title)
            self._conductor.publish(JobFinished(job, outcome, time.time()))
