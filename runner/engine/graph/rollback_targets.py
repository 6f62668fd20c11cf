"""The order of undoing on a host where the graph leaves it open.

The reversed graph orders what each host did one after another. Where two hosts changed a third one
(delegation), or tasks did not wait for each other on the way there (``needs``), only the time says
which was last, and that one is undone first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

from runner.engine.graph.graph import JobGraph, Link, LinkKind
from runner.journal.records import ChangeRecord
from runner.model.job import JobId
from runner.model.playbook import NeedState


def order_targets(graph: JobGraph, records: Iterable[ChangeRecord]) -> None:
    """Let the undoing of older changes on a host wait for that of newer ones."""
    orders = _Orders(graph)
    last: dict[str, dict[JobId, int]] = defaultdict(dict)
    for record in records:
        jobs = last[record.where]
        jobs[record.job] = max(record.sequence, jobs.get(record.job, 0))
    index = {name: i for i, name in enumerate(graph.hosts)}
    for jobs in last.values():
        # By the last change of each job: what waited for another job on the way there comes after
        # it in this order too, so that nothing waits in a circle.
        known = [job for job in jobs if job.step in graph and job.host in index]
        for newer, older in pairwise(sorted(known, key=lambda job: -jobs[job])):
            if newer.host != older.host:
                link = Link(
                    LinkKind.ALL,
                    NeedState.FINISHED,
                    hosts=frozenset({index[newer.host]}),
                    only=frozenset({index[older.host]}),
                    why="the same host was changed",
                )
                graph.link(graph.step(newer.step), graph.step(older.step), link)
        for host in {job.host for job in known}:
            own = sorted((j for j in known if j.host == host), key=lambda job: -jobs[job])
            orders.add([job.step for job in own], index[host])
    orders.link()


class _Orders:
    """Collects, by pairs of steps, the hosts on which one is to be undone before the other."""

    def __init__(self, graph: JobGraph) -> None:
        self._graph = graph
        self._edges = [(a.name, b.name, link) for a, b, link in graph.edges()]
        self._some = [e for e in self._edges if not (e[2].only is None and e[2].hosts is None)]
        self._ways: dict[tuple[bool, ...], _Ways] = {}
        self._pairs: dict[tuple[str, str], set[int]] = defaultdict(set)

    def add(self, newest_first: Sequence[str], host: int) -> None:
        """The steps that changed a host. Where a step was done again by a resume, the time may say
        otherwise than the graph: then the graph alone counts, so that nothing waits in a circle."""
        ways = self._ways_on(host)
        for number, newer in enumerate(newest_first):
            if any(newer in ways.after(older) for older in newest_first[number + 1 :]):
                return
        for newer, older in pairwise(newest_first):
            if older not in ways.after(newer):
                self._pairs[newer, older].add(host)

    def link(self) -> None:
        """Add what was collected to the graph."""
        for (newer, older), hosts in self._pairs.items():
            only, why = frozenset(hosts), "done later on the same host"
            link = Link(LinkKind.SAME, NeedState.FINISHED, only=only, why=why)
            self._graph.link(self._graph.step(newer), self._graph.step(older), link)

    def _ways_on(self, host: int) -> _Ways:
        """What follows what on this host; hosts to which the same links apply share it."""
        applies = tuple(_applies(link, host) for _, _, link in self._some)
        if applies not in self._ways:
            self._ways[applies] = _Ways(e for e in self._edges if _applies(e[2], host))
        return self._ways[applies]


class _Ways:
    """Which steps come after which, by the links that there are."""

    def __init__(self, edges: Iterable[tuple[str, str, Link]]) -> None:
        self._next: dict[str, list[str]] = defaultdict(list)
        for earlier, later, _ in edges:
            self._next[earlier].append(later)
        self._known: dict[str, frozenset[str]] = {}

    def after(self, step: str) -> frozenset[str]:
        """All steps that come after this one."""
        if step not in self._known:
            found: set[str] = set()
            left = [step]
            while left:
                new = [name for name in self._next[left.pop()] if name not in found]
                found.update(new)
                left += new
            self._known[step] = frozenset(found)
        return self._known[step]


def _applies(link: Link, host: int) -> bool:
    """Whether a job of this host waits for one of its own by this link."""
    own = link.only is None or host in link.only
    return own and (link.kind is not LinkKind.ALL or link.hosts is None or host in link.hosts)
