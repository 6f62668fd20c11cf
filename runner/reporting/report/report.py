"""A recorded run, or a plan, as its reports need it: HTML page, JUnit XML, JSON and CSV."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from runner.events import JobFinished, RunFinished, RunStarted, StepInfo
from runner.model.job import JobId, Status
from runner.reporting.collect import Collector, Entry
from runner.reporting.graph.nodes import DrawEdge, DrawNode


@dataclass(frozen=True, slots=True)
class Related:
    """Another run that belongs to this one, and how: ``a rollback of this run``."""

    run: str
    relation: str
    status: str
    started: float
    user: str
    hosts: int


@dataclass(frozen=True, slots=True)
class Report:
    """What became of every job, and what is known of the run as a whole.

    Times are seconds since the epoch. ``entries`` are in the playbook's order, then in the
    inventory's; ``ended`` says when each job did. ``facts`` are further lines of the summary
    (name, text). ``excluded`` are changes that the user keeps out of rollbacks (task, host).
    ``changes`` counts those on record, ``undone`` those that were taken back. ``foreseen`` is a
    plan's prediction against what happened, or how much of a dry run was predictable.
    """

    run: str
    verb: str
    title: str
    started: float
    user: str
    version: str
    hosts: tuple[str, ...]
    steps: tuple[StepInfo, ...]
    entries: tuple[Entry, ...]
    status: str
    finished: float | None = None
    exit_code: int | None = None
    predicted: bool = False
    """Nothing has happened yet: this is a plan."""
    ended: Mapping[JobId, float] = field(default_factory=dict)
    facts: tuple[tuple[str, str], ...] = ()
    related: tuple[Related, ...] = ()
    excluded: tuple[tuple[str, str], ...] = ()
    changes: int = 0
    undone: int = 0
    foreseen: tuple[str, ...] = ()
    nodes: tuple[DrawNode, ...] = ()
    edges: tuple[DrawEdge, ...] = ()
    next_commands: tuple[str, ...] = ()
    person: tuple[tuple[str, str, str], ...] = ()
    """What would have needed somebody in a rehearsal: what, which hosts, what to do."""
    rehearsal: bool = False
    """All this was on simulated twins."""

    @property
    def seconds(self) -> float | None:
        """How long it took, from the start to the end; None while it has none."""
        return None if self.finished is None else max(0.0, self.finished - self.started)

    @property
    def modules(self) -> dict[str, str]:
        """The module of each step."""
        return {step.step: step.module for step in self.steps}

    @property
    def plays(self) -> dict[str, str]:
        """The play of each step."""
        return {step.step: step.play for step in self.steps}


def replayed(report: Report) -> Collector:
    """A collector that has seen the run again: for the reports that are made from events."""
    collector = Collector(results=True)
    collector.handle(
        RunStarted(
            report.run, report.verb, report.title, report.hosts, report.steps, report.started
        )
    )
    for entry in report.entries:
        when = report.ended.get(entry.job, report.started)
        collector.handle(JobFinished(entry.job, entry.outcome, when))
    if report.finished is not None:
        collector.handle(
            RunFinished(
                report.run,
                report.verb,
                counts_by_host(report.entries),
                report.status in ("interrupted", "crashed"),
                0,
                report.seconds or 0.0,
                report.finished,
            )
        )
    return collector


def counts_by_host(entries: Sequence[Entry]) -> dict[str, Counter[Status]]:
    """Jobs by host and status."""
    counts: dict[str, Counter[Status]] = {}
    for entry in entries:
        counts.setdefault(entry.job.host, Counter())[entry.outcome.status] += 1
    return counts
