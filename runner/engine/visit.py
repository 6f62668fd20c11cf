"""What the visits of check and run have in common: conditions, loops, results, handlers.

A subclass says what to do with one rendered task (``perform``); everything around it is here.
"""

from __future__ import annotations

import dataclasses
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runner.engine import outcomes
from runner.engine.graph import Step, StepKind
from runner.engine.results import FactsKeeper, Results, handler_names
from runner.engine.runtime import FACTS_MODULE, Runtime
from runner.engine.session import Link, Reader
from runner.engine.unknown import require_known
from runner.errors import TemplateError
from runner.events import JobDetail, JobFinished, JobStarted
from runner.interfaces.module import Effect, Evaluate, Facts, LocalModule, Module, Params
from runner.interfaces.params import parse
from runner.model.job import JobId, Outcome, Status
from runner.model.playbook import Play, Task
from runner.model.source import Source
from runner.model.state import Change


@dataclass(frozen=True, slots=True)
class Work:
    """One task on one host with everything rendered: what ``perform`` gets."""

    job: JobId
    task: Task
    play: Play
    module: Module[Any, Any]
    params: Params
    facts: Facts
    link: Link
    variables: Mapping[str, Any]
    item: str = ""

    @property
    def subject(self) -> str:
        """What the task manages on the host."""
        return self.module.subject(self.params)


