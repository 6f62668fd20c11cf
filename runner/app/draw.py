"""``runner graph``: the job graph for people."""

from __future__ import annotations

from pathlib import Path

from runner.app.options import RunOptions
from runner.app.prepare import prepare
from runner.engine.graph import JobGraph, Link, LinkKind, Step, StepKind
from runner.errors import UsageError
from runner.reporting.graph import DrawEdge, DrawNode, EdgeKind, fold, to_dot, to_svg, to_text


def draw(options: RunOptions, output: Path | None) -> str:
    """The graph as text, or written to ``output`` (.svg or .dot); nothing is contacted."""
    prepared = prepare(options)
    nodes, edges = drawing(prepared.graph, [p.name for p in prepared.playbook.plays])
    if output is None:
        return to_text(nodes, edges)
    match output.suffix.lower():
        case ".svg":
            output.write_text(to_svg(nodes, edges), encoding="utf-8")
        case ".dot" | ".gv":
            output.write_text(to_dot(nodes, edges), encoding="utf-8")
        case other:
            raise UsageError(f"cannot draw a '{other or output.name}'", hint="use .svg or .dot")
    return ""


def drawing(graph: JobGraph, plays: list[str]) -> tuple[list[DrawNode], list[DrawEdge]]:
    """Steps and links as the drawing wants them."""
    nodes = [
        DrawNode(
            step.name,
            step.title if step.kind is not StepKind.GATE else step.name.rpartition(":")[2],
            _subtitle(step),
            plays[step.play],
            step.kind.value,
        )
        for step in graph.steps
    ]
    edges = [DrawEdge(a.name, b.name, _kind(a, b, link), link.why) for a, b, link in graph.edges()]
    # What a block does is seen in the order of its tasks; its gates would only be in the way.
    return fold(nodes, edges, [step.name for step in graph.steps if step.block])


def _subtitle(step: Step) -> str:
    hosts = f"{len(step.members)} host" + ("" if len(step.members) == 1 else "s")
    return f"{step.task.module}, {hosts}" if step.task else hosts


def _kind(earlier: Step, later: Step, link: Link) -> EdgeKind:
    if earlier.play != later.play and link.kind is LinkKind.ALL:
        return "play"
    return "host" if link.kind is LinkKind.SAME else "all"
