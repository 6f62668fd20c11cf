"""Variables: what a template on a host sees, and which source wins.

Lowest to highest, Ansible's order for the sources that there are:

====================  =======================================================
magic                 inventory_hostname, groups, hostvars, ansible_check_mode
inventory             groups by depth, then host; files beside inventory and playbook
facts                 ansible_facts and ansible_* from setup
play                  vars, vars_files
task                  vars of blocks and of the task itself
registered            set_fact, register
loop                  item, index
extra                 -e
====================  =======================================================
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from runner.model.inventory import Inventory
from runner.model.playbook import Play, Task
from runner.model.source import Source


@dataclass(slots=True)
class HostState:
    """What a run has learned about one host. Used by one worker at a time."""

    facts: dict[str, Any] = field(default_factory=dict)
    """Under the names that templates use: ansible_facts and ansible_*."""
    registered: dict[str, Any] = field(default_factory=dict)
    notified: set[str] = field(default_factory=set)
    ended: dict[Source, str] = field(default_factory=dict)
    """Plays (by their place) of which no further task runs here, and why (meta: end_host)."""


class HostVars(Mapping[str, Mapping[str, Any]]):
    """``hostvars``: every host's variables, put together when somebody looks."""

    def __init__(self, variables: Variables) -> None:
        self._variables = variables

    def __getitem__(self, name: str) -> Mapping[str, Any]:
        return self._variables.of_host(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._variables.inventory.hosts)

    def __len__(self) -> int:
        return len(self._variables.inventory.hosts)


class Variables:
    """Puts a host's variables together. Cheap: layers are shared, nothing is copied."""

    def __init__(
        self,
        inventory: Inventory,
        extra: Mapping[str, Any],
        *,
        check_mode: bool,
        playbook_dir: str,
        play_hosts: Mapping[Source, list[str]] | None = None,
        version: str = "",
        verbosity: int = 0,
    ) -> None:
        self.inventory = inventory
        self._extra = dict(extra)
        self._states = {name: HostState() for name in inventory.hosts}
        self._magic: dict[str, Any] = {
            "groups": {name: list(g.hosts) for name, g in inventory.groups.items()},
            "hostvars": HostVars(self),
            "ansible_check_mode": check_mode,
            "ansible_verbosity": verbosity,
            "playbook_dir": playbook_dir,
            "runner_version": version,
        }
        self._play_hosts = play_hosts or {}

    def state(self, host: str) -> HostState:
        """What this run has learned about the host."""
        return self._states[host]

    def of_host(self, name: str) -> Mapping[str, Any]:
        """The variables of a host without a play or task: what hostvars shows."""
        return ChainMap(*self._layers(name))

    def of_task(
        self, name: str, play: Play, task: Task | None, loop: Mapping[str, Any] | None = None
    ) -> Mapping[str, Any]:
        """The variables that a task on a host sees."""
        state = self._states[name]
        magic = {
            **self._host_magic(name),
            "ansible_play_hosts": self._play_hosts.get(play.source, []),
            "ansible_play_name": play.name,
        }
        layers: list[dict[str, Any]] = [
            self._extra,
            dict(loop or {}),
            state.registered,
            dict(task.vars) if task else {},
            dict(play.vars),
            state.facts,
            dict(self.inventory.hosts[name].vars),
            magic,
            self._magic,
        ]
        return ChainMap(*layers)

    def _layers(self, name: str) -> list[dict[str, Any]]:
        state = self._states[name]
        host = dict(self.inventory.hosts[name].vars)
        magic = self._host_magic(name)
        return [self._extra, state.registered, state.facts, host, magic, self._magic]

    def _host_magic(self, name: str) -> dict[str, Any]:
        return {
            "inventory_hostname": name,
            "inventory_hostname_short": name.partition(".")[0],
            "group_names": list(self.inventory.hosts[name].groups),
        }
