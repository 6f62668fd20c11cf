"""The visit of a run that goes on after its controller died, was stopped, or lost the network.

What is on record as done is not done again. What is in doubt is looked at; where nothing on the
host can tell, it stays in doubt until a person says what to do. Everything else runs as usual.
"""

from __future__ import annotations

import dataclasses
import json
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from runner.engine.graph.graph import Step
from runner.engine.runtime import Runtime
from runner.engine.tasks.work import Done, Place, Work
from runner.engine.undoing.undo import IN_DOUBT, Doubt, is_ours
from runner.engine.variables.keywords import Keywords, keywords_in_trouble
from runner.engine.visits.check import Foresee
from runner.engine.visits.run import Ledger, RunVisit, proves, succeeded
from runner.errors import Refused
from runner.interfaces.codec import from_json, to_json
from runner.interfaces.module import CommandState, Effect
from runner.journal.records import ChangeRecord
from runner.model.job import JobId, Outcome, Status
from runner.model.secret import MASK
from runner.model.state import UNKNOWN, Change, differences

_DONE = frozenset({str(Status.CHANGED), str(Status.OK)})
"""The statuses of a change that went to its end."""

_BEGUN = IN_DOUBT | {str(Status.FAILED)}
"""Those of one of which half may be done."""


class Past:
    """What the journal knows of the run so far.

    ``complete`` are the hosts of which the ``outcomes`` stand: where a job has one it is not done
    again, and hosts on which nothing is left to do are not contacted.
    """

    def __init__(
        self,
        changes: Iterable[ChangeRecord],
        outcomes: Mapping[JobId, Outcome],
        complete: frozenset[str],
    ) -> None:
        self._changes: dict[JobId, list[ChangeRecord]] = defaultdict(list)
        self._of: dict[tuple[str, str], list[ChangeRecord]] = defaultdict(list)
        for record in changes:
            self._changes[record.job].append(record)
            self._of[record.where, record.subject].append(record)
        self._outcomes = outcomes
        self._complete = complete

    def outcome(self, job: JobId) -> Outcome | None:
        """What became of a job, where that stands."""
        return self._outcomes.get(job) if job.host in self._complete else None

    def later(self, record: ChangeRecord) -> list[ChangeRecord]:
        """What this run changed of the same thing after that, on the same host."""
        same = self._of[record.where, record.subject]
        return [each for each in same if each.id > record.id]

    def since(self, work: Work, subject: str) -> list[ChangeRecord]:
        """What other tasks of this run changed of that, where this one had found nothing to do."""
        outcome = self._outcomes.get(work.job)
        if outcome is None or outcome.status is not Status.OK:
            return []
        where = work.target or work.host
        return [each for each in self._of[where, subject] if each.job != work.job]

    def record(self, work: Work, subject: str) -> ChangeRecord | None:
        """The latest change that this work made, or began to make, in this run.

        A command whose parameters became others in between is taken for the same, because it must
        not run twice.
        """
        same = self._attempts(work, subject)
        return same[-1] if same else None

    def begun(self, work: Work, subject: str) -> ChangeRecord | None:
        """The first of the latest attempts at this work none of which came to a good end."""
        found = None
        for record in reversed(self._attempts(work, subject)):
            if record.status not in _BEGUN:
                break
            found = record
        return found

    def _attempts(self, work: Work, subject: str) -> list[ChangeRecord]:
        mine = [
            r for r in self._changes.get(work.job, ())
            if r.module == work.task.module and r.target == work.target
        ]  # fmt: skip
        params = to_json(work.params)
        same = [r for r in mine if r.params is None or (r.subject, r.params) == (subject, params)]
        if not same and work.module.effect is Effect.COMMAND and work.task.loop is None:
            same = mine
        return same


