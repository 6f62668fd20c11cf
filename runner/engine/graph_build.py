"""From playbook and inventory to a job graph: all order between jobs is decided here.

A play becomes, on each of its hosts::

    begin -> [gather facts] -> task -> task -> ... -> handlers -> end

- A task waits for the task before it on the same host, or, with ``needs``, only for those.
- ``strategy: linear`` lets a task also wait until the one before it is finished everywhere.
- Handlers wait for all tasks of the play on their host; ``meta: flush_handlers`` puts them there.
- A play begins when the play before it is finished on all hosts, or, with ``needs``, when those
  are done. A host on which an earlier play failed does not take part in later ones.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from runner.engine.graph import JobGraph, Link, LinkKind, Step, StepKind, unique_name
from runner.errors import GraphError
from runner.model.inventory import Inventory
from runner.model.playbook import Need, NeedState, Play, Playbook, Task
from runner.model.source import Source

Select = Callable[[Inventory, str, Source | None], Sequence[str]]
"""Resolves a host pattern; raises PatternError."""


@dataclass(slots=True)
class _BuiltPlay:
    begin: Step
    end: Step
    targets: list[tuple[Step, Task]]


class GraphBuilder:
    """Builds the graph of one playbook on one inventory, limited to ``limit``."""

    def __init__(self, inventory: Inventory, select: Select, limit: frozenset[str] | None) -> None:
        self._inventory = inventory
        self._select = select
        self._limit = limit
        self._index = {name: i for i, name in enumerate(inventory.hosts)}
        self.graph = JobGraph(tuple(inventory.hosts))
        self._ids: dict[str, Step] = {}
        self._plays: dict[str, _BuiltPlay] = {}
        self._members: dict[str, frozenset[int]] = {}

    def build(self, playbook: Playbook) -> JobGraph:
        """The whole graph. Raises GraphError or PatternError with the place."""
        built: list[tuple[Play, _BuiltPlay]] = []
        for number, play in enumerate(playbook.plays):
            built.append((play, self._add_play(number, play)))
        for (play, this), previous in zip(built, [None, *built[:-1]], strict=True):
            self._order_play(play, this, previous[1] if previous else None)
            for step, task in this.targets:
                self._order_needs(step, task.needs or ())
        self.graph.require_acyclic()
        return self.graph

    # -- vertices ---------------------------------------------------------------------------

    def _add_play(self, number: int, play: Play) -> _BuiltPlay:
        members = self._resolve(play.hosts, play.hosts_source)
        label = play.id or _slug(play.name) or f"play-{number + 1}"
        begin = self._add(f"{label}:begin", StepKind.GATE, play.name, members, number)
        after: list[Step] = [begin]
        if play.gather_facts:
            facts = self._add("gather-facts", StepKind.FACTS, "Gathering facts", members, number)
            self._chain(after, facts, linear=False)
            after = [facts]
        roots = after
        steps: list[Step] = []
        targets: list[tuple[Step, Task]] = []
        for task in play.tasks:
            if task.module == "meta" and "flush_handlers" in task.args.values():
                after = self._add_handlers(play, number, members, self._ends(steps, after))
                steps += after
                continue
            step = self._add_task(task, StepKind.TASK, members, number)
            self._chain(roots if task.needs is not None else after, step, play.linear)
            steps.append(step)
            targets.append((step, task))
            after = [step]
        last = self._add_handlers(play, number, members, self._ends(steps, after))
        end = self._add(f"{label}:end", StepKind.GATE, play.name, members, number)
        self._chain(last, end, linear=False)
        built = _BuiltPlay(begin, end, targets)
        if play.id:
            self._claim(play.id, end, play.source)
            self._plays[play.id] = built
        return built

    def _ends(self, steps: list[Step], after: list[Step]) -> list[Step]:
        return self.graph.sinks(steps) or after

    def _add_handlers(
        self, play: Play, number: int, members: frozenset[int], after: list[Step]
    ) -> list[Step]:
        for handler in play.handlers:
            step = self._add_task(handler, StepKind.HANDLER, members, number)
            self._chain(after, step, linear=False)
            after = [step]
        return after

    def _add_task(self, task: Task, kind: StepKind, members: frozenset[int], number: int) -> Step:
        wanted = task.id or _slug(task.name) or task.module
        step = self._add(wanted, kind, task.name, members, number, task)
        if task.id and kind is StepKind.TASK:
            self._claim(task.id, step, task.source)
        return step

    def _add(
        self,
        wanted: str,
        kind: StepKind,
        title: str,
        members: frozenset[int],
        play: int,
        task: Task | None = None,
    ) -> Step:
        name = unique_name(wanted, self.graph.__contains__)
        return self.graph.add(Step(name, kind, title, members, play, task))

    def _claim(self, id_: str, step: Step, source: Source) -> None:
        if id_ in self._ids:
            first = self._ids[id_].source
            raise GraphError(f"the id '{id_}' is used twice; first at {first}", source=source)
        self._ids[id_] = step

    # -- edges ------------------------------------------------------------------------------

    def _chain(self, earlier: Sequence[Step], later: Step, linear: bool) -> None:
        for step in earlier:
            self.graph.link(step, later, Link(LinkKind.SAME))
            if linear:
                self.graph.link(step, later, Link(LinkKind.ALL, NeedState.FINISHED, why="linear"))

    def _order_play(self, play: Play, this: _BuiltPlay, previous: _BuiltPlay | None) -> None:
        if play.needs is not None:
            self._order_needs(this.begin, play.needs)
        elif previous:
            self.graph.link(previous.end, this.begin, Link(LinkKind.SAME))
            barrier = Link(LinkKind.ALL, NeedState.FINISHED, why="plays run in order")
            self.graph.link(previous.end, this.begin, barrier)

    def _order_needs(self, step: Step, needs: Sequence[Need]) -> None:
        for need in needs:
            target = self._ids.get(need.target)
            if target is None:
                near = difflib.get_close_matches(need.target, self._ids, n=1)
                raise GraphError(
                    f"needs '{need.target}', but no task or play has that id",
                    source=need.source,
                    hint=f"did you mean '{near[0]}'?" if near else "give the task an 'id:'",
                )
            if need.hosts is None:
                self.graph.link(target, step, Link(LinkKind.SAME, need.state, why="needs"))
            else:
                hosts = self._resolve(need.hosts, need.source)
                link = Link(LinkKind.ALL, need.state, hosts, why=f"needs on {need.hosts}")
                self.graph.link(target, step, link)

    def _resolve(self, pattern: str, source: Source) -> frozenset[int]:
        if pattern not in self._members:
            names = self._select(self._inventory, pattern, source)
            self._members[pattern] = frozenset(
                self._index[n] for n in names if self._limit is None or n in self._limit
            )
        return self._members[pattern]


def _slug(name: str) -> str:
    """A task's name as a word that can be typed: ``Stop the Server service`` -> ``stop-the-...``.

    Letters of any script stay; everything else becomes a dash.
    """
    return re.sub(r"[^\w]+", "-", name.lower(), flags=re.UNICODE).strip("-_")[:60].rstrip("-")
