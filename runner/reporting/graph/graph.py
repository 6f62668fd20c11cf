"""Drawings of a job graph: for a terminal, for Graphviz, and as a picture."""

from __future__ import annotations

from runner.reporting.graph.dot import to_dot
from runner.reporting.graph.fold import fold
from runner.reporting.graph.nodes import DrawEdge, DrawNode, EdgeKind, NodeKind
from runner.reporting.graph.svg import to_svg
from runner.reporting.graph.text import to_text

__all__ = ["DrawEdge", "DrawNode", "EdgeKind", "NodeKind", "fold", "to_dot", "to_svg", "to_text"]