class ResumeVisit(RunVisit):
    """Goes on with a run; see ``RunVisit`` for what is left to do."""

    def __init__(
        self,
        runtime: Runtime,
        ledger: Ledger,
        past: Past,
        doubt: Doubt,
        approve: Foresee | None = None,
    ) -> None:
        super().__init__(runtime, ledger, approve)
        self._past = past
        self._doubt = doubt

    def turn(
        self, step: Step, host: str, given: Mapping[str, Any], places: tuple[Place, ...]
    ) -> Outcome:
        """A job's turn; where its outcome stands, what became of it then."""
        job = JobId(step.name, host)
        outcome = self._past.outcome(job)
        if outcome is None:
            return super().turn(step, host, given, places)
        play = self.runtime.plays[step.play]
        keywords = Keywords(any_errors_fatal=play.any_errors_fatal is True)
        if step.task is not None:
            keywords = keywords_in_trouble(step.task, self.runtime.templates, None)
        return self._settling.settle(step, job, play, Done(outcome, keywords), time.time())

    def perform(self, work: Work) -> Outcome:
        """Do it, unless it is done."""
        if work.keywords.check_mode:
            return super().perform(work)
        subject = self.runtime.redactor.text(work.subject)
        record = self._past.record(work, subject)
        if record is None:
            return self._was_so(work, subject) or super().perform(work)
        self.delegation.claim(work)
        if work.module.effect is Effect.COMMAND:
            found = self._command(work, record)
        elif record.before is None:
            found = None  # its values are not on record: the host is looked at
        else:
            found = self._state(work, record)
        return super().perform(work) if found is None else found

    def _require_approved(self, work: Work, change: Change[Any]) -> None:
        """What this run itself left by half is no drift: the plan is held against what it began
        with."""
        record = self._past.begun(work, self.runtime.redactor.text(work.subject))
        if record is not None and record.before is not None:
            state = work.module.state
            before, planned = from_json(state, record.before), from_json(state, record.after)
            left = differences(planned, change.before)
            if all(is_ours(before, planned, each) for each in left):
                change = dataclasses.replace(change, before=before)
        super()._require_approved(work, change)

    def _state(self, work: Work, record: ChangeRecord) -> Outcome | None:
        """A change of a state: done, as the host shows; None when it is to be made (again)."""
        state = work.module.state
        before, planned = from_json(state, record.before), from_json(state, record.after)
        change: Change[Any] = Change(work.subject, before, planned)
        if record.status in IN_DOUBT:
            found = self._probe(work)
            if not (proves(change, found) or _has_happened(change, found)):
                self.detail(work, "it was in doubt; the host says that it is not done")
                return None
            self._ledger.settle(record.id, Status.CHANGED, found, None)
            return self._replayed(work, change, found, record, "it was in doubt; the host says yes")
        if record.status not in _DONE:
            return None
        left = planned if record.found is None else from_json(state, record.found)
        if work.module.settles:
            return self._replayed(work, change, left, record, "")
        found = self._probe(work)
        touched = {d.field for d in change.differences()}
        if not _differs(touched, left, found):
            return self._replayed(work, change, found, record, "")
        if self._ours(work, record, touched, found):
            return self._replayed(work, change, left, record, "")
        self.detail(work, "somebody changed it since: done again")
        return None

    def _was_so(self, work: Work, subject: str) -> Outcome | None:
        """A task that had nothing to do, where a later one of this run changed the same thing;
        None when it is to have its turn (again)."""
        since = self._past.since(work, subject)
        if not since or work.module.effect is not Effect.STATE:
            return None
        found = self._probe(work)
        planned = work.module.plan(work.params, found, work.facts)
        same: Change[Any] = Change(work.subject, planned, planned)
        touched = {d.field for d in differences(planned, found)}
        if not touched or not self._made_by(since, work, touched, found):
            return None
        result = dict(work.module.result(work.params, same, work.facts, {}))
        return Outcome(
            Status.OK,
            "it was so before the run was resumed; a later task changed it",
            subject=work.subject,
            result={"changed": False, **result},
        )

    def _ours(self, work: Work, record: ChangeRecord, touched: set[str], found: Any) -> bool:
        """Whether what is found is what a later task of this run made of it: to set it back would
        only have that task do it once more (stop a service again that was started since)."""
        return self._made_by(self._past.later(record), work, touched, found)

    def _made_by(
        self, later: Iterable[ChangeRecord], work: Work, touched: set[str], found: Any
    ) -> bool:
        state = work.module.state
        for each in later:
            if self.runtime.modules(each.module).state is not state or each.before is None:
                continue
            made = each.after if each.found is None else each.found
            if each.status in (*_DONE, *IN_DOUBT) and not _differs(
                touched, from_json(state, made), found
            ):
                return True
        return False

    def _command(self, work: Work, record: ChangeRecord) -> Outcome | None:
        """A command that ran, or may have: None when it is to run (again)."""
        after = CommandState(done=True)
        change: Change[Any] = Change(work.subject, CommandState(), after)
        if record.status in _DONE:
            return self._replayed(work, change, after, record, "")
        if record.status not in IN_DOUBT:
            self.detail(work, f"runs again: it {record.status} before")
            return None
        before = self._probe(work)
        if before.done or self._doubt is Doubt.DONE:
            said = f"the host says that it ran: {before.because}" if before.done else "taken as run"
            self._ledger.settle(record.id, Status.CHANGED, None, None)
            return self._replayed(work, change, after, record, f"it was in doubt; {said}")
        if before.done is False or self._doubt is Doubt.RETRY:
            self.detail(work, "it was in doubt; runs again")
            return None
        message = "it was sent, and nobody saw its end; nothing on the host can tell"
        return Outcome(
            Status.IN_DOUBT,
            message,
            "look at the host; then resume with --retry-in-doubt or --mark-done",
            subject=work.subject,
            category="in doubt",
            result={"failed": True, "msg": message, "in_doubt": True},
        )

    def _replayed(
        self, work: Work, change: Change[Any], found: Any, record: ChangeRecord, warning: str
    ) -> Outcome:
        """The outcome that it had; its result for ``register`` is made from what is on record.

        Raises Refused when that is asked for, and held a secret.
        """
        if work.task.register and MASK in json.dumps(record.applied):
            raise Refused(
                "it is done, but what it printed held a secret, which is not on record",
                hint="what depends on it cannot be resumed: roll back, or run those tasks anew",
            )
        applied = record.applied if isinstance(record.applied, Mapping) else {}
        status = Status.OK if applied.get("changed") is False else Status.CHANGED
        outcome = succeeded(work, change, found, applied, status)
        return dataclasses.replace(
            outcome,
            message=outcome.message or "done before the run was resumed",
            subject=change.subject,
            irreversible=record.irreversible,
            warnings=(warning,) if warning else (),
        )


def _has_happened(change: Change[Any], found: Any) -> bool:
    """Whether something that only the change alters, to a value that nobody could know, is
    another than before: a restart shows by the time of the last start."""
    unknown = {d.field for d in change.differences() if d.after is UNKNOWN}
    return any(d.field in unknown for d in differences(change.before, found))


def _differs(touched: set[str], left: Any, found: Any) -> bool:
    """Whether one of these fields has another value than the one that was left there."""
    return any(d.field in touched for d in differences(left, found) if d.before is not UNKNOWN)
