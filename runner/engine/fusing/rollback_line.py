"""What a fused rollback keeps of a host: the jobs that it has looked at, and is under way with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from runner.engine.fusing.writer import Part
from runner.engine.graph.graph import Step
from runner.engine.hosts.side_by_side import UNASKED
from runner.engine.undoing.undo import Undo
from runner.interfaces.exchange import Command
from runner.interfaces.touching import Reach
from runner.journal.records import ChangeRecord
from runner.model.job import JobId
from runner.model.state import Change


@dataclass(slots=True)
class Seen:
    """A job that was looked at; ``part`` when its undoing went out with an earlier one's."""

    undo: Undo
    found: Any
    part: Part | None = None


@dataclass(slots=True)
class HostLine:
    """The line of a host. Used by its worker."""

    step: Step | None = None
    line: dict[JobId, Seen] = field(default_factory=dict)
    when: float = 0.0
    alone: bool = False
    begun: JobId | None = None
    """What is being undone: the next look at it is at what that did."""
    out: frozenset[JobId] = frozenset()
    """The jobs of the latest script that was sent."""

    def forget(self) -> None:
        """What was seen ahead is good for nothing; what is under way stays."""
        self.line = {job: seen for job, seen in self.line.items() if seen.part is not None}


@dataclass(frozen=True, slots=True)
class Member:
    """A job that goes into a script."""

    seen: Seen
    change: Change[Any]
    commands: tuple[Command, ...]
    reach: Reach
    again: ChangeRecord


def spare(here: HostLine, own: JobId | None, reach: Reach | None) -> None:
    """Forget what may look otherwise behind a change with this reach."""
    for job, seen in here.line.items():
        if job == own or seen.found is UNASKED or seen.part is not None:
            continue
        undo = seen.undo
        same: Change[Any] = Change(undo.record.subject, seen.found, seen.found)
        known = undo.module.reach(undo.params, same, undo.facts) if reach is not None else None
        if known is None or reach is None or known.sees(reach):
            seen.found = UNASKED
