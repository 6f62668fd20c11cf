"""Short ways to write inventories, plays and graphs in tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runner.engine.graph.build import GraphBuilder
from runner.engine.graph.graph import JobGraph
from runner.errors import PatternError
from runner.model.inventory import Group, Host, Inventory
from runner.model.playbook import Block, Entry, Need, Play, Playbook, Task
from runner.model.source import Source

HERE = Source("play.yml", 3, 5, "    - debug:")


def inventory(
    *names: str, variables: Mapping[str, Mapping[str, Any]] | None = None, **groups: Sequence[str]
) -> Inventory:
    """Hosts in this order; ``variables`` of some of them by name; groups by name."""
    found = {"all": Group("all", names), **{g: Group(g, tuple(m)) for g, m in groups.items()}}
    return Inventory({n: Host(n, (variables or {}).get(n, {})) for n in names}, found)


def select(inv: Inventory, pattern: str, source: Source | None) -> Sequence[str]:
    """Patterns that are the name of a group or of a host."""
    if pattern in inv.groups:
        return inv.groups[pattern].hosts
    if pattern not in inv.hosts:
        raise PatternError(f"the pattern '{pattern}' matches no host", source=source)
    return (pattern,)


def task(name: str, **fields: Any) -> Task:
    """A task that the graph takes as it is."""
    return Task(name, fields.pop("module", "debug"), fields.pop("args", {}), HERE, **fields)


def flush() -> Task:
    """``meta: flush_handlers``."""
    return task("flush", module="meta", args={"_raw_params": "flush_handlers"})


def need(target: str, **fields: Any) -> Need:
    return Need(target, HERE, **fields)


def block(*body: Entry, rescue: Sequence[Entry] = (), always: Sequence[Entry] = (),
          name: str = "", **fields: Any) -> Block:  # fmt: skip
    return Block(name, HERE, body, tuple(rescue), tuple(always), **fields)


def play(*entries: Entry, hosts: str = "all", name: str = "p", **fields: Any) -> Play:
    fields.setdefault("gather_facts", False)
    return Play(name, hosts, HERE, HERE, tasks=entries, **fields)


def build(inv: Inventory, *plays: Play, limit: frozenset[str] | None = None,
          force_handlers: bool = False) -> JobGraph:  # fmt: skip
    builder = GraphBuilder(inv, select, limit, force_handlers=force_handlers)
    return builder.build(Playbook("play.yml", plays, "0"))
