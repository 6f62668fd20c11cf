"""The run's visit: probe, plan, journal the intent, apply, probe again, compare, settle.

Nothing that could change a host is sent before the old state is durable in the journal. What may
have started is never sent again: it is looked at, and if that cannot tell, it is in doubt.
"""

from __future__ import annotations

import dataclasses
import secrets
import time
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from runner.engine.hosts.live_output import LiveOutput, Watch
from runner.engine.hosts.session import Writer
from runner.engine.runtime import Runtime
from runner.engine.stop import StopLevel
from runner.engine.tasks import outcomes
from runner.engine.tasks.detached import DetachedWriter
from runner.engine.tasks.work import Work
from runner.engine.undoing.tasks import UndoStep, undo_steps
from runner.engine.visits.check import Foresee, already_so, irreversible, predict
from runner.engine.visits.visit import TaskVisit
from runner.errors import HostError, ModuleError, TransportError
from runner.interfaces import memory
from runner.interfaces.module import CommandState, Effect
from runner.interfaces.shell import Shell
from runner.interfaces.transport import Connection
from runner.model.job import Outcome, Status
from runner.model.state import UNKNOWN, Change, Difference, differences


class Ledger(Protocol):
    """What the run's visit needs of the journal."""

    def intend(
        self,
        work: Work,
        change: Change[Any],
        irreversible: str,
        undo: Sequence[UndoStep] = (),
    ) -> int:
        """Make the intent durable; returns only when it is on disk.

        ``undo`` is how the user says that it is taken back.
        """

    def settle(
        self, change: int, status: Status, found: Any, applied: Mapping[str, Any] | None
    ) -> None:
        """Say what became of it."""


class RunVisit(TaskVisit):
    """Carries each task out; see ``TaskVisit`` for everything around it."""

    def __init__(self, runtime: Runtime, ledger: Ledger, approve: Foresee | None = None) -> None:
        """``approve`` raises Drifted for a change that is not to be made."""
        super().__init__(runtime)
        self._ledger = ledger
        self._approve = approve

    def perform(self, work: Work) -> Outcome:
        """Bring the subject to the wanted state, verified, with the way back on record."""
        outcome = self._perform(work)
        return _ended_at_once(outcome) if work.keywords.left else outcome

    def _perform(self, work: Work) -> Outcome:
        if work.keywords.check_mode:
            return predict(work, self.before(work))
        self.delegation.claim(work)
        before = self.before(work)
        if work.module.effect is Effect.COMMAND:
            if before.done:
                return predict(work, before)
            after: Any = CommandState(done=True, because=before.because)
        else:
            after = work.module.plan(work.params, before, work.facts)
        change = Change(work.subject, before, after)
        if not change.differences():
            return already_so(work, change)
        self._require_approved(work, change)
        return self._carry_out(work, change)

    def _require_approved(self, work: Work, change: Change[Any]) -> None:
        """Raises Drifted for what is not to be changed."""
        if self._approve is not None:
            self._approve(work, change)

    def _carry_out(self, work: Work, change: Change[Any]) -> Outcome:
        why_not = irreversible(work, change)
        self._hold(work)
        intent = self._intend(work, change, why_not)
        writer = self._writer(work)
        if self.runtime.shows_output and not work.keywords.no_log:
            writer.watch = self._watch(work)
        status, found, applied = Status.FAILED, None, None
        try:
            applied = writer.drive(work.module.apply(work.params, change, work.facts)) or {}
            left = not work.keywords.poll and isinstance(writer, DetachedWriter)
            found = change.after if left else self._verify(work, change, applied)
            status = _status_of(applied)
            outcome = succeeded(work, change, found, applied, status)
            if isinstance(writer, DetachedWriter):
                outcome = _with_job(outcome, writer, left)
        except TransportError as error:
            outcome, found = self._after_loss(work, change, writer, error)
            status = outcome.status
        except HostError as error:
            # Part of it may be done: what is there now goes on record, so that it can be undone.
            found = self._look_again(work)
            outcome = outcomes.of_error(error)
        finally:
            self._ledger.settle(intent, status, found, applied)
        return outcome.having(
            subject=change.subject, commands=tuple(writer.sent), irreversible=why_not
        )

    def _hold(self, work: Work) -> None:
        """Have the host before anything is sent that could change it."""
        work.link.hold(work.setting)

    def _intend(self, work: Work, change: Change[Any], why_not: str) -> int:
        """The change's place in the journal, where it is on disk now."""
        return self._ledger.intend(work, change, why_not, undo_steps(work, self.runtime))

    def _writer(self, work: Work) -> Writer:
        """A driver for writes, within the task's time and setting; detached with ``async``."""
        keywords = work.keywords
        if not keywords.async_seconds:
            return Writer(work.link, keywords.timeout, work.setting)
        return DetachedWriter(
            work.link,
            keywords.timeout,
            work.setting,
            token=f"j{secrets.token_hex(8)}",
            seconds=keywords.async_seconds,
            poll=keywords.poll,
        )

    def _watch(self, work: Work) -> Watch:
        """Shows what a command prints while it runs."""

        def watch(shell: Shell, connection: Connection) -> LiveOutput:
            return LiveOutput(
                shell,
                lambda: connection.encoding,
                self.runtime.redactor,
                lambda text: self.teller.output(work.job, text),
            )

        return watch

    def _verify(self, work: Work, change: Change[Any], applied: Mapping[str, Any]) -> Any:
        """Probe again and compare; a command that said success and did nothing has failed."""
        if work.module.effect is Effect.COMMAND and change.before.done is None:
            return change.after
        found = self._left(work)
        wrong = [d for d in differences(change.after, found) if d.before is not UNKNOWN]
        if work.module.effect is Effect.COMMAND:
            wrong = [d for d in wrong if d.field == "done"]
        if wrong and not applied.get("failed"):
            what = "; ".join(f"{d.field} is {d.after!r}, wanted {d.before!r}" for d in wrong)
            raise ModuleError(
                f"the commands reported success, but {work.subject or 'the host'} says: {what}",
                hint="something on the host takes it back (group policy, another tool)?",
            )
        return found

    def _left(self, work: Work) -> Any:
        """What the change has left."""
        return self._probe(work)

    def _look_again(self, work: Work) -> Any:
        try:
            return self._probe(work)
        except HostError:
            return None

    def _probe(self, work: Work) -> Any:
        return self.reader(work).drive(work.module.probe(work.params, work.facts))

    def _after_loss(
        self, work: Work, change: Change[Any], writer: Writer, error: TransportError
    ) -> tuple[Outcome, Any]:
        """The link broke under the change: look whether it is done; never send it again."""
        started = error.may_have_started or writer.answered > 0
        if not started:
            return outcomes.of_error(error), None
        self.detail(work, f"{error.message}; looking at the host")
        found = self._look_again(work)
        if found is not None and proves(change, found):
            done = succeeded(work, change, found, {}, Status.CHANGED)
            warning = f"{error.message}; the host was asked again: the change is done"
            return dataclasses.replace(done, warnings=(warning,)), found
        return (
            Outcome(
                Status.IN_DOUBT,
                f"{error.message}: the change may or may not have happened",
                error.hint or "look at the host before running again",
                category=error.category,
                result={"failed": True, "msg": error.message, "in_doubt": True},
            ),
            found,
        )

    def carry_out(self, work: Work, seconds: float, prompt: str | None) -> Mapping[str, Any] | None:
        """``pause``: wait, or ask at the terminal."""
        found = {}
        if prompt is not None:
            answer = self.runtime.ask(prompt, getattr(work.params, "echo", True))
            if answer is None and self.runtime.stop.level is not StopLevel.GO_ON:
                return None
            found["user_input"] = answer or ""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.detail(work, f"pausing, {left:.0f} s left")
            if self.runtime.stop.sleep(min(left, 10.0)):
                return None
        return found


