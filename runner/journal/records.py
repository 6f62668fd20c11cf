"""What the journal keeps: runs, the changes they intended and made, and every job's outcome."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from runner.model.inventory import LOCALHOST
from runner.model.job import JobId, Status

JSON: TypeAlias = Any
"""A value that JSON can hold: None, bool, number, str, list, dict. A tuple comes back as a list,
a mapping as a dict, a set as a sorted list."""

RUNNING: Final = "running"
CRASHED: Final = "crashed"
FINAL_STATUSES: Final = frozenset({"finished", "failed", "interrupted", CRASHED})
"""How a run can end. ``crashed``: its process went away without saying so."""

INTENDED: Final = "intended"
UNDONE: Final = "undone"
IN_DOUBT: Final = str(Status.IN_DOUBT)
SETTLED_STATUSES: Final = frozenset({*map(str, Status), UNDONE})
"""What can become of a change: a job's status, or ``undone`` by a rollback."""

_ALPHABET = "bcdfghjkmnpqrstvwxz23456789"
_LETTERS = 4


def new_run_id(now: float | None = None) -> str:
    """A short id that sorts by time: UTC to the minute and four random characters.

    Neither vowels nor look-alikes (0/o, 1/l), so that it can be read out and spells nothing.
    ``now`` is in seconds since the epoch; by default the present.
    """
    moment = time.gmtime(time.time() if now is None else now)
    tail = "".join(secrets.choice(_ALPHABET) for _ in range(_LETTERS))
    return f"{time.strftime('%Y%m%d-%H%M', moment)}-{tail}"


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run. Times are seconds since the epoch; ``of`` is the run that a rollback takes back.

    ``digest`` identifies the playbook's files, ``options`` what the user asked for (limit, tags,
    names of extra variables; no secret values), ``pid`` the process that does the work.
    """

    id: str
    verb: str
    title: str
    playbook: str
    inventory: tuple[str, ...]
    digest: str
    hosts: tuple[str, ...]
    started: float
    user: str
    pid: int
    version: str
    options: Mapping[str, Any] = field(default_factory=dict)
    finished: float | None = None
    status: str = RUNNING
    of: str | None = None
    exit_code: int | None = None


@dataclass(frozen=True, slots=True)
class Intent:
    """A change about to be sent: enough to take it back when the playbook is gone.

    ``task`` is the task's name for people, ``place`` where it is written. ``before`` and
    ``after`` are the module's states; ``facts`` is what its undo must know of the host.
    ``irreversible`` says why it cannot be taken back, if so; ``rollback`` False means that the
    user excluded it; ``undo`` is what the user wrote to take it back. ``target`` is the host on
    which it is made, when that is not the job's own (``delegate_to``).
    """

    job: JobId
    item: str
    task: str
    module: str
    params: JSON
    subject: str
    before: JSON
    after: JSON
    irreversible: str = ""
    rollback: bool = True
    place: str = ""
    undo: JSON = None
    facts: JSON = None
    target: str = ""

    @property
    def where(self) -> str:
        """The host on which the change is made."""
        return self.target or self.job.host

    @property
    def held(self) -> str:
        """The host that the run must hold to make it.

        What is delegated to the machine that runs the runner needs no lock there: calls of other
        systems and files of reports go through it, and one run must not wait for another for that
        alone. The run must still hold the host in whose name it is done.
        """
        return self.job.host if self.target in LOCALHOST else self.where


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRecord(Intent):
    """An intent, and what became of it.

    ``sequence`` counts the changes of one run from 1, in the order in which they were recorded.
    ``status`` is ``intended``, one of the statuses of a job, or ``undone``. ``found`` is the state
    after the change as probed, ``applied`` what the apply returned, ``undone_by`` the run that
    took it back.
    """

    id: int
    run: str
    sequence: int
    started: float
    status: str = INTENDED
    found: JSON = None
    applied: JSON = None
    settled: float | None = None
    undone_by: str | None = None

    @property
    def can_be_undone(self) -> bool:
        """Whether a rollback may still take it back."""
        return self.rollback and not self.irreversible and self.status != UNDONE


@dataclass(frozen=True, slots=True)
class OutcomeRecord:
    """What became of one job, or of one item of its loop."""

    run: str
    job: JobId
    item: str
    status: str
    data: JSON
    time: float


@dataclass(frozen=True, slots=True)
class PlanGraph:
    """The steps of a run and the edges between them, as the run was planned."""

    steps: JSON
    edges: JSON
