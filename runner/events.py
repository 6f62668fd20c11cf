"""Typed events: what a run tells those who watch it. Reporting subscribes; nobody prints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from runner.model.job import JobId, Outcome, Status


@dataclass(frozen=True, slots=True)
class StepInfo:
    """One task of the run, as reports name it: unique step name, play, title, host count."""

    step: str
    play: str
    name: str
    module: str
    hosts: int
    place: str = ""


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A verb began its walk. ``verb``: run, check, rollback, rollback check."""

    run: str
    verb: str
    title: str
    hosts: tuple[str, ...]
    steps: tuple[StepInfo, ...]
    time: float


@dataclass(frozen=True, slots=True)
class StepAdded:
    """A step that an include brought in; ``hosts`` grows with each host that meets it."""

    step: StepInfo
    time: float


@dataclass(frozen=True, slots=True)
class JobStarted:
    """A worker took up a job."""

    job: JobId
    time: float


@dataclass(frozen=True, slots=True)
class JobDetail:
    """A line worth seeing while a job runs: a command, an output line, a wait."""

    job: JobId
    text: str
    time: float


@dataclass(frozen=True, slots=True)
class JobOutput(JobDetail):
    """Lines that a command of a job has printed while it runs; only for who asked to see them.

    Not all of them: of a command that floods, the last ones. The whole output is in the result.
    """


@dataclass(frozen=True, slots=True)
class JobFinished:
    """What became of a job."""

    job: JobId
    outcome: Outcome
    time: float


@dataclass(frozen=True, slots=True)
class Notice:
    """Something about the whole run that a person should know."""

    text: str
    time: float
    host: str = ""


@dataclass(frozen=True, slots=True)
class RunFinished:
    """The walk is over. ``counts`` per host and status; ``exchanges`` round trips in all."""

    run: str
    verb: str
    counts: Mapping[str, Mapping[Status, int]]
    interrupted: bool
    exchanges: int
    seconds: float
    time: float


Event: TypeAlias = (
    RunStarted | StepAdded | JobStarted | JobDetail | JobFinished | Notice | RunFinished
)
