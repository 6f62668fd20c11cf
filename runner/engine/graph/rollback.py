"""The way back: the graph of a rollback, from the journal alone.

A recorded run keeps its graph as data. Reversed, each step becomes::

    enter -> undo (on the hosts where it changed something) -> leave

with every recorded link turned round, so that what was done last is undone first, across hosts
too. The playbook may be gone.

What a link asked on the way there is not a condition on the way back, where everything that was
done is to be taken back, whatever made it be done:

- On one host the way back is one line: what was done on top must be gone before what is below. So
  an undo that fails blocks all that the host did before it, also where a rescue or an ``always``
  once ran because of a failure.
- Between hosts, what needed others to be ok rests on them, and must be gone before theirs is
  undone. All other waiting for hosts (batches, canaries, barriers) was only order: there an undo
  that fails on one host does not keep another from coming back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from runner.engine.graph.graph import JobGraph, Link, LinkKind, Step, StepKind
from runner.errors import JournalError
from runner.model.job import JobId
from runner.model.playbook import NeedState

SETTLE_STEP = "restart-where-needed"
"""The last step of a rollback: what settles pending changes, where an undo needs it."""

_KINDS = {LinkKind.SAME: "host", LinkKind.BATCH: "batch", LinkKind.ALL: "all"}
_REACH = {word: kind for kind, word in _KINDS.items()}

Hosts = frozenset[int]


def graph_to_json(graph: JobGraph) -> tuple[Any, Any]:
    """Steps and edges as the journal keeps them; host sets and batches are stored once."""
    sets: dict[Hosts, int] = {}
    batches: dict[tuple[tuple[int, ...], ...], int] = {}
    steps = [
        {
            "name": s.name,
            "kind": s.kind.value,
            "title": s.title,
            "play": s.play,
            "module": s.task.module if s.task else "",
            "members": _number(sets, s.members),
            "batches": batches.setdefault(s.groups, len(batches)) if s.groups[1:] else None,
        }
        for s in graph.steps
    ]
    edges = [
        [
            a.name,
            b.name,
            _KINDS[link.kind],
            link.state.value,
            _number(sets, link.hosts),
            _number(sets, link.only),
        ]
        for a, b, link in graph.edges()
    ]
    data = {
        "hosts": list(graph.hosts),
        "batches": [[_number(sets, frozenset(group)) for group in groups] for groups in batches],
        "sets": [sorted(members) for members in sets],
        "steps": steps,
    }
    return data, edges


def _number(sets: dict[Hosts, int], members: Hosts | None) -> int | None:
    return None if members is None else sets.setdefault(members, len(sets))


def rollback_graph(
    steps: Mapping[str, Any],
    edges: Sequence[Sequence[Any]],
    changes: Iterable[JobId],
    settle_on: frozenset[str],
    only: frozenset[str] | None = None,
) -> JobGraph:
    """The reversed graph.

    ``changes`` are the jobs that changed something, in the order in which they did so; a job may
    occur several times. One whose step is no vertex (``include-x/task``) was brought in by an
    include and is undone where that stands. ``settle_on`` are the hosts that were restarted by the
    run; ``only`` limits the rollback to some hosts. Raises JournalError for an unknown step.
    """
    reverse = _Reverse(steps or {"hosts": [], "sets": [], "steps": []}, only)
    reverse.add_steps(changes)
    for edge in edges:
        reverse.add_edge(*edge)
    if settle_on:
        reverse.add_settling(settle_on)
    return reverse.graph


@dataclass(frozen=True, slots=True)
class _Doors:
    enter: Step
    leave: Step


class _Reverse:
    """Builds the reversed graph."""

    def __init__(self, stored: Mapping[str, Any], only: frozenset[str] | None) -> None:
        hosts: list[str] = stored["hosts"]
        self.graph = JobGraph(hosts)
        self._index = {name: i for i, name in enumerate(hosts)}
        self._wanted = frozenset(i for i, n in enumerate(hosts) if only is None or n in only)
        self._sets = [frozenset(members) & self._wanted for members in stored["sets"]]
        self._batches = [
            tuple(tuple(sorted(self._sets[number])) for number in groups)
            for groups in stored.get("batches", ())
        ]
        self._stored: dict[str, Mapping[str, Any]] = {s["name"]: s for s in stored["steps"]}
        self._doors: dict[str, _Doors] = {}

    def add_steps(self, changes: Iterable[JobId]) -> None:
        """All steps, the last one first, with what there is to undo in each."""
        undone: dict[str, dict[int, dict[str, None]]] = defaultdict(lambda: defaultdict(dict))
        for job in changes:
            host = self._index.get(job.host)
            if host in self._wanted:
                names = undone[self._home(job.step)][host]
                names.pop(job.step, None)
                names[job.step] = None
        for name, step in reversed(self._stored.items()):
            self._doors[name] = self._add(step, undone.get(name, {}))

    def _home(self, name: str) -> str:
        """The vertex where a step stands: itself, or the include that brought it in."""
        home = name
        while home not in self._stored:
            home, slash, _ = home.rpartition("/")
            if not slash:
                raise JournalError(
                    f"the recorded graph has no step '{name}', which changed something",
                    hint="the journal is damaged: nothing was taken back",
                )
        return home

    def _add(self, stored: Mapping[str, Any], undone: Mapping[int, Iterable[str]]) -> _Doors:
        """A step with its undoing: on each host in a line, newest first."""
        name, title, play = stored["name"], stored["title"], stored["play"]
        number = stored.get("batches")
        groups = () if number is None else self._batches[number]
        members = self._sets[stored["members"]]
        gate = Step(f"{name}:enter", StepKind.GATE, title, members, play, groups=groups)
        enter = self.graph.add(gate)
        leave = Step(f"{name}:leave", StepKind.GATE, title, members, play, groups=groups)
        self.graph.add(leave)
        self.graph.link(enter, leave, Link(LinkKind.SAME))
        acting: dict[str, set[int]] = defaultdict(set)
        lines: dict[tuple[str, str], set[int]] = defaultdict(set)
        for host, names in undone.items():
            line = list(names)
            for one in line:
                acting[one].add(host)
            for older, newer in pairwise(line):
                lines[newer, older].add(host)
        steps: dict[str, Step] = {}
        for one, hosts in reversed(acting.items()):
            shown = title if one == name else f"{title}: {one[len(name) + 1 :]}"
            step = Step(one, StepKind.TASK, shown, frozenset(hosts), play)
            steps[one] = self.graph.add(step)
            self.graph.link(enter, step, Link(LinkKind.SAME))
            self.graph.link(step, leave, Link(LinkKind.SAME))
        for (newer, older), hosts in lines.items():
            link = Link(LinkKind.SAME, only=frozenset(hosts))
            self.graph.link(steps[newer], steps[older], link)
        return _Doors(enter, leave)

    def add_edge(
        self,
        earlier: str,
        later: str,
        word: str,
        state: str,
        hosts: int | None,
        only: int | None = None,
    ) -> None:
        """A recorded link, turned round: who was waited for waits for those that waited."""
        kind = _REACH[word]
        leave, enter = self._doors[later].leave, self._doors[earlier].enter
        if kind is LinkKind.BATCH:
            self._add_batches(leave, enter)
            return
        rests = kind is LinkKind.SAME or state == NeedState.OK
        back = NeedState.OK if rests else NeedState.FINISHED
        waiting = None if hosts is None else self._sets[hosts]
        if kind is LinkKind.SAME:
            waiting = None if only is None else self._sets[only]
            self.graph.link(leave, enter, Link(kind, back, only=waiting))
            return
        scope = None if only is None else self._sets[only]
        self.graph.link(leave, enter, Link(kind, back, hosts=scope, only=waiting))

    def _add_batches(self, leave: Step, enter: Step) -> None:
        """All of a batch of the step that is left now, before all of it in the other one."""
        if (leave.members, leave.groups) == (enter.members, enter.groups):
            self.graph.link(leave, enter, Link(LinkKind.BATCH, NeedState.FINISHED))
            return
        for group in leave.groups or (tuple(leave.members),):
            batch = frozenset(group)
            link = Link(LinkKind.ALL, NeedState.FINISHED, hosts=batch, only=batch)
            self.graph.link(leave, enter, link)

    def add_settling(self, settle_on: frozenset[str]) -> None:
        """The restart at the end, when all else is over on that host."""
        members = frozenset(i for i in self._wanted if self.graph.hosts[i] in settle_on)
        if not members:
            return
        gates = [doors.leave for doors in self._doors.values()]
        last = Step(SETTLE_STEP, StepKind.TASK, "restart where the way back needs it", members)
        self.graph.add(last)
        for gate in gates:
            self.graph.link(gate, last, Link(LinkKind.SAME, NeedState.FINISHED))
