"""The way back: the graph of a rollback, from the journal alone.

A recorded run keeps its graph as data. Reversed, each step becomes::

    enter -> undo (on the hosts where it changed something) -> leave

with every recorded edge turned round, so that what was done last is undone first, across hosts
too. The playbook may be gone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runner.engine.graph import JobGraph, Link, LinkKind, Step, StepKind
from runner.model.playbook import NeedState

SETTLE_STEP = "restart-where-needed"
"""The last step of a rollback: what settles pending changes, where an undo needs it."""


def graph_to_json(graph: JobGraph) -> tuple[Any, Any]:
    """Steps and edges as the journal keeps them; host sets are stored once."""
    sets: dict[frozenset[int], int] = {}
    steps = [
        {
            "name": s.name,
            "kind": s.kind.value,
            "title": s.title,
            "play": s.play,
            "module": s.task.module if s.task else "",
            "members": sets.setdefault(s.members, len(sets)),
        }
        for s in graph.steps
    ]
    edges = [
        [
            a.name,
            b.name,
            "host" if link.kind is LinkKind.SAME else "all",
            link.state.value,
            None if link.hosts is None else sets.setdefault(link.hosts, len(sets)),
        ]
        for a, b, link in graph.edges()
    ]
    data = {
        "hosts": list(graph.hosts),
        "sets": [sorted(members) for members in sets],
        "steps": steps,
    }
    return data, edges


def rollback_graph(
    steps: Mapping[str, Any],
    edges: Sequence[Sequence[Any]],
    changed: Mapping[str, frozenset[str]],
    settle_on: frozenset[str],
    only: frozenset[str] | None = None,
) -> JobGraph:
    """The reversed graph.

    ``changed`` names for each step the hosts on which it changed something; ``settle_on`` the
    hosts that were restarted by the run; ``only`` limits the rollback to some hosts.
    """
    hosts: list[str] = steps["hosts"]
    wanted = {i for i, name in enumerate(hosts) if only is None or name in only}
    sets = [frozenset(members) & wanted for members in steps["sets"]]
    graph = JobGraph(hosts)
    doors: dict[str, tuple[Step, Step]] = {}
    for step in reversed(steps["steps"]):
        doors[step["name"]] = _add(graph, step, sets[step["members"]], changed, wanted)
    for earlier, later, kind, state, scope in edges:
        _, leave = doors[later]
        enter, _ = doors[earlier]
        reach = LinkKind.SAME if kind == "host" else LinkKind.ALL
        limit = None if scope is None else sets[scope]
        graph.link(leave, enter, Link(reach, NeedState(state), _reversed_scope(reach, limit)))
    members = frozenset(i for i in wanted if hosts[i] in settle_on)
    if members:
        last = Step(SETTLE_STEP, StepKind.TASK, "restart where the way back needs it", members)
        graph.add(last)
        for step in graph.steps:
            if step.kind is StepKind.GATE and step.name.endswith(":leave"):
                graph.link(step, last, Link(LinkKind.SAME, NeedState.FINISHED))
    return graph


def _reversed_scope(reach: LinkKind, limit: frozenset[int] | None) -> frozenset[int] | None:
    # An edge over all hosts of a pattern, turned round, waits for all hosts of the later step.
    return None if reach is LinkKind.ALL else limit


def _add(
    graph: JobGraph,
    step: Mapping[str, Any],
    members: frozenset[int],
    changed: Mapping[str, frozenset[str]],
    wanted: set[int],
) -> tuple[Step, Step]:
    name, title = step["name"], step["title"]
    enter = graph.add(Step(f"{name}:enter", StepKind.GATE, title, members))
    leave = graph.add(Step(f"{name}:leave", StepKind.GATE, title, members))
    graph.link(enter, leave, Link(LinkKind.SAME))
    touched = changed.get(name, frozenset())
    acting = frozenset(i for i in members & wanted if graph.hosts[i] in touched)
    if acting:
        undo = graph.add(Step(name, StepKind.TASK, title, acting, step["play"]))
        graph.link(enter, undo, Link(LinkKind.SAME))
        graph.link(undo, leave, Link(LinkKind.SAME))
    return enter, leave
