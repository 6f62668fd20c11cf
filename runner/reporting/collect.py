"""Keeps what a run was and what became of its jobs, for the reports that are written at its end."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from runner.events import Event, JobFinished, Notice, RunFinished, RunStarted, StepInfo
from runner.model.job import JobId, Outcome
from runner.reporting.bounds import bounded_outcome

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
        self._steps: dict[str, StepInfo] = {}
        self._outcomes: dict[JobId, Outcome] = {}

    def handle(self, event: Event) -> None:
        """Take in one event."""
        match event:
            case RunStarted():
                self.started = event
                self._steps = {step.step: step for step in event.steps}
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
        """The run's tasks in their order."""
        return list(self._steps.values())

    def entries(self) -> list[Entry]:
        """All finished jobs: by task in the playbook's order, then by host in the inventory's."""
        found = (
            Entry(job, title_of(self._steps.get(job.step), job), outcome)
            for job, outcome in self._outcomes.items()
        )
        hosts = self.started.hosts if self.started else ()
        return in_order(found, list(self._steps), hosts)


def title_of(step: StepInfo | None, job: JobId) -> str:
    """What reports call a job's task."""
    return (step.name if step else "") or job.step


def in_order(entries: Iterable[Entry], steps: Sequence[str], hosts: Sequence[str]) -> list[Entry]:
    """By task, then by host; those that are not in the lists come last, as they came."""
    step_place = {step: place for place, step in enumerate(steps)}
    host_place = {host: place for place, host in enumerate(hosts)}
    last_step, last_host = len(step_place), len(host_place)
    return sorted(
        entries,
        key=lambda entry: (
            step_place.get(entry.job.step, last_step),
            host_place.get(entry.job.host, last_host),
        ),
    )
