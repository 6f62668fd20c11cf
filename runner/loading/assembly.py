"""Hosts and groups while inventory files are read, and the inventory made of them.

Variables follow Ansible's order, the later over the earlier: the inventory's ``all``, its groups,
``group_vars/all`` beside the inventory, beside the playbook, ``group_vars/*`` beside the inventory,
beside the playbook; then the host's own. Among groups: by depth, ``ansible_group_priority``, name.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from runner.errors import InventoryError
from runner.loading.data import hide_secrets
from runner.model.inventory import Group, Host, Inventory
from runner.model.source import Source

ALL: Final = "all"
UNGROUPED: Final = "ungrouped"
_PRIORITY: Final = "ansible_group_priority"


@dataclass(slots=True)
class GroupDraft:
    """A group while it is read. ``children`` have the place that makes them children."""

    name: str
    hosts: dict[str, None] = field(default_factory=dict)
    children: dict[str, Source | None] = field(default_factory=dict)
    vars: dict[str, Any] = field(default_factory=dict)
    priority: int = 1
    depth: int = 0


@dataclass(slots=True)
class FolderVars:
    """What ``group_vars`` and ``host_vars`` of one folder say."""

    groups: Mapping[str, Mapping[str, Any]]
    hosts: Mapping[str, Mapping[str, Any]]


class LayeredVars(Mapping[str, Any]):
    """A host's own variables over those it shares with all hosts of the same groups."""

    __slots__ = ("_own", "_shared")

    def __init__(self, own: Mapping[str, Any], shared: Mapping[str, Any]) -> None:
        self._own = own
        self._shared = shared

    def __getitem__(self, name: str) -> Any:
        return self._own[name] if name in self._own else self._shared[name]

    def __contains__(self, name: object) -> bool:
        return name in self._own or name in self._shared

    def __iter__(self) -> Iterator[str]:
        yield from self._shared
        yield from (name for name in self._own if name not in self._shared)

    def __len__(self) -> int:
        return len(self._shared) + sum(1 for name in self._own if name not in self._shared)

    def __repr__(self) -> str:
        return repr(dict(self))


