"""Titles: the names of tasks as people see them, with their templates evaluated.

As in Ansible, the first host that comes to a task names it for all. It is for display alone: ids,
the graph, the journal's steps and what ``notify`` says do not depend on it. What cannot be told
stays as it is written, and secrets are masked. A lookup may run a program, or ask somebody: for
the sake of a name nothing is looked up.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Mapping
from typing import Any, Final

from runner.engine.graph.graph import Step
from runner.engine.runtime import Runtime
from runner.errors import DependsOnUnknown, TemplateError
from runner.events import StepAdded, StepInfo
from runner.model.playbook import Play
from runner.model.task import Task

_EXPRESSION: Final = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_LOOKING_UP: Final = re.compile(r"\b(lookup|query|q)\s*\(")
_LONGEST: Final = 300


class Titles:
    """Renders the name of each step once. Thread-safe."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._told: set[str] = set()
        self._lock = threading.Lock()

    def tell(self, step: Step, host: str, play: Play, given: Mapping[str, Any]) -> None:
        """The host begins this step: tell its name, unless that is known."""
        task = step.task
        if task is None or step.name in self._told or not self._is_template(task.name):
            return
        with self._lock:
            if step.name in self._told:
                return
            self._told.add(step.name)
            title = self._title(task, host, play, given)
            if title == task.name:
                return
            hosts = len(step.members)
            nested = "/" in step.name
            info = StepInfo(
                step.name, play.name, title, task.module, 1 if nested else hosts, str(task.source)
            )
            self._runtime.publish(StepAdded(info, time.time()))

    def _is_template(self, name: str) -> bool:
        return self._runtime.templates.is_template(name) and not _LOOKING_UP.search(name)

    def _title(self, task: Task, host: str, play: Play, given: Mapping[str, Any]) -> str:
        if task.no_log is not False:
            return task.name
        variables = self._runtime.variables.of_task(host, play, task, None, given)
        found = self._rendered(task.name, variables, task)
        if found is None:
            found = _EXPRESSION.sub(
                lambda one: self._rendered(one[0], variables, task) or one[0], task.name
            )
        return self._runtime.redactor.text(found)[:_LONGEST]

    def _rendered(self, text: str, variables: Mapping[str, Any], task: Task) -> str | None:
        """The text of a template; None when it cannot be told."""
        try:
            found = self._runtime.templates.render({"name": text}, variables, task.source)["name"]
        except (TemplateError, DependsOnUnknown):
            return None
        return " ".join(str(found).split()) if isinstance(found, str | int | float) else None
