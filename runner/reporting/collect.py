"""Keeps what a run was and what became of its jobs, for the reports that are written at its end."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple, overload

from runner.events import Event, JobFinished, Notice, RunFinished, RunStarted, StepAdded, StepInfo
from runner.model.job import JobId, Outcome
from runner.reporting.bounds import bounded_outcome
from runner.reporting.kept import KeptOutcomes
from runner.reporting.steps import Steps, parents

_MOST_NOTICES: Final = 1_000


class Entry(NamedTuple):
    """One job in a report: which, how its task is called, what became of it."""

    job: JobId
    title: str
    outcome: Outcome


class Entries(Sequence[Entry]):
    """Jobs of a run in the order of reports. Each is made when somebody comes to it."""

    def __init__(
        self, kept: KeptOutcomes, steps: Steps, hosts: Sequence[str], *, timed: bool
    ) -> None:
        self._kept = kept
        self._steps = steps
        self._hosts = kept.in_order(hosts)
        self._order = _steps_in_order(kept.steps, steps.names)
        self._timed = timed

    def __iter__(self) -> Iterator[Entry]:
        for step in self._order:
            title = title_of(self._steps.get(step), JobId(step, ""))
            for host, outcome in self._kept.of(step, self._hosts, timed=self._timed):
                yield Entry(JobId(step, host), title, outcome)

    def __len__(self) -> int:
        return len(self._kept)

    @overload
    def __getitem__(self, place: int) -> Entry: ...
    @overload
    def __getitem__(self, place: slice) -> list[Entry]: ...
    def __getitem__(self, place: int | slice) -> Entry | list[Entry]:
        return list(self)[place]


class Collector:
    """A subscriber that remembers; memory is bounded, see ``kept``.

    With ``results`` it also keeps (bounded) what ``register`` sees, which only the JSON report
    needs. ``folder`` is where it may keep what is too much for memory.
    """

    def __init__(self, *, results: bool = False, folder: Path | None = None) -> None:
        self.started: RunStarted | None = None
        self.finished: RunFinished | None = None
        self.notices: deque[Notice] = deque(maxlen=_MOST_NOTICES)
        self.kept = KeptOutcomes(folder)
        self._results = results
        self._steps = Steps()

    def handle(self, event: Event) -> None:
        """Take in one event."""
        match event:
            case RunStarted():
                self.started = event
                self._steps = Steps(event.steps)
            case StepAdded():
                self._steps.add(event.step)
            case JobFinished():
                self.kept.keep(event.job, bounded_outcome(event.outcome, results=self._results))
            case Notice():
                self.notices.append(event)
            case RunFinished():
                self.finished = event

    def close(self) -> None:
        """Nothing to put in order."""

    @property
    def steps(self) -> Sequence[StepInfo]:
        """The run's tasks in their order, with the hosts that really met those of includes."""
        return [
            dataclasses.replace(step, hosts=max(step.hosts, self.kept.met(step.step)))
            for step in self._steps.all
        ]

    def entries(self, *, timed: bool = True) -> Sequence[Entry]:
        """All finished jobs: by task in the playbook's order, then by host in the inventory's.

        Not ``timed``, they are without the time that each took, and quicker to go through.
        """
        hosts = self.started.hosts if self.started else ()
        return Entries(self.kept, self._steps, hosts, timed=timed)


def title_of(step: StepInfo | None, job: JobId) -> str:
    """What reports call a job's task."""
    return (step.name if step else "") or job.step


def in_order(entries: Iterable[Entry], steps: Sequence[str], hosts: Sequence[str]) -> list[Entry]:
    """By task, then by host; a step that is not in the list stands behind the one that brought it
    in, and what belongs nowhere comes last, as it came."""
    found = list(entries)
    met = dict.fromkeys(entry.job.step for entry in found)
    step_place = {step: place for place, step in enumerate(_steps_in_order(met, steps))}
    host_place = {host: place for place, host in enumerate(hosts)}
    return sorted(
        found,
        key=lambda e: (step_place[e.job.step], host_place.get(e.job.host, len(host_place))),
    )


def _steps_in_order(met: Iterable[str], steps: Sequence[str]) -> list[str]:
    """The steps that were met, as they came, in their order."""
    known = {step: place for place, step in enumerate(steps)}

    def place(step: str) -> tuple[int, bool]:
        if step in known:
            return known[step], False
        return next((known[p] for p in parents(step) if p in known), len(known)), True

    return sorted(met, key=place)
