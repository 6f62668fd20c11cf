"""Where the boxes of a layered drawing stand from left to right.

Every box wants to be near its neighbours above and below; the order within a rank is given. Each
rank in turn is put where its wishes are met best, until nothing moves; then what is nearly
straight is made straight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

_MOST_SWEEPS: Final = 60
_STILL: Final = 0.2
"""How little a box may move, in px, to count as standing still."""
_KINK: Final = 40.0
"""How far, in px, a box is moved to make an edge straight."""
_ROUNDS: Final = 2


@dataclass(slots=True, eq=False)
class Vertex:
    """A box or a waypoint (which has no height) in its rank; ``x`` is its middle."""

    width: float
    height: float
    rank: int = 0
    x: float = 0.0
    place: int = 0
    up: list[Vertex] = field(default_factory=list)
    down: list[Vertex] = field(default_factory=list)


Tie = tuple[Vertex, float]
"""A neighbour, and how strongly it pulls."""


def spread(layers: Sequence[list[Vertex]], gap: float) -> float:
    """Give every vertex its x, at least ``gap`` px apart; returns the width of all."""
    everything = [vertex for layer in layers for vertex in layer]
    above = {id(v): [(n, _pull(n, v)) for n in v.up] for v in everything}
    below = {id(v): [(n, _pull(v, n)) for n in v.down] for v in everything}
    both = {key: [*ties, *below[key]] for key, ties in above.items()}
    for layer in layers:
        _settle(layer, [(0.0, 1.0)] * len(layer), gap)
    for sweep in range(_MOST_SWEEPS):
        before = [vertex.x for vertex in everything]
        ties = (above, below)[sweep % 2] if sweep < _MOST_SWEEPS // 4 else both
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            _settle(layer, [_wish(vertex, ties[id(vertex)]) for vertex in layer], gap)
        moved = max((abs(v.x - x) for v, x in zip(everything, before, strict=True)), default=0.0)
        if ties is both and moved < _STILL:
            break
    for _ in range(_ROUNDS):
        _straighten(layers, above, gap)
        _straighten(layers[::-1], below, gap)
    left = min((v.x - v.width / 2 for v in everything), default=0.0)
    for vertex in everything:
        vertex.x -= left
    return max((v.x + v.width / 2 for v in everything), default=0.0)


def _pull(upper: Vertex, lower: Vertex) -> float:
    """How much this edge should be straight: long ones, and those that are the only ones."""
    if not upper.height and not lower.height:
        return 8.0
    if len(upper.down) == 1 and len(lower.up) == 1:
        return 6.0
    return 3.0 if upper.height and lower.height else 1.0


def _wish(vertex: Vertex, ties: Sequence[Tie]) -> tuple[float, float]:
    """Where a vertex wants to be, and how much."""
    weight = x = 0.0
    for neighbour, pull in ties:
        weight += pull
        x += neighbour.x * pull
    return (x / weight, weight) if weight else (vertex.x, 1.0)


def _settle(layer: Sequence[Vertex], wishes: Sequence[tuple[float, float]], gap: float) -> None:
    """As near as possible to where each wants to be, in order and without overlap.

    Least squares under an order is isotonic regression: neighbours that get in each other's way
    are pooled and share the mean of their wishes.
    """
    offset, offsets = 0.0, [0.0]
    for left, right in pairwise(layer):
        offset += _apart(left, right, gap)
        offsets.append(offset)
    pools: list[tuple[float, float, int]] = []  # mean, weight, how many
    for (wish, weight), shift in zip(wishes, offsets, strict=False):
        mean, count = wish - shift, 1
        while pools and pools[-1][0] >= mean:
            its_mean, its_weight, its_count = pools.pop()
            mean = (mean * weight + its_mean * its_weight) / (weight + its_weight)
            weight, count = weight + its_weight, count + its_count
        pools.append((mean, weight, count))
    settled = [mean for mean, _, count in pools for _ in range(count)]
    for vertex, mean, shift in zip(layer, settled, offsets, strict=False):
        vertex.x = mean + shift


def _apart(left: Vertex, right: Vertex, gap: float) -> float:
    """How far apart two middles must be; waypoints may run closer together."""
    close = 0.5 if not left.height and not right.height else 1.0
    return (left.width + right.width) / 2 + gap * close


def _straighten(layers: Sequence[list[Vertex]], ties: dict[int, list[Tie]], gap: float) -> None:
    """Put vertices exactly in line with the neighbour that pulls most, where there is room."""
    for layer in layers:
        for place, vertex in enumerate(layer):
            if not (mine := ties[id(vertex)]):
                continue
            x = max(mine, key=lambda tie: tie[1])[0].x
            if abs(x - vertex.x) > _KINK:
                continue
            left, right = layer[max(0, place - 1)], layer[min(len(layer) - 1, place + 1)]
            if (left is vertex or left.x + _apart(left, vertex, gap) <= x) and (
                right is vertex or x <= right.x - _apart(vertex, right, gap)
            ):
                vertex.x = x
