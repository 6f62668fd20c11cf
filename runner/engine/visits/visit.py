"""What the visits of check and run have in common: everything around doing one rendered task.

A subclass says what to do with one rendered task (``perform``). Around it, each in its own file:
conditions, loops and ``until`` (``visits.loop``), tasks that touch no host (``visits.local``),
includes (``visits.include``), delegation, handlers, budgets, early endings.
"""

from __future__ import annotations

import dataclasses
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from runner.engine.graph.graph import Step, StepKind
from runner.engine.graph.lines import Lines
from runner.engine.hosts.session import Reader
from runner.engine.runtime import Runtime
from runner.engine.tasks import outcomes
from runner.engine.tasks.becoming import Settings
from runner.engine.tasks.budget import Budgets
from runner.engine.tasks.delegation import Delegation
from runner.engine.tasks.endings import Endings
from runner.engine.tasks.facts_keeper import FactsKeeper
from runner.engine.tasks.handlers import Handlers
from runner.engine.tasks.preparing import Preparing
from runner.engine.tasks.roster import Roster
from runner.engine.tasks.settling import Settling
from runner.engine.tasks.titles import Titles
from runner.engine.tasks.work import Done, Place, Turn, Work
from runner.engine.variables.keywords import Keywords
from runner.engine.variables.unknown import require_known
from runner.engine.visits.facts import FactsVisit, read_vars_files
from runner.engine.visits.include import Nested
from runner.engine.visits.lines_ahead import Ahead
from runner.engine.visits.local import Locals
from runner.engine.visits.loop import Items
from runner.interfaces.module import Effect, LocalModule
from runner.model.job import JobId, Outcome, Status
from runner.model.playbook import Play
from runner.model.state import Change


