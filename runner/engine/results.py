"""What a finished task leaves behind on its host: registered results, facts, notifications."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from runner.engine.runtime import FACTS_MODULE, Runtime
from runner.engine.session import Link, Reader
from runner.engine.unknown import UnknownResult, settle
from runner.interfaces.module import Facts
from runner.model.job import Outcome, Status
from runner.model.playbook import Play, Task
from runner.model.state import Change

_JUDGED = (Status.OK, Status.CHANGED, Status.WOULD_CHANGE, Status.FAILED)


class Results:
    """Registers results, judges them by the task's own conditions, keeps notifications."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def registered(self, task: Task, outcome: Outcome) -> dict[str, Any]:
        """The variable that ``register`` makes, marked as data from a host."""
        if not task.register:
            return {}
        if outcome.status is Status.NOT_PREDICTABLE:
            return {task.register: UnknownResult(f"'{task.name}'")}
        result = settle(dict(outcome.result), f"'{task.name}'")
        return {task.register: self._runtime.templates.as_data(result)}

    def remember(self, task: Task, host: str, outcome: Outcome) -> None:
        """Keep what later tasks of this host may see."""
        state = self._runtime.variables.state(host)
        state.registered.update(self.registered(task, outcome))
        if outcome.status in (Status.CHANGED, Status.WOULD_CHANGE):
            state.notified.update(task.notify)

    def is_notified(self, handler: Task | None, host: str) -> bool:
        """Whether a task of this host called this handler."""
        assert handler is not None
        notified = self._runtime.variables.state(host).notified
        return not notified.isdisjoint(handler_names(handler))

    def until_holds(
        self, host: str, play: Play, task: Task, loop: Mapping[str, Any] | None, outcome: Outcome
    ) -> bool:
        """Whether ``until`` is satisfied, or can never be."""
        if outcome.status in (Status.SKIPPED, Status.UNREACHABLE, Status.IN_DOUBT):
            return True
        return self._all_hold(task.until or (), host, play, task, loop, outcome)

    def judge(
        self, host: str, play: Play, task: Task, loop: Mapping[str, Any] | None, outcome: Outcome
    ) -> Outcome:
        """Apply ``failed_when`` and ``changed_when``."""
        if outcome.status not in _JUDGED:
            return outcome
        if task.failed_when is not None:
            failed = self._all_hold(task.failed_when, host, play, task, loop, outcome)
            outcome = _judged_failed(outcome, failed, " and ".join(task.failed_when))
        if task.changed_when is not None and outcome.status is not Status.FAILED:
            changed = self._all_hold(task.changed_when, host, play, task, loop, outcome)
            status = Status.OK
            if changed:
                predicted = outcome.status is Status.WOULD_CHANGE
                status = Status.WOULD_CHANGE if predicted else Status.CHANGED
            result = {**outcome.result, "changed": changed}
            outcome = dataclasses.replace(outcome, status=status, result=result)
        return outcome

    def _all_hold(
        self,
        conditions: tuple[str, ...],
        host: str,
        play: Play,
        task: Task,
        loop: Mapping[str, Any] | None,
        outcome: Outcome,
    ) -> bool:
        extra = {**(loop or {}), **self.registered(task, outcome)}
        variables = self._runtime.variables.of_task(host, play, task, extra)
        templates = self._runtime.templates
        return all(templates.condition(c, variables, task.source) for c in conditions)


def handler_names(handler: Task) -> set[str]:
    """The names by which a handler can be notified."""
    return {handler.name, *handler.listen}


def _judged_failed(outcome: Outcome, failed: bool, text: str) -> Outcome:
    result = {**outcome.result, "failed": failed, "failed_when_result": failed}
    if failed:
        message = f"failed_when holds: {text}"
        return dataclasses.replace(outcome, status=Status.FAILED, message=message, result=result)
    if outcome.status is Status.FAILED:
        return dataclasses.replace(
            outcome, status=Status.CHANGED, message="", advice="", category="", result=result
        )
    return dataclasses.replace(outcome, result=result)


class FactsKeeper:
    """Gathers a host's facts once, and again after it may have become another host."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def of(self, link: Link) -> Facts:
        """The host's facts, gathered when they are not known."""
        if link.facts is None:
            module = self._runtime.modules(FACTS_MODULE)
            params = module.params()
            found = Reader(link).drive(module.probe(params, {}))
            result = module.result(params, Change("facts", found, found), {}, {})
            link.facts = dict(result["ansible_facts"])
        return link.facts

    def gather(self, host: str) -> Outcome:
        """The job of ``gather_facts``."""
        facts = {"ansible_facts": dict(self.of(self._runtime.links.get(host)))}
        self.keep(host, facts)
        return Outcome(Status.OK, result=facts)

    def keep(self, host: str, result: Mapping[str, Any]) -> None:
        """Let templates see the facts: in ``ansible_facts`` and as ``ansible_*``."""
        facts = {k.removeprefix("ansible_"): v for k, v in result["ansible_facts"].items()}
        self._runtime.links.get(host).facts = facts
        data = self._runtime.templates.as_data(facts)
        state = self._runtime.variables.state(host)
        state.facts = {"ansible_facts": data, **{f"ansible_{k}": v for k, v in data.items()}}
