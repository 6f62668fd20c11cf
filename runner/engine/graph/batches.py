"""Which hosts of a play come first, and which come together.

``order`` decides on the row, ``canary`` and ``serial`` cut it into batches. A batch begins when
the one before it is over on all its hosts, and

- after a batch of canaries: only if every one of them came through;
- otherwise: unless the batch before was lost. As in Ansible, that is when all its hosts failed; a
  host that had failed in an earlier play, and so did not take part, does not count.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise

from runner.engine.graph.graph import Health, JobGraph, Link, LinkKind, Step
from runner.model.playbook import BatchSize, NeedState, Order, Play

Batches = tuple[tuple[int, ...], ...]


def in_order(play: Play, hosts: Sequence[int], names: Sequence[str]) -> list[int]:
    """The hosts of the play in the order in which it takes them."""
    match play.order:
        case Order.INVENTORY:
            return list(hosts)
        case Order.REVERSE_INVENTORY:
            return list(reversed(hosts))
        case Order.SORTED:
            return sorted(hosts, key=names.__getitem__)
        case Order.REVERSE_SORTED:
            return sorted(hosts, key=names.__getitem__, reverse=True)
        case Order.SHUFFLE:
            shuffled = list(hosts)
            random.shuffle(shuffled)
            return shuffled


def cut(play: Play, hosts: Sequence[int]) -> tuple[Batches, int]:
    """The batches of the play, and how many of them are canaries."""
    batches: list[tuple[int, ...]] = []
    start = 0
    for size in play.canary:
        start = _take(hosts, start, size, batches)
    canaries = len(batches)
    for size in play.serial:
        start = _take(hosts, start, size, batches)
    while start < len(hosts):
        start = _take(hosts, start, play.serial[-1] if play.serial else 0, batches)
    return tuple(batches), canaries


def _take(hosts: Sequence[int], start: int, size: BatchSize, batches: list[tuple[int, ...]]) -> int:
    """Cut one batch off, if anybody is left; gives where the next one starts.

    As in Ansible a share is rounded down, but is at least one host; nought means all.
    """
    count = size if isinstance(size, int) else max(1, int(size * len(hosts)))
    batch = tuple(hosts[start : start + count] if count > 0 else hosts[start:])
    if batch:
        batches.append(batch)
    return start + len(batch)


def link_batches(graph: JobGraph, begin: Step, end: Step, canaries: int) -> None:
    """Let each batch wait for the one before it."""
    sets = [frozenset(group) for group in begin.groups]
    for number, (before, after) in enumerate(pairwise(sets)):
        health = Health.EVERY if number < canaries else Health.SOME
        why = "after the canaries" if number < canaries else "after the batch before"
        link = Link(
            LinkKind.ALL, NeedState.FINISHED, hosts=before, only=after, health=health, why=why
        )
        graph.link(end, begin, link)
