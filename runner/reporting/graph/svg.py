"""A job graph as SVG: by Graphviz where it is installed, otherwise by our own hand."""

from __future__ import annotations

import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from typing import Final

from runner.reporting.graph.dot import to_dot
from runner.reporting.graph.draw import draw
from runner.reporting.graph.nodes import DrawEdge, DrawNode

_SECONDS: Final = 20.0
_NAMESPACES: Final = {"": "http://www.w3.org/2000/svg", "xlink": "http://www.w3.org/1999/xlink"}


def to_svg(nodes: Sequence[DrawNode], edges: Sequence[DrawEdge]) -> str:
    """An SVG document. Raises ValueError for edges between unknown nodes.

    A ``dot`` that fails, or takes longer than 20 s, is as good as none.
    """
    program = shutil.which("dot")
    if nodes and program and (drawn := _by_graphviz(program, to_dot(nodes, edges))):
        return drawn
    return draw(nodes, edges)


def _by_graphviz(program: str, source: str) -> str | None:
    try:
        done = subprocess.run(
            [program, "-Tsvg"], input=source.encode(), capture_output=True, timeout=_SECONDS,
            check=True,
        )  # fmt: skip
        root = ET.fromstring(done.stdout)
    except (OSError, subprocess.SubprocessError, ET.ParseError):
        return None
    for prefix, address in _NAMESPACES.items():
        ET.register_namespace(prefix, address)
    return ET.tostring(root, encoding="unicode") + "\n"
