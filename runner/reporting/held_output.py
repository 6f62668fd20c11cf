"""Lines of output for a log: those of a job that ends at once are not worth a line each."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Final

from runner.events import JobOutput
from runner.model.job import JobId

PATIENCE: Final = 1.0
"""Seconds that a job runs before its output is shown with ``-v``."""
_MOST_HELD: Final = 50


class HeldOutput:
    """Holds back what jobs print until they have run for ``patience`` seconds."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._held: dict[JobId, deque[str]] = {}
        self._since: dict[JobId, float] = {}

    def add(self, event: JobOutput, since: float) -> Iterator[str]:
        """Take in lines of a job that runs since then; gives what is to be shown at once."""
        lines = [line for line in event.text.split("\n") if line.strip()]
        if event.time - since >= self._patience:
            yield from self._let_go(event.job)
            yield from lines
            return
        self._since[event.job] = since
        self._held.setdefault(event.job, deque(maxlen=_MOST_HELD)).extend(lines)

    def due(self, now: float) -> Iterator[tuple[JobId, str]]:
        """The lines of jobs that have run long enough by now."""
        for job in [j for j, since in self._since.items() if now - since >= self._patience]:
            yield from ((job, line) for line in self._let_go(job))

    def drop(self, job: JobId) -> None:
        """The job is done: its result says all."""
        self._held.pop(job, None)
        self._since.pop(job, None)

    def _let_go(self, job: JobId) -> Iterator[str]:
        self._since.pop(job, None)
        return iter(self._held.pop(job, ()))
