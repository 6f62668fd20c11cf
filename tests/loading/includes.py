"""A playbook with its includes, asked for as a run asks for them."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from runner.interfaces.includes import Included
from runner.loading.playbook.includes import Includer
from runner.loading.templates.templates import JinjaTemplates
from runner.model.playbook import Playbook, Task, tasks_in
from tests.loading.modules import MODULES
from tests.loading.trees import load, named

_ALL = {**MODULES, "validate_argument_spec": False}


class Run:
    """A playbook and its includes, as a run asks for them."""

    def __init__(self, folder: Path, text: str, **options: Any) -> None:
        self.playbook: Playbook = load(folder, text, extra=options.get("extra_vars"))
        self.templates = JinjaTemplates(folder)
        self.includer = Includer(self.playbook, _ALL, self.templates, **options)

    def include(self, name: str, variables: Mapping[str, Any] | None = None) -> Included:
        return self.below(named(self.playbook.all_tasks(), name), variables)

    def below(self, task: Task, variables: Mapping[str, Any] | None = None) -> Included:
        known = {**task.vars, **(variables or {})}
        return self.includer.tasks(task, self.templates.render(task.args, known), known)


def names(found: Included | Iterable[Task]) -> list[str]:
    tasks = tasks_in(found.tasks) if isinstance(found, Included) else found
    return [task.name for task in tasks]


def only(found: Included, name: str) -> Task:
    return named(tasks_in(found.tasks), name)
