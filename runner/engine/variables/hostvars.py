"""``hostvars``: what one host sees of all others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from runner.model.inventory import Inventory


class OfHosts(Protocol):
    """Who knows the variables of hosts. The inventory may grow."""

    inventory: Inventory

    def of_host(self, name: str) -> Mapping[str, Any]:
        """The variables of a host without a play or task."""


class HostVars(Mapping[str, Mapping[str, Any]]):
    """``hostvars``: every host's variables, put together when somebody looks.

    This machine is in it even when no inventory names it, but is not counted.
    """

    def __init__(self, variables: OfHosts) -> None:
        self._variables = variables

    def __getitem__(self, name: str) -> Mapping[str, Any]:
        if name not in self:
            raise KeyError(name)
        return self._variables.of_host(name)

    def __contains__(self, name: object) -> bool:
        inventory = self._variables.inventory
        return isinstance(name, str) and (name in inventory.hosts or inventory.is_localhost(name))

    def __iter__(self) -> Iterator[str]:
        hosts = self._variables.inventory.hosts.values()
        return iter([host.name for host in hosts if not host.implicit])

    def __len__(self) -> int:
        return sum(1 for _ in self)
