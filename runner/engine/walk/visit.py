"""Visit: what a verb does at each job of a walk."""

from __future__ import annotations

from typing import Protocol

from runner.engine.graph.graph import Step
from runner.model.job import JobId, Outcome


class Visit(Protocol):
    """What a verb does at each job. Called from worker threads, never twice for one job.

    Each job gets exactly one of ``visit``, ``follow``, ``blocked``, ``passed_over`` and
    ``cancelled``; gates get none. An outcome that is not good and has ``blocked_by`` hands that
    job on as the cause of what it blocks, instead of its own.
    """

    def visit(self, step: Step, host: str) -> Outcome:
        """Do the job. Turns every failure into an outcome.

        Of a step with ``once`` only the leader of each batch is visited: the first host, in the
        play's order, that is well. A handler that the leader skips is offered to the next host.
        """

    def follow(self, step: Step, host: str, leader: str, outcome: Outcome) -> Outcome:
        """The job was done once, on ``leader``, and came out good: share its outcome. Quick.

        Called by the leader's worker, without the walk's lock; other jobs of ``host`` may be
        under way meanwhile. If the leader fails, ``blocked`` is called instead.
        """

    def blocked(self, step: Step, host: str, by: JobId) -> Outcome:
        """The job cannot run because of ``by``. Quick: the walk is held up.

        However the outcome shows it, what depends on the job is blocked by ``by``, too.
        """

    def passed_over(self, step: Step, host: str, by: JobId) -> Outcome:
        """There is no reason to run the job, for ``by`` did not fail. Quick: the walk is held up.

        ``by`` is a task, or the gate of a block (``Step.block``) whose body came through: the
        job belongs to its rescue. Counts as good, whatever the outcome says.
        """

    def cancelled(self, step: Step, host: str, in_flight: bool) -> Outcome:
        """The walk was stopped before the job began, or (``in_flight``) while it ran. Quick."""

    def host_done(self, host: str) -> None:
        """No job of this host is left."""
