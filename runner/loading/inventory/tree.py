"""Groups within groups: depth, circles, who belongs where, in which order.

All of it is Ansible's: the depth of a group is its longest way down from ``all``; a group's hosts
are its own, then those of its children, level by level.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from runner.errors import InventoryError
from runner.model.source import Source

ALL: Final = "all"
UNGROUPED: Final = "ungrouped"


Place: TypeAlias = Source | Callable[[], Source] | None
"""A place, or what finds it when somebody asks."""


@dataclass(slots=True)
class GroupDraft:
    """A group while it is read. ``children`` have the place that makes them children."""

    name: str
    hosts: dict[str, None] = field(default_factory=dict)
    children: dict[str, Place] = field(default_factory=dict)
    vars: dict[str, Any] = field(default_factory=dict)
    priority: int = 1


class Tree:
    """The groups as they are now. Raises InventoryError when they contain each other."""

    def __init__(self, groups: Mapping[str, GroupDraft]) -> None:
        self.groups = groups
        self.parents: dict[str, list[str]] = {name: [] for name in groups}
        for group in groups.values():
            for child in group.children:
                self.parents[child].append(group.name)
        self.depth = self._depths()
        self._above: dict[tuple[str, ...], frozenset[str]] = {}

    def rank(self, name: str) -> tuple[int, int, str]:
        """Where a group's variables stand among those of others; the greater wins."""
        return (self.depth[name], self.groups[name].priority, name)

    def with_ancestors(self, names: Iterable[str]) -> frozenset[str]:
        """These groups and all that contain them."""
        key = tuple(names)
        if key not in self._above:
            found = set(key)
            level = set(key)
            while level:
                level = {parent for one in level for parent in self.parents[one]} - found
                found |= level
            self._above[key] = frozenset(found)
        return self._above[key]

    def descendants(self, name: str) -> list[str]:
        """The group itself, then what it contains, level by level."""
        found = {name: None}
        level = [name]
        while level:
            below = itertools.chain.from_iterable(self.groups[one].children for one in level)
            level = [child for child in dict.fromkeys(below) if child not in found]
            found.update(dict.fromkeys(level))
        return list(found)

    def members(self, name: str) -> tuple[str, ...]:
        """All hosts of a group."""
        if not self.groups[name].children:
            return tuple(self.groups[name].hosts)
        hosts: dict[str, None] = {}
        for one in self.descendants(name):
            hosts.update(self.groups[one].hosts)
        return tuple(hosts)

    def _depths(self) -> dict[str, int]:
        depth = dict.fromkeys(self.groups, 0)
        waiting = {name: len(parents) for name, parents in self.parents.items()}
        ready = [name for name, count in waiting.items() if not count]
        order: list[str] = []
        while ready:
            name = ready.pop()
            order.append(name)
            for child in self.groups[name].children:
                depth[child] = max(depth[child], depth[name] + 1)
                waiting[child] -= 1
                if not waiting[child]:
                    ready.append(child)
        if len(order) < len(self.groups):
            raise self._circle({name for name, count in waiting.items() if count})
        return depth

    def _circle(self, among: set[str]) -> InventoryError:
        """An error that names the groups which contain each other, at the last of their places."""
        path = [min(among, key=list(self.groups).index)]
        while path.count(path[-1]) < 2:
            path.append(next(n for n in self.parents[path[-1]] if n in among))
        circle = path[path.index(path[-1]) :][::-1]
        found = [
            self.groups[parent].children[child] for parent, child in itertools.pairwise(circle)
        ]
        place = next((one for one in reversed(found) if one is not None), None)
        message = f"groups contain each other in a circle: {' -> '.join(circle)}"
        return InventoryError(message, source=place() if callable(place) else place)
