"""Where everything of a job graph goes: tasks within their play, plays on the sheet.

Each play is laid out by itself, then the plays are laid out like boxes. An edge between two plays
leaves the one through its lower border and enters the other through its upper one; edges of one
kind from the same task, or to the same task, share that door.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from runner.reporting.graph.layout import Box, Key, Layout, Span, downward_order, layered
from runner.reporting.graph.nodes import DrawEdge, DrawNode, EdgeKind, clean, groups
from runner.reporting.graph.style import text_width, wrap

TITLE_SIZE: Final = 13.0
SUBTITLE_SIZE: Final = 11.0
LABEL_SIZE: Final = 11.0
GROUP_SIZE: Final = 14.0
LINE_HEIGHT: Final = 17.0
PADDING: Final = 12.0
MARGIN: Final = 24.0

_TEXT_WIDTH = 222.0
_GROUP_PADDING = 20.0
_GROUP_TITLE = 40.0
_GROUP_WIDEST_TITLE = 420.0
_GAP_X, _GAP_Y = 30.0, 40.0
_GROUP_GAP_X, _GROUP_GAP_Y = 44.0, 54.0
_DOOR_WIDTH = 10.0


class _Door(NamedTuple):
    """Where the edges of one kind enter or leave a play on behalf of one task."""

    node: str
    kind: EdgeKind
    leaves: bool


@dataclass(frozen=True, slots=True)
class NodeBox:
    """A task: its middle line, its width, and its text in lines that fit."""

    node: DrawNode
    span: Span
    width: float
    title: tuple[str, ...]
    subtitle: str


@dataclass(frozen=True, slots=True)
class GroupBox:
    """A play: upper left corner, size, and its title as it fits."""

    name: str
    title: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class EdgePath:
    """An edge as vertical pieces from source to target; curves join each to the next."""

    edge: DrawEdge
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything with its place, in px."""

    nodes: tuple[NodeBox, ...]
    groups: tuple[GroupBox, ...]
    edges: tuple[EdgePath, ...]
    width: float
    height: float


def place(nodes: Sequence[DrawNode], edges: Sequence[DrawEdge]) -> Picture:
    """The whole picture, with a margin around it."""
    return _Placing(nodes, edges).picture()


class _Play:
    """One play, laid out by itself."""

    def __init__(self, name: str, boxes: list[NodeBox]) -> None:
        self.name = name
        self.boxes = boxes
        self.links: dict[tuple[Key, Key], int] = {}
        self.doors: dict[_Door, None] = {}
        self.x = self.y = 0.0

    def link(self, source: Key, target: Key) -> None:
        self.links.setdefault((source, target), len(self.links))

    def open(self, door: _Door) -> None:
        self.doors[door] = None
        self.link(*((door.node, door) if door.leaves else (door, door.node)))

    def arrange(self) -> None:
        doors = [Box(door, _DOOR_WIDTH, 0.0) for door in self.doors]
        tasks = [Box(b.node.id, b.width, _height(b)) for b in self.boxes]
        self.layout: Layout = layered(
            [*tasks, *doors], list(self.links), gap_x=_GAP_X, gap_y=_GAP_Y,
            first={door for door in self.doors if not door.leaves},
            last={door for door in self.doors if door.leaves},
        )  # fmt: skip
        self.title = wrap(clean(self.name), _GROUP_WIDEST_TITLE, GROUP_SIZE, lines=1)[0]
        titled = text_width(self.title, GROUP_SIZE) + PADDING
        self.width = max(self.layout.width, titled) + 2 * _GROUP_PADDING
        # The edges from above come in beside the title; without them it needs room of its own.
        self.inset = _GROUP_TITLE if all(door.leaves for door in self.doors) else 0.0
        below = 0.0 if any(door.leaves for door in self.doors) else _GROUP_PADDING
        self.height = self.inset + self.layout.height + below

    def moved(self, span: Span) -> Span:
        """A piece of this play's own drawing, on the sheet."""
        x = self.x + (self.width - self.layout.width) / 2
        y = self.y + self.inset
        return Span(x + span.x, y + span.top, y + span.bottom)

    def out_of(self, task: str) -> Span:
        """From the lower edge of a task to the end of its rank."""
        box, lane = self.layout.spans[task], self.layout.lanes[task]
        return self.moved(Span(box.x, box.bottom, lane.bottom))

    def into(self, task: str) -> Span:
        """From the beginning of a task's rank to its upper edge."""
        box, lane = self.layout.spans[task], self.layout.lanes[task]
        return self.moved(Span(box.x, lane.top, box.top))

    def waypoints(self, source: Key, target: Key) -> list[Span]:
        return [self.moved(s) for s in self.layout.waypoints[self.links[source, target]]]


