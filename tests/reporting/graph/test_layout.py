"""The layout itself: nothing overlaps, arrows point down, nothing runs through a box."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.reporting.graph.layout import Box, Layout, downward_order, layered
from runner.reporting.graph.nodes import DrawEdge, DrawNode, EdgeKind
from runner.reporting.graph.place import NodeBox, Picture, place
from runner.reporting.graph.style import shorten, text_width, wrap
from tests.reporting.graph_samples import fleet, hostile

KINDS: list[EdgeKind] = ["host", "all", "play"]


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[DrawNode], list[DrawEdge]]:
    count = draw(st.integers(1, 14))
    plays = draw(st.lists(st.sampled_from("pqrs"), min_size=count, max_size=count))
    nodes = [DrawNode(str(n), f"task {n}" * draw(st.integers(1, 8)), "m", play)
             for n, play in enumerate(plays)]  # fmt: skip
    ends = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1), st.sampled_from(KINDS))
    edges = [DrawEdge(str(a), str(b), kind) for a, b, kind in draw(st.lists(ends, max_size=24))
             if a != b]  # fmt: skip
    return nodes, edges


def _left(box: NodeBox) -> float:
    return box.span.x - box.width / 2


def _apart(one: NodeBox, two: NodeBox) -> bool:
    return (
        _left(one) + one.width <= _left(two) + 1e-6
        or _left(two) + two.width <= _left(one) + 1e-6
        or one.span.bottom <= two.span.top + 1e-6
        or two.span.bottom <= one.span.top + 1e-6
    )


def _check(picture: Picture) -> None:
    for one, two in combinations(picture.nodes, 2):
        assert _apart(one, two), (one.node.id, two.node.id)
    frames = {group.name: group for group in picture.groups}
    for box in picture.nodes:
        frame = frames[box.node.group]
        assert frame.x <= _left(box)
        assert _left(box) + box.width <= frame.x + frame.width + 1e-6
        assert frame.y <= box.span.top
        assert box.span.bottom <= frame.y + frame.height + 1e-6
    for one_frame, two_frame in combinations(picture.groups, 2):
        assert (
            one_frame.x + one_frame.width <= two_frame.x
            or two_frame.x + two_frame.width <= one_frame.x
            or one_frame.y + one_frame.height <= two_frame.y
            or two_frame.y + two_frame.height <= one_frame.y
        )
    boxes = {box.node.id: box.span for box in picture.nodes}
    for path in picture.edges:
        ends = {path.spans[0].top, path.spans[-1].bottom}
        source, target = boxes[path.edge.source], boxes[path.edge.target]
        assert ends in ({source.bottom, target.top}, {source.top, target.bottom})
        assert path.spans[0].x == pytest.approx(source.x)
        assert path.spans[-1].x == pytest.approx(target.x)
        for span in path.spans:
            low, high = sorted((span.top, span.bottom))
            assert not any(
                _left(box) < span.x < _left(box) + box.width
                and low < box.span.bottom - 1e-6
                and high > box.span.top + 1e-6
                for box in picture.nodes
            )
        for here, there in pairwise(path.spans):  # the curve stays between the boxes
            left, right = sorted((here.x, there.x))
            low, high = sorted((here.bottom, there.top))
            assert not any(
                _left(box) < right
                and left < _left(box) + box.width
                and low < box.span.bottom - 1e-6
                and high > box.span.top + 1e-6
                for box in picture.nodes
            )
        assert min(s.x for s in path.spans) >= 0
        assert max(s.x for s in path.spans) <= picture.width


@settings(max_examples=150, deadline=None)
@given(graphs())
def test_nothing_overlaps_whatever_the_graph(graph: tuple[list[DrawNode], list[DrawEdge]]) -> None:
    _check(place(*graph))


@pytest.mark.parametrize("graph", [fleet(), hostile()])
def test_the_samples(graph: tuple[list[DrawNode], list[DrawEdge]]) -> None:
    picture = place(*graph)
    _check(picture)
    boxes = {box.node.id: box.span for box in picture.nodes}
    for edge in graph[1]:
        assert boxes[edge.source].bottom < boxes[edge.target].top  # no circle: all downwards


def test_a_curve_begins_below_taller_neighbours() -> None:
    nodes = [
        DrawNode("a", "A"),
        DrawNode("tall", "many words " * 9, "and more"),
        DrawNode("b", "B"),
    ]
    nodes += [DrawNode(name, name) for name in "xyz"]
    edges = [DrawEdge(name, "z") for name in ("a", "tall", "b")] + [DrawEdge("a", "x")]
    picture = place(nodes, [*edges, DrawEdge("b", "x"), DrawEdge("tall", "y")])
    _check(picture)
    tall = next(box for box in picture.nodes if box.node.id == "tall")
    assert {path.spans[0].bottom for path in picture.edges} == {tall.span.bottom}


def _boxes(names: str) -> list[Box]:
    return [Box(name, 100.0, 40.0) for name in names]


def _plain(names: str, links: list[str]) -> Layout:
    return layered(_boxes(names), [(link[0], link[1]) for link in links], gap_x=20.0, gap_y=30.0)


def test_a_line_is_straight() -> None:
    layout = _plain("abcd", ["ab", "bc", "cd"])
    assert len({span.x for span in layout.spans.values()}) == 1
    assert [layout.spans[n].top for n in "abcd"] == [0, 70, 140, 210]
    assert (layout.width, layout.height) == (100, 250)


def test_crossings_are_taken_out() -> None:
    layout = _plain("abxy", ["ay", "bx"])
    order = [
        sorted("ab", key=lambda n: layout.spans[n].x),
        sorted("xy", key=lambda n: layout.spans[n].x),
    ]
    assert order in ([["a", "b"], ["y", "x"]], [["b", "a"], ["x", "y"]])


def test_a_long_edge_passes_beside() -> None:
    layout = _plain("abc", ["ab", "bc", "ac"])
    (waypoint,) = layout.waypoints[2]
    assert abs(waypoint.x - layout.spans["b"].x) > 50


def test_a_late_beginning_stands_near_what_follows() -> None:
    layout = _plain("abcd", ["ab", "bc", "dc"])
    assert layout.spans["d"].top == layout.spans["b"].top


def test_circles_are_opened_where_they_are_written_last() -> None:
    layout = _plain("abc", ["ab", "bc", "ca"])
    assert layout.against == {2}
    tops = [layout.spans[n].top for n in "abc"]
    assert tops == sorted(tops)


def test_nothing_at_all() -> None:
    layout = _plain("", [])
    assert (layout.width, layout.height, layout.spans) == (0, 0, {})


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=30))
def test_downward_order_keeps_what_is_not_a_circle(links: list[tuple[int, int]]) -> None:
    forward = [(min(link), max(link)) for link in links if link[0] != link[1]]
    order = downward_order(range(10), forward)
    assert sorted(order.values()) == list(range(10))
    assert all(order[source] < order[target] for source, target in forward)


def test_a_deep_graph_needs_no_deep_stack() -> None:
    names = list(range(3000))
    layout = layered(
        [Box(n, 10.0, 10.0) for n in names], list(pairwise(names)), gap_x=5.0, gap_y=5.0
    )
    assert layout.height == 3000 * 15 - 5


@pytest.mark.parametrize(
    ("text", "lines", "expected"),
    [
        ("short", 2, ["short"]),
        ("", 1, [""]),
        ("make sure nobody listens on port 445 any more", 2,
         ["make sure nobody listens", "on port 445 any more"]),
        ("x" * 80, 1, ["x" * 35 + "…"]),
    ],
)  # fmt: skip
def test_text_is_wrapped_and_cut(text: str, lines: int, expected: list[str]) -> None:
    assert wrap(text, 222.0, 10.0, lines=lines) == expected


@given(st.text(max_size=120), st.integers(1, 3), st.floats(30, 300))
def test_wrapped_text_fits(text: str, lines: int, width: float) -> None:
    found = wrap(text, width, 10.0, lines=lines)
    assert 1 <= len(found) <= lines
    assert all(text_width(line, 10.0) <= width + 1e-6 for line in found)
    assert text_width(shorten(text, width, 10.0), 10.0) <= width + 1e-6
