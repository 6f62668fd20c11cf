"""The job graph: which job waits for which.

A job is a step on a host. The graph's vertices are steps; the host dimension is never expanded:
a step carries the set of its hosts (shared by all steps of a play), and a link between two steps
says whether it holds on the same host or over all hosts. So 10,000 hosts times 20 tasks cost 20
vertices, and the walk keeps five bytes for each job.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from graphlib import CycleError, TopologicalSorter

from runner.errors import GraphError
from runner.model.job import JobId
from runner.model.playbook import NeedState, Task
from runner.model.source import Source


class StepKind(StrEnum):
    """What a vertex stands for."""

    TASK = "task"
    HANDLER = "handler"
    FACTS = "facts"
    GATE = "gate"
    """A point in time of a play on a host; nothing is done there."""


@dataclass(frozen=True, slots=True)
class Limit:
    """So many hosts at once: a host takes a token before a step and gives it back after one.

    ``keys`` says for each host (by index) which pool of ``count`` tokens it draws from; a host
    that is not in it needs none. None: one pool for all. Names are unique in a graph.
    """

    name: str
    count: int
    keys: Mapping[int, str] | None = None

    def pool(self, host: int) -> str | None:
        """The pool from which this host draws, if it needs a token at all."""
        return "" if self.keys is None else self.keys.get(host)

    def __hash__(self) -> int:
        return hash(self.name)


@dataclass(frozen=True, slots=True)
class Step:
    """One vertex: a task of a play, on all hosts in ``members`` (indices into the host list).

    ``groups`` are the batches of its play, in order, each with its hosts in the play's order
    (empty: one batch, in inventory order). ``once`` runs it on the first host of each batch that
    is well, and the others share what became of it. ``shields`` are the blocks that rescue its
    failure, the innermost first. ``takes`` and ``gives`` are the limits of which a host needs a
    token before it, and gives it back after it. ``block`` is set on the gates of a block.
    """

    name: str
    kind: StepKind
    title: str
    members: frozenset[int]
    play: int = 0
    task: Task | None = None
    groups: tuple[tuple[int, ...], ...] = ()
    once: bool = False
    shields: tuple[str, ...] = ()
    takes: tuple[Limit, ...] = ()
    gives: tuple[Limit, ...] = ()
    block: str = ""

    @property
    def source(self) -> Source | None:
        """Where it was written."""
        return self.task.source if self.task else None


class LinkKind(StrEnum):
    """How far a link reaches."""

    SAME = "same host"
    BATCH = "all hosts of its batch"
    ALL = "all hosts"


class Health(StrEnum):
    """What a later batch asks of the one before it, beyond being finished."""

    SOME = "some"
    """Not lost: at least one host came through, or none failed in this very play."""
    EVERY = "every"
    """Sound: every host came through."""


@dataclass(frozen=True, slots=True)
class Link:
    """``later`` waits for ``earlier``: on the same host, on every host of ``hosts``, or (BATCH) on
    every host of the later job's own batch.

    ``state`` is what the earlier job must have come to; otherwise the later one is blocked, or,
    with ``skips``, passed over as if its condition were false (a rescue without a failure).
    ``health`` (only for ALL) is asked of ``hosts`` as a whole.
    """

    kind: LinkKind
    state: NeedState = NeedState.OK
    hosts: frozenset[int] | None = None
    """For ALL: the hosts of the earlier step that count; None means all its members."""
    only: frozenset[int] | None = None
    """The hosts of the later step that it holds for; None means all its members."""
    skips: bool = False
    health: Health | None = None
    why: str = ""


class JobGraph:
    """Steps and links over a fixed list of hosts."""

    def __init__(self, hosts: Sequence[str]) -> None:
        self.hosts: tuple[str, ...] = tuple(hosts)
        self._after: dict[str, dict[str, dict[Link, None]]] = {}
        """For each step those that wait for it, with the links; ``_before`` the other way round."""
        self._before: dict[str, dict[str, dict[Link, None]]] = {}
        self._steps: dict[str, Step] = {}
        self.notes: list[str] = []
        """What a person should know about it, though nothing is wrong."""

    def add(self, step: Step) -> Step:
        """Add a vertex; its name must be new."""
        if step.name in self._steps:
            raise GraphError(f"two steps are named '{step.name}'", source=step.source)
        self._steps[step.name] = step
        self._after[step.name] = {}
        self._before[step.name] = {}
        return step

    def link(self, earlier: Step, later: Step, link: Link) -> None:
        """Let ``later`` wait for ``earlier``."""
        links = self._after[earlier.name].setdefault(later.name, {})
        self._before[later.name][earlier.name] = links
        links[link] = None

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps in the order in which they were written."""
        return tuple(self._steps.values())

    def __contains__(self, name: str) -> bool:
        return name in self._steps

    def step(self, name: str) -> Step:
        """The step of that name."""
        return self._steps[name]

    def edges(self) -> Iterator[tuple[Step, Step, Link]]:
        """All links."""
        for earlier, later in self._after.items():
            for name, links in later.items():
                for link in links:
                    yield self._steps[earlier], self._steps[name], link

    def successors(self, step: Step) -> Iterator[tuple[Step, tuple[Link, ...]]]:
        """The steps that wait for this one, with the links."""
        for name, links in self._after[step.name].items():
            yield self._steps[name], tuple(links)

    def predecessors(self, step: Step) -> Iterator[tuple[Step, tuple[Link, ...]]]:
        """The steps that this one waits for, with the links."""
        for name, links in self._before[step.name].items():
            yield self._steps[name], tuple(links)

    def job_count(self) -> int:
        """How many jobs there are, gates left out."""
        return sum(len(s.members) for s in self.steps if s.kind is not StepKind.GATE)

    def sinks(self, among: Sequence[Step]) -> list[Step]:
        """Those of these steps that none of the others follows up on the same host.

        Only a step that needs this one to be ok stands for it: what runs after a failure, or in
        any case, does not make the failure good.
        """
        names = {s.name for s in among}
        return [
            s
            for s in among
            if not any(
                link.kind is LinkKind.SAME and link.state is NeedState.OK
                for later, links in self.successors(s)
                if later.name in names
                for link in links
            )
        ]

    def components(self) -> Iterator[set[str]]:
        """Sets of steps that wait for each other, as far as steps alone can tell."""
        try:
            TopologicalSorter(self._before).prepare()
        except CycleError:
            yield from self._knots()

    def _knots(self) -> Iterator[set[str]]:
        import networkx as nx  # its import is a fifth of a run's start, and circles are rare

        graph: nx.DiGraph[str] = nx.DiGraph()
        graph.add_nodes_from(self._after)
        graph.add_edges_from((a, b) for a, later in self._after.items() for b in later)
        for component in nx.strongly_connected_components(graph):
            lone = len(component) == 1
            if not lone or any(graph.has_edge(n, n) for n in component):
                yield component

    def expand(self, earlier: Step, later: Step, link: Link) -> Iterator[tuple[JobId, JobId]]:
        """The pairs of jobs that one link stands for."""
        targets = later.members if link.only is None else later.members & link.only
        for b in sorted(targets):
            match link.kind:
                case LinkKind.SAME:
                    sources = earlier.members & {b}
                case LinkKind.BATCH:
                    sources = earlier.members & batch_of(later, b)
                case LinkKind.ALL:
                    hosts = link.hosts
                    sources = earlier.members if hosts is None else earlier.members & hosts
            for a in sorted(sources):
                yield JobId(earlier.name, self.hosts[a]), JobId(later.name, self.hosts[b])


def batch_of(step: Step, host: int) -> frozenset[int]:
    """All hosts of the batch in which this host takes the step."""
    for group in step.groups:
        if host in group:
            return frozenset(group)
    return frozenset() if step.groups else step.members


def holds(state: NeedState, *, good: bool, done: bool = True) -> bool:
    """Whether a job that came out good or not satisfies what a link asks of it."""
    match state:
        case NeedState.OK:
            return good
        case NeedState.FAILED:
            return done and not good
        case NeedState.FINISHED:
            return True


def unique_name(wanted: str, taken: Callable[[str], bool]) -> str:
    """``wanted`` itself, or with the first free number behind it."""
    if not taken(wanted):
        return wanted
    number = 2
    while taken(f"{wanted}-{number}"):
        number += 1
    return f"{wanted}-{number}"
