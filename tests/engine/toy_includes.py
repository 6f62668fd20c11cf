"""Toy files: what the includes of a toy fleet find."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runner.errors import PlaybookError
from runner.interfaces.includes import Included, Includes
from runner.loading.templates.templates import JinjaTemplates
from runner.model.playbook import VarsFile
from runner.model.source import Source
from runner.model.task import Task


class ToyIncludes(Includes):
    """Files that are lists of tasks, and files of variables."""

    def __init__(self, files: Mapping[str, Any]) -> None:
        self._files = files
        self.asked: list[str] = []

    def tasks(self, task: Task, args: Mapping[str, Any], variables: Mapping[str, Any]) -> Included:
        found = self._find(str(args["file"]), task.source)
        return found if isinstance(found, Included) else Included(str(args["file"]), tuple(found))

    def variables(
        self, task: Task, args: Mapping[str, Any], variables: Mapping[str, Any]
    ) -> tuple[dict[str, Any], tuple[str, ...]]:
        name = str(args["file"])
        return dict(self._find(name, task.source)), (name,)

    def vars_file(self, entry: VarsFile, variables: Mapping[str, Any]) -> dict[str, Any]:
        name = JinjaTemplates().render(entry.names[0], variables, entry.source)
        return dict(self._find(str(name), entry.source))

    def _find(self, name: str, source: Source) -> Any:
        self.asked.append(name)
        if name not in self._files:
            raise PlaybookError(f"there is no file '{name}'", source=source)
        found = self._files[name]
        if isinstance(found, Exception):
            raise found
        return found