def _with_job(outcome: Outcome, writer: DetachedWriter, left: bool) -> Outcome:
    """With the id of the detached command; of one that was left running nothing else is known."""
    job = {k: int(v) if isinstance(v, bool) else v for k, v in writer.started().items()}
    if not job:
        return outcome
    known = {"changed": True, "failed": False} if left else {**outcome.result, "finished": 1}
    return dataclasses.replace(outcome, result={**job, **known})


def _ended_at_once(outcome: Outcome) -> Outcome:
    """With the id of a job that has ended, for the ``async_status`` that the playbook asks next."""
    job = {"ansible_job_id": f"j{secrets.token_hex(8)}", "results_file": "", "started": 1}
    return dataclasses.replace(outcome, result={**job, **outcome.result, "finished": 1})


def proves(change: Change[Any], found: Any) -> bool:
    """Whether what is found can only be there because the change was made to its end.

    A value that nobody knew beforehand (a restart's) is found whether it was made or not.
    """
    planned = [d for d in change.differences() if d.after is not UNKNOWN]
    return bool(planned) and not [
        d for d in differences(change.after, found) if d.before is not UNKNOWN
    ]


def _status_of(applied: Mapping[str, Any]) -> Status:
    """What the module said of its own work: a script may say that it failed or changed nothing."""
    if applied.get("failed"):
        return Status.FAILED
    return Status.OK if applied.get("changed") is False else Status.CHANGED


def succeeded(
    work: Work, change: Change[Any], found: Any, applied: Mapping[str, Any], status: Status
) -> Outcome:
    """The outcome of a change that went to its end; differences show what is really there now."""
    actual: Change[Any] = Change(change.subject, change.before, found)
    shown: tuple[Difference, ...] = actual.differences()
    if work.module.effect is Effect.COMMAND:
        shown = ()
    result = dict(work.module.result(work.params, actual, work.facts, applied))
    failed = status is Status.FAILED
    message = work.module.failure(applied) if failed else ""
    return Outcome(
        status,
        message or work.module.message(work.params, actual, work.facts),
        memory.advice_on_result(applied) if failed else "",
        differences=shown,
        category="module" if failed else "",
        result={"changed": status is not Status.OK, "failed": failed, **result},
    )
