"""What a drawing of a job graph is made from: plain data, whoever made the graph."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

NodeKind: TypeAlias = Literal["task", "handler", "gate", "facts"]
EdgeKind: TypeAlias = Literal["host", "all", "play"]

NODE_KINDS: Final[dict[NodeKind, str]] = {
    "task": "task",
    "handler": "handler, runs when notified",
    "gate": "gate, waits for all of a batch",
    "facts": "gathers facts",
}
"""Kinds of nodes, and what a legend says of them."""

EDGE_KINDS: Final[dict[EdgeKind, str]] = {
    "host": "then, on the same host",
    "all": "then, when all those hosts are done",
    "play": "then, the next play",
}
"""Kinds of edges, and what a legend says of them."""

ELLIPSIS: Final = "…"
_UNKNOWN_CHARACTER = "\ufffd"
_REORDERS_TEXT = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))


@dataclass(frozen=True, slots=True)
class DrawNode:
    """One step. ``subtitle`` names module and host count, ``group`` the play it stands in."""

    id: str
    title: str
    subtitle: str = ""
    group: str = ""
    kind: NodeKind = "task"


@dataclass(frozen=True, slots=True)
class DrawEdge:
    """``target`` waits for ``source``: on its own host, on all of some hosts, or play by play."""

    source: str
    target: str
    kind: EdgeKind = "host"
    label: str = ""


def check(nodes: Sequence[DrawNode], edges: Sequence[DrawEdge]) -> None:
    """Raises ValueError for what is no graph: an id that occurs twice, an edge that does not join
    two nodes, a kind that nobody knows."""
    twice = [known for known, count in Counter(node.id for node in nodes).items() if count > 1]
    if twice:
        raise ValueError(f"several nodes have the id {twice[0]!r}")
    known = {node.id for node in nodes}
    for edge in edges:
        if not {edge.source, edge.target} <= known or edge.source == edge.target:
            raise ValueError(f"no edge can lead from {edge.source!r} to {edge.target!r}")
    strange = {node.kind for node in nodes} - set(NODE_KINDS) or (
        {edge.kind for edge in edges} - set(EDGE_KINDS)
    )
    if strange:
        raise ValueError(f"nothing is drawn for the kind {min(strange)!r}")


def groups(nodes: Iterable[DrawNode]) -> dict[str, list[DrawNode]]:
    """The nodes of each play, plays in the order in which they first occur."""
    found: dict[str, list[DrawNode]] = {}
    for node in nodes:
        found.setdefault(node.group, []).append(node)
    return found


def clean(text: str) -> str:
    """One line that is safe to show and to put into XML.

    Names come from playbooks: control characters could steer a terminal or break a file, and
    direction marks could make a name read as another one.
    """
    shown = (_UNKNOWN_CHARACTER if _is_harmful(c) else c for c in " ".join(text.split()))
    return "".join(shown)


def _is_harmful(character: str) -> bool:
    return (
        unicodedata.category(character) in ("Cc", "Cs")
        or character in _REORDERS_TEXT
        or ord(character) & 0xFFFE == 0xFFFE
    )
