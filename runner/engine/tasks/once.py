"""``run_once`` and ``throttle`` for tasks that includes bring in.

Such tasks are no vertices of the graph, so the walk cannot order them. The first host that gets
there runs the task, the others wait for it; it is at work, so the wait ends. At the hard stop of a
run nobody waits any more.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from runner.engine.stop import Stop, StopLevel
from runner.model.job import JobId, Outcome

_TICK = 0.2
"""Seconds after which a waiter looks whether the run is being stopped."""


class _Slot:
    """One task that runs once: who runs it, and what became of it."""

    def __init__(self, leader: JobId) -> None:
        self.leader = leader
        self.outcome: Outcome | None = None
        self.done = threading.Event()


class Once:
    """Runs tasks once for all hosts of a batch. Thread-safe."""

    def __init__(self, stop: Stop) -> None:
        self._stop = stop
        self._slots: dict[tuple[str, int], _Slot] = {}
        self._tokens: dict[str, threading.Semaphore] = {}
        self._lock = threading.Lock()

    def run(
        self,
        job: JobId,
        batch: int,
        lead: Callable[[], Outcome],
        follow: Callable[[str, Outcome], Outcome],
        blocked: Callable[[JobId], Outcome],
    ) -> Outcome | None:
        """Lead, or wait for who leads and follow; None when the run was stopped meanwhile."""
        with self._lock:
            slot = self._slots.get((job.step, batch))
            leads = slot is None
            if slot is None:
                slot = self._slots[job.step, batch] = _Slot(job)
        if leads:
            try:
                slot.outcome = lead()
            finally:
                slot.done.set()
            return slot.outcome
        while not slot.done.wait(_TICK):
            if self._stop.level is StopLevel.NOW:
                return None
        if slot.outcome is None:
            return None
        if slot.outcome.is_good:
            return follow(slot.leader.host, slot.outcome)
        return blocked(slot.outcome.blocked_by or slot.leader)

    def throttled(self, step: str, count: int) -> AbstractContextManager[object]:
        """At most ``count`` hosts at once inside; 0 means any number."""
        if count <= 0:
            return nullcontext()
        with self._lock:
            return self._tokens.setdefault(step, threading.Semaphore(count))