class _Placing:
    def __init__(self, nodes: Sequence[DrawNode], edges: Sequence[DrawEdge]) -> None:
        self.edges = edges
        self.play_of = {node.id: node.group for node in nodes}
        self.plays = {
            name: _Play(name, [_measured(node) for node in members])
            for name, members in groups(nodes).items()
        }
        between = [(self.play_of[e.source], self.play_of[e.target]) for e in edges]
        order = downward_order(list(self.plays), [pair for pair in between if pair[0] != pair[1]])
        self.flipped = [order[source] > order[target] for source, target in between]
        self.roads: dict[tuple[_Door, str], int] = {}
        for edge, flipped in zip(edges, self.flipped, strict=True):
            self._connect(*_upper_lower(edge, flipped), edge.kind)

    def _connect(self, upper: str, lower: str, kind: EdgeKind) -> None:
        here, there = self.play_of[upper], self.play_of[lower]
        if here == there:
            self.plays[here].link(upper, lower)
            return
        leaving = _Door(upper, kind, leaves=True)
        self.plays[here].open(leaving)
        self.plays[there].open(_Door(lower, kind, leaves=False))
        self.roads.setdefault((leaving, there), len(self.roads))

    def picture(self) -> Picture:
        for play in self.plays.values():
            play.arrange()
        sheet = layered(
            [Box(play.name, play.width, play.height) for play in self.plays.values()],
            [(self.play_of[door.node], name) for door, name in self.roads],
            gap_x=_GROUP_GAP_X, gap_y=_GROUP_GAP_Y, hang=True,
        )  # fmt: skip
        for name, play in self.plays.items():
            span = sheet.spans[name]
            play.x = MARGIN + span.x - play.width / 2
            play.y = MARGIN + span.top
        paths = tuple(
            EdgePath(edge, self._path(edge, flipped, sheet))
            for edge, flipped in zip(self.edges, self.flipped, strict=True)
        )
        return Picture(
            nodes=tuple(
                NodeBox(b.node, play.moved(play.layout.spans[b.node.id]), b.width, b.title,
                        b.subtitle)
                for play in self.plays.values() for b in play.boxes
            ),
            groups=tuple(
                GroupBox(p.name, p.title, p.x, p.y, p.width, p.height) for p in self.plays.values()
            ),
            edges=paths, width=sheet.width + 2 * MARGIN, height=sheet.height + 2 * MARGIN,
        )  # fmt: skip

    def _path(self, edge: DrawEdge, flipped: bool, sheet: Layout) -> tuple[Span, ...]:
        upper, lower = _upper_lower(edge, flipped)
        here, there = self.plays[self.play_of[upper]], self.plays[self.play_of[lower]]
        if here is there:
            flipped = here.links[upper, lower] in here.layout.against
            inner = here.waypoints(upper, lower)
            if flipped:  # its waypoints were made for the way down
                upper, lower = lower, upper
            spans = [here.out_of(upper), *inner, here.into(lower)]
        else:
            leaving = _Door(upper, edge.kind, leaves=True)
            entering = _Door(lower, edge.kind, leaves=False)
            road = sheet.waypoints[self.roads[leaving, there.name]]
            rank = sheet.lanes[here.name]
            exit_at = here.moved(here.layout.spans[leaving])
            spans = [
                here.out_of(upper),
                *here.waypoints(upper, leaving),
                Span(exit_at.x, exit_at.top, rank.bottom + MARGIN),
                *(Span(s.x + MARGIN, s.top + MARGIN, s.bottom + MARGIN) for s in road),
                there.moved(there.layout.spans[entering]),
                *there.waypoints(entering, lower),
                there.into(lower),
            ]
        if flipped:
            return tuple(Span(s.x, s.bottom, s.top) for s in reversed(spans))
        return tuple(spans)


def _upper_lower(edge: DrawEdge, flipped: bool) -> tuple[str, str]:
    return (edge.target, edge.source) if flipped else (edge.source, edge.target)


def _measured(node: DrawNode) -> NodeBox:
    title = tuple(wrap(clean(node.title) or clean(node.id), _TEXT_WIDTH, TITLE_SIZE, lines=2))
    subtitle = wrap(clean(node.subtitle), _TEXT_WIDTH, SUBTITLE_SIZE, lines=1)[0]
    return NodeBox(node, Span(0.0, 0.0, 0.0), _TEXT_WIDTH + 2 * PADDING, title, subtitle)


def _height(box: NodeBox) -> float:
    return LINE_HEIGHT * (len(box.title) + bool(box.subtitle)) + 1.2 * PADDING
