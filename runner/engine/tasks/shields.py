"""Shields: which blocks rescue the jobs that failed."""

from __future__ import annotations

from collections.abc import Iterable

from runner.model.job import JobId


class Shields:
    """Remembers, for each job that failed, the blocks that rescue it. Thread-safe."""

    def __init__(self) -> None:
        self._of: dict[JobId, frozenset[str]] = {}

    def note(self, job: JobId, shields: Iterable[str]) -> None:
        """A job failed inside these blocks."""
        self._of[job] = frozenset(shields)

    def shared(self, by: JobId, shields: Iterable[str]) -> bool:
        """Whether a job in these blocks was left out because of that failure, which is rescued."""
        return not self._of.get(by, frozenset()).isdisjoint(shields)
