"""An inventory that changes during a run: ``add_host``, ``group_by``, ``meta: refresh_inventory``.

What is added follows the rules of the files: groups without a parent go to ``all``, a host in a
named group leaves ``ungrouped``, and ``group_vars`` and ``host_vars`` of who is new are read. What
was added is added again when the sources are read anew.
Source: Ansible, "add_host", "group_by", "Adding new groups and hosts in memory".
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from runner.errors import InventoryError
from runner.loading.inventory.assembly import Assembly, Beside, group_of, host_vars, shared_vars
from runner.loading.inventory.tree import ALL, UNGROUPED, GroupDraft
from runner.loading.text.data import hide_secrets
from runner.model.inventory import LOCALHOST, Addition, Host, Inventory, LayeredVars

ReadBeside: TypeAlias = Callable[[Beside, Sequence[str], Sequence[str]], Beside]
"""Reads what the folders say of these groups and hosts, too. Raises InputError."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What the sources of an inventory said when they were read."""

    inventory: Inventory
    assembly: Assembly
    beside: Beside
    more: ReadBeside


class Growing:
    """Puts a host into groups, in the inventory that was made of ``found``. Not thread-safe.

    It goes on from the inventory that it gave last; given another one, it begins anew: each run
    (a dry run before the real one, say) begins with what the files say.
    """

    def __init__(self, found: Sources, read: Callable[[], Sources]) -> None:
        self._written = found
        self._read = read
        self._last: Inventory | None = None
        self._begin(found)

    def _begin(self, found: Sources) -> None:
        self._assembly = _copy(found.assembly)
        self._beside = found.beside
        self._more = found.more
        self._shared: dict[tuple[str, ...], Mapping[str, Any]] = {}
        self._added: list[Addition] = []

    def __call__(self, inventory: Inventory, addition: Addition) -> Inventory:
        """The inventory with the addition; the same object when nothing is new.

        Raises InventoryError for groups that would contain each other, InputError for files of
        variables that cannot be read; then nothing is added.
        """
        if inventory is not self._last:
            self._begin(self._written)
            self._last = inventory
        self._last = self._grown(inventory, addition)
        self._added.append(addition)
        return self._last

    def refresh(self, inventory: Inventory) -> Inventory:
        """The inventory as its sources are by now, with what the run added to it.

        Hosts keep their order, new ones come behind them. Raises InputError for sources that cannot
        be read any more; then nothing changes.
        """
        found = self._read()
        added = self._added if inventory is self._last else []
        self._begin(found)
        fresh = dataclasses.replace(
            found.inventory, grow=inventory.grow, refresh=inventory.refresh, warnings=()
        )
        for addition in added:
            # A group takes in nobody who is gone; add_host, which has no parents, brings its host.
            if addition.host in fresh.hosts or not addition.parents:
                fresh = self._grown(fresh, addition)
            self._added.append(addition)
        there = {**fresh.localhost, **fresh.hosts}
        hosts = {name: there.get(name) or _gone(old) for name, old in inventory.hosts.items()}
        self._last = dataclasses.replace(fresh, hosts={**hosts, **fresh.hosts})
        return self._last

    def _grown(self, inventory: Inventory, addition: Addition) -> Inventory:
        assembly, host = self._assembly, addition.host
        named = dict.fromkeys((*addition.groups, *addition.parents))
        new_groups = [name for name in named if name not in assembly.groups]
        is_new = host not in assembly.hosts
        self._beside = self._more(self._beside, new_groups, [host] if is_new else [])
        touched = set(self._nest(addition, new_groups))
        changed = is_new or bool(new_groups) or bool(touched)
        changed = self._put(inventory, addition) or changed
        if not changed:
            return inventory
        tree = assembly.tree()
        for name in touched:
            for child in tree.descendants(name):
                touched = touched | set(assembly.groups[child].hosts)
        return self._renewed(inventory, {host, *(touched & assembly.hosts.keys())}, named, is_new)

    def _nest(self, addition: Addition, new: Sequence[str]) -> Iterable[str]:
        """Make the groups and put them into their parents; gives those that have a new one."""
        assembly = self._assembly
        for name in new:
            assembly.group(name)
        pairs = [(parent, group) for parent in addition.parents for group in addition.groups]
        pairs += [(ALL, name) for name in new if not addition.parents or name in addition.parents]
        made = [
            (parent, child)
            for parent, child in pairs
            if parent != child and child not in assembly.groups[parent].children
        ]
        for parent, child in made:
            assembly.add_child(parent, child, None)
        if made:
            self._shared.clear()
        try:
            assembly.tree()
        except InventoryError:
            for parent, child in made:
                assembly.remove_child(parent, child)
            for name in new:
                assembly.remove_group(name)
            raise
        return [child for parent, child in made if parent != ALL]

    def _put(self, inventory: Inventory, addition: Addition) -> bool:
        """Put the host into the groups, with its variables; says whether that changed anything."""
        assembly, host = self._assembly, addition.host
        known = inventory.hosts.get(host)
        given = dict(addition.vars)
        if host not in assembly.hosts and known is not None and _is_here(known):
            given = {"ansible_connection": "local", **given}
        old = assembly.hosts.get(host, {})
        changed = any(name not in old or old[name] != value for name, value in given.items())
        assembly.begin("")
        assembly.add_host(host, None, given, port=addition.port)
        for group in addition.groups:
            changed = changed or host not in assembly.groups[group].hosts
            assembly.add_host(host, group, {})
        groups = assembly.groups
        if any(host in g.hosts for n, g in groups.items() if n not in (ALL, UNGROUPED)):
            groups[UNGROUPED].hosts.pop(host, None)
        elif known is None or not _is_here(known):
            groups[UNGROUPED].hosts[host] = None
        return changed

    def _renewed(
        self, inventory: Inventory, hosts: Iterable[str], groups: Iterable[str], is_new: bool
    ) -> Inventory:
        assembly, tree = self._assembly, self._assembly.tree()
        renewed = {name: self._host(inventory, name) for name in hosts}
        affected = (tree.with_ancestors(groups) | {UNGROUPED}) - {ALL}
        if is_new or not inventory.groups.keys() >= affected:
            affected |= {ALL}
        return dataclasses.replace(
            inventory,
            hosts={**inventory.hosts, **renewed},
            groups={
                **inventory.groups,
                **{name: group_of(assembly, tree, self._beside, name) for name in affected},
            },
        )

    def _host(self, inventory: Inventory, name: str) -> Host:
        assembly, tree = self._assembly, self._assembly.tree()
        direct = [
            g.name
            for g in assembly.groups.values()
            if name in g.hosts and g.name not in (ALL, UNGROUPED)
        ]
        known = inventory.hosts.get(name)
        here = known is not None and _is_here(known)
        direct = direct or ([] if here else [UNGROUPED])
        groups = tuple(sorted(tree.with_ancestors(direct) - {ALL}))
        if groups not in self._shared:
            order = sorted(groups, key=tree.rank)
            self._shared[groups] = hide_secrets(shared_vars(assembly, self._beside, order))
        mine = hide_secrets(host_vars(name, assembly.hosts[name], self._beside))
        shared = self._shared[groups]
        merged = LayeredVars(mine, shared) if mine else shared
        if known is not None:
            return dataclasses.replace(known, vars=merged, groups=groups, implicit=here)
        return Host(name, merged, groups)


def _is_here(host: Host) -> bool:
    """Whether it is this machine, which no source names."""
    return host.implicit and host.name in LOCALHOST


def _gone(host: Host) -> Host:
    """One that the sources do not name any more: what has begun on it goes on as it was."""
    return dataclasses.replace(host, implicit=True)


def _copy(assembly: Assembly) -> Assembly:
    """The same hosts and groups, to be added to."""
    made = Assembly()
    made.hosts = {name: dict(variables) for name, variables in assembly.hosts.items()}
    made.files = dict(assembly.files)
    made.groups = {
        name: GroupDraft(name, dict(g.hosts), dict(g.children), dict(g.vars), g.priority)
        for name, g in assembly.groups.items()
    }
    return made