class TaskVisit(ABC):
    """Visits the jobs of a playbook. See ``walk.Visit`` for the four verbs."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.results = Results(runtime)
        self.facts = FactsKeeper(runtime)
        self._ended: dict[Source, str] = {}
        """Plays that a task ended for all hosts (meta: end_play), and why."""

    # -- the walk's side --------------------------------------------------------------------

    def visit(self, step: Step, host: str) -> Outcome:
        """Do the job; every failure becomes an outcome."""
        job = JobId(step.name, host)
        begun = time.time()
        self.runtime.publish(JobStarted(job, begun))
        try:
            outcome = self._job(step, job)
        except Exception as error:  # noqa: BLE001 - the one place where exceptions become outcomes
            outcome = outcomes.of_error(error)
        if step.task:
            play = self.runtime.plays[step.play]
            outcome = outcomes.with_ignores(outcome, step.task, play.ignore_unreachable)
            self.results.remember(step.task, host, outcome)
        outcome = dataclasses.replace(outcome, seconds=time.time() - begun)
        return self._tell(step, job, outcome)

    def blocked(self, step: Step, host: str, by: JobId) -> Outcome:
        """The job cannot run because of ``by``; a handler that nobody notified is just skipped."""
        if step.kind is StepKind.HANDLER and not self.results.is_notified(step.task, host):
            outcome = Outcome(Status.SKIPPED, "not notified", blocked_by=by)
            self._tell(step, JobId(step.name, host), outcome)
            return dataclasses.replace(outcome, status=Status.BLOCKED)
        outcome = Outcome(Status.BLOCKED, f"blocked by {by}", blocked_by=by)
        return self._tell(step, JobId(step.name, host), outcome)

    def cancelled(self, step: Step, host: str, in_flight: bool) -> Outcome:
        """The run was interrupted before the job began, or while it ran."""
        outcome = Outcome(Status.CANCELLED, "the run was interrupted before this")
        if in_flight:
            outcome = Outcome(
                Status.IN_DOUBT,
                "the run was stopped while this was under way",
                "look at the host before running again",
            )
        return self._tell(step, JobId(step.name, host), outcome)

    def host_done(self, host: str) -> None:
        """No job of this host is left."""
        self.runtime.links.close(host)

    # -- one job ----------------------------------------------------------------------------

    def _job(self, step: Step, job: JobId) -> Outcome:
        state = self.runtime.variables.state(job.host)
        play = self.runtime.plays[step.play]
        ended = state.ended.get(play.source) or self._ended.get(play.source)
        if ended:
            return _skipped(ended)
        if step.kind is StepKind.FACTS:
            return self.facts.gather(job.host)
        assert step.task is not None
        if step.kind is StepKind.HANDLER:
            if not self.results.is_notified(step.task, job.host):
                return _skipped("not notified")
            state.notified -= handler_names(step.task)
        if step.task.loop is None:
            return self._attempts(job, step.task, play, None, "")
        return self._loop(job, step.task, play)

    def _loop(self, job: JobId, task: Task, play: Play) -> Outcome:
        variables = self.runtime.variables.of_task(job.host, play, task)
        try:
            items = self.runtime.templates.render(task.loop, variables, task.source)
        except TemplateError:
            # As in Ansible: a loop over nothing is no mistake where the task is not wanted.
            for condition in task.conditions:
                if not self.runtime.templates.condition(condition, variables, task.source):
                    return _skipped(f"condition false: {condition}")
            raise
        require_known(items)
        done: list[Outcome] = []
        for index, item in enumerate(items):
            loop = {task.loop_var: item, "ansible_loop_var": task.loop_var}
            if task.index_var:
                loop[task.index_var] = index
            label = self._label(task, play, job, loop)
            try:
                outcome = self._attempts(job, task, play, loop, label)
            except Exception as error:  # noqa: BLE001 - an item's failure must not lose the others'
                outcome = outcomes.of_error(error)
            result = {**outcome.result, task.loop_var: item}
            done.append(dataclasses.replace(outcome, item=label, result=result))
            if outcome.status in (Status.UNREACHABLE, Status.IN_DOUBT):
                break
        return outcomes.of_loop(done)

    def _label(self, task: Task, play: Play, job: JobId, loop: Mapping[str, Any]) -> str:
        if task.loop_label is None:
            return str(loop[task.loop_var])
        variables = self.runtime.variables.of_task(job.host, play, task, loop)
        return str(self.runtime.templates.render(task.loop_label, variables, task.source))

    def _attempts(
        self, job: JobId, task: Task, play: Play, loop: Mapping[str, Any] | None, label: str
    ) -> Outcome:
        """One item, repeated while ``until`` does not hold."""
        tries = _tries(task)
        for attempt in range(1, tries + 1):
            outcome = self._item(job, task, play, loop, label)
            if task.until is None or self.results.until_holds(job.host, play, task, loop, outcome):
                return outcome
            if attempt < tries and not self._pause(task.delay):
                break
        message = f"'until' did not hold after {tries} tries: {' and '.join(task.until or ())}"
        return dataclasses.replace(outcome, status=Status.FAILED, message=message)

    def _pause(self, seconds: float) -> bool:
        return not self.runtime.stop.sleep(seconds)

    def _item(
        self, job: JobId, task: Task, play: Play, loop: Mapping[str, Any] | None, label: str
    ) -> Outcome:
        templates = self.runtime.templates
        variables = self.runtime.variables.of_task(job.host, play, task, loop)
        for condition in task.conditions:
            if not templates.condition(condition, variables, task.source):
                return _skipped(f"condition false: {condition}")
        module = self.runtime.modules(task.module)
        rendered = templates.render(dict(task.args), variables, task.source)
        require_known(rendered)
        params = parse(module, rendered, task.arg_sources, task.source)
        link = self.runtime.links.get(job.host)
        facts = self.facts.of(link) if module.needs_facts else {}
        work = Work(job, task, play, module, params, facts, link, variables, label)
        if isinstance(module, LocalModule):
            outcome = self._local(work, module)
        elif module.effect is Effect.READ:
            outcome = self._look(work)
        else:
            outcome = self.perform(work)
        return self.results.judge(job.host, play, task, loop, outcome)

    @abstractmethod
    def perform(self, work: Work) -> Outcome:
        """Do, or predict, one task that may change the host."""

    # -- tasks that change nothing ----------------------------------------------------------

    def _local(self, work: Work, module: LocalModule[Any]) -> Outcome:
        decision = module.decide(work.params, _Expressions(self.runtime, work))
        state = self.runtime.variables.state(work.job.host)
        if decision.facts:
            state.registered.update(self.runtime.templates.as_data(dict(decision.facts)))
        result = {**decision.result, "changed": decision.changed, "failed": decision.failed}
        if decision.message:
            result.setdefault("msg", decision.message)
        if decision.failed:
            return Outcome(Status.FAILED, decision.message, result=result, category="playbook")
        self.carry_out(work, decision.pause_seconds, decision.prompt)
        if decision.meta in ("end_host", "end_play"):
            ended = state.ended if decision.meta == "end_host" else self._ended
            ended[work.play.source] = f"ended by '{work.task.name}'"
        elif decision.meta == "clear_facts":
            state.facts.clear()
            work.link.facts = None
        elif decision.meta == "reset_connection":
            work.link.drop()
        status = Status.CHANGED if decision.changed else Status.OK
        return Outcome(status, decision.message, result=result)

    def carry_out(self, work: Work, seconds: float, prompt: str | None) -> None:
        """Wait, or ask a person, as ``pause`` says. A dry run does neither."""
        if seconds or prompt is not None:
            self.detail(work.job, "a dry run does not wait")

    def _look(self, work: Work) -> Outcome:
        found = self.reader(work).drive(work.module.probe(work.params, work.facts))
        change = Change(work.subject, found, found)
        result = dict(work.module.result(work.params, change, work.facts, {}))
        if work.task.module == FACTS_MODULE:
            self.facts.keep(work.job.host, result)
        message = work.module.message(work.params, change, work.facts)
        return Outcome(Status.OK, message, result={"changed": False, **result})

    def reader(self, work: Work) -> Reader:
        """A driver for reads, within the task's time."""
        return Reader(work.link, work.task.timeout)

    # -- telling ----------------------------------------------------------------------------

    def detail(self, job: JobId, text: str) -> None:
        """Tell the listeners a line about a job in progress."""
        clean = self.runtime.redactor.text(text)
        self.runtime.publish(JobDetail(job, clean, time.time()))

    def _tell(self, step: Step, job: JobId, outcome: Outcome) -> Outcome:
        no_log = bool(step.task and step.task.no_log)
        public = outcomes.shown(outcome, self.runtime.redactor, no_log)
        self.runtime.record(job, public)
        self.runtime.publish(JobFinished(job, public, time.time()))
        return outcome


def _tries(task: Task) -> int:
    """How often to try: without ``retries`` three times, else once more than it says (Ansible)."""
    if not task.until:
        return 1
    return 3 if task.retries is None else max(1, task.retries + 1)


def _skipped(reason: str) -> Outcome:
    result = {"skipped": True, "changed": False, "skip_reason": reason}
    return Outcome(Status.SKIPPED, reason, result=result)


class _Expressions(Evaluate):
    """A LOCAL module's window on the host's variables."""

    def __init__(self, runtime: Runtime, work: Work) -> None:
        self._templates = runtime.templates
        self._work = work

    def condition(self, expression: str) -> bool:
        return self._templates.condition(expression, self._work.variables, self._work.task.source)

    def value(self, expression: str) -> Any:
        return self._templates.expression(expression, self._work.variables, self._work.task.source)
