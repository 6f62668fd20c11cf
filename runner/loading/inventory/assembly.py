"""Hosts and groups while inventory files are read, and the inventory made of them.

Variables follow Ansible's order, the later over the earlier: the inventory's ``all``, its groups,
``group_vars/all`` beside the inventory, beside the playbook, ``group_vars/*`` beside the inventory,
beside the playbook; then the host's own. Among groups: by depth, ``ansible_group_priority``, name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from runner.errors import InventoryError
from runner.loading.inventory.folders import FolderVars
from runner.loading.inventory.tree import ALL, UNGROUPED, GroupDraft, Place, Tree
from runner.loading.text.data import hide_secrets
from runner.model.inventory import LOCALHOST, Group, Host, Inventory, Layer, LayeredVars
from runner.model.source import Source

PRIORITY: Final = "ansible_group_priority"
Where: TypeAlias = Callable[[str], Source | None]
"""Gives the place of a variable by its name: asked only when somebody wants to know."""


@dataclass(frozen=True, slots=True)
class Watched:
    """One value that was given to the watched variable, by a host or a group."""

    host: str
    group: str
    value: Any
    place: Source | None


class Assembly:
    """Collects hosts and groups from any number of files.

    With ``watch``, every value that is given to that variable is kept with its place. ``conceal``
    is set while an encrypted file is read: it makes secrets of its texts.
    """

    def __init__(self, watch: str | None = None) -> None:
        self.hosts: dict[str, dict[str, Any]] = {}
        self.files: dict[str, str] = {}
        self.groups: dict[str, GroupDraft] = {}
        self.warnings: list[str] = []
        self.watched: list[Watched] = []
        self.conceal: Callable[[Any], Any] | None = None
        self._watch = watch
        self._file = ""
        self._tree: Tree | None = None
        self.group(ALL)
        self.group(UNGROUPED)
        self.add_child(ALL, UNGROUPED, None)

    def begin(self, file: str) -> None:
        """From now on, new hosts come from this file."""
        self._file = file

    def warn(self, text: str) -> None:
        """Note something that people should know; the same only once."""
        if text not in self.warnings:
            self.warnings.append(text)

    def group(self, name: str) -> GroupDraft:
        """The group of that name; made when it is not there yet."""
        if name not in self.groups:
            self.groups[name] = GroupDraft(name)
            self._tree = None
        return self.groups[name]

    def add_child(self, parent: str, child: str, source: Place) -> None:
        """Put a group into another; both are there."""
        if child not in self.groups[parent].children:
            self.groups[parent].children[child] = source
            self._tree = None

    def remove_child(self, parent: str, child: str) -> None:
        """Take a group out of another again."""
        self.groups[parent].children.pop(child, None)
        self._tree = None

    def remove_group(self, name: str) -> None:
        """Take a group away again that was made and has nothing in it."""
        self.groups.pop(name, None)
        self._tree = None

    def add_host(
        self,
        name: str,
        group: str | None,
        variables: Mapping[str, Any],
        where: Where | None = None,
        port: int | None = None,
    ) -> None:
        """Put a host into a group, with variables over those it has.

        A port counts only where the host is named for the first time, as in Ansible.
        """
        own = self.hosts.get(name)
        if own is None:
            own = self.hosts[name] = {} if port is None else {"ansible_port": port}
            self.files[name] = self._file
            if self._watch == "ansible_port" and port is not None and where:
                self.watched.append(Watched(name, "", port, where(name)))
        if variables:
            variables = self.conceal(variables) if self.conceal else variables
            own.update(variables)
            if self._watch in variables:
                self._saw(name, "", variables, where)
        if group is not None:
            self.groups[group].hosts[name] = None

    def add_group_vars(
        self, name: str, variables: Mapping[str, Any], where: Where | None = None
    ) -> None:
        """Set variables of a group. Raises InventoryError for a priority that is no number."""
        group = self.groups[name]
        variables = self.conceal(variables) if self.conceal else variables
        group.vars.update(variables)
        if self._watch in variables:
            self._saw("", name, variables, where)
        if PRIORITY in group.vars:
            priority = group.vars.pop(PRIORITY)
            try:
                group.priority = int(priority)
            except (TypeError, ValueError):
                message = f"{PRIORITY} is a whole number, found '{priority}'"
                raise InventoryError(message, source=where and where(PRIORITY)) from None
            self._tree = None

    def tree(self) -> Tree:
        """The groups as they are now."""
        if self._tree is None:
            self._tree = Tree(self.groups)
        return self._tree

    def direct(self) -> dict[str, list[str]]:
        """The groups in which each host itself stands."""
        found: dict[str, list[str]] = {name: [] for name in self.hosts}
        for group in self.groups.values():
            for host in group.hosts:
                found[host].append(group.name)
        return found

    def _saw(
        self, host: str, group: str, variables: Mapping[str, Any], where: Where | None
    ) -> None:
        assert self._watch is not None
        place = where(self._watch) if where else None
        self.watched.append(Watched(host, group, variables[self._watch], place))

    def settle(self) -> dict[str, tuple[str, ...]]:
        """Ansible's last rules; gives each host's groups with their parents, without ``all``.

        What is in no group goes to ``ungrouped``, groups without a parent go to ``all``.
        """
        parents = self.tree().parents
        for name in self.groups:
            if name != ALL and not parents[name]:
                self.add_child(ALL, name, None)
        direct = self.direct()
        ungrouped = self.groups[UNGROUPED].hosts
        for host, groups in direct.items():
            named = [group for group in groups if group not in (ALL, UNGROUPED)]
            if named:
                ungrouped.pop(host, None)
                groups[:] = named
            else:
                ungrouped[host] = None
                groups[:] = [UNGROUPED]
        known: dict[tuple[str, ...], tuple[str, ...]] = {}
        tree = self.tree()
        for key in {tuple(groups) for groups in direct.values()}:
            known[key] = tuple(sorted(tree.with_ancestors(key) - {ALL}))
        return {host: known[tuple(groups)] for host, groups in direct.items()}


@dataclass(frozen=True, slots=True)
class Beside:
    """What the folders of variables say: those beside each inventory, and beside the playbook."""

    inventories: Sequence[FolderVars] = ()
    playbook: FolderVars | None = None

    @property
    def folders(self) -> Sequence[FolderVars]:
        """All of them, the weaker first."""
        return [*self.inventories, self.playbook] if self.playbook else self.inventories

    def of_groups(self, order: Sequence[str]) -> Iterator[tuple[str, FolderVars]]:
        """Groups and folders in the order in which they are laid over one another."""
        for names in ([ALL], order):
            for folder in self.folders:
                yield from ((name, folder) for name in names)


def finish(assembly: Assembly, beside: Beside, sources: tuple[str, ...], digest: str) -> Inventory:
    """The inventory. Raises InventoryError for groups that contain each other."""
    memberships = assembly.settle()
    tree = assembly.tree()
    shared = {
        groups: hide_secrets(shared_vars(assembly, beside, sorted(groups, key=tree.rank)))
        for groups in {(), *memberships.values()}
    }
    hosts: dict[str, Host] = {}
    folder_of: dict[str, str] = {}
    for name, own in assembly.hosts.items():
        groups = memberships[name]
        mine = hide_secrets(host_vars(name, own, beside))
        merged = LayeredVars(mine, shared[groups]) if mine else shared[groups]
        file = assembly.files[name]
        if file not in folder_of:
            folder_of[file] = _folder(file)
        hosts[name] = Host(name, merged, groups, file, folder_of[file])
    for name in assembly.groups.keys() & hosts.keys():
        assembly.warn(f"'{name}' is the name of a host and of a group")
    return Inventory(
        hosts,
        {name: group_of(assembly, tree, beside, name) for name in assembly.groups},
        sources,
        digest,
        {name: _localhost(name, shared[()], beside) for name in LOCALHOST},
        tuple(assembly.warnings),
    )


def layers(assembly: Assembly, beside: Beside, host: str, variable: str) -> tuple[Layer, ...]:
    """The values that a watched variable is given on one host, the strongest first."""
    memberships = assembly.settle()
    tree = assembly.tree()
    order = sorted(memberships.get(host, ()), key=tree.rank)
    found: list[Layer] = []
    for group in [ALL, *order]:
        found += _watched(f"group '{group}'", [w for w in assembly.watched if w.group == group])
    for group, folder in beside.of_groups(order):
        found += folder.trace_group(group, variable)
    own = [w for w in assembly.watched if w.host == host]
    found += _watched(f"host '{host}'", own)
    for folder in beside.folders:
        found += folder.trace_host(host, variable)
    return tuple(reversed(found))


def _watched(label: str, watched: Sequence[Watched]) -> list[Layer]:
    return [Layer(f"inventory, {label}", one.value, one.place) for one in watched]


def host_vars(name: str, own: Mapping[str, Any], beside: Beside) -> dict[str, Any]:
    """A host's own variables, under those of its files."""
    mine = dict(own)
    for folder in beside.folders:
        mine.update(folder.hosts.get(name, {}))
    return mine


