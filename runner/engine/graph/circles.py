"""Finds jobs that wait for each other in a circle, without writing out every job.

Hosts that stand in the same sets of every link are interchangeable: a circle of jobs closes on
one of them exactly when it closes on their kind. So the check walks over kinds of hosts instead
of hosts, and a link from many to many is one knot instead of all its pairs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from runner.engine.graph.graph import JobGraph, Link, LinkKind, Step
from runner.errors import GraphError

_Edge = tuple[Step, Step, Link]
_Groups = tuple[tuple[int, ...], ...]


def require_acyclic(graph: JobGraph) -> None:
    """Raises GraphError that names the jobs and lines of a circle, if there is one.

    Only steps that wait for each other as steps are looked at host by host.
    """
    for names in graph.components():
        steps = {s.name: s for s in graph.steps if s.name in names}
        edges = [
            (step, later, link)
            for step in steps.values()
            for later, links in graph.successors(step)
            if later.name in steps
            for link in links
        ]
        circle = _Check(graph, list(steps.values()), edges).circle()
        if circle:
            raise _error(graph, circle)


def kinds(hosts: int, sets: Iterable[Iterable[int]]) -> list[int]:
    """For each host the number of its kind: the same for those that no set tells apart."""
    kind, count = [0] * hosts, 1
    for members in sets:
        split: dict[int, int] = {}
        for host in members:
            kind[host] = split.setdefault(kind[host], count + len(split))
        count += len(split)
    numbers: dict[int, int] = {}
    return [numbers.setdefault(k, len(numbers)) for k in kind]


def _error(graph: JobGraph, circle: list[tuple[str, int]]) -> GraphError:
    jobs = [f"{name}@{graph.hosts[host]}" for name, host in circle]
    places = [graph.step(name).source for name, _ in circle]
    lines = [f"{job} ({place or 'generated'})" for job, place in zip(jobs, places, strict=True)]
    return GraphError(
        "these jobs wait for each other in a circle:\n    "
        + "\n    which is needed by ".join([*lines, jobs[0]]),
        source=next((place for place in places if place), None),
        hint="remove one of their 'needs'",
    )


class _Check:
    """The jobs of some steps over kinds of hosts; a node is kind * steps + step, then knots."""

    def __init__(self, graph: JobGraph, steps: list[Step], edges: list[_Edge]) -> None:
        self._steps = steps
        self._number = {step.name: i for i, step in enumerate(steps)}
        self._kind = kinds(len(graph.hosts), _sets(steps, edges))
        self._example: dict[int, int] = {}
        for host, kind in enumerate(self._kind):
            self._example.setdefault(kind, host)
        self._next: list[list[int]] = [[] for _ in range(len(self._example) * len(steps))]
        for earlier, later, link in edges:
            self._add(earlier, later, link)

    def _add(self, earlier: Step, later: Step, link: Link) -> None:
        here, there = self._number[earlier.name], self._number[later.name]
        targets = later.members if link.only is None else later.members & link.only
        if link.kind is LinkKind.SAME:
            for kind in {self._kind[host] for host in earlier.members & targets}:
                self._next[self._node(kind, here)].append(self._node(kind, there))
            return
        for scope, waiting in _knots(earlier, later, link, targets):
            knot = len(self._next)
            self._next.append([self._node(k, there) for k in {self._kind[h] for h in waiting}])
            for kind in {self._kind[host] for host in scope}:
                self._next[self._node(kind, here)].append(knot)

    def _node(self, kind: int, step: int) -> int:
        return kind * len(self._steps) + step

    def circle(self) -> list[tuple[str, int]]:
        """Step and host of each job of one circle; nothing if there is none."""
        waits = [0] * len(self._next)
        for followers in self._next:
            for node in followers:
                waits[node] += 1
        free = deque(node for node, count in enumerate(waits) if not count)
        while free:
            for node in self._next[free.popleft()]:
                waits[node] -= 1
                if not waits[node]:
                    free.append(node)
        if not any(waits):
            return []
        import networkx as nx  # only to name a circle; its import takes long

        rest: nx.DiGraph[int] = nx.DiGraph()
        for node, followers in enumerate(self._next):
            if waits[node]:
                rest.add_edges_from((node, other) for other in followers if waits[other])
        found = [edge[0] for edge in nx.find_cycle(rest)]
        jobs = len(self._example) * len(self._steps)
        return [self._job(node) for node in found if node < jobs]

    def _job(self, node: int) -> tuple[str, int]:
        kind, step = divmod(node, len(self._steps))
        return self._steps[step].name, self._example[kind]


def _sets(steps: list[Step], edges: list[_Edge]) -> list[Iterable[int]]:
    found: dict[frozenset[int], None] = {step.members: None for step in steps}
    batches: dict[_Groups, None] = {}
    for _, later, link in edges:
        for members in (link.hosts, link.only):
            if members is not None:
                found[members] = None
        if link.kind is LinkKind.BATCH and len(later.groups) > 1:
            batches[later.groups] = None
    return [*found, *(group for groups in batches for group in groups)]


def _knots(
    earlier: Step, later: Step, link: Link, targets: frozenset[int]
) -> Iterator[tuple[frozenset[int], frozenset[int]]]:
    """Who is waited for and who waits, for each point where the link gathers them."""
    if link.kind is LinkKind.ALL:
        yield earlier.members if link.hosts is None else earlier.members & link.hosts, targets
        return
    for group in later.groups or (tuple(later.members),):
        hosts = frozenset(group)
        yield earlier.members & hosts, targets & hosts
