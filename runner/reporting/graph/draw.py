"""A job graph as SVG without Graphviz: one file that needs nothing else.

Everything is built as a tree and written by ElementTree, so that no name can become markup.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from runner.reporting.graph import style as style
from runner.reporting.graph.layout import Span
from runner.reporting.graph.nodes import (
    EDGE_KINDS,
    NODE_KINDS,
    DrawEdge,
    DrawNode,
    EdgeKind,
    NodeKind,
    check,
    clean,
)
from runner.reporting.graph.place import (
    GROUP_SIZE,
    LABEL_SIZE,
    LINE_HEIGHT,
    MARGIN,
    PADDING,
    SUBTITLE_SIZE,
    TITLE_SIZE,
    EdgePath,
    GroupBox,
    NodeBox,
    Picture,
    place,
)

_FONTS = ", ".join(f"'{name}'" if " " in name else name for name in style.FONTS)
_LABEL_WIDTH: Final = 200.0
_LABEL_PLACES: Final = (0.5, 0.35, 0.65, 0.2, 0.8)
_LEGEND_STEP: Final = 26.0
_SAMPLE_WIDTH: Final = 34.0
_NARROWEST: Final = 460.0
_ARROW: Final = 8.0

Area = tuple[float, float, float, float]
"""Left, top, right, bottom."""


def draw(nodes: Sequence[DrawNode], edges: Sequence[DrawEdge]) -> str:
    """The whole drawing as an SVG document. Raises ValueError for edges between unknown nodes."""
    check(nodes, edges)
    picture = place(nodes, edges)
    width = max(picture.width, _NARROWEST)
    legend, legend_height = _legend(nodes, edges, width - 2 * MARGIN)
    height = picture.height + legend_height + MARGIN / 2
    root = ET.Element(
        "svg", xmlns="http://www.w3.org/2000/svg", width=_n(width), height=_n(height),
        viewBox=f"0 0 {_n(width)} {_n(height)}", role="img",
    )  # fmt: skip
    root.set("font-family", _FONTS)
    ET.SubElement(root, "title").text = "Job graph"
    ET.SubElement(root, "desc").text = f"{len(nodes)} tasks, {len(edges)} edges"
    _arrowheads(root)
    ET.SubElement(root, "rect", width="100%", height="100%", fill="#ffffff")
    for group in picture.groups:
        _group(root, group)
    for path in picture.edges:
        _edge(root, path)
    for group in picture.groups:
        _group_title(root, group)
    for box in picture.nodes:
        _node(root, box)
    _labels(root, picture)
    legend.set("transform", f"translate({_n(MARGIN)} {_n(picture.height)})")
    root.append(legend)
    return ET.tostring(root, encoding="unicode", xml_declaration=False) + "\n"


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _arrowheads(root: ET.Element) -> None:
    defs = ET.SubElement(root, "defs")
    for kind, look in style.EDGES.items():
        marker = ET.SubElement(
            defs, "marker", id=f"runner-graph-{kind}", viewBox="0 0 10 10", refX="9", refY="5",
            markerWidth=_n(_ARROW), markerHeight=_n(_ARROW), markerUnits="userSpaceOnUse",
            orient="auto",
        )  # fmt: skip
        ET.SubElement(marker, "path", d="M0 0.8 L10 5 L0 9.2 z", fill=look.line)


def _group(root: ET.Element, group: GroupBox) -> None:
    look = style.GROUP
    ET.SubElement(
        root, "rect", {"class": "play", "fill": look.fill, "stroke": look.line, "rx": "10"},
        x=_n(group.x), y=_n(group.y), width=_n(group.width), height=_n(group.height),
    )  # fmt: skip


def _group_title(root: ET.Element, group: GroupBox) -> None:
    """On a ground of its own, because edges may enter the play there."""
    if not group.title:
        return
    item = ET.SubElement(root, "g", {"class": "play-title"})
    ET.SubElement(item, "title").text = clean(group.name)
    left, top, right, bottom = _title_place(group)
    ET.SubElement(
        item, "rect", x=_n(left), y=_n(top), width=_n(right - left), height=_n(bottom - top),
        rx="4", fill=style.GROUP.fill,
    )  # fmt: skip
    _text(item, group.title, group.x + 14, group.y + 10 + GROUP_SIZE, GROUP_SIZE, bold=True)


def _title_place(group: GroupBox) -> Area:
    left, top = group.x + 8, group.y + 7
    wide = style.text_width(group.title, GROUP_SIZE) + PADDING
    return left, top, left + wide, top + GROUP_SIZE + 10


def _node(root: ET.Element, box: NodeBox) -> None:
    look = style.NODES[box.node.kind]
    item = ET.SubElement(root, "g", {"class": f"node {box.node.kind}"})
    full = [clean(part) for part in (box.node.title or box.node.id, box.node.subtitle) if part]
    ET.SubElement(item, "title").text = "\n".join(full)
    left, height = box.span.x - box.width / 2, box.span.bottom - box.span.top
    frame = _shape(item, look, left, box.span.top, box.width, height)
    if box.node.kind == "gate":
        frame.set("rx", _n(height / 2))
    elif box.node.kind == "task":
        ET.SubElement(
            item, "path", fill=look.line,
            d=f"M{_n(left + 5)} {_n(box.span.top)} h-0.5 a5 5 0 0 0 -4.5 5 v{_n(height - 10)}"
            f" a5 5 0 0 0 4.5 5 h0.5 z",
        )  # fmt: skip
    lines = [(line, TITLE_SIZE, style.INK) for line in box.title]
    if box.subtitle:
        lines.append((box.subtitle, SUBTITLE_SIZE, style.MUTED))
    y = box.span.top + (height - LINE_HEIGHT * len(lines)) / 2 + LINE_HEIGHT * 0.74
    for number, (line, size, colour) in enumerate(lines):
        text = _text(item, line, box.span.x, y + number * LINE_HEIGHT, size, colour=colour)
        text.set("text-anchor", "middle")


def _shape(
    parent: ET.Element, look: style.Look, x: float, y: float, width: float, height: float
) -> ET.Element:
    rect = ET.SubElement(
        parent, "rect", x=_n(x), y=_n(y), width=_n(width), height=_n(height), rx="5",
        fill=look.fill, stroke=look.line,
    )  # fmt: skip
    _stroke(rect, look)
    return rect


def _stroke(element: ET.Element, look: style.Look) -> None:
    element.set("stroke-width", _n(look.width))
    if look.dash:
        element.set("stroke-dasharray", look.dash)


def _text(
    parent: ET.Element, text: str, x: float, y: float, size: float,
    *, colour: str = style.INK, bold: bool = False,
) -> ET.Element:  # fmt: skip
    element = ET.SubElement(parent, "text", x=_n(x), y=_n(y), fill=colour)
    element.set("font-size", _n(size))
    if bold:
        element.set("font-weight", "600")
    element.text = text
    return element


def _edge(root: ET.Element, path: EdgePath) -> None:
    edge, look = path.edge, style.EDGES[path.edge.kind]
    item = ET.SubElement(root, "g", {"class": f"edge {edge.kind}"})
    said = f" ({clean(edge.label)})" if edge.label else ""
    ET.SubElement(item, "title").text = f"{clean(edge.source)} → {clean(edge.target)}{said}"
    line = ET.SubElement(item, "path", d=_curve(path.spans), fill="none", stroke=look.line)
    _stroke(line, look)
    line.set("marker-end", f"url(#runner-graph-{edge.kind})")


def _curve(spans: Sequence[Span]) -> str:
    """Straight along each piece, and with upright ends from one to the next."""
    parts = [f"M{_n(spans[0].x)} {_n(spans[0].top)} V{_n(spans[0].bottom)}"]
    for here, there in pairwise(spans):
        middle = (here.bottom + there.top) / 2
        if abs(here.x - there.x) < 0.5:
            parts.append(f"L{_n(there.x)} {_n(there.top)}")
        else:
            parts.append(
                f"C{_n(here.x)} {_n(middle)} {_n(there.x)} {_n(middle)}"
                f" {_n(there.x)} {_n(there.top)}"
            )
        if there.bottom != there.top:
            parts.append(f"V{_n(there.bottom)}")
    return " ".join(parts)


def _labels(root: ET.Element, picture: Picture) -> None:
    """What an edge says, once for each wording and target, where nothing stands yet."""
    taken = [
        (b.span.x - b.width / 2, b.span.top, b.span.x + b.width / 2, b.span.bottom)
        for b in picture.nodes
    ]
    taken += [_title_place(group) for group in picture.groups if group.title]
    said: set[tuple[str, str]] = set()
    for path in picture.edges:
        if not path.edge.label or (path.edge.target, path.edge.label) in said:
            continue
        said.add((path.edge.target, path.edge.label))
        text = style.shorten(clean(path.edge.label), _LABEL_WIDTH, LABEL_SIZE)
        half = style.text_width(text, LABEL_SIZE) / 2 + 5
        x, y = _free_place(path.spans, half, taken, picture.width)
        taken.append((x - half, y - 9, x + half, y + 9))
        item = ET.SubElement(root, "g", {"class": "label"})
        ET.SubElement(item, "title").text = clean(path.edge.label)
        look = style.EDGES[path.edge.kind]
        ET.SubElement(
            item, "rect", x=_n(x - half), y=_n(y - 9), width=_n(2 * half), height="18", rx="9",
            fill="#ffffff", stroke=look.line,
        ).set("stroke-width", "0.8")  # fmt: skip
        text_element = _text(item, text, x, y + 4, LABEL_SIZE, colour=look.line)
        text_element.set("text-anchor", "middle")


def _free_place(
    spans: Sequence[Span], half: float, taken: Sequence[Area],
    width: float,
) -> tuple[float, float]:  # fmt: skip
    """A point on the edge where a label hides nothing, sought from the target on."""
    places: list[tuple[float, float]] = []
    for here, there in zip(reversed(spans[:-1]), reversed(spans[1:]), strict=True):
        for part in _LABEL_PLACES:
            # The curve of _curve: both handles at half the height.
            x = here.x + (there.x - here.x) * part * part * (3 - 2 * part)
            bent = 1.5 * part * (1 - part) + part**3
            places.append((x, here.bottom + (there.top - here.bottom) * bent))
    kept = [(min(max(x, half + 4), max(width - half - 4, half + 4)), y) for x, y in places]
    for x, y in kept:
        box = (x - half, y - 9, x + half, y + 9)
        if not any(_overlap(box, other) for other in taken):
            return x, y
    return kept[0]


def _overlap(one: Area, two: Area) -> bool:
    return one[0] < two[2] and two[0] < one[2] and one[1] < two[3] and two[1] < one[3]


def _legend(
    nodes: Sequence[DrawNode], edges: Sequence[DrawEdge], width: float
) -> tuple[ET.Element, float]:
    """A sample of each kind that occurs, side by side as far as there is room; and the height."""
    whole = ET.Element("g", {"class": "legend"})
    node_kinds, edge_kinds = {node.kind for node in nodes}, {edge.kind for edge in edges}
    samples = [(_node_sample(kind), words) for kind, words in NODE_KINDS.items()
               if kind in node_kinds]  # fmt: skip
    samples += [(_edge_sample(kind), words) for kind, words in EDGE_KINDS.items()
                if kind in edge_kinds]  # fmt: skip
    x, y = 0.0, 0.0
    for sample, words in samples:
        wide = _SAMPLE_WIDTH + 10 + style.text_width(words, SUBTITLE_SIZE) + 22
        if x and x + wide > width:
            x, y = 0.0, y + _LEGEND_STEP
        item = ET.SubElement(whole, "g", transform=f"translate({_n(x)} {_n(y)})")
        item.append(sample)
        _text(item, words, _SAMPLE_WIDTH + 10, 14, SUBTITLE_SIZE, colour=style.MUTED)
        x += wide
    return whole, y + _LEGEND_STEP if samples else 0.0


def _node_sample(kind: NodeKind) -> ET.Element:
    shape = _shape(ET.Element("g"), style.NODES[kind], 0, 2, _SAMPLE_WIDTH, 16)
    shape.set("rx", "8" if kind == "gate" else "4")
    return shape


def _edge_sample(kind: EdgeKind) -> ET.Element:
    look = style.EDGES[kind]
    line = ET.Element("path", d=f"M0 10 H{_n(_SAMPLE_WIDTH)}", stroke=look.line, fill="none")
    _stroke(line, look)
    line.set("marker-end", f"url(#runner-graph-{kind})")
    return line
