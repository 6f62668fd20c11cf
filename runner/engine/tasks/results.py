"""What a finished task leaves behind on its host: registered results, and what they judge.

Source: Ansible, "Return values", "Error handling in playbooks" (``failed_when``, ``changed_when``).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any, Final

from runner.engine.runtime import FACTS_MODULE, Runtime
from runner.engine.tasks.work import Turn
from runner.engine.variables.unknown import Depends, UnknownResult, settle
from runner.model.job import Outcome, Status
from runner.model.secret import MASK, Secret
from runner.model.task import Task

_JUDGED: Final = (Status.OK, Status.CHANGED, Status.WOULD_CHANGE, Status.FAILED)
_HIDDEN: Final = "(hidden: no_log)"


class Results:
    """Registers results and judges them by the task's own conditions."""

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

    def remember(self, task: Task, host: str, outcome: Outcome, *, stays: bool) -> None:
        """Keep what later tasks of this host may see: what is large outside of memory, unless it
        ``stays``."""
        if not task.register:
            return
        # What would be masked if it were shown must not lie on a disk as it is.
        self._runtime.variables.register(
            host,
            self.registered(task, outcome),
            lambda: not stays and self._runtime.redactor.is_clean(outcome.result),
        )

    def remember_failure(self, task: Task, host: str, outcome: Outcome, no_log: bool) -> None:
        """Let a ``rescue`` see what failed: ``ansible_failed_task``, ``ansible_failed_result``."""
        known = {
            "ansible_failed_task": _described(task, no_log),
            "ansible_failed_result": settle(dict(outcome.result), f"'{task.name}'"),
        }
        state = self._runtime.variables.state(host)
        state.registered.update(self._runtime.templates.as_data(known))

    def forget(self, task: Task, host: str) -> None:
        """A dry run cannot know what this ``set_fact`` would set: what uses it cannot either."""
        if task.module == "set_fact":
            names = (name for name in task.args if name != "cacheable")
            unknown = {name: Depends(f"'{task.name}'") for name in names}
            self._runtime.variables.state(host).registered.update(unknown)

    def share(self, task: Task, host: str, outcome: Outcome) -> None:
        """Keep on this host what another one did for all (``run_once``)."""
        self.remember(task, host, outcome, stays=bool(task.no_log))
        if not outcome.is_good or (task.delegate_to is not None and task.delegate_facts):
            return
        state = self._runtime.variables.state(host)
        for result in [outcome.result, *(item.result for item in outcome.items)]:
            facts = result.get("ansible_facts")
            if not isinstance(facts, Mapping) or task.module == "debug":
                continue
            if task.module == "include_vars":
                state.included.update(facts)
            elif task.module == "set_fact":
                known = settle(dict(facts), f"'{task.name}'")
                state.registered.update(self._runtime.templates.as_data(known))
            else:
                prefix = "ansible_" if task.module == FACTS_MODULE else ""
                self.add_facts(host, facts, prefix)

    def add_facts(self, host: str, found: Mapping[str, Any], prefix: str = "") -> None:
        """Let templates see facts, in ``ansible_facts`` and by their own names."""
        state = self._runtime.variables.state(host)
        as_data = self._runtime.templates.as_data
        short = {k.removeprefix("ansible_"): v for k, v in found.items()}
        names = {f"{prefix}{k.removeprefix(prefix)}": v for k, v in found.items()}
        before = state.facts.get("ansible_facts", {})
        # A new dict at once: tasks of other hosts may be looking at it through hostvars.
        state.facts = {
            **state.facts,
            **{name: as_data(value) for name, value in names.items()},
            "ansible_facts": as_data({**before, **short}),
        }

    # -- judging ----------------------------------------------------------------------------

    def holds(
        self,
        conditions: Iterable[str],
        turn: Turn,
        loop: Mapping[str, Any],
        outcome: Outcome,
    ) -> bool:
        """Whether these conditions hold, given what became of the task."""
        templates = self._runtime.templates
        known = {**loop, **self.registered(turn.task, outcome)}
        variables = self._runtime.variables.of_task(
            turn.job.host, turn.play, turn.task, known, turn.given
        )
        return all(templates.condition(c, variables, turn.task.source) for c in conditions)

    def judge(self, turn: Turn, loop: Mapping[str, Any], outcome: Outcome) -> Outcome:
        """Apply ``changed_when`` and ``failed_when``, in this order as Ansible does."""
        task = turn.task
        if outcome.status not in _JUDGED or outcome.result.get("skipped") is True:
            return outcome
        if task.changed_when:
            changed = self.holds(task.changed_when, turn, loop, outcome)
            outcome = _judged_changed(outcome, changed)
        if task.failed_when:
            failed = self.holds(task.failed_when, turn, loop, outcome)
            outcome = _judged_failed(outcome, failed, " and ".join(task.failed_when))
        return outcome


def _judged_changed(outcome: Outcome, changed: bool) -> Outcome:
    result = {**outcome.result, "changed": changed}
    status = outcome.status
    if status is not Status.FAILED:
        then = status if status is Status.WOULD_CHANGE else Status.CHANGED
        status = then if changed else Status.OK
    return dataclasses.replace(outcome, status=status, result=result)


def _judged_failed(outcome: Outcome, failed: bool, text: str) -> Outcome:
    result = {**outcome.result, "failed": failed, "failed_when_result": failed}
    if failed:
        message = f"failed_when holds: {text}"
        return dataclasses.replace(outcome, status=Status.FAILED, message=message, result=result)
    if outcome.status is Status.FAILED:
        status = Status.CHANGED if result.get("changed") else Status.OK
        return dataclasses.replace(
            outcome, status=status, message="", advice="", category="", result=result
        )
    return dataclasses.replace(outcome, result=result)


def _described(task: Task, no_log: bool) -> dict[str, Any]:
    """A task as ``ansible_failed_task`` shows it: as it is written, without its secrets."""
    return {
        "name": task.name,
        "action": task.module,
        "args": {"censored": _HIDDEN} if no_log else _without_secrets(dict(task.args)),
        "register": task.register,
        "when": list(task.conditions),
        "tags": sorted(task.tags),
        "delegate_to": task.delegate_to,
        "ignore_errors": task.ignore_errors,
        "no_log": task.no_log,
        "notify": list(task.notify),
        "loop": None if task.loop is None or no_log else _without_secrets(task.loop.terms),
        "vars": {},
        "file": task.source.file,
        "line": task.source.line,
    }


def _without_secrets(value: Any) -> Any:
    match value:
        case Secret():
            return MASK
        case Mapping():
            return {key: _without_secrets(item) for key, item in value.items()}
        case list() | tuple():
            return [_without_secrets(item) for item in value]
    return value
