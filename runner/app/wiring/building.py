"""Building the graph of a playbook, also later in a run whose inventory has grown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from runner.app.wiring.options import RunOptions
from runner.engine.graph.blocks import is_refreshing
from runner.engine.graph.build import GraphBuilder, Growth
from runner.engine.graph.graph import JobGraph
from runner.engine.tasks.roster import stages
from runner.errors import PatternError
from runner.loading import patterns
from runner.loading.inventory.growing_names import any_part, may_be_added
from runner.model.inventory import Inventory
from runner.model.playbook import Playbook, Task
from runner.model.source import Source


@dataclass(frozen=True, slots=True)
class Building:
    """What is asked of the graph: the playbook, and who may take part in it.

    After the plays of ``stages`` (by number) other hosts may take part in the next ones; ``may``
    says which parts of a pattern may mean somebody only then. ``only`` leaves out all other hosts.
    ``refreshes`` is set when the sources of the inventory are read again on the way.
    """

    options: RunOptions
    playbook: Playbook
    stages: tuple[int, ...]
    may: Callable[[str], bool]
    only: frozenset[str] | None = None
    refreshes: bool = False

    def first(self, inventory: Inventory) -> JobGraph:
        """The graph at the beginning. Raises PatternError when no host is left."""
        graph = self.next(inventory, None, -1)
        if not any(step.members for step in graph.steps):
            raise PatternError(
                f"no host is left: none of the playbook's hosts is in '{self.options.limit}'",
                hint="see who there is with: runner inventory --list",
            )
        return graph

    def next(self, inventory: Inventory, past: JobGraph | None, until: int) -> JobGraph:
        """The graph on this inventory; the plays up to ``until`` are over, as they are in ``past``.

        Raises GraphError or PatternError with the place.
        """
        limit = self.only
        if self.options.limit is not None:
            # A typo in it is one at the beginning; later, a group that it names may have gone.
            may = any_part if self.refreshes and past is not None else self.may
            found = patterns.limit(inventory, inventory.hosts, self.options.limit, may)
            limit = frozenset(found) if limit is None else limit & frozenset(found)
        builder = GraphBuilder(
            inventory,
            patterns.select,
            limit,
            force_handlers=self.options.force_handlers,
            growth=Growth(self.stages, self._select, past, until),
        )
        return builder.build(self.playbook)

    def _select(self, inventory: Inventory, pattern: str, source: Source | None) -> tuple[str, ...]:
        if not self.refreshes:
            return patterns.select(inventory, pattern, source, self.may)
        found = patterns.select(inventory, pattern, source, any_part)
        return tuple(name for name in found if not is_gone(inventory, name))


def is_gone(inventory: Inventory, name: str) -> bool:
    """Whether the sources named a host at the beginning and do not any more."""
    return inventory.hosts[name].implicit and not inventory.is_localhost(name)


def building(
    options: RunOptions,
    playbook: Playbook,
    included: Sequence[Task],
    is_template: Callable[[object], bool],
    only: frozenset[str] | None,
) -> Building:
    """How to build the graph; ``included`` are tasks of includes that are known already."""
    turns = stages(playbook, included)
    every = (*playbook.all_tasks(), *included) if turns else ()
    refreshes = any(is_refreshing(task) for task in every)
    return Building(options, playbook, turns, may_be_added(every, is_template), only, refreshes)
