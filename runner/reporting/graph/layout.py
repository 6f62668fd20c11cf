"""Layered drawing: boxes in ranks, few crossings, short edges.

The method of Sugiyama, Tagawa and Toda (IEEE Transactions on Systems, Man and Cybernetics 11,
1981): ranks by longest path, order within a rank by barycentres, then coordinates. An edge over
several ranks gets an invisible waypoint in each, so that it passes between the boxes.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from runner.reporting.graph.spread import Vertex, spread

_SWEEPS: Final = 16
_WAYPOINT_WIDTH: Final = 6.0

Key = Hashable
Link = tuple[Key, Key]


@dataclass(frozen=True, slots=True)
class Box:
    """Something to place, in px."""

    key: Key
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Span:
    """A vertical piece of an edge, or of a box's middle: where it begins and ends."""

    x: float
    top: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Layout:
    """Where each box stands (its middle line), and the waypoints of each link, downwards.

    ``lanes`` are the middle lines of the boxes over the full depth of their rank: what leaves
    the rank there meets no neighbour. ``against`` holds the indices of the links that point
    upwards, because the graph is circular.
    """

    spans: dict[Key, Span]
    lanes: dict[Key, Span]
    waypoints: list[list[Span]]
    against: frozenset[int]
    width: float
    height: float


def layered(
    boxes: Sequence[Box],
    links: Sequence[Link],
    *,
    gap_x: float,
    gap_y: float,
    first: Collection[Key] = (),
    last: Collection[Key] = (),
    hang: bool = False,
) -> Layout:
    """Place the boxes. ``first`` and ``last`` are held in the top and in the bottom rank.

    The boxes of a rank stand in a line by their middles, or ``hang`` from it by their tops.
    """
    order = downward_order([box.key for box in boxes], links)
    against = frozenset(i for i, (s, t) in enumerate(links) if order[s] > order[t])
    downward = [(t, s) if i in against else (s, t) for i, (s, t) in enumerate(links)]
    ranks = _ranks(order, downward, first, last)
    vertices = {box.key: Vertex(box.width, box.height, ranks[box.key]) for box in boxes}
    layers: list[list[Vertex]] = [[] for _ in range(max(ranks.values(), default=-1) + 1)]
    for vertex in vertices.values():
        layers[vertex.rank].append(vertex)
    chains = [_chain(vertices[s], vertices[t], layers) for s, t in downward]
    _reorder(layers)
    width = spread(layers, gap_x)
    tops, height = _downwards(layers, gap_y)

    def span(vertex: Vertex) -> Span:
        top, deep = tops[vertex.rank]
        top += 0.0 if hang else (deep - vertex.height) / 2
        return Span(vertex.x, top, top + vertex.height)

    def lane(vertex: Vertex) -> Span:
        top, deep = tops[vertex.rank]
        return Span(vertex.x, top, top + deep)

    return Layout(
        spans={key: span(vertex) for key, vertex in vertices.items()},
        lanes={key: lane(vertex) for key, vertex in vertices.items()},
        waypoints=[[lane(vertex) for vertex in chain] for chain in chains],
        against=against,
        width=width,
        height=height,
    )


def downward_order(keys: Sequence[Key], links: Sequence[Link]) -> dict[Key, int]:
    """A place for each key, so that links lead downwards; the fewest ups where they go round."""
    waiting = dict.fromkeys(keys, 0)
    following: dict[Key, list[Key]] = {key: [] for key in keys}
    for source, target in links:
        waiting[target] += 1
        following[source].append(target)
    ready = [key for key in reversed(keys) if not waiting[key]]
    order: dict[Key, int] = {}
    left = list(reversed(keys))
    while len(order) < len(keys):
        while left and left[-1] in order:
            left.pop()
        key = ready.pop() if ready else left.pop()  # in a circle: the first as written begins
        if key in order:
            continue
        order[key] = len(order)
        for target in reversed(following[key]):
            waiting[target] -= 1
            if not waiting[target] and target not in order:
                ready.append(target)
    return order


def _ranks(
    order: dict[Key, int], links: Sequence[Link], first: Collection[Key], last: Collection[Key]
) -> dict[Key, int]:
    """Longest path from the top; what nothing leads to moves down to what it leads to."""
    lowest = 1 if first else 0
    ranks = {key: 0 if key in first else lowest for key in order}
    following: dict[Key, list[Key]] = {key: [] for key in order}
    preceded = {target for _, target in links}
    for source, target in links:
        following[source].append(target)
    for key in sorted(order, key=order.__getitem__):
        for target in following[key]:
            ranks[target] = max(ranks[target], ranks[key] + 1)
    for key, targets in following.items():
        below = [ranks[target] for target in targets if target not in last]
        if below and key not in preceded and key not in first:
            ranks[key] = min(below) - 1
    bottom = max((rank for key, rank in ranks.items() if key not in last), default=-1) + 1
    return {key: bottom if key in last else rank for key, rank in ranks.items()}


def _chain(source: Vertex, target: Vertex, layers: list[list[Vertex]]) -> list[Vertex]:
    """Join two vertices, with a waypoint in every rank between them."""
    waypoints = [Vertex(_WAYPOINT_WIDTH, 0.0, rank) for rank in range(source.rank + 1, target.rank)]
    path = [source, *waypoints, target]
    for upper, lower in pairwise(path):
        upper.down.append(lower)
        lower.up.append(upper)
    for waypoint in waypoints:
        layers[waypoint.rank].append(waypoint)
    return waypoints


def _reorder(layers: list[list[Vertex]]) -> None:
    """Sort each rank by where its neighbours are, down and up, and keep the best found."""
    _number(layers)
    best, fewest = [list(layer) for layer in layers], _crossings(layers)
    for sweep in range(_SWEEPS):
        if not fewest:
            break
        downwards = sweep % 2 == 0
        for layer in layers if downwards else reversed(layers):
            layer.sort(key=lambda v: _barycentre(v, v.up if downwards else v.down))
            _number([layer])
        found = _crossings(layers)
        if found < fewest:
            best, fewest = [list(layer) for layer in layers], found
    layers[:] = best
    _number(layers)


def _number(layers: Sequence[list[Vertex]]) -> None:
    for layer in layers:
        for place, vertex in enumerate(layer):
            vertex.place = place


def _barycentre(vertex: Vertex, neighbours: list[Vertex]) -> float:
    if not neighbours:
        return float(vertex.place)
    return sum(neighbour.place for neighbour in neighbours) / len(neighbours)


def _crossings(layers: Sequence[list[Vertex]]) -> int:
    """How often edges between neighbouring ranks cross: the inversions of their lower ends."""
    count = 0
    for layer in layers:
        seen: list[int] = []
        for vertex in layer:
            ends = sorted(lower.place for lower in vertex.down)
            count += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return count


def _downwards(
    layers: Sequence[list[Vertex]], gap: float
) -> tuple[list[tuple[float, float]], float]:
    """Top and depth of each rank, and the height of all."""
    tops: list[tuple[float, float]] = []
    y = 0.0
    for layer in layers:
        deep = max(vertex.height for vertex in layer) if layer else 0.0
        tops.append((y, deep))
        y += deep + gap
    return tops, max(0.0, y - gap)
