"""Delegation: a task of one host that is done on another (``delegate_to``).

It keeps the variables of its own host; link, connection settings, ``become`` and the facts that a
module asks for are the other one's. Source: Ansible, "Controlling where tasks run: delegation and
local actions".
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runner.engine.runtime import Runtime
from runner.engine.tasks.work import Turn, Work
from runner.engine.variables.keywords import Renderer
from runner.errors import HostsBusy, PlaybookError, Refused
from runner.model.inventory import Inventory


@dataclass(frozen=True, slots=True)
class Target:
    """Where a delegated task is done: its name as written, the host, and its variables."""

    name: str
    host: str
    variables: Mapping[str, Any]

    @property
    def for_templates(self) -> dict[str, Any]:
        """What the task sees of it."""
        return {"ansible_delegated_vars": {self.name: self.variables}}


class Delegation:
    """Finds the hosts to which tasks are delegated. Shared by all threads."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._addresses: dict[str, str] | None = None
        self._of: Inventory | None = None
        self._claimed: set[str] = set()
        self._lock = threading.Lock()

    def target(
        self, turn: Turn, variables: Mapping[str, Any], loop: Mapping[str, Any]
    ) -> Target | None:
        """Where this task is done; None when that is its own host. Raises InputError."""
        raw = turn.task.delegate_to
        if raw is None:
            return None
        name = Renderer(self._runtime.templates, variables, turn.task.source).text(
            "delegate_to", raw
        )
        if name is None:
            return None
        if not name:
            raise PlaybookError(f"'delegate_to: {raw}' names no host", source=turn.task.source)
        host = self._host(name)
        if host == turn.job.host:
            return None
        known = self._runtime.variables
        of_target = known.of_task(host, turn.play, turn.task, loop, turn.given)
        return Target(name, host, of_target)

    def claim(self, work: Work) -> None:
        """Take the other host for this run, before anything there is changed.

        This machine is taken by no run that only delegates to it: two runs may do so at once.
        Raises Refused when another run works on the host.
        """
        if not work.target or self._runtime.variables.inventory.is_localhost(work.target):
            return
        with self._lock:
            if work.target in self._claimed:
                return
            try:
                self._runtime.claim(work.target)
            except HostsBusy as error:
                raise Refused(
                    f"'{work.target}', to which this is delegated: {error.message}", hint=error.hint
                ) from error
            self._claimed.add(work.target)

    def _host(self, name: str) -> str:
        """The host of that name, or of that address.

        One that is not in the inventory is reached as the variables of ``all`` say, as in Ansible.
        """
        inventory = self._runtime.variables.inventory
        if name in inventory.hosts:
            return name
        with self._lock:
            if self._addresses is None or self._of is not inventory:
                self._of = inventory
                self._addresses = {
                    host.vars["ansible_host"]: host.name
                    for host in reversed(list(inventory.hosts.values()))
                    if isinstance(host.vars.get("ansible_host"), str)
                }
            return self._addresses.get(name) or inventory.host(name).name
