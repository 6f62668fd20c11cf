"""Drawings of a job graph: for a terminal, for Graphviz, and as a picture."""

from __future__ import annotations

from runner.reporting.graph_dot import to_dot
from runner.reporting.graph_fold import fold
from runner.reporting.graph_nodes import DrawEdge, DrawNode, EdgeKind, NodeKind
from runner.reporting.graph_svg import to_svg
from runner.reporting.graph_text import to_text

__all__ = ["DrawEdge", "DrawNode", "EdgeKind", "NodeKind", "fold", "to_dot", "to_svg", "to_text"]
