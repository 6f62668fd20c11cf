"""Detached commands: they run on the host by themselves and outlive the connection.

A shell starts one under a job's id (``Shell.detach``). Where it keeps its files, how to see
whether it still runs and what it printed is the same for every command of one kind of host:
that is ``Jobs``, which needs no connection of its own, like a module.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from runner.errors import ModuleError
from runner.interfaces.exchange import Command, Query, Reply

WAITED: Final = "waited"
"""The hidden parameter by which a module is told the result of a job that was waited for."""
_JOB: Final = re.compile(r"[A-Za-z0-9]{1,64}")


class JobState(StrEnum):
    """How far a detached command is."""

    ABSENT = "absent"
    """The host has no files of that job: it never started there, or was cleaned up."""
    WAITING = "waiting"
    """Its files are there, but nothing of it has run."""
    RUNNING = "running"
    FINISHED = "finished"
    DIED = "died"
    """It ended without leaving an exit code: killed, or the host was restarted."""


@dataclass(frozen=True, slots=True)
class JobStatus:
    """What the host says of a job: ``code`` counts when it is finished, ``pid`` 0 is unknown."""

    state: JobState
    code: int = 0
    pid: int = 0

    @property
    def ended(self) -> bool:
        """Whether it will not change any more."""
        return self.state in (JobState.FINISHED, JobState.DIED)


class Jobs(ABC):
    """The detached commands of one kind of host, by their ids."""

    @abstractmethod
    def status(self, job: str) -> Generator[Query, Reply, JobStatus]:
        """How far it is. Reads only. Raises ModuleError when the host's answer makes no sense."""

    @abstractmethod
    def output(self, job: str) -> Command:
        """The command that prints what the job printed, each stream to its own."""

    @abstractmethod
    def kill(self, job: str, status: JobStatus) -> Command:
        """The command that ends the job with all that it started, as far as can be."""

    @abstractmethod
    def clean(self, job: str) -> Command:
        """The command that removes the job's files."""

    @abstractmethod
    def place(self, job: str) -> str:
        """Where the job's files are, for people."""


def checked(job: str) -> str:
    """The id itself, if it is one. Raises ModuleError otherwise: it becomes part of file names."""
    if not _JOB.fullmatch(job):
        raise ModuleError(f"not a job id: {job!r}", hint="letters and digits, at most 64")
    return job


def ended_job(registered: Iterable[Any], job: Any) -> Mapping[str, Any] | None:
    """The result of that job among registered results, if it is on record that it ended."""
    for result in registered:
        if not isinstance(result, Mapping):
            continue
        if result.get("ansible_job_id") == job and result.get("finished"):
            return result
        of_loop = result.get("results")
        if isinstance(of_loop, list) and (found := ended_job(of_loop, job)):
            return found
    return None
