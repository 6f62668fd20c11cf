"""A job graph as lines for a terminal: plays, their tasks in order, and what each waits for."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Final

from rich.cells import cell_len, set_cell_size

from runner.reporting.graph.nodes import (
    EDGE_KINDS,
    ELLIPSIS,
    DrawEdge,
    DrawNode,
    EdgeKind,
    NodeKind,
    check,
    clean,
    groups,
)

_WIDEST_TITLE: Final = 60
_WAITS: Final[dict[EdgeKind, str]] = {
    "host": "after {} on the same host",
    "all": "after {} on all hosts",
    "play": "after {} of an earlier play",
}


def to_text(nodes: Sequence[DrawNode], edges: Sequence[DrawEdge]) -> str:
    """Tasks are numbered in the order given; a task waits for the numbers named below it.

    Raises ValueError for edges between unknown nodes.
    """
    check(nodes, edges)
    plays = groups(nodes)
    ordered = [node for members in plays.values() for node in members]
    numbers = {node.id: number for number, node in enumerate(ordered, 1)}
    waits: dict[str, list[DrawEdge]] = defaultdict(list)
    for edge in edges:
        waits[edge.target].append(edge)
    column = min(_WIDEST_TITLE, max((cell_len(_title(node)) for node in nodes), default=0))
    digits = len(str(len(nodes)))
    lines: list[str] = []
    for play, members in plays.items():
        lines += [*([""] if lines else []), f"PLAY {clean(play) or '(unnamed)'}"]
        for node in members:
            title = f"{_fit(_title(node), column)}  {clean(node.subtitle)}".rstrip()
            lines.append(f"  {numbers[node.id]:>{digits}}. {title}")
            indent = " " * (digits + 6)
            lines += [indent + line for line in _reasons(waits[node.id], numbers)]
    return "\n".join([*lines, *([""] if lines else []), _total(nodes, edges), ""])


def _title(node: DrawNode) -> str:
    mark = "" if node.kind == "task" else f"[{node.kind}] "
    return mark + (clean(node.title) or clean(node.id))


def _fit(text: str, width: int) -> str:
    if cell_len(text) > width:
        text = set_cell_size(text, width - 1).rstrip() + ELLIPSIS
    return set_cell_size(text, width)


def _reasons(edges: Sequence[DrawEdge], numbers: dict[str, int]) -> list[str]:
    """One line for each kind of wait and label."""
    found: dict[tuple[EdgeKind, str], set[int]] = defaultdict(set)
    for edge in edges:
        found[edge.kind, clean(edge.label)].add(numbers[edge.source])
    lines = []
    for kind in EDGE_KINDS:
        for (_, label), sources in sorted(
            (item for item in found.items() if item[0][0] == kind), key=lambda item: min(item[1])
        ):
            named = ", ".join(map(str, sorted(sources)))
            lines.append(_WAITS[kind].format(named) + (f" ({label})" if label else ""))
    return lines


def _total(nodes: Sequence[DrawNode], edges: Sequence[DrawEdge]) -> str:
    kinds = Counter(node.kind for node in nodes)
    words: dict[NodeKind, str] = {
        "task": "task",
        "handler": "handler",
        "gate": "gate",
        "facts": "fact gathering",
    }
    parts = [_plural(kinds[kind], word) for kind, word in words.items() if kinds[kind]]
    return ", ".join([*(parts or ["no task"]), _plural(len(edges), "edge")])


def _plural(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
