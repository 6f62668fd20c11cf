"""Keeps what a run was and what became of its jobs, for the reports that are written at its end."""

from __future__ import annotations

import dataclasses
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from runner.events import (
    Event,
    JobFinished,
    Notice,
    RunFinished,
    RunStarted,
    StepAdded,
    StepInfo,
)
from runner.model.job import JobId, Outcome
from runner.reporting.bounds import bounded_outcome
from runner.reporting.steps import Steps, parents

_MOST_NOTICES: Final = 1_000


class Entry(NamedTuple):
    """One job in a report: which, how its task is called, what became of it."""

    job: JobId
    title: str
    outcome: Outcome


class Collector:
    """A subscriber that remembers; memory is bounded per job.

    With ``results`` it also keeps (bounded) what ``register`` sees, which only the JSON report
    needs.
    """

    def __init__(self, *, results: bool = False) -> None:
        self.started: RunStarted | None = None
        self.finished: RunFinished | None = None
        self.notices: deque[Notice] = deque(maxlen=_MOST_NOTICES)
        self._results = results
        self._steps = Steps()
        self._outcomes: dict[JobId, Outcome] = {}

    def handle(self, event: Event) -> None:
        """Take in one event."""
        match event:
            case RunStarted():
                self.started = event
                self._steps = Steps(event.steps)
            case StepAdded():
                self._steps.add(event.step)
            case JobFinished():
                self._outcomes[event.job] = bounded_outcome(event.outcome, results=self._results)
            case Notice():
                self.notices.append(event)
            case RunFinished():
                self.finished = event

    def close(self) -> None:
        """Nothing to put in order."""

    @property
    def steps(self) -> Sequence[StepInfo]:
        """The run's tasks in their order, with the hosts that really met those of includes."""
        met = Counter(job.step for job in self._outcomes)
        return [
            dataclasses.replace(step, hosts=max(step.hosts, met[step.step]))
            for step in self._steps.all
        ]

    def entries(self) -> list[Entry]:
        """All finished jobs: by task in the playbook's order, then by host in the inventory's."""
        found = (
            Entry(job, title_of(self._steps.get(job.step), job), outcome)
            for job, outcome in self._outcomes.items()
        )
        hosts = self.started.hosts if self.started else ()
        return in_order(found, self._steps.names, hosts)


def title_of(step: StepInfo | None, job: JobId) -> str:
    """What reports call a job's task."""
    return (step.name if step else "") or job.step


def in_order(entries: Iterable[Entry], steps: Sequence[str], hosts: Sequence[str]) -> list[Entry]:
    """By task, then by host; a step that is not in the list stands behind the one that brought it
    in, and what belongs nowhere comes last, as it came."""
    step_place = {step: place for place, step in enumerate(steps)}
    host_place = {host: place for place, host in enumerate(hosts)}
    met: dict[str, int] = {}
    found = list(entries)
    for entry in found:
        met.setdefault(entry.job.step, len(met))

    def place(entry: Entry) -> tuple[int, int, int]:
        step, host = entry.job.step, host_place.get(entry.job.host, len(host_place))
        if step in step_place:
            return step_place[step], -1, host
        known = (step_place[parent] for parent in parents(step) if parent in step_place)
        return next(known, len(step_place)), met[step], host

    return sorted(found, key=place)
