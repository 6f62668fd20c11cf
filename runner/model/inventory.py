"""Inventory, Host, Group: who there is, with the variables already merged per host."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Host:
    """One host. ``vars`` follow Ansible's precedence: groups by depth, then host, files included.

    ``groups`` are all groups it belongs to, parents too, without ``all``; sorted by name.
    """

    name: str
    vars: Mapping[str, Any] = field(default_factory=dict)
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """A named set. ``hosts`` includes the hosts of child groups, in inventory order."""

    name: str
    hosts: tuple[str, ...] = ()
    children: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Inventory:
    """All hosts and groups, in the order of the files. ``groups`` has ``all`` and ``ungrouped``."""

    hosts: Mapping[str, Host]
    groups: Mapping[str, Group]
    sources: tuple[str, ...] = ()
    digest: str = ""
