"""Includes: what a run asks of the loader while it is under way."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runner.model.playbook import VarsFile
from runner.model.task import Entry, Role, Task


@dataclass(frozen=True, slots=True)
class Included:
    """What an include stands for on one host: its tasks, checked like those of the playbook.

    ``title`` names it for people (the file, the role). ``role`` with ``public`` shows the role's
    defaults and vars to the rest of the play.
    """

    title: str
    tasks: tuple[Entry, ...]
    role: Role | None = None
    public: bool = False


class Includes(ABC):
    """Finds and reads what an include names. Shared by all threads; files are read once.

    Everything it raises is an InputError with its place.
    """

    @abstractmethod
    def tasks(self, task: Task, args: Mapping[str, Any], variables: Mapping[str, Any]) -> Included:
        """What ``task`` (its ``include`` is not None) stands for, with its rendered ``args``.

        ``variables`` are those of the task on its host; the tasks carry no loop variables yet.
        """

    @abstractmethod
    def variables(
        self, task: Task, args: Mapping[str, Any], variables: Mapping[str, Any]
    ) -> tuple[dict[str, Any], tuple[str, ...]]:
        """``include_vars``: the variables, and the files that they come from."""

    @abstractmethod
    def vars_file(self, entry: VarsFile, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The variables of a ``vars_files`` entry whose name depends on the host."""
