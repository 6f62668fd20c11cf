"""Where a walk stands: which jobs are free to run, which are blocked, which are passed over.

Plain bookkeeping without threads or clocks: told what became of a job, it says what follows.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from runner.engine.graph.graph import JobGraph, Step, holds
from runner.engine.walk.limits import Job, Tokens
from runner.engine.walk.links import Barrier, Links, Verdict, judged
from runner.model.job import JobId


class Way(Enum):
    """What happens to a job whose links are all followed."""

    RUN = "run"
    BLOCKED = "blocked"
    PASSED_OVER = "passed over"


@dataclass(frozen=True, slots=True)
class Decision:
    """A job's way, and the job that is the reason for it."""

    job: Job
    way: Way
    by: JobId | None = None


@dataclass(slots=True)
class _Round:
    """A step that is done once for a batch: who is still to come, who is there and well."""

    missing: int
    well: list[int] = field(default_factory=list)
    """In the play's order once all are there; the leader is the first and leaves the list."""


class State:
    """The state of all jobs of one walk. Not thread-safe: the walk's lock guards it.

    ``over`` are jobs that an earlier walk has done, with the cause of those that were bad.
    """

    def __init__(self, graph: JobGraph, over: Mapping[Job, JobId | None] | None = None) -> None:
        self._over = over or {}
        self._hosts = graph.hosts
        self._links = Links(graph)
        self._steps = self._links.steps
        self._tokens = Tokens(self._steps)
        self._verdicts: dict[Job, Verdict] = {}
        self._rounds: dict[tuple[int, int], _Round] = {}
        self._free: deque[Job] = deque()
        self._decided: deque[Decision] = deque()
        for number, step in enumerate(self._steps):
            waiting = self._links.waiting[number]
            for host in self._links.in_order(step):
                if step.once:
                    batch = self._links.batch(step, host)
                    self._rounds.setdefault((number, batch), _Round(0)).missing += 1
                if not waiting[host]:
                    self._free.append((number, host))
        for job, cause in self._over.items():
            self.finished(job, cause)

    def name(self, job: Job) -> JobId:
        """The job's id."""
        return JobId(self._steps[job[0]].name, self._hosts[job[1]])

    def decide(self) -> Decision | None:
        """The next job whose turn it is, and what is to happen to it; None: nothing for now."""
        while not self._decided:
            if not self._free:
                return None
            self._weigh(self._free.popleft())
        return self._decided.popleft()

    def finished(self, job: Job, cause: JobId | None) -> None:
        """The job is over: good, or else bad because of ``cause``."""
        number, host = job
        me, good = self.name(job), cause is None
        why = cause or me
        for later, link, only in self._links.same[number]:
            if only is None or host in only:
                verdict = None
                if not holds(link.state, good=good):
                    verdict = judged(link, me, good, why)
                self._arrive((later, host), verdict)
        for barrier in self._links.barriers(number, host):
            barrier.note(me, good, why, good or self._is_own(number, why))
            if not barrier.missing:
                self._open(barrier)
        for granted in self._tokens.give(job):
            self._decided.append(Decision(granted, Way.RUN))

    # -- once for a batch -------------------------------------------------------------------

    def followers(self, job: Job) -> list[int]:
        """The hosts that share what became of the leader's job."""
        return self._round(job).well

    def lead_on(self, job: Job) -> bool:
        """The leader has no use for the job: let the next host lead, if there is one."""
        well = self._round(job).well
        if well:
            self._run((job[0], well.pop(0)))
            return True
        return False

    def block(self, job: Job, by: JobId) -> None:
        """Let a job that was free be blocked after all."""
        self._decided.append(Decision(job, Way.BLOCKED, by))

    def _round(self, job: Job) -> _Round:
        number, host = job
        return self._rounds[number, self._links.batch(self._steps[number], host)]

    def _gather(self, job: Job, step: Step, well: bool) -> None:
        """One more host has come to a step that is done once; the last one begins it."""
        round_ = self._round(job)
        round_.missing -= 1
        if well:
            round_.well.append(job[1])
        if not round_.missing and round_.well:
            round_.well = self._links.sorted(step, round_.well)
            self._run((job[0], round_.well.pop(0)))

    # -- a job's turn -----------------------------------------------------------------------

    def _weigh(self, job: Job) -> None:
        if job in self._over:
            return
        step = self._steps[job[0]]
        verdict = self._verdicts.pop(job, None)
        if step.once:
            self._gather(job, step, verdict is None)
        if verdict is None:
            if not step.once:
                self._run(job)
        elif verdict.skip is not None and (verdict.blocker is None or step.block):
            # The gate of a block that is passed over stands open, whatever its tasks met.
            self._decided.append(Decision(job, Way.PASSED_OVER, verdict.skip))
        else:
            self._decided.append(Decision(job, Way.BLOCKED, verdict.blocker))

    def _run(self, job: Job) -> None:
        if self._tokens.take(job):
            self._decided.append(Decision(job, Way.RUN))

    def unstick(self) -> bool:
        """Hosts that hold tokens wait for hosts that wait for tokens: let one of these give up.

        It is blocked by one that has what it needs, so that the others can go on. Says whether
        there was anyone in line.
        """
        resigned = self._tokens.resign()
        if resigned is None:
            return False
        job, holder = resigned
        by = self.name((job[0], holder))
        self.block(job, by)
        if self._steps[job[0]].once:
            for host in self.followers(job):
                self.block((job[0], host), by)
        return True

    # -- links ------------------------------------------------------------------------------

    def _is_own(self, number: int, cause: JobId) -> bool:
        """Whether a cause lies in the play of this step; jobs of an include are their step's."""
        found = self._links.number.get(cause.step)
        return found is None or self._steps[found].play == self._steps[number].play

    def _open(self, barrier: Barrier) -> None:
        verdict = barrier.verdict if barrier.verdict.blocker or barrier.verdict.skip else None
        for host in barrier.targets:
            self._arrive((barrier.later, host), verdict)

    def _arrive(self, job: Job, verdict: Verdict | None) -> None:
        if verdict is not None:
            known = self._verdicts.get(job)
            if known is None:
                self._verdicts[job] = known = Verdict()
            known.add(verdict)
        number, host = job
        waiting = self._links.waiting[number]
        waiting[host] -= 1
        if not waiting[host]:
            self._free.append(job)
