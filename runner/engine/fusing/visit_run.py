"""The run's visit with changes fused: see ``changes``; a job's turn is as in ``RunVisit``.

A job whose change went out with an earlier one is under way already when its turn comes: nothing
keeps it from being finished, neither a play that was stopped meanwhile nor Ctrl-C. What was
evaluated for it then holds.

One thing is unlike a run in which each change is sent alone. Where a change is made without an
error and the look afterwards says that it did not take, the jobs behind it in the script are done,
though they depend on it and should not have begun. They are not undone in secret: each is verified,
settled in the journal as what it is, and reported so, with a warning. What comes behind them is
blocked as ever, and a rollback takes them back with the rest.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping
from typing import Any, Final, Protocol

from runner.engine.fusing.changes import Fuse
from runner.engine.fusing.rest import Rest
from runner.engine.fusing.script import ScriptLedger
from runner.engine.fusing.writer import Replay, Sent
from runner.engine.graph.graph import Step
from runner.engine.graph.lines import Lines
from runner.engine.hosts.session import Writer
from runner.engine.hosts.side_by_side import UNASKED
from runner.engine.runtime import Runtime
from runner.engine.stop import StopLevel
from runner.engine.tasks import outcomes
from runner.engine.tasks.ordinary import eligible
from runner.engine.tasks.work import Done, Place, Work
from runner.engine.visits.check import Foresee
from runner.engine.visits.run import Ledger, RunVisit
from runner.interfaces.module import Effect
from runner.model.job import JobId, Outcome, Status
from runner.model.playbook import Play
from runner.model.state import Change


class FusingLedger(Ledger, ScriptLedger, Protocol):
    """What this visit needs of the journal."""


_DOUBT: Final = "it was sent with other changes, and the answer was lost"


class FusedVisit(RunVisit):
    """Carries tasks out, several changes at a time where they may be."""

    def __init__(
        self,
        runtime: Runtime,
        ledger: FusingLedger,
        lines: Lines,
        approve: Foresee | None = None,
    ) -> None:
        super().__init__(runtime, ledger, approve)
        self._foretelling = self.look_ahead(lines)
        self._rest = Rest(lines, runtime.modules)
        self._fuse = Fuse(runtime, self._foretelling, ledger, approve, self._rest)
        self._replayed: dict[JobId, Sent] = {}
        self._early: dict[JobId, Done] = {}
        """What became of jobs of a script when another one of the host had failed."""

    # -- the walk's side --------------------------------------------------------------------

    def visit(self, step: Step, host: str) -> Outcome:
        """Do the job; with its last look at the host, that is given back."""
        self._rest.over(step, host)
        return super().visit(step, host)

    def passed_over(self, step: Step, host: str, by: JobId) -> Outcome:
        """A rescue that is not needed: its block did not fail."""
        self._rest.over(step, host)
        return super().passed_over(step, host, by)

    def follow(self, step: Step, host: str, leader: str, outcome: Outcome) -> Outcome:
        """It was done once for all."""
        self._rest.over(step, host)
        return super().follow(step, host, leader, outcome)

    def host_done(self, host: str) -> None:
        """No job of this host is left."""
        self._rest.done(host)
        super().host_done(host)

    def after(self, step: Step, job: JobId, outcome: Outcome) -> None:
        """When a job failed, those that went out with it are seen to now: they get no turn."""
        super().after(step, job, outcome)
        if not outcome.is_good:
            self._finish_waiting(job.host)

    def blocked(self, step: Step, host: str, by: JobId) -> Outcome:
        """A job that should not have begun; if it has, what became of it is told."""
        job = JobId(step.name, host)
        done = self._early.pop(job, None)
        if done is None:
            return super().blocked(step, host, by)
        self._tell(step, job, done, f"it was sent in one script with '{by}', which failed")
        return Outcome(Status.BLOCKED, f"blocked by {by}", blocked_by=by)

    def cancelled(self, step: Step, host: str, in_flight: bool) -> Outcome:
        """The run was interrupted; what is done is told."""
        job = JobId(step.name, host)
        done = self._early.pop(job, None)
        sent = self._fuse.sent(job)
        if done is None and sent is not None:
            now = self.runtime.stop.level is StopLevel.NOW
            if not sent.is_known and (sent.found is UNASKED or now):
                return super().cancelled(step, host, in_flight=True)
            done = self._finish(sent)
        if done is None:
            return super().cancelled(step, host, in_flight or self._fuse.is_out(job))
        return self._tell(step, job, done, "it was under way when the run was interrupted")

    def _tell(self, step: Step, job: JobId, done: Done, why: str) -> Outcome:
        begun = time.time()
        self.teller.started(job, begun)
        outcome = dataclasses.replace(done.outcome, warnings=(*done.outcome.warnings, why))
        play = self.runtime.plays[step.play]
        return self._settling.settle(
            step, job, play, dataclasses.replace(done, outcome=outcome), begun
        )

    # -- a job that is under way ------------------------------------------------------------

    def _refused(
        self, step: Step, job: JobId, play: Play, places: tuple[Place, ...]
    ) -> Outcome | None:
        if self._is_over(job):
            return None
        refused = super()._refused(step, job, play, places)
        if refused is not None and refused.status is Status.BLOCKED:
            self._finish_waiting(job.host)
        return refused

    def _is_over(self, job: JobId) -> bool:
        """Whether a script that is sent has decided what becomes of it."""
        fuse = self._fuse
        return job in self._early or fuse.sent(job) is not None or fuse.passed(job) is not None

    def _finish_waiting(self, host: str) -> None:
        """See to those that are under way: they may get no turn."""
        for sent in self._fuse.waiting(host):
            self._early[sent.work.job] = self._finish(sent)

    def _job(
        self,
        step: Step,
        job: JobId,
        play: Play,
        given: Mapping[str, Any],
        places: tuple[Place, ...],
    ) -> Done:
        early, sent = self._early.pop(job, None), self._fuse.sent(job)
        if early is not None:
            return early
        if sent is not None:
            return self._finish(sent)
        condition = self._fuse.passed(job)
        if condition is not None:
            return Done(outcomes.condition_false(condition))
        return super()._job(step, job, play, given, places)

    def _finish(self, sent: Sent) -> Done:
        """Go over the answers, compare, settle."""
        one, link = sent.foreseen, sent.work.link
        assert one is not None
        looks = sent.work.module.effect is not Effect.COMMAND
        if looks and sent.lost is not None and link.connection is None:
            # Nobody could look at the job before it, either.
            self._fuse.claim(sent.work.job)
            self._ledger.settle(sent.intent, Status.IN_DOUBT, None, None)
            advice = "look at the host before running again"
            result = {"failed": True, "msg": _DOUBT, "in_doubt": True}
            return Done(Outcome(Status.IN_DOUBT, _DOUBT, advice, result=result), one.keywords)
        return self.items.foreseen(one.turn, one.keywords, one.notify, sent.work)

    def perform(self, work: Work) -> Outcome:
        """Bring the subject to the wanted state, alone or with those of jobs that follow."""
        sent = self._fuse.claim(work.job)
        if sent is None:
            return super().perform(work)
        return self._replay(sent)

    def _carry_out(self, work: Work, change: Change[Any]) -> Outcome:
        sent = self._fuse.send(work, change)
        if sent is not None:
            return self._replay(sent)
        straight = work.module.straight
        reach = work.module.reach(work.params, change, work.facts) if straight else None
        self._foretelling.changed(work.host, reach, work.job.host)
        try:
            return super()._carry_out(work, change)
        finally:
            self._foretelling.changed(work.host, reach, work.job.host)

    def _replay(self, sent: Sent) -> Outcome:
        job = sent.work.job
        self._replayed[job] = sent
        try:
            return super()._carry_out(sent.work, sent.change)
        finally:
            del self._replayed[job]

    def _hold(self, work: Work) -> None:
        sent = self._replayed.get(work.job)
        if sent is None or not (sent.whole or sent.is_known or sent.lost is not None):
            super()._hold(work)

    def _intend(self, work: Work, change: Change[Any], why_not: str) -> int:
        sent = self._replayed.get(work.job)
        return super()._intend(work, change, why_not) if sent is None else sent.intent

    def _writer(self, work: Work) -> Writer:
        sent = self._replayed.get(work.job)
        return super()._writer(work) if sent is None else Replay(work.link, sent)

    def _left(self, work: Work) -> Any:
        sent = self._replayed.get(work.job)
        if sent is not None and sent.found is not UNASKED:
            return sent.found
        reader = self.reader(work)
        # An element of a loop, a task that an include brought in: more may come.
        alone = self._foretelling.lines.step(work.job.step) is not None and eligible(work)
        reader.last = alone and self._rest.is_quiet(work.host, ())
        return reader.drive(work.module.probe(work.params, work.facts))
