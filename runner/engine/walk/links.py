"""The links of a graph, laid out so that a finished job finds what waits for it at once.

A link on one host is followed by step; a link over many hosts becomes a barrier, which counts how
many of its hosts are still to come. Each host of a step knows its barriers by one number, so a
thousand batches cost a finished job no more than one.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from runner.engine.graph.graph import Health, JobGraph, Link, LinkKind, Step, holds
from runner.model.job import JobId

_Groups = tuple[tuple[int, ...], ...]


@dataclass(slots=True)
class Verdict:
    """What the links of a job have come to so far: the first blocker, the first reason to skip."""

    blocker: JobId | None = None
    skip: JobId | None = None

    def add(self, other: Verdict) -> None:
        """Take in what another link says; who came first stays."""
        self.blocker = self.blocker or other.blocker
        self.skip = self.skip or other.skip


@dataclass(slots=True, eq=False)
class Barrier:
    """A link over many hosts: ``missing`` of them are still to come, then ``targets`` may go."""

    later: int
    link: Link
    missing: int
    targets: Sequence[int]
    verdict: Verdict = field(default_factory=Verdict)
    good: int = 0
    failed: JobId | None = None
    """The first cause of failure that belongs to the earlier step's own play."""

    def note(self, job: JobId, good: bool, cause: JobId, own: bool) -> None:
        """One of its hosts is there. ``own``: the cause lies in the play of that job."""
        self.missing -= 1
        self.good += good
        if not good and own:
            self.failed = self.failed or cause
        if not holds(self.link.state, good=good):
            self.verdict.add(judged(self.link, job, good, cause))
        health = self.link.health
        if health is Health.EVERY and not good:
            self.verdict.blocker = self.verdict.blocker or cause
        elif health is Health.SOME and not self.missing and not self.good:
            self.verdict.blocker = self.verdict.blocker or self.failed


def judged(link: Link, job: JobId, good: bool, cause: JobId) -> Verdict:
    """What a link that is not met makes of it: ``job`` came out good, or bad by ``cause``."""
    if link.skips:
        return Verdict(skip=job)
    return Verdict(blocker=job if good else cause)


@dataclass(slots=True)
class _Places:
    """The order of a play's hosts: the place of each, and its batch."""

    groups: _Groups
    place: array[int]
    batch: array[int]


def _zeros(count: int) -> array[int]:
    return array("I", [0]) * count


class Links:
    """All links of a graph by the number of the earlier step."""

    def __init__(self, graph: JobGraph) -> None:
        self._hosts = len(graph.hosts)
        self.steps: tuple[Step, ...] = graph.steps
        self.number = {step.name: i for i, step in enumerate(self.steps)}
        self.waiting = [_zeros(self._hosts) for _ in self.steps]
        """How many links each job still waits for, by step and host."""
        self.same: list[list[tuple[int, Link, frozenset[int] | None]]] = []
        """On the same host: later step, link, and the hosts that it holds for (None: all)."""
        self._barriers: list[list[tuple[Barrier, ...]]] = [[()] for _ in self.steps]
        self._index: list[array[int] | None] = [None for _ in self.steps]
        self._places: dict[int, _Places] = {}
        for number, step in enumerate(self.steps):
            self.same.append([])
            for later, links in graph.successors(step):
                self._add(number, step, later, links)

    def barriers(self, number: int, host: int) -> tuple[Barrier, ...]:
        """The barriers at which this job is waited for."""
        index = self._index[number]
        return self._barriers[number][index[host]] if index is not None else ()

    def in_order(self, step: Step) -> Iterator[int]:
        """The step's hosts, in the play's order."""
        if not step.groups:
            yield from sorted(step.members)
        for group in step.groups:
            yield from (host for host in group if host in step.members)

    def sorted(self, step: Step, hosts: Iterable[int]) -> list[int]:
        """Some of the step's hosts, in the play's order."""
        place = self._places_of(step).place if step.groups else None
        return sorted(hosts, key=place.__getitem__ if place is not None else None)

    def batch(self, step: Step, host: int) -> int:
        """The number of the batch in which the host takes this step."""
        return self._places_of(step).batch[host] if step.groups else 0

    # -- set-up -----------------------------------------------------------------------------

    def _add(self, number: int, step: Step, later: Step, links: Sequence[Link]) -> None:
        target = self.number[later.name]
        follows = any(link.kind is LinkKind.SAME and link.only is None for link in links)
        for link in links:
            if link.kind is LinkKind.SAME:
                self._add_same(number, step, target, link)
                continue
            for scope, targets in self._gatherings(step, later, link):
                # A batch of one waits for itself, which the link on the same host says already.
                alone = len(targets) == 1 and scope == set(targets) and link.health is None
                if scope and not (alone and follows and link.kind is LinkKind.BATCH):
                    self._add_barrier(number, scope, Barrier(target, link, len(scope), targets))

    def _add_same(self, number: int, step: Step, target: int, link: Link) -> None:
        hosts = step.members & self.steps[target].members
        if link.only is not None:
            hosts &= link.only
        waiting = self.waiting[target]
        for host in hosts:
            waiting[host] += 1
        everyone = len(hosts) == len(step.members)
        self.same[number].append((target, link, None if everyone else hosts))

    def _gatherings(
        self, step: Step, later: Step, link: Link
    ) -> Iterator[tuple[frozenset[int], Sequence[int]]]:
        """Who is waited for and who waits (in order), for each barrier that the link makes."""
        if link.kind is LinkKind.ALL:
            scope = step.members if link.hosts is None else step.members & link.hosts
            yield scope, self._ordered(later, link.only)
            return
        for group in later.groups or (tuple(sorted(later.members)),):
            targets = [h for h in group if h in later.members]
            if link.only is not None:
                targets = [h for h in targets if h in link.only]
            if targets:
                yield step.members.intersection(group), targets

    def _ordered(self, step: Step, only: frozenset[int] | None) -> Sequence[int]:
        if only is None:
            return tuple(self.in_order(step))
        return self.sorted(step, step.members & only)

    def _add_barrier(self, number: int, scope: frozenset[int], barrier: Barrier) -> None:
        waiting = self.waiting[barrier.later]
        for host in barrier.targets:
            waiting[host] += 1
        index = self._index[number]
        if index is None:
            index = self._index[number] = _zeros(self._hosts)
        known = self._barriers[number]
        renumbered: dict[int, int] = {}
        for host in scope:
            old = index[host]
            if old not in renumbered:
                renumbered[old] = len(known)
                known.append((*known[old], barrier))
            index[host] = renumbered[old]

    def _places_of(self, step: Step) -> _Places:
        found = self._places.get(id(step.groups))
        if found is None:
            place, batch = (_zeros(self._hosts) for _ in range(2))
            for number, host in enumerate(h for group in step.groups for h in group):
                place[host] = number
            for number, group in enumerate(step.groups):
                for host in group:
                    batch[host] = number
            found = self._places[id(step.groups)] = _Places(step.groups, place, batch)
        return found