class TaskVisit(ABC):
    """Visits the jobs of a playbook. See ``walk.Visit`` for the walk's side of it."""

    dry: ClassVar[bool] = False
    """Whether this visit only predicts."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.facts = FactsKeeper(runtime)
        self.handlers = Handlers(runtime)
        self.endings = Endings(runtime)
        self.budgets = Budgets(runtime.plays, runtime.variables.batch_of)
        self._settling = Settling(runtime, self.handlers, self.budgets)
        self.teller = self._settling.teller
        self.delegation = Delegation(runtime)
        self.settings = Settings(runtime.templates, runtime.redactor)
        preparing = Preparing(runtime, self.facts, self.delegation, self.settings)
        self.roster = Roster(runtime)
        self._titles = Titles(runtime)
        self._locals = Locals(runtime, self.endings, self.roster, self.carry_out)
        self.items = Items(
            runtime, self._prepare, self._do, self._notifications, dry=type(self).dry
        )
        self._facts_visit = FactsVisit(runtime, self.facts, self.settings)
        self._nested = Nested(runtime, self)
        self._cancelled: set[JobId] = set()
        self._preparing = preparing
        self.ahead: Ahead | None = None

    def look_ahead(self, lines: Lines) -> Ahead:
        """From now on ask probes of jobs that follow one another together."""
        prepare, notifications = self._preparing.work, self._notifications
        self.ahead = Ahead(self.runtime, lines, self.budgets, self.endings, prepare, notifications)
        return self.ahead

    # -- the walk's side --------------------------------------------------------------------

    def visit(self, step: Step, host: str) -> Outcome:
        """Do the job; every failure becomes an outcome."""
        outcome = self.turn(step, host, {}, self.budgets.places(step.task))
        if outcome.status is Status.CANCELLED:  # the run ended under it: what waits for it, too
            self._cancelled.add(JobId(step.name, host))
        return outcome

    def blocked(self, step: Step, host: str, by: JobId) -> Outcome:
        """The job cannot run because of ``by``; a handler that nobody notified is just skipped."""
        job = JobId(step.name, host)
        blocked = Outcome(Status.BLOCKED, f"blocked by {by}", blocked_by=by)
        said = blocked
        if by in self._cancelled:
            said = outcomes.interrupted()
        elif self._settling.shares_failure(step, job, by):
            said = dataclasses.replace(blocked, message=f"it runs once for all, and failed: {by}")
        elif step.kind is StepKind.HANDLER and not self._is_called(step, host):
            said = dataclasses.replace(blocked, status=Status.SKIPPED, message="not notified")
        elif self._settling.shields.shared(by, step.shields):
            message = f"left out: '{by}' failed, its block is rescued"
            said = dataclasses.replace(blocked, status=Status.SKIPPED, message=message)
        elif by.host != host and (stopped := self.budgets.stopped(step, by)) is not None:
            said = dataclasses.replace(blocked, message=stopped.message)
        self.teller.finished(job, said)
        return blocked

    def passed_over(self, step: Step, host: str, by: JobId) -> Outcome:
        """A rescue that is not needed: its block did not fail."""
        job = JobId(step.name, host)
        return self.teller.finished(job, Outcome(Status.SKIPPED, "nothing failed in its block"))

    def follow(self, step: Step, host: str, leader: str, outcome: Outcome) -> Outcome:
        """``run_once``: the job came out well on another host, for all of them."""
        return self._settling.share(step, JobId(step.name, host), leader, outcome)

    def cancelled(self, step: Step, host: str, in_flight: bool) -> Outcome:
        """The run was interrupted before the job began, or while it ran."""
        job = JobId(step.name, host)
        self._cancelled.add(job)
        outcome = outcomes.interrupted()
        if in_flight:
            outcome = Outcome(
                Status.IN_DOUBT,
                "the run was stopped while this was under way",
                "look at the host before running again",
            )
        return self.teller.finished(job, outcome)

    def fail(self, step: Step, host: str, error: Exception) -> Outcome:
        """A job failed before its turn: what says when it runs cannot be evaluated."""
        job, play = JobId(step.name, host), self.runtime.plays[step.play]
        keywords = Keywords(no_log=bool(step.task and step.task.no_log))
        done = Done(outcomes.of_error(error), keywords)
        return self._settling.settle(step, job, play, done, time.time())

    def host_done(self, host: str) -> None:
        """No job of this host is left."""
        if self.ahead is not None:
            self.ahead.done(host)
        self.runtime.links.close(host)
        if self.runtime.variables.done(host):
            self.runtime.links.forget(host)

    # -- one job ----------------------------------------------------------------------------

    def turn(
        self, step: Step, host: str, given: Mapping[str, Any], places: tuple[Place, ...]
    ) -> Outcome:
        """A job's turn: a task of the playbook, or one that an include brought in."""
        job = JobId(step.name, host)
        play = self.runtime.plays[step.play]
        if self.ahead is not None:
            self.ahead.begin(step, host)
        refused = self._refused(step, job, play, places)
        if refused is not None:
            return self.teller.finished(job, refused)
        begun = time.time()
        self._titles.tell(step, host, play, given)
        self.teller.started(job, begun)
        try:
            done = self._job(step, job, play, given, places)
        except Exception as error:  # noqa: BLE001 - the one place where exceptions become outcomes
            keywords = Keywords(no_log=bool(step.task and step.task.no_log))
            done = Done(outcomes.of_error(error), keywords)
        outcome = self._settling.settle(step, job, play, done, begun)
        self.after(step, job, outcome)
        if done.branches and step.task is not None and outcome.is_good:
            turn = Turn(step, job, step.task, play, given, places)
            return self._nested.run(turn, done.branches)
        return outcome

    def _refused(
        self, step: Step, job: JobId, play: Play, places: tuple[Place, ...]
    ) -> Outcome | None:
        """What keeps the job from beginning: the play's budget, or the host's own failure."""
        lost = self._settling.lost(step, job.host)
        if step.kind is StepKind.HANDLER:
            if not self._is_called(step, job.host):
                return outcomes.skipped("not notified")
            forced = self.runtime.force_handlers or play.force_handlers is True
            if lost is not None and not (forced and lost[1] is not Status.UNREACHABLE):
                return Outcome(Status.BLOCKED, f"blocked by {lost[0]}", blocked_by=lost[0])
            if forced:
                return None
        stopped = self.budgets.refuses(step, job.host, places)
        if stopped is None:
            return None
        return Outcome(Status.BLOCKED, stopped.message, blocked_by=stopped.by)

    def _job(
        self,
        step: Step,
        job: JobId,
        play: Play,
        given: Mapping[str, Any],
        places: tuple[Place, ...],
    ) -> Done:
        ended = self.endings.why(step, job.host, play, step.task)
        if ended:
            return Done(outcomes.skipped(ended))
        if step.kind is StepKind.FACTS:
            return self._facts_visit.run(play, job)
        assert step.task is not None
        read_vars_files(self.runtime, play, job.host)
        if step.kind is StepKind.HANDLER:
            perhaps = self.handlers.answer(play, job.host, step.task)
            if perhaps:
                return Done(Outcome(Status.NOT_PREDICTABLE, f"depends on '{perhaps}'"))
        return self.items.run(Turn(step, job, step.task, play, given, places))

    def after(self, step: Step, job: JobId, outcome: Outcome) -> None:
        """Something became of a task: for a subclass that must know."""
        return

    # -- one rendered task ------------------------------------------------------------------

    def _prepare(
        self,
        turn: Turn,
        keywords: Keywords,
        variables: Mapping[str, Any],
        loop: Mapping[str, Any],
        label: str,
    ) -> Work:
        """The task rendered; what was foreseen of it is not rendered twice."""
        kept = None
        if self.ahead is not None and not loop:
            kept = self.ahead.prepared(turn, keywords, variables)
        return kept or self._preparing.work(turn, keywords, variables, loop, label)

    def _do(self, turn: Turn, work: Work) -> Outcome:
        if isinstance(work.module, LocalModule):
            return self._locals.run(turn, work, work.module)
        if work.target:
            self.detail(work, f"delegated to {work.target}")
        with work.link.lock:
            outcome = self._look(work) if work.module.effect is Effect.READ else self.perform(work)
            owner = work.host if work.keywords.delegate_facts else work.job.host
            self.facts.keep(work.task, owner, work.link, outcome.result)
        return outcome

    @abstractmethod
    def perform(self, work: Work) -> Outcome:
        """Do, or predict, one task that may change the host."""

    def carry_out(self, work: Work, seconds: float, prompt: str | None) -> Mapping[str, Any] | None:
        """Wait, or ask a person, as ``pause`` says; gives what that adds to the result, or None
        when the run ends before that."""
        return {}

    def _look(self, work: Work) -> Outcome:
        found = self.before(work)
        change = Change(work.subject, found, found)
        result = dict(work.module.result(work.params, change, work.facts, {}))
        message = work.module.message(work.params, change, work.facts)
        return Outcome(Status.OK, message, result={"changed": False, "failed": False, **result})

    def before(self, work: Work) -> Any:
        """The state in which the task finds its subject; it may have been seen ahead."""
        reader = self.reader(work)
        if self.ahead is not None:
            return self.ahead.before(work, reader)
        return reader.drive(work.module.probe(work.params, work.facts))

    def reader(self, work: Work) -> Reader:
        """A driver for reads, within the task's time and setting."""
        return Reader(work.link, work.keywords.timeout, work.setting)

    def detail(self, work: Work, text: str) -> None:
        """Tell the listeners a line about a task in progress, if it has nothing to hide."""
        if not work.keywords.no_log:
            self.teller.detail(work.job, text)

    # -- small questions --------------------------------------------------------------------

    def _is_called(self, step: Step, host: str) -> bool:
        assert step.task is not None
        return self.handlers.is_called(self.runtime.plays[step.play], host, step.task)

    def _notifications(self, turn: Turn, variables: Mapping[str, Any]) -> tuple[str, ...]:
        """The names that the task notifies, rendered; each of them calls somebody."""
        task = turn.task
        if not task.notify:
            return ()
        found = self.runtime.templates.render(list(task.notify), variables, task.source)
        require_known(found)
        names = tuple(
            str(name) for one in found for name in (one if isinstance(one, list) else [one])
        )
        self.handlers.require(turn.play, turn.job.host, names, task.source)
        return names
