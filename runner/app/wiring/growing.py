"""Runs whose inventory grows (``add_host``, ``group_by``): who takes part in the plays to come.

A stage ends when all plays up to one that may add something are over. Then the graph is built
anew on the inventory as it is by then; what is over stays as it was.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from typing import Final

from runner.app.wiring.conduct import Conductor, step_infos
from runner.app.wiring.prepare import Prepared
from runner.engine.graph.graph import JobGraph, StepKind
from runner.engine.tasks.roster import Roster
from runner.engine.variables.variables import Variables
from runner.engine.walk.walk import Over
from runner.events import StepAdded, StepInfo

_END: Final = re.compile(r":end(-\d+)?\Z")
"""The gate at the end of a play; plays of one name are numbered."""


class Growing:
    """Decides at the end of each stage who takes part in what comes next.

    ``keep`` records the new graph; ``claim`` takes hosts for the run that it did not have.
    """

    def __init__(
        self,
        prepared: Prepared,
        roster: Roster,
        variables: Variables,
        conductor: Conductor,
        *,
        keep: Callable[[JobGraph], None] = lambda _graph: None,
        claim: Callable[[str], None] = lambda _host: None,
    ) -> None:
        self._plays = prepared.playbook.plays
        self._build = prepared.building.next
        self._roster = roster
        self._variables = variables
        self._conductor = conductor
        self._keep = keep
        self._claim = claim

    def __call__(self, past: JobGraph, until: int, over: Over) -> JobGraph:
        """The graph with which the walk goes on. Raises HostsBusy for hosts of another run."""
        clear(past, over, self._roster)
        graph = self._build(self._variables.inventory, past, until)
        before = _members(past)
        for host in sorted(_members(graph) - before):
            self._claim(graph.hosts[host])
        for number, batches in batches_of(graph).items():
            if number > until:
                named = [[graph.hosts[host] for host in batch] for batch in batches]
                self._variables.play_on(self._plays[number].source, named)
        self._keep(graph)
        self._tell(graph, until)
        return graph

    def _tell(self, graph: JobGraph, until: int) -> None:
        infos = {info.step: info for info in step_infos(graph, [p.name for p in self._plays])}
        there: set[int] = set()
        for step in graph.steps:
            if step.play > until and step.members:
                there.add(step.play)
                if step.name in infos:
                    self._conductor.publish(StepAdded(infos[step.name], time.time()))
        for number, play in enumerate(self._plays):
            if number <= until:
                continue
            if self._roster.doubts:
                by = ", ".join(f"'{name}'" for name in self._roster.doubts)
                what = f"who takes part in the play '{play.name}' is not predictable"
                self._conductor.notice(f"{what}: depends on {by}")
            elif number not in there:
                self._conductor.notice(f"the play '{play.name}' has no hosts: {play.hosts}")


def announced(infos: Sequence[StepInfo], graph: JobGraph, stages: Sequence[int]) -> list[StepInfo]:
    """The steps as they are told at the beginning: of those behind the first stage it is not known
    on how many hosts they will run."""
    if not stages:
        return list(infos)
    later = {step.name for step in graph.steps if step.play > stages[0]}
    return [
        StepInfo(i.step, i.play, i.name, i.module, 0 if i.step in later else i.hosts, i.place)
        for i in infos
    ]


def batches_of(graph: JobGraph) -> dict[int, tuple[tuple[int, ...], ...]]:
    """The batches of each play that has hosts."""
    return {step.play: step.groups for step in graph.steps if step.groups}


def clear(graph: JobGraph, over: Over, roster: Roster) -> None:
    """``meta: clear_host_errors``: hosts that had failed by then take part in later plays."""
    order = {step.name: number for number, step in enumerate(graph.steps)}
    for play, names in roster.cleared.items():
        last = max(order[name.partition("/")[0]] for name in names)
        members = next(step.members for step in graph.steps if step.play == play)
        for (number, host), cause in over.items():
            step = graph.steps[number]
            is_end = step.kind is StepKind.GATE and not step.block and _END.search(step.name)
            if cause is None or not is_end or step.play > play or host not in members:
                continue
            if order.get(cause.step.partition("/")[0], -1) <= last:
                over[number, host] = None
    roster.cleared.clear()


def _members(graph: JobGraph) -> frozenset[int]:
    found: frozenset[int] = frozenset().union(*(step.members for step in graph.steps))
    return found
