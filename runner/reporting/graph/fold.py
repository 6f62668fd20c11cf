"""Leaves out of a drawing what only the machinery needs: gates that stand for no task."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from runner.reporting.graph.nodes import DrawEdge, DrawNode, check


def fold(
    nodes: Sequence[DrawNode], edges: Sequence[DrawEdge], hidden: Collection[str]
) -> tuple[list[DrawNode], list[DrawEdge]]:
    """The graph without the hidden nodes, every edge once.

    What waited for a hidden node waits for what that one waited for; of the edges which come about
    by that, those are left out that say nothing which a longer way does not say. Raises ValueError
    for edges between unknown nodes.
    """
    check(nodes, edges)
    kept = dict.fromkeys(edges)
    made: dict[DrawEdge, None] = {}
    for node in hidden:
        around = [e for e in (*kept, *made) if node in (e.source, e.target)]
        for edge in around:
            kept.pop(edge, None)
            made.pop(edge, None)
        for entering in (e for e in around if e.target == node):
            for leaving in (e for e in around if e.source == node):
                if entering.source != leaving.target:
                    made[_joined(entering, leaving)] = None
    row = {node.id: number for number, node in enumerate(nodes)}
    after: dict[str, set[str]] = defaultdict(set)
    for edge in (*kept, *made):
        # Only ways ahead count: batches lead from the end of a play back to its begin.
        if row[edge.source] < row[edge.target]:
            after[edge.source].add(edge.target)
    plain = {(e.source, e.target) for e in kept}
    shown = [
        edge
        for edge in made
        if (edge.source, edge.target) not in plain and not _is_implied(edge, after)
    ]
    return [n for n in nodes if n.id not in hidden], [*kept, *_once_each(shown)]


def _joined(entering: DrawEdge, leaving: DrawEdge) -> DrawEdge:
    kind = leaving.kind if entering.kind == "host" else entering.kind
    labels = dict.fromkeys(label for label in (entering.label, leaving.label) if label)
    return DrawEdge(entering.source, leaving.target, kind, ", ".join(labels))


def _is_implied(edge: DrawEdge, after: Mapping[str, set[str]]) -> bool:
    """Whether there is a longer way from its source to its target."""
    seen = after[edge.source] - {edge.target, edge.source}
    ahead = list(seen)
    while ahead:
        following = after.get(ahead.pop(), set())
        if edge.target in following:
            return True
        ahead += following - seen
        seen |= following
    return False


def _once_each(edges: Sequence[DrawEdge]) -> list[DrawEdge]:
    """Between two nodes one edge of a kind: the one that says something, if there is one."""
    found: dict[tuple[str, str, str], DrawEdge] = {}
    for edge in edges:
        key = (edge.source, edge.target, edge.kind)
        if key not in found or (edge.label and not found[key].label):
            found[key] = edge
    return list(found.values())