def shared_vars(assembly: Assembly, beside: Beside, order: Sequence[str]) -> dict[str, Any]:
    """The variables of all groups, the weaker first in ``order``, under those of their files."""
    merged: dict[str, Any] = {}
    for group in [ALL, *order]:
        merged.update(assembly.groups[group].vars)
    for group, folder in beside.of_groups(order):
        merged.update(folder.groups.get(group, {}))
    return merged


def group_of(assembly: Assembly, tree: Tree, beside: Beside, name: str) -> Group:
    """A group with its hosts and variables."""
    draft = assembly.groups[name]
    merged = dict(draft.vars)
    for folder in beside.folders:
        merged.update(folder.groups.get(name, {}))
        if PRIORITY in folder.groups.get(name, {}):
            assembly.warn(
                f"{PRIORITY} in group_vars says nothing (group '{name}'): it belongs in the "
                "inventory itself"
            )
    return Group(
        name,
        tree.members(name),
        tuple(draft.children),
        tuple(draft.hosts),
        hide_secrets(merged),
        draft.priority,
    )


def _localhost(name: str, shared: Mapping[str, Any], beside: Beside) -> Host:
    own = host_vars(name, {"ansible_connection": "local"}, beside)
    return Host(name, LayeredVars(hide_secrets(own), shared), implicit=True)


def _folder(file: str) -> str:
    return str(Path(file).parent) if Path(file).exists() else ""
