"""From playbook and inventory to a job graph: all order between jobs is decided here.

A play becomes, on each of its hosts::

    begin -> [gather facts] -> task -> block -> ... -> handlers -> end

- A task waits for the task before it on the same host, or, with ``needs``, only for those.
- ``strategy: linear`` lets a task also wait until the one before it is finished on all hosts of
  the batch; ``run_once`` does so for one task.
- Handlers wait for all tasks of the play on their host; ``meta: flush_handlers`` puts them there.
  With ``force_handlers`` they run on a host that failed in the play, too.
- A play begins when the play before it is finished on all hosts, or, with ``needs``, when those
  are done. A host on which an earlier play failed does not take part in later ones.
- Batches (``serial``, ``canary``) and host order (``after``) let hosts wait at the begin gate for
  the end gate of others.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from runner.engine.graph.after import link_hosts
from runner.engine.graph.batches import cut, in_order, link_batches
from runner.engine.graph.blocks import PlaySteps, Region, finished, literal, ok, slug
from runner.engine.graph.circles import require_acyclic
from runner.engine.graph.graph import JobGraph, Link, LinkKind, Step, StepKind
from runner.engine.graph.limits import max_in_flight, require_no_standstill
from runner.errors import GraphError
from runner.model.inventory import Inventory
from runner.model.playbook import Need, NeedState, Play, Playbook
from runner.model.source import Source

Select = Callable[[Inventory, str, Source | None], Sequence[str]]
"""Resolves a host pattern; raises PatternError."""


@dataclass(frozen=True, slots=True)
class Growth:
    """How the hosts of plays may become other ones during the run.

    After each play of ``stages`` the graph is built anew. ``select`` resolves patterns of the plays
    behind the first of them, in which a part may name somebody who is not there (yet). ``past`` is
    the graph so far; in it the plays up to ``until`` are over and stay as they are.
    """

    stages: tuple[int, ...]
    select: Select
    past: JobGraph | None = None
    until: int = -1


@dataclass(frozen=True, slots=True)
class _BuiltPlay:
    play: Play
    steps: PlaySteps
    begin: Step
    end: Step


class GraphBuilder:
    """Builds the graph of one playbook on one inventory, limited to ``limit``.

    ``force_handlers`` does for every play what its own ``force_handlers`` does. ``growth`` says how
    the hosts of plays may become other ones during the run.
    """

    def __init__(
        self,
        inventory: Inventory,
        select: Select,
        limit: frozenset[str] | None,
        *,
        force_handlers: bool = False,
        growth: Growth | None = None,
    ) -> None:
        self._growth = growth or Growth((), select)
        self._inventory = inventory
        self._select = select
        self._limit = limit
        self._force_handlers = force_handlers
        self._index = {name: i for i, name in enumerate(inventory.hosts)}
        self.graph = JobGraph(tuple(inventory.hosts))
        self._ids: dict[str, tuple[Step, Source]] = {}
        self._matches: dict[tuple[str, bool], tuple[str, ...]] = {}

    def build(self, playbook: Playbook) -> JobGraph:
        """The whole graph. Raises GraphError or PatternError with the place."""
        built: list[_BuiltPlay] = []
        for number, play in enumerate(playbook.plays):
            built.append(self._add_play(number, play))
        for number, this in enumerate(built):
            self._order_play(this, built[:number])
            for step, needs in this.steps.needs:
                self._order_needs(step, needs)
        for this in built:
            steps = [s for s in self.graph.steps if s.play == this.steps.number]
            require_no_standstill(self.graph, this.play, steps, this.begin.takes)
        self._gather_for_once()
        require_acyclic(self.graph)
        return self.graph

    # -- vertices ---------------------------------------------------------------------------

    def _add_play(self, number: int, play: Play) -> _BuiltPlay:
        names, hosts = self._hosts_of(number, play)
        groups, canaries = cut(play, hosts)
        steps = PlaySteps(self.graph, play, number, frozenset(hosts), groups)
        label = play.id or slug(play.name) or f"play-{number + 1}"
        limits = max_in_flight(
            play, label, self.graph.hosts, names, self._inventory, self.graph.notes.append
        )
        begin = steps.step(f"{label}:begin", StepKind.GATE, play.name)
        begin = steps.add(dataclasses.replace(begin, takes=limits))
        region = Region(ok([begin]))
        if play.gather_facts:
            facts = steps.step("gather-facts", StepKind.FACTS, "Gathering facts")
            region = Region(ok([steps.add(facts, region.roots)]))
        done = self.graph.sinks(steps.entries(play.tasks, region))
        waits = ok(done) or region.roots
        forced = literal(play.force_handlers, "force_handlers", play.source)
        if forced or self._force_handlers:
            handlers = steps.handlers(finished(done) + ok([begin]), region)
        else:
            handlers = steps.handlers(waits, region)
            waits = ok(handlers[-1:]) or waits
        end = steps.step(f"{label}:end", StepKind.GATE, play.name)
        end = steps.add(dataclasses.replace(end, gives=limits), waits, ok(handlers[-1:]))
        link_batches(self.graph, begin, end, canaries)
        link_hosts(self.graph, begin, end, self._inventory, self._members)
        if play.id:
            steps.ids.append((play.id, end, play.source))
        for id_, step, source in steps.ids:
            self._claim(id_, step, source)
        return _BuiltPlay(play, steps, begin, end)

    def _claim(self, id_: str, step: Step, source: Source) -> None:
        if id_ in self._ids:
            first = self._ids[id_][1]
            raise GraphError(f"the id '{id_}' is used twice; first at {first}", source=source)
        self._ids[id_] = (step, source)

    # -- edges ------------------------------------------------------------------------------

    def _order_play(self, this: _BuiltPlay, before: Sequence[_BuiltPlay]) -> None:
        over = [stage for stage in self._growth.stages if stage < this.steps.number]
        known = Link(LinkKind.ALL, NeedState.FINISHED, why="its hosts are known only then")
        for earlier in before[: over[-1] + 1] if over else ():
            self.graph.link(earlier.end, this.begin, known)
        if this.play.needs is not None:
            self._order_needs(this.begin, this.play.needs)
            return
        barrier = Link(LinkKind.ALL, NeedState.FINISHED, why="plays run in order")
        left = this.steps.members
        waits = False
        # Of each host the last play that it took part in counts; a play without hosts holds up
        # nobody, and so cannot stand for the one before it.
        for earlier in reversed(before):
            if not waits:
                self.graph.link(earlier.end, this.begin, barrier)
                waits = bool(earlier.steps.members)
            here = left & earlier.steps.members
            if here or earlier is before[-1]:
                only = None if earlier is before[-1] else here
                self.graph.link(earlier.end, this.begin, Link(LinkKind.SAME, only=only))
            left -= here
            if earlier.play.needs is not None or (waits and not left):
                return

    def _order_needs(self, step: Step, needs: Sequence[Need]) -> None:
        for need in needs:
            if need.target not in self._ids:
                near = difflib.get_close_matches(need.target, self._ids, n=1)
                raise GraphError(
                    f"needs '{need.target}', but no task or play has that id",
                    source=need.source,
                    hint=f"did you mean '{near[0]}'?" if near else "give the task an 'id:'",
                )
            target, _ = self._ids[need.target]
            # Without the failure that it is for, a job is not wanted, which is no trouble.
            skips = need.state is NeedState.FAILED
            link = Link(LinkKind.SAME, need.state, skips=skips, why="needs")
            if need.hosts is not None:
                hosts = self._members(need.hosts, need.source, play=step.play)
                why = f"needs on {need.hosts}"
                link = Link(LinkKind.ALL, need.state, hosts, skips=skips, why=why)
            self.graph.link(target, step, link)

    def _gather_for_once(self) -> None:
        """A step that is done once for its batch waits until all of the batch have come to it."""
        barrier = Link(LinkKind.BATCH, NeedState.FINISHED, why="run_once")
        for step in self.graph.steps:
            if step.once:
                for earlier, links in list(self.graph.predecessors(step)):
                    if any(link.kind is LinkKind.SAME for link in links):
                        self.graph.link(earlier, step, barrier)

    # -- hosts ------------------------------------------------------------------------------

    def _hosts_of(self, number: int, play: Play) -> tuple[Sequence[str], list[int]]:
        """Those that a play's pattern means, and of them its hosts in its order; of a play that is
        over, everybody, and those that it had."""
        past = self._growth.past
        if past is not None and number <= self._growth.until:
            gate = next(step for step in past.steps if step.play == number)
            return self.graph.hosts, [host for group in gate.groups for host in group]
        names = self._hosts(play.hosts, play.hosts_source, number)
        hosts = [self._index[n] for n in names if self._limit is None or n in self._limit]
        return names, in_order(play, hosts, self.graph.hosts)

    def _members(
        self, pattern: str, source: Source | None = None, *, play: int = 0
    ) -> frozenset[int]:
        return frozenset(
            self._index[n]
            for n in self._hosts(pattern, source, play)
            if self._limit is None or n in self._limit
        )

    def _hosts(self, pattern: str, source: Source | None, play: int) -> tuple[str, ...]:
        grown = any(stage < play for stage in self._growth.stages)
        key = (pattern, grown)
        if key not in self._matches:
            select = self._growth.select if grown else self._select
            self._matches[key] = tuple(select(self._inventory, pattern, source))
        return self._matches[key]
