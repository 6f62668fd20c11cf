"""The job graph as a picture: with Graphviz where it is installed, and without."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

import pytest

from runner.reporting.graph.dot import to_dot
from runner.reporting.graph.draw import draw
from runner.reporting.graph.nodes import DrawEdge, DrawNode, clean
from runner.reporting.graph.svg import to_svg
from tests.reporting.graph_samples import HOSTILE, fleet, hostile

SVG = "{http://www.w3.org/2000/svg}"
Graph = tuple[list[DrawNode], list[DrawEdge]]
needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")


def _classes(root: ET.Element) -> Counter[str]:
    return Counter(item.get("class", "").split(" ")[0] for item in root.iter(f"{SVG}g"))


def _texts(root: ET.Element) -> str:
    return " ".join("".join(item.itertext()) for item in root.iter(f"{SVG}text"))


class TestOwn:
    @pytest.mark.parametrize("graph", [fleet(), hostile()])
    def test_every_node_and_edge_is_there(self, graph: Graph) -> None:
        nodes, edges = graph
        root = ET.fromstring(draw(nodes, edges))
        classes = _classes(root)
        assert classes["node"] == len(nodes)
        assert classes["edge"] == len(edges)
        plays = [r for r in root.iter(f"{SVG}rect") if r.get("class") == "play"]
        assert len(plays) == len({node.group for node in nodes})
        known = ["svg", "g", "rect", "path", "text", "title", "desc", "defs", "marker"]
        assert {item.tag.removeprefix(SVG) for item in root.iter()} <= set(known)

    def test_full_names_are_tooltips(self) -> None:
        root = ET.fromstring(draw(*hostile()))
        titles = [item.text or "" for item in root.iter(f"{SVG}title")]
        for name in HOSTILE:
            assert any(clean(name) in title for title in titles)
        shown = [len(item.text or "") for item in root.iter(f"{SVG}text")]
        assert max(shown) < 60

    def test_what_people_read(self) -> None:
        nodes, edges = fleet()
        texts = _texts(ET.fromstring(draw(nodes, edges)))
        for node in nodes:
            for part in (node.title, node.subtitle, node.group):
                assert part in texts
        for word in ("windows:!fileservers", "everybody", "then, on the same host",
                     "handler, runs when notified"):  # fmt: skip
            assert word in texts

    def test_the_legend_names_only_what_occurs(self) -> None:
        texts = _texts(ET.fromstring(draw([DrawNode("a", "A")], [])))
        assert "task" in texts
        assert "handler" not in texts
        assert "then" not in texts

    def test_arrows_end_in_markers_that_exist(self) -> None:
        root = ET.fromstring(draw(*fleet()))
        markers = {item.get("id") for item in root.iter(f"{SVG}marker")}
        used = {
            re.sub(r"url\(#(.*)\)", r"\1", item.get("marker-end", ""))
            for item in root.iter(f"{SVG}path")
        } - {""}
        assert used
        assert used <= markers

    @pytest.mark.parametrize("graph", [fleet(), hostile()])
    def test_labels_hide_nothing(self, graph: Graph) -> None:
        root = ET.fromstring(draw(*graph))
        boxes: dict[str, list[tuple[float, ...]]] = {"label": [], "node": [], "play-title": []}
        for item in root.iter(f"{SVG}g"):
            rect, kind = item.find(f"{SVG}rect"), item.get("class", "").split(" ")[0]
            if rect is not None and kind in boxes:
                sides = tuple(float(rect.get(k, "")) for k in ("x", "y", "width", "height"))
                boxes[kind].append(sides)
        assert len(boxes["label"]) == len({e.label for e in graph[1]} - {""})
        for number, (x, y, wide, high) in enumerate(boxes["label"]):
            others = boxes["label"][:number] + boxes["node"] + boxes["play-title"]
            assert all(
                x + wide <= ox or ox + ow <= x or y + high <= oy or oy + oh <= y
                for ox, oy, ow, oh in others
            )

    @pytest.mark.parametrize("graph", [([], []), ([DrawNode("a", "")], [])])
    def test_small_graphs(self, graph: Graph) -> None:
        root = ET.fromstring(draw(*graph))
        assert float(root.get("width", "0")) > 0

    def test_the_same_graph_is_the_same_picture(self) -> None:
        assert draw(*fleet()) == draw(*fleet())

    def test_a_circle_is_drawn_too(self) -> None:
        nodes = [DrawNode(n, n, group=g) for n, g in [("a", "p"), ("b", "q"), ("c", "p")]]
        edges = [DrawEdge("a", "b"), DrawEdge("b", "c"), DrawEdge("c", "a")]
        assert _classes(ET.fromstring(draw(nodes, edges)))["edge"] == 3

    def test_hundreds_of_tasks_take_seconds(self) -> None:
        nodes = [DrawNode(str(n), f"task {n}", "m", f"play {n // 25}") for n in range(250)]
        edges = [DrawEdge(str(n), str(n + 1), "host" if n % 25 != 24 else "play")
                 for n in range(249)]  # fmt: skip
        edges += [DrawEdge(str(n), str(n + 31), "all", "windows") for n in range(0, 200, 9)]
        began = time.monotonic()
        root = ET.fromstring(draw(nodes, edges))
        assert time.monotonic() - began < 8
        assert _classes(root)["edge"] == len(edges)


@needs_dot
class TestGraphviz:
    @pytest.mark.parametrize("graph", [fleet(), hostile()])
    def test_every_node_and_edge_is_there(self, graph: Graph) -> None:
        nodes, edges = graph
        drawn = to_svg(nodes, edges)
        assert "Generated by graphviz" not in drawn  # comments are gone, the rest is dot's
        root = ET.fromstring(drawn)
        classes = _classes(root)
        assert classes["node"] == len(nodes)
        assert classes["edge"] == len(edges)
        assert classes["cluster"] == len({node.group for node in nodes})
        assert not list(root.iter(f"{SVG}script"))
        assert "evil" not in {
            title.text for title in root.iter(f"{SVG}title")
        }  # no node of that name

    def test_names_are_shown_as_written(self) -> None:
        nodes = [DrawNode(str(n), name, "", "p") for n, name in
                 enumerate(["a &lt; b", '\\N "quoted" \\', "<b>x</b>"])]  # fmt: skip
        texts = _texts(ET.fromstring(to_svg(nodes, [])))
        for node in nodes:
            assert node.title in texts.replace("\xa0", " ")


@pytest.mark.parametrize("graph", [fleet(), hostile()])
def test_dot_source_is_one_statement_a_line(graph: Graph) -> None:
    nodes, edges = graph
    source = to_dot(nodes, edges)
    strings = r'"(?:[^"\\\n]|\\.)*"'
    bare = re.sub(strings, '""', source)
    assert '"' not in bare.replace('""', "")
    assert len(re.findall(r"(?m)^    n\d+ \[", bare)) == len(nodes)
    assert len(re.findall(r"(?m)^  n\d+ -> n\d+ \[", bare)) == len(edges)
    assert "evil" not in bare


def _fake_dot(folder: Path, script: str) -> None:
    program = folder / "dot"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


@pytest.mark.parametrize(
    "script", ["exit 1", "echo not xml", "echo '<svg'; exit 0", "kill -9 $$", None]
)
def test_without_a_dot_that_works_it_is_our_own(
    script: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if script is not None:
        _fake_dot(tmp_path, script)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert to_svg(*fleet()) == draw(*fleet())


def test_a_dot_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _fake_dot(tmp_path, "exec sleep 60")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr("runner.reporting.graph.svg._SECONDS", 0.3)
    assert to_svg(*fleet()) == draw(*fleet())


@pytest.mark.skipif(shutil.which("rsvg-convert") is None, reason="librsvg is not installed")
@pytest.mark.parametrize("graph", [fleet(), hostile()])
def test_another_program_can_read_it(graph: Graph, tmp_path: Path) -> None:
    picture = tmp_path / "graph.png"
    subprocess.run(
        ["rsvg-convert", "-o", str(picture)], input=draw(*graph).encode(), check=True, timeout=20
    )
    assert picture.read_bytes().startswith(b"\x89PNG")
