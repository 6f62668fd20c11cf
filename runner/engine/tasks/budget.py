"""Budgets: how many hosts may fail before a play begins nothing new.

Source: Ansible, "Error handling in playbooks" (``any_errors_fatal``, ``max_fail_percentage``). What
is under way is finished. A block that a host is in gets its ``rescue`` and ``always``, as in
Ansible; handlers run only with ``force_handlers``. A failure that a block rescues is no failure
here. ``max_fail_percentage`` counts failed and unreachable hosts, of all hosts of the batch.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from runner.engine.graph.graph import Step
from runner.engine.tasks.work import Place
from runner.model.job import JobId
from runner.model.playbook import Entry, OnFailure, Play
from runner.model.task import Block, Task


@dataclass(frozen=True, slots=True)
class Stopped:
    """Why a play begins nothing new: the first job that failed, and the rule."""

    by: JobId
    why: str

    @property
    def message(self) -> str:
        """One line for people."""
        return f"play stopped: '{self.by}' failed, {self.why}"


class Budgets:
    """The budgets of all plays of a run. Thread-safe.

    ``batch_of`` tells which hosts take a play together with one; none where nobody knows.
    """

    def __init__(
        self, plays: Sequence[Play], batch_of: Callable[[Play, str], Sequence[str]]
    ) -> None:
        self._plays = plays
        self._batch_of = batch_of
        self._failed: dict[int, dict[str, JobId]] = {}
        self._stopped: dict[int, Stopped] = {}
        self._begun: set[tuple[str, int]] = set()
        self._places: dict[int, tuple[Task, tuple[Place, ...]]] = {}
        self._lock = threading.Lock()
        for play in plays:
            for task, places in _places(play.tasks):
                if places:
                    self._places[id(task)] = (task, places)

    def places(self, task: Task | None) -> tuple[Place, ...]:
        """The blocks that a task of the playbook stands in, the outermost first."""
        return self._places[id(task)][1] if id(task) in self._places else ()

    def note(self, step: Step, job: JobId, fatal: bool) -> None:
        """A job failed, and nobody rescues or ignores that."""
        play = self._plays[step.play]
        with self._lock:
            failed = self._failed.setdefault(step.play, {})
            failed.setdefault(job.host, job)
            if step.play in self._stopped:
                return
            if fatal:
                self._stopped[step.play] = Stopped(job, "and any error is fatal here")
            elif play.on_failure in (OnFailure.STOP, OnFailure.ROLLBACK_ALL):
                self._stopped[step.play] = Stopped(
                    job, f"and the play says 'on_failure: {play.on_failure}'"
                )
            elif play.max_fail_percentage is not None:
                batch = self._batch_of(play, job.host)
                lost = len(failed.keys() & set(batch)) if batch else len(failed)
                hosts = len(batch) or max(1, len(step.members))
                if 100.0 * lost / hosts > play.max_fail_percentage:
                    of = "its batch" if play.serial or play.canary else "the play"
                    why = (
                        f"with it {lost} of {hosts} hosts of {of}, "
                        f"more than {play.max_fail_percentage:g} %"
                    )
                    self._stopped[step.play] = Stopped(job, why)

    def refuses(self, step: Step, host: str, places: Iterable[Place]) -> Stopped | None:
        """Why this job may not begin; None when it may.

        After the end of a play a host still gets what cleans up in the blocks that it is in.
        """
        stopped = self._end_of(step.play) if self._stopped else None
        if stopped is None:
            self._begun.update((host, block) for block, _ in places)
            return None
        for block, part in places:
            if part != "block" and (host, block) in self._begun:
                return None
        if self._plays[step.play].linear and stopped.by.step == step.name:
            return None  # as in Ansible: the task is finished on all hosts before the play ends
        return stopped

    def stopped(self, step: Step, by: JobId) -> Stopped | None:
        """What stopped the step's play, if it was this job."""
        found = self._end_of(step.play) if self._stopped else None
        return found if found is not None and found.by == by else None

    def _end_of(self, number: int) -> Stopped | None:
        """A play that follows a stopped one in order does not begin either."""
        while number not in self._stopped:
            if number == 0 or self._plays[number].needs is not None:
                return None
            number -= 1
        return self._stopped[number]


def _places(
    entries: Iterable[Entry], outer: tuple[Place, ...] = ()
) -> Iterator[tuple[Task, tuple[Place, ...]]]:
    for entry in entries:
        if isinstance(entry, Task):
            yield entry, outer
            continue
        for part, inside in parts_of(entry):
            yield from _places(inside, (*outer, (id(entry), part)))


def parts_of(block: Block) -> tuple[tuple[str, tuple[Entry, ...]], ...]:
    """A block's parts with their names."""
    return ("block", block.block), ("rescue", block.rescue), ("always", block.always)
