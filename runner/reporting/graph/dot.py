"""A job graph in Graphviz' language (graphviz.org/doc/info/lang.html)."""

from __future__ import annotations

from collections.abc import Sequence

from runner.reporting.graph.nodes import DrawEdge, DrawNode, check, clean, groups
from runner.reporting.graph.style import EDGES, FONTS, GROUP, INK, MUTED, NODES, wrap

_WIDTH = 190.0
_SIZE = 11


def to_dot(nodes: Sequence[DrawNode], edges: Sequence[DrawEdge]) -> str:
    """Plays become clusters. Ids are numbered, so that no name can be taken for syntax.

    Raises ValueError for edges between unknown nodes.
    """
    check(nodes, edges)
    ids = {node.id: f"n{number}" for number, node in enumerate(nodes)}
    font = FONTS[0]
    lines = [
        "digraph jobs {",
        '  graph [rankdir=TB, bgcolor="white", pad=0.3, nodesep=0.35, ranksep=0.45];',
        f'  graph [fontname="{font}", fontsize={_SIZE + 1}];',
        f'  node [shape=box, fontname="{font}", fontsize={_SIZE}, margin="0.16,0.09", height=0.3];',
        f'  edge [fontname="{font}", fontsize={_SIZE - 2}, arrowsize=0.7];',
    ]
    for number, (play, members) in enumerate(groups(nodes).items()):
        lines += [
            f"  subgraph cluster_{number} {{",
            f"    graph [label={_quote(play)}, labeljust=l, style=rounded, margin=14];",
            f'    graph [color="{GROUP.line}", bgcolor="{GROUP.fill}", fontcolor="{INK}"];',
            *(f"    {ids[node.id]} [{_node(node)}];" for node in members),
            "  }",
        ]
    lines += [f"  {ids[e.source]} -> {ids[e.target]} [{_edge(e)}];" for e in edges]
    return "\n".join([*lines, "}", ""])


def _node(node: DrawNode) -> str:
    style = NODES[node.kind]
    title = clean(node.title) or clean(node.id)
    label = [_escape(line) for line in wrap(title, _WIDTH, _SIZE, lines=2)]
    if node.subtitle:
        label += [_escape(line) for line in wrap(clean(node.subtitle), _WIDTH, _SIZE, lines=1)]
    shape = "rounded,filled,dashed" if style.dash else "rounded,filled"
    # \n in a label is Graphviz' own line break, the only escape that is ours.
    lines = "\\n".join(label)
    return (
        f'label="{lines}", tooltip={_quote(title)}, color="{style.line}"'
        f', fillcolor="{style.fill}", fontcolor="{INK}", style="{shape}"'
    )


def _edge(edge: DrawEdge) -> str:
    style = EDGES[edge.kind]
    parts = [f'color="{style.line}"', f"penwidth={style.width}"]
    if style.dash:
        parts.append("style=dashed")
    if edge.label:
        shown = wrap(clean(edge.label), _WIDTH, _SIZE, lines=1)[0]
        parts += [
            f"label={_quote(' ' + shown)}",
            f"tooltip={_quote(edge.label)}",
            f'fontcolor="{MUTED}"',
        ]
    return ", ".join(parts)


def _quote(text: str) -> str:
    return f'"{_escape(clean(text))}"'


def _escape(text: str) -> str:
    """Backslash sequences and HTML entities mean something in Graphviz' labels."""
    return text.replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')
