"""The rollback's visit: probe; found == after -> undo and verify; found == before -> nothing to do;
anything else is a conflict, left alone and reported with all three values.

The dry run of a rollback is the same visit without a way to write.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from runner.engine.graph.graph import Step
from runner.engine.graph.rollback import SETTLE_STEP
from runner.engine.hosts.session import Reader, Writer
from runner.engine.runtime import Runtime
from runner.engine.tasks import outcomes
from runner.engine.tasks.facts_keeper import facts_for
from runner.engine.tasks.preview import Preview
from runner.engine.undoing.decoded import decoded
from runner.engine.undoing.foreseen import Foreseen
from runner.engine.undoing.sweeping import AS_BEFORE, swept
from runner.engine.undoing.tasks import RollbackLedger, WrittenUndos
from runner.engine.undoing.undo import (
    HostNotes,
    Restart,
    Undo,
    conflict,
    in_turn,
    lost,
    three_values,
)
from runner.errors import HostError, ModuleError, RestartFirst, TransportError
from runner.events import JobFinished, JobStarted
from runner.interfaces.codec import from_json
from runner.interfaces.module import Module, Params
from runner.journal.records import ChangeRecord
from runner.model.job import JobId, Outcome, Status
from runner.model.state import UNKNOWN, Change


@dataclass(slots=True)
class RollbackVisit:
    """Takes back the changes of each (step, host), newest first. See ``walk.Visit``.

    ``changes`` are the recorded changes by job, in the order in which they were made. Without a
    ``ledger`` it only previews. ``restarts`` says for each host that may be restarted at the end
    how: the module and its recorded parameters.
    """

    runtime: Runtime
    changes: Mapping[JobId, Sequence[ChangeRecord]]
    restarts: Mapping[str, Restart]
    ledger: RollbackLedger | None
    keep_irreversible: Callable[[ChangeRecord], bool]
    insist: Callable[[Undo, Any], bool] = lambda _undo, _found: False
    """Whether to put back even what somebody changed since; is given what is there now."""
    notes: dict[str, HostNotes] = field(default_factory=dict)
    written: WrittenUndos = field(default_factory=WrittenUndos)
    foreseen: Foreseen = field(default_factory=Foreseen)

    # -- the walk's side --------------------------------------------------------------------

    def visit(self, step: Step, host: str) -> Outcome:
        """Undo what this step did on this host."""
        job = JobId(step.name, host)
        begun = time.time()
        self.runtime.publish(JobStarted(job, begun))
        if step.name == SETTLE_STEP:
            outcome = self._guarded(lambda: self._settle(job))
        else:
            items = in_turn(job, self.changes[job], lambda record: self._one(job, record))
            outcome = items[0] if len(items) == 1 else outcomes.of_loop(items)
        if hints := tuple(self._hints(job)):
            outcome = dataclasses.replace(outcome, warnings=(*outcome.warnings, *hints))
        outcome = dataclasses.replace(outcome, seconds=max(0.0, time.time() - begun))
        self._tell(job, outcome)
        # A conflict is left alone; it does not keep other subjects from coming back.
        if outcome.status is Status.CONFLICT:
            return dataclasses.replace(outcome, ignored=True)
        return outcome

    def _hints(self, job: JobId) -> Iterator[str]:
        """What is left to do on the hosts that this job changed, since nobody else will."""
        for where in sorted({job.host, *(r.where for r in self.changes.get(job, ()))}):
            if not self._needs_restart(where):
                continue
            if where != job.host:
                yield f"{where} must restart for it to take effect"
            elif where not in self.restarts:
                yield "a restart is needed for it to take effect: runner rollback --restart does it"
            else:
                continue
            self.notes[where].reboot_required = False

    def blocked(self, step: Step, host: str, by: JobId) -> Outcome:
        """What this one rests on could not be undone."""
        outcome = Outcome(Status.BLOCKED, f"blocked by {by}", blocked_by=by)
        return self._tell(JobId(step.name, host), outcome)

    def passed_over(self, step: Step, host: str, by: JobId) -> Outcome:
        """There is nothing to undo here after all."""
        return self._tell(JobId(step.name, host), Outcome(Status.SKIPPED, "nothing to take back"))

    def follow(self, step: Step, host: str, leader: str, outcome: Outcome) -> Outcome:
        """Never asked: each host undoes what was done on it."""
        return self._tell(JobId(step.name, host), outcome)

    def cancelled(self, step: Step, host: str, in_flight: bool) -> Outcome:
        """The rollback was interrupted."""
        status = Status.IN_DOUBT if in_flight else Status.CANCELLED
        outcome = Outcome(status, "the rollback was interrupted", "run the rollback again")
        return self._tell(JobId(step.name, host), outcome)

    def host_done(self, host: str) -> None:
        """No job of this host is left."""
        self.runtime.links.close(host)

    # -- one change -------------------------------------------------------------------------

    def _one(self, job: JobId, record: ChangeRecord) -> Outcome:
        if record.status == "undone":
            return Outcome(Status.OK, "already taken back", subject=record.subject)
        if not record.can_be_undone and self.keep_irreversible(record):
            return Outcome(
                Status.IRREVERSIBLE,
                "left as it is",
                subject=record.subject,
                irreversible=record.irreversible or "the task says 'rollback: false'",
                item=record.item,
            )
        outcome = self._guarded(lambda: self._undo_alone(job, record))
        return dataclasses.replace(outcome, item=record.item)

    def _undo_alone(self, job: JobId, record: ChangeRecord) -> Outcome:
        """Undo while nobody else works on that host."""
        with self.runtime.links.get(record.where).lock:
            if record.undo:
                outcome = self.written.take_back(self.runtime, self.ledger, record)
                if outcome.status is Status.WOULD_CHANGE:
                    self.foreseen.lose(record)
                return outcome
            return self._undo_after_restart(job, record)

    def _undo_after_restart(self, job: JobId, record: ChangeRecord) -> Outcome:
        """Undo; where the host must restart before that, and may, restart it and undo then."""
        try:
            return self._undo(decoded(self.runtime, job, record))
        except RestartFirst as error:
            if record.where not in self.restarts:
                hint = "runner rollback --restart restarts it first"
                raise RestartFirst(error.message, hint=hint) from error
        self._restart(record.where)
        return self._undo(decoded(self.runtime, job, record))

    def _guarded(self, work: Callable[[], Outcome]) -> Outcome:
        try:
            return work()
        except Exception as error:  # noqa: BLE001 - the place where exceptions become outcomes
            return outcomes.of_error(error)

    def _undo(self, undo: Undo) -> Outcome:
        found = self._found(undo)
        if self.ledger is None:
            found = self.foreseen.found(undo, found)
        if not undo.differ(undo.before, found):
            if undo.sweeps:
                return swept(undo, found, self.ledger)
            if self.ledger is not None and len(self.changes[undo.job]) > 1:
                self.ledger.undone(undo.record)  # what the job did before that may go now
            return Outcome(Status.OK, AS_BEFORE, subject=undo.record.subject)
        if not undo.foreign(found):
            return self._put_back(undo, found)
        if self.ledger is None and (doubt := self.foreseen.doubt(undo, found)) is not None:
            return doubt
        if not self.insist(undo, found):
            return conflict(undo, found)
        outcome = self._put_back(undo, found)
        warning = f"put back over what somebody changed since: {three_values(undo, found)}"
        return dataclasses.replace(outcome, warnings=(*outcome.warnings, warning))

    def _put_back(self, undo: Undo, found: Any) -> Outcome:
        change: Change[Any] = Change(undo.record.subject, undo.target(found), found)
        if self.ledger is None:
            commands = Preview(undo.link.shell_of, undo.setting).drive(
                undo.module.undo(undo.params, change, undo.facts)
            )
            back = change.reversed()
            self.foreseen.put_back(undo, found, change.before)
            self._note(undo, undo.module.result(undo.params, back, undo.facts, {}))
            return Outcome(
                Status.WOULD_CHANGE,
                subject=change.subject,
                differences=back.differences(),
                commands=commands,
            )
        return self._carry_out(undo, change, self.ledger)

    def _carry_out(self, undo: Undo, change: Change[Any], ledger: RollbackLedger) -> Outcome:
        why_not = undo.module.irreversible_back(undo.params, change, undo.facts)
        again = dataclasses.replace(undo.record, irreversible=why_not)
        intent, writer = self._begin(undo, change, ledger, again)
        status, found = Status.FAILED, None
        try:
            applied = writer.drive(undo.module.undo(undo.params, change, undo.facts)) or {}
            if undo.sweeps:
                beside = dataclasses.replace(change, after=undo.planned)
                writer.drive(undo.module.sweep(undo.params, beside, undo.facts))
            found = self._left(undo)
            outcome = self._verified(undo, change.after, found, applied)
            status = outcome.status
        except TransportError as error:
            outcome = lost(error, writer.answered)
            status = outcome.status
        except RestartFirst:
            raise
        except HostError as error:
            outcome = outcomes.of_error(error)
        finally:
            ledger.settle(intent, status, found, undo.record)
        return dataclasses.replace(outcome, subject=change.subject, commands=tuple(writer.sent))

    def _begin(
        self, undo: Undo, change: Change[Any], ledger: RollbackLedger, again: ChangeRecord
    ) -> tuple[int, Writer]:
        undo.link.hold(undo.setting)
        intent = ledger.intend(again, change.after, change.before)
        return intent, Writer(undo.link, setting=undo.setting)

    def _found(self, undo: Undo) -> Any:
        return self._left(undo)  # before anything is undone it is what the run left

    def _left(self, undo: Undo) -> Any:
        reader = Reader(undo.link, setting=undo.setting)
        return reader.drive(undo.module.probe(undo.params, undo.facts))

    def _verified(self, undo: Undo, was: Any, found: Any, applied: Mapping[str, Any]) -> Outcome:
        wrong = undo.differ(undo.before, found)
        if wrong:
            what = "; ".join(f"{d.field} is {d.after!r}, was {d.before!r}" for d in wrong)
            raise ModuleError(f"undone, but {undo.record.subject} is not as it was: {what}")
        back: Change[Any] = Change(undo.record.subject, was, found)
        result = undo.module.result(undo.params, back, undo.facts, applied)
        self._note(undo, result)
        return Outcome(
            Status.CHANGED, differences=back.differences(), result={"changed": True, **result}
        )

    # -- the restart at the end -------------------------------------------------------------

    def _note(self, undo: Undo, result: Mapping[str, Any]) -> None:
        needed = result.get("reboot_required")
        notes = self.notes.setdefault(undo.record.where, HostNotes())
        notes.reboot_required = notes.reboot_required or needed is True
        notes.reboot_unknown = notes.reboot_unknown or needed is UNKNOWN

    def _needs_restart(self, host: str) -> bool:
        return host in self.notes and self.notes[host].reboot_required

    def _settle(self, job: JobId) -> Outcome:
        needed = self._needs_restart(job.host)
        subject = self._restart_module(job.host)[2]
        if self.ledger is None and needed:
            why = "what is undone takes effect at the next start"
            return Outcome(Status.WOULD_CHANGE, why, subject=subject)
        if self.ledger is None and job.host in self.notes and self.notes[job.host].reboot_unknown:
            return Outcome(Status.NOT_PREDICTABLE, "depends on what the undoing needs")
        if not needed:
            return Outcome(Status.SKIPPED, "nothing that was undone needs it")
        sent = self._restart(job.host)
        return Outcome(Status.CHANGED, subject=subject, commands=sent)

    def _restart_module(self, host: str) -> tuple[Module[Any, Any], Params, str]:
        restart = self.restarts[host]
        module = self.runtime.modules(restart.module)
        params = from_json(module.params, restart.params)
        return module, params, module.subject(params)

    def _restart(self, host: str) -> tuple[str, ...]:
        """Restart the host now, and wait until it is back; gives what was sent."""
        module, params, subject = self._restart_module(host)
        link = self.runtime.links.get(host)
        writer = Writer(link)
        with link.lock:
            facts = facts_for(self.runtime, module, link)
            before = Reader(link).drive(module.probe(params, facts))
            change = Change(subject, before, module.plan(params, before, facts))
            writer.drive(module.apply(params, change, facts))
        self.notes[host] = HostNotes()
        return tuple(writer.sent)

    def _tell(self, job: JobId, outcome: Outcome) -> Outcome:
        public = outcomes.shown(outcome, self.runtime.redactor, no_log=False)
        self.runtime.record(job, public)
        self.runtime.publish(JobFinished(job, public, time.time()))
        return outcome
