"""Inventory, Host, Group: who there is, with the variables already merged per host."""

from __future__ import annotations

import dataclasses
import ipaddress
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from runner.model.source import Source

LOCALHOST: Final = ("localhost", "127.0.0.1", "::1")
"""The names that mean the machine runner runs on when the inventory does not have them."""


class LayeredVars(Mapping[str, Any]):
    """A host's own variables over those it shares with all hosts of the same groups."""

    __slots__ = ("own", "shared")

    def __init__(self, own: Mapping[str, Any], shared: Mapping[str, Any]) -> None:
        self.own = own
        self.shared = shared

    def __getitem__(self, name: str) -> Any:
        return self.own[name] if name in self.own else self.shared[name]

    def __contains__(self, name: object) -> bool:
        return name in self.own or name in self.shared

    def __iter__(self) -> Iterator[str]:
        yield from self.shared
        yield from (name for name in self.own if name not in self.shared)

    def __len__(self) -> int:
        return len(self.shared) + sum(1 for name in self.own if name not in self.shared)

    def __repr__(self) -> str:
        return repr(dict(self))


def short_name(name: str) -> str:
    """``inventory_hostname_short``: the name up to its first dot; an address has no such part."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return name.partition(".")[0]
    return name


def parts_of(variables: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """The mappings that a host's variables are made of, the stronger first."""
    if isinstance(variables, LayeredVars):
        return (variables.own, variables.shared)
    return (variables,)


@dataclass(frozen=True, slots=True)
class Host:
    """One host. ``vars`` follow Ansible's precedence: groups by depth, then host, files included.

    ``groups`` are all groups it belongs to, parents too, without ``all``; sorted by name.
    ``inventory_file`` is the file that names it first. ``implicit`` is a host that no inventory
    names: this machine, or one that only ``delegate_to`` knows.
    """

    name: str
    vars: Mapping[str, Any] = field(default_factory=dict)
    groups: tuple[str, ...] = ()
    inventory_file: str = ""
    inventory_dir: str = ""
    implicit: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """A named set. ``hosts`` includes the hosts of child groups: its own first, then level by
    level those of its children (Ansible's order). ``own`` are those it has itself."""

    name: str
    hosts: tuple[str, ...] = ()
    children: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    vars: Mapping[str, Any] = field(default_factory=dict)
    priority: int = 1


@dataclass(frozen=True, slots=True)
class Layer:
    """One place that gives a variable a value. ``wins`` marks the value that is used.

    ``label`` says what kind of place it is, for people; ``place`` where that is written, if it is
    written anywhere.
    """

    label: str
    value: Any
    place: Source | None = None
    wins: bool = False


@dataclass(frozen=True, slots=True)
class Addition:
    """What a run itself adds to its inventory: ``host``, known or new, is put into ``groups``.

    These are put into ``parents``. ``vars`` are the host's own, over those it has.
    """

    host: str
    groups: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    vars: Mapping[str, Any] = field(default_factory=dict)
    port: int | None = None


def _not_growing(inventory: Inventory, addition: Addition) -> Inventory:
    raise NotImplementedError("this inventory was not made by the loader")


def _not_read(inventory: Inventory) -> Inventory:
    raise NotImplementedError("this inventory was not made by the loader")


def _no_layers(host: str, name: str) -> tuple[Layer, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Inventory:
    """All hosts and groups, in the order of the files. ``groups`` has ``all`` and ``ungrouped``.

    ``localhost`` are this machine's names with what ``all`` and ``host_vars`` say about them.
    ``warnings`` are for people. ``trace`` finds the layers of one variable of one host, highest
    first, by reading again; it is slow. ``grow`` gives the inventory with an addition, or the same
    object when there is nothing new in it. ``refresh`` reads the sources again: who is no longer in
    them stays as an implicit host, behind whom new ones come.
    """

    hosts: Mapping[str, Host]
    groups: Mapping[str, Group]
    sources: tuple[str, ...] = ()
    digest: str = ""
    localhost: Mapping[str, Host] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    trace: Callable[[str, str], tuple[Layer, ...]] = field(
        default=_no_layers, repr=False, compare=False
    )
    grow: Callable[[Inventory, Addition], Inventory] = field(
        default=_not_growing, repr=False, compare=False
    )
    refresh: Callable[[Inventory], Inventory] = field(default=_not_read, repr=False, compare=False)

    def host(self, name: str) -> Host:
        """The host of that name; for one that is in no inventory, an implicit one.

        A name of this machine gives the inventory's own entry for it, if there is one under
        another name, as in Ansible.
        """
        if name in self.hosts:
            return self.hosts[name]
        if name in LOCALHOST:
            return self.implicit_localhost(name)
        return Host(name, self._all_vars(), implicit=True)

    def all_vars(self) -> Iterator[Mapping[str, Any]]:
        """The variables of all hosts; what hosts share is given once."""
        shared: set[int] = set()
        for host in (*self.hosts.values(), *self.localhost.values()):
            for part in parts_of(host.vars):
                if id(part) not in shared:
                    shared.add(id(part))
                    yield part

    @staticmethod
    def is_localhost(name: str) -> bool:
        """Whether the name means this machine when no inventory has it."""
        return name in LOCALHOST

    def implicit_localhost(self, name: str = LOCALHOST[0]) -> Host:
        """This machine, reached without any transport unless the inventory says otherwise."""
        for known in LOCALHOST:
            if known in self.hosts:
                return self.hosts[known]
        if name in self.localhost:
            return self.localhost[name]
        own = {"ansible_connection": "local"}
        return Host(name, LayeredVars(own, self._all_vars()), implicit=True)

    def with_localhost(self, names: Iterable[str]) -> Inventory:
        """The same, with this machine among the hosts under these names; still in no group."""
        added = {name: self.implicit_localhost(name) for name in names if name not in self.hosts}
        return dataclasses.replace(self, hosts={**self.hosts, **added}) if added else self

    def _all_vars(self) -> Mapping[str, Any]:
        return self.groups["all"].vars if "all" in self.groups else {}
