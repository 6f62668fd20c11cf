"""The roster: what a run itself adds to its inventory (``add_host``, ``group_by``) or finds when it
reads the sources again (``meta: refresh_inventory``), and when later plays get to know of it.

Templates see it at once. Who takes part in a play is decided anew at the end of a stage:
when all plays up to one that may add something are over on all hosts.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Final

from runner.engine.graph.blocks import is_refreshing
from runner.engine.runtime import Runtime
from runner.engine.tasks.work import Turn, Work
from runner.errors import HostsBusy, PlaybookError, Refused
from runner.model.inventory import Addition
from runner.model.playbook import Play, Playbook
from runner.model.task import Task

GROWS: Final = frozenset({"add_host", "group_by"})
"""Modules that add to the inventory."""
_ALL: Final = "all"
_CLEARS: Final = "clear_host_errors"


def stages(playbook: Playbook, included: Sequence[Task] = ()) -> tuple[int, ...]:
    """The numbers of the plays after which it is decided anew who takes part in the next ones.

    ``included`` are the tasks of includes that are known before the run. Of the last play nothing
    depends.
    """
    hidden = any(is_turning(task) for task in included)
    return tuple(
        number
        for number, play in enumerate(playbook.plays[:-1])
        if any(is_turning(task) or (hidden and task.include) for task in play.all_tasks())
    )


def is_turning(task: Task) -> bool:
    """Whether who takes part in later plays may be another one after this task."""
    clears = task.module == "meta" and _CLEARS in task.args.values()
    return task.module in GROWS or clears or is_refreshing(task)


class Roster:
    """Lets the inventory grow. Thread-safe.

    ``doubts`` are the tasks of a dry run of which nobody can know what they would add.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.doubts: dict[str, None] = {}
        self.cleared: dict[int, list[str]] = {}
        """By play: the steps that cleared the errors of its hosts."""

    def add(self, turn: Turn, work: Work, addition: Addition) -> bool:
        """Add it; says whether it was new. Raises InputError, and Refused for a busy host."""
        self._require_stage(turn.play, work.task)
        if not addition.host:
            addition = dataclasses.replace(addition, host=work.job.host)
        else:
            try:
                self._runtime.claim(addition.host)
            except HostsBusy as error:
                raise Refused(error.message, hint=error.hint) from error
        data = self._runtime.templates.as_data(dict(addition.vars))
        return self._runtime.variables.grow(dataclasses.replace(addition, vars=data))

    def clear(self, turn: Turn, task: Task) -> None:
        """``meta: clear_host_errors``: later plays take those that failed until here."""
        self._require_stage(turn.play, task)
        self.cleared.setdefault(turn.step.play, []).append(turn.step.name)

    def refresh(self, turn: Turn, task: Task) -> str:
        """Read the sources of the inventory again; says what became of the hosts, for people.

        Raises InputError, and then nothing changes.
        """
        self._require_stage(turn.play, task)
        variables = self._runtime.variables
        before = set(variables.inventory.groups[_ALL].hosts)
        variables.refresh()
        after = set(variables.inventory.groups[_ALL].hosts)
        told = [f"new: {', '.join(sorted(after - before))}"] if after - before else []
        told += [f"gone: {', '.join(sorted(before - after))}"] if before - after else []
        return f"the inventory was read again; {'; '.join(told) or 'the same hosts'}"

    def doubt(self, task: Task) -> None:
        """A dry run cannot know what this task would add."""
        if task.module in GROWS or is_refreshing(task):
            self.doubts[task.name] = None

    def _require_stage(self, play: Play, task: Task) -> None:
        """What is found on a host while the run goes on is too late for later plays' hosts."""
        plays = self._runtime.plays
        number = next((i for i, each in enumerate(plays) if each is play), len(plays))
        if number < len(plays) - 1 and number not in self._runtime.stages:
            raise PlaybookError(
                f"'{task.module}' in a file that is known only on the host: who takes part in "
                "later plays is decided before",
                source=task.source,
                hint="import the file, or include it by a name without a template",
            )


def new_tasks(plays: Sequence[Play]) -> Iterator[Task]:
    """The tasks of these plays that may add to the inventory."""
    for play in plays:
        yield from (task for task in play.all_tasks() if task.module in GROWS)