class Assembly:
    """Collects hosts and groups from any number of files."""

    def __init__(self) -> None:
        self.hosts: dict[str, dict[str, Any]] = {}
        self.groups: dict[str, GroupDraft] = {}
        self.group(ALL)
        self.group(UNGROUPED)

    def group(self, name: str) -> GroupDraft:
        """The group of that name; made when it is not there yet."""
        if name not in self.groups:
            self.groups[name] = GroupDraft(name)
        return self.groups[name]

    def add_host(self, name: str, group: str, variables: Mapping[str, Any]) -> None:
        """Put a host into a group, with variables over those it has."""
        own = self.hosts.setdefault(name, {})
        if variables:
            own.update(variables)
        if group != ALL:
            self.groups[group].hosts[name] = None

    def add_group_vars(
        self, name: str, variables: Mapping[str, Any], source: Source | None = None
    ) -> None:
        """Set variables of a group."""
        group = self.groups[name]
        group.vars.update(variables)
        if _PRIORITY in group.vars:
            priority = group.vars.pop(_PRIORITY)
            try:
                group.priority = int(priority)
            except (TypeError, ValueError):
                message = f"{_PRIORITY} is a whole number, found '{priority}'"
                raise InventoryError(message, source=source) from None

    def finish(
        self,
        beside: Sequence[FolderVars],
        playbook: FolderVars | None,
        sources: tuple[str, ...],
        digest: str,
    ) -> Inventory:
        """The inventory. Raises InventoryError for groups that contain each other."""
        self._join()
        parents = self._measure()
        memberships = self._memberships(parents)
        rank = {name: (g.depth, g.priority, g.name) for name, g in self.groups.items()}
        shared: dict[tuple[str, ...], Mapping[str, Any]] = {}
        hosts: dict[str, Host] = {}
        folders = [*beside, playbook] if playbook else list(beside)
        for name, own in self.hosts.items():
            groups = memberships[name]
            if groups not in shared:
                order = sorted(groups, key=rank.__getitem__)
                shared[groups] = hide_secrets(self._group_vars(order, beside, playbook))
            mine = dict(own)
            for folder in folders:
                mine.update(folder.hosts.get(name, {}))
            common = shared[groups]
            merged = LayeredVars(hide_secrets(mine), common) if mine else common
            hosts[name] = Host(name, merged, groups)
        return Inventory(hosts, self._final_groups(memberships), sources, digest)

    def _join(self) -> None:
        """What is in no group goes to ``ungrouped``, groups without a parent to ``all``."""
        grouped = {h for g in self.groups.values() if g.name != UNGROUPED for h in g.hosts}
        ungrouped = self.groups[UNGROUPED]
        ungrouped.hosts = {host: None for host in self.hosts if host not in grouped}
        children = {c for g in self.groups.values() if g.name != ALL for c in g.children}
        for name in self.groups:
            if name != ALL and name not in children:
                self.groups[ALL].children.setdefault(name, None)

    def _measure(self) -> dict[str, list[str]]:
        """Set each group's depth; its parents by name. Raises InventoryError for a circle."""
        parents: dict[str, list[str]] = {name: [] for name in self.groups}
        waiting = dict.fromkeys(self.groups, 0)
        for group in self.groups.values():
            for child in group.children:
                parents[child].append(group.name)
                waiting[child] += 1
        ready = [name for name, count in waiting.items() if not count]
        done = 0
        while ready:
            name = ready.pop()
            done += 1
            for child in self.groups[name].children:
                below = self.groups[child]
                below.depth = max(below.depth, self.groups[name].depth + 1)
                waiting[child] -= 1
                if not waiting[child]:
                    ready.append(child)
        if done < len(self.groups):
            raise self._circle({name for name, count in waiting.items() if count})
        return parents

    def _circle(self, among: set[str]) -> InventoryError:
        """An error that names the groups which contain each other, at the last of their places."""
        path = [min(among, key=list(self.groups).index)]
        while path.count(path[-1]) < 2:
            parent = next(n for n in among if path[-1] in self.groups[n].children)
            path.append(parent)
        circle = path[path.index(path[-1]) :][::-1]
        places = [
            place
            for parent, child in itertools.pairwise(circle)
            if (place := self.groups[parent].children[child]) is not None
        ]
        message = f"groups contain each other in a circle: {' -> '.join(circle)}"
        return InventoryError(message, source=places[-1] if places else None)

    def _memberships(self, parents: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
        """Each host's groups with their parents, without ``all``, sorted; equal ones shared."""
        above: dict[str, frozenset[str]] = {}
        for group in sorted(self.groups.values(), key=lambda g: g.depth):
            mine = {group.name} if group.name != ALL else set()
            above[group.name] = frozenset(mine.union(*(above[p] for p in parents[group.name])))
        direct: dict[str, list[str]] = {name: [] for name in self.hosts}
        for group in self.groups.values():
            for host in group.hosts:
                direct[host].append(group.name)
        known: dict[tuple[str, ...], tuple[str, ...]] = {}
        memberships = {}
        for host, groups in direct.items():
            key = tuple(groups)
            if key not in known:
                known[key] = tuple(sorted(frozenset().union(*(above[g] for g in groups))))
            memberships[host] = known[key]
        return memberships

    def _group_vars(
        self, order: Sequence[str], beside: Sequence[FolderVars], playbook: FolderVars | None
    ) -> dict[str, Any]:
        merged: dict[str, Any] = dict(self.groups[ALL].vars)
        for group in order:
            merged.update(self.groups[group].vars)
        for names in ([ALL], order):
            for folder in [*beside, playbook] if playbook else beside:
                for group in names:
                    merged.update(folder.groups.get(group, {}))
        return merged

    def _final_groups(self, memberships: Mapping[str, tuple[str, ...]]) -> dict[str, Group]:
        members: dict[str, list[str]] = {name: [] for name in self.groups}
        for host, groups in memberships.items():
            for group in groups:
                members[group].append(host)
        members[ALL] = list(self.hosts)
        return {
            name: Group(name, tuple(members[name]), tuple(draft.children))
            for name, draft in self.groups.items()
        }
