"""``runner graph``: the job graph for people."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runner.app.wiring.options import RunOptions
from runner.app.wiring.prepare import prepare
from runner.engine.graph.graph import JobGraph, Link, LinkKind, Step, StepKind
from runner.errors import UsageError
from runner.journal.records import PlanGraph
from runner.reporting.graph.graph import DrawEdge, DrawNode, EdgeKind, fold, to_dot, to_svg, to_text


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


def drawing_of(stored: PlanGraph) -> tuple[list[DrawNode], list[DrawEdge]]:
    """The same of a graph that the journal keeps."""
    data: Mapping[str, Any] = stored.steps or {}
    steps = {step["name"]: step for step in data.get("steps", ())}
    plays = play_names(stored)
    nodes = [
        DrawNode(
            name,
            step["title"] if step["kind"] != StepKind.GATE else name.rpartition(":")[2],
            _said(step["module"], len(data["sets"][step["members"]])),
            plays[step["play"]],
            step["kind"],
        )
        for name, step in steps.items()
    ]
    edges = [
        DrawEdge(a, b, _stored_kind(steps[a]["play"], steps[b]["play"], kind))
        for a, b, kind, *_ in stored.edges or ()
    ]
    gates = [n for n, s in steps.items() if s["kind"] == StepKind.GATE and not _is_play_gate(n)]
    return fold(nodes, edges, gates)


def play_names(stored: PlanGraph) -> dict[int, str]:
    """What the plays of a graph that the journal keeps are called: as the gate at their begin."""
    steps = (stored.steps or {}).get("steps", ())
    names = {step["play"]: f"play {step['play'] + 1}" for step in steps}
    return names | {s["play"]: s["title"] for s in steps if s["title"] and _is_play_gate(s["name"])}


def _is_play_gate(name: str) -> bool:
    return name.rpartition(":")[2] in ("begin", "end")


def _stored_kind(earlier: int, later: int, kind: str) -> EdgeKind:
    if earlier != later and kind == "all":
        return "play"
    return "host" if kind == "host" else "all"


def _subtitle(step: Step) -> str:
    return _said(step.task.module if step.task else "", len(step.members))


def _said(module: str, count: int) -> str:
    hosts = f"{count} host" + ("" if count == 1 else "s")
    return f"{module}, {hosts}" if module else hosts


def _kind(earlier: Step, later: Step, link: Link) -> EdgeKind:
    if earlier.play != later.play and link.kind is LinkKind.ALL:
        return "play"
    return "host" if link.kind is LinkKind.SAME else "all"
