"""Host order within a play: the inventory variable ``after``.

A host begins a play when the hosts that its ``after`` means have come through it; those that are
not in the play do not count, and neither does the host itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from runner.engine.graph.graph import JobGraph, Link, LinkKind, Step
from runner.errors import GraphError, PatternError
from runner.model.inventory import Inventory

VARIABLE = "after"

Matches = Callable[[str], frozenset[int]]
"""The hosts that a pattern means, by index."""


def link_hosts(
    graph: JobGraph, begin: Step, end: Step, inventory: Inventory, matches: Matches
) -> None:
    """Let the hosts of a play wait for those that they come after.

    Raises GraphError for a circle, or where a host waits for one of a later batch.
    """
    later: dict[frozenset[int], set[int]] = defaultdict(set)
    for host in sorted(begin.members):
        name = graph.hosts[host]
        before = _before(name, inventory.hosts[name].vars, matches)
        if before and (before := before & begin.members - {host}):
            later[before].add(host)
    _require_acyclic(graph, begin, later)
    _require_batches(graph, begin, later)
    for before, hosts in later.items():
        link = Link(LinkKind.ALL, hosts=before, only=frozenset(hosts), why=VARIABLE)
        graph.link(end, begin, link)


def _before(host: str, variables: Mapping[str, Any], matches: Matches) -> frozenset[int]:
    value = variables.get(VARIABLE)
    if value is None:
        return frozenset()
    patterns = value if isinstance(value, list | tuple) else [value]
    found: frozenset[int] = frozenset()
    for pattern in patterns:
        if not isinstance(pattern, str) or "{{" in pattern or "{%" in pattern:
            raise GraphError(
                f"the variable 'after' of {host} is no host pattern",
                hint="write a pattern or a list of patterns, without templates",
            )
        try:
            found |= matches(pattern)
        except PatternError as error:
            message = f"in the variable 'after' of {host}: {error.message}"
            raise PatternError(message, hint=error.hint) from error
    return found


def _require_acyclic(
    graph: JobGraph, begin: Step, later: Mapping[frozenset[int], set[int]]
) -> None:
    if not later:
        return
    import networkx as nx  # its import takes long, and few inventories say ``after``

    # A knot for each set of hosts keeps this small where many wait for many.
    order: nx.DiGraph[int] = nx.DiGraph()
    for knot, (before, hosts) in enumerate(later.items(), start=1):
        order.add_edges_from((host, -knot) for host in before)
        order.add_edges_from((-knot, host) for host in hosts)
    try:
        circle = nx.find_cycle(order)
    except nx.NetworkXNoCycle:
        return
    names = [graph.hosts[node] for node, _ in circle if node >= 0]
    raise GraphError(
        f"in the play '{begin.title}' these hosts come after each other in a circle: "
        + " before ".join([*names, names[0]]),
        hint="change the variable 'after' of one of them in the inventory",
    )


def _require_batches(
    graph: JobGraph, begin: Step, later: Mapping[frozenset[int], set[int]]
) -> None:
    batch = {host: number for number, group in enumerate(begin.groups) for host in group}
    for before, hosts in later.items():
        last = max(before, key=batch.__getitem__)
        first = min(hosts, key=batch.__getitem__)
        if batch[first] < batch[last]:
            raise GraphError(
                f"in the play '{begin.title}' {graph.hosts[first]} comes after "
                f"{graph.hosts[last]}, but stands in an earlier batch",
                hint="change 'order', 'serial' or 'canary', or the order in the inventory",
            )
