"""The job graph: which job waits for which.

A job is a step on a host. The graph's vertices are steps; the host dimension is never expanded:
a step carries the set of its hosts (shared by all steps of a play), and a link between two steps
says whether it holds on the same host or over all hosts. So 10,000 hosts times 20 tasks cost 20
vertices, and the walk keeps two bytes for each job.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import networkx as nx

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
class Step:
    """One vertex: a task of a play, on all hosts in ``members`` (indices into the host list)."""

    name: str
    kind: StepKind
    title: str
    members: frozenset[int]
    play: int = 0
    task: Task | None = None

    @property
    def source(self) -> Source | None:
        """Where it was written."""
        return self.task.source if self.task else None


class LinkKind(StrEnum):
    """How far a link reaches."""

    SAME = "same host"
    ALL = "all hosts"


@dataclass(frozen=True, slots=True)
class Link:
    """``later`` waits for ``earlier``: on the same host, or on every host of ``hosts``.

    ``state`` is what the earlier job must have come to; otherwise the later one is blocked.
    """

    kind: LinkKind
    state: NeedState = NeedState.OK
    hosts: frozenset[int] | None = None
    """For ALL: the hosts of the earlier step that count; None means all its members."""
    why: str = ""


class JobGraph:
    """Steps and links over a fixed list of hosts."""

    def __init__(self, hosts: Sequence[str]) -> None:
        self.hosts: tuple[str, ...] = tuple(hosts)
        self._graph: nx.DiGraph[str] = nx.DiGraph()
        self._steps: dict[str, Step] = {}

    def add(self, step: Step) -> Step:
        """Add a vertex; its name must be new."""
        if step.name in self._steps:
            raise GraphError(f"two steps are named '{step.name}'", source=step.source)
        self._steps[step.name] = step
        self._graph.add_node(step.name)
        return step

    def link(self, earlier: Step, later: Step, link: Link) -> None:
        """Let ``later`` wait for ``earlier``."""
        data = self._graph.get_edge_data(earlier.name, later.name)
        links: tuple[Link, ...] = data["links"] if data else ()
        if link not in links:
            self._graph.add_edge(earlier.name, later.name, links=(*links, link))

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
        for earlier, later, data in self._graph.edges(data=True):
            for link in data["links"]:
                yield self._steps[earlier], self._steps[later], link

    def successors(self, step: Step) -> Iterator[tuple[Step, tuple[Link, ...]]]:
        """The steps that wait for this one, with the links."""
        for name, data in self._graph.adj[step.name].items():
            yield self._steps[name], data["links"]

    def job_count(self) -> int:
        """How many jobs there are, gates left out."""
        return sum(len(s.members) for s in self.steps if s.kind is not StepKind.GATE)

    def sinks(self, among: Iterable[Step]) -> list[Step]:
        """Those of these steps that no other of them waits for."""
        names = {s.name for s in among}
        return [
            self._steps[n]
            for n in self._steps
            if n in names and not any(m in names for m in self._graph.successors(n))
        ]

    def require_acyclic(self) -> None:
        """Raises GraphError that names the jobs and lines of a circle, if there is one.

        A circle of steps is a circle of jobs only if it closes on hosts too, so only the steps
        in a strongly connected component are expanded over their hosts.
        """
        for component in nx.strongly_connected_components(self._graph):
            names = set(component)
            lone = len(names) == 1 and not any(self._graph.has_edge(n, n) for n in names)
            if not lone:
                self._require_acyclic_jobs(names)

    def _require_acyclic_jobs(self, names: set[str]) -> None:
        jobs: nx.DiGraph[JobId] = nx.DiGraph()
        for earlier, later, data in self._graph.subgraph(names).edges(data=True):
            for link in data["links"]:
                jobs.add_edges_from(self.expand(self._steps[earlier], self._steps[later], link))
        try:
            circle = nx.find_cycle(jobs)
        except nx.NetworkXNoCycle:
            return
        ordered = [edge[0] for edge in circle]
        lines = [f"{j} ({self._steps[j.step].source or 'generated'})" for j in ordered]
        raise GraphError(
            "these jobs wait for each other in a circle:\n    "
            + "\n    which is needed by ".join([*lines, str(ordered[0])]),
            source=self._steps[ordered[0].step].source,
            hint="remove one of their 'needs'",
        )

    def expand(self, earlier: Step, later: Step, link: Link) -> Iterator[tuple[JobId, JobId]]:
        """The pairs of jobs that one link stands for."""
        if link.kind is LinkKind.SAME:
            for host in sorted(earlier.members & later.members):
                name = self.hosts[host]
                yield JobId(earlier.name, name), JobId(later.name, name)
            return
        scope = earlier.members if link.hosts is None else earlier.members & link.hosts
        for a in sorted(scope):
            for b in sorted(later.members):
                yield (
                    JobId(earlier.name, self.hosts[a]),
                    JobId(later.name, self.hosts[b]),
                )


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
