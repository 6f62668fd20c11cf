"""Which hosts of an inventory get a twin, and what each is to simulate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from runner.app.rehearsal.systems import System, system_of
from runner.app.wiring.fleet import Fleet
from runner.app.wiring.prepare import Prepared
from runner.app.wiring.twins import is_local
from runner.errors import JournalError
from runner.journal.journal import Journal
from runner.journal.place import journal_path
from runner.lab.linux.found import missing as no_linux_here
from runner.loading import patterns
from runner.model.inventory import Host, Inventory
from runner.model.secret import Secret

OUTSIDE: Final = "outside of --limit"
"""Why a host has no twin that was not asked for."""
_LONGEST_NAME: Final = 63
_RUNS: Final = 30
"""So many runs are looked through for the facts of hosts."""
TIMES: Final = (
    "ansible_winrm_operation_timeout_sec", "ansible_winrm_read_timeout_sec",
    "ansible_winrm_connection_timeout",
)  # fmt: skip
"""What the inventory says of patience holds for twins, too."""


@dataclass(slots=True)
class Planned:
    """The hosts that get a twin with what it simulates, and those that get none with the reason.

    ``lab_names`` are what the lab calls them.
    """

    inventory: Inventory
    systems: dict[str, System] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    lab_names: dict[str, str] = field(default_factory=dict)
    connections: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    @staticmethod
    def facts_on_record() -> Mapping[str, Mapping[str, Any]]:
        """The last facts of each host in the journal that is in use now; a bad one is passed over:
        the rehearsal then goes by what the inventory says."""
        try:
            if not journal_path().exists():
                return {}
            with Journal.open() as journal:
                return dict(_facts(journal))
        except JournalError:
            return {}

    @property
    def kinds(self) -> Mapping[str, int]:
        """How many twins simulate which system."""
        return Counter(system.os for system in self.systems.values())

    @property
    def assumed(self) -> list[str]:
        """Those of which nothing says what they are."""
        return [name for name, system in self.systems.items() if system.assumed]

    @property
    def assumed_as(self) -> dict[str, list[str]]:
        """What these are taken for -> those hosts."""
        found: dict[str, list[str]] = {}
        for name in self.assumed:
            found.setdefault(self.systems[name].os, []).append(name)
        return found

    @property
    def near(self) -> dict[str, list[str]]:
        """What hosts are whose twins are only something near to it -> those hosts."""
        found: dict[str, list[str]] = {}
        for name, system in self.systems.items():
            if system.near:
                found.setdefault(system.near, []).append(name)
        return found

    def over_ssh(self, name: str) -> bool:
        """Whether the twin of this host is reached over SSH."""
        known = self.connections[name].get("ansible_connection")
        return self.systems[name].is_linux or known in ("ssh", "paramiko", "smart")

    def add(self, host: Host, system: System, connection: Mapping[str, Any]) -> Self:
        """One more host."""
        why = system.missing or (no_linux_here() if system.is_linux else "")
        if why:
            self.missing[host.name] = why
            return self
        fits = len(host.name) <= _LONGEST_NAME
        taken = {name.lower() for name in self.lab_names.values()}
        number = len(self.systems) + 1
        fits = fits and host.name.lower() not in taken
        self.lab_names[host.name] = host.name if fits else f"twin-{number:05}"
        self.systems[host.name] = system
        self.connections[host.name] = connection
        return self


def _facts(journal: Journal) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(host, facts), the newest last."""
    for run in reversed(journal.runs(_RUNS)):
        for record in journal.outcomes(run.id):
            result = record.data.get("result") if isinstance(record.data, Mapping) else None
            facts = result.get("ansible_facts") if isinstance(result, Mapping) else None
            if not isinstance(facts, Mapping):
                continue
            named = {str(k).removeprefix("ansible_"): v for k, v in facts.items()}
            if "windows" in named or "os_family" in named:
                yield record.job.host, named


def plan_twins(
    prepared: Prepared,
    limit: str | None,
    facts: Mapping[str, Mapping[str, Any]],
    default: str,
) -> Planned:
    """Who gets a twin: the hosts that may take part, and those to which tasks are delegated."""
    inventory = prepared.fleet.inventory
    wanted = set(inventory.hosts)
    if limit is not None:
        wanted = set(patterns.limit(inventory, inventory.hosts, limit))
        named = {task.delegate_to for task in prepared.playbook.all_tasks()}
        wanted |= {host for host in inventory.hosts if host in named}
    planned = Planned(inventory)
    for host in inventory.hosts.values():
        if host.name not in wanted:
            planned.missing[host.name] = OUTSIDE
            continue
        connection = _connection(prepared.fleet, host)
        if not is_local(host.name, connection.get("ansible_connection")):
            planned.add(
                host, system_of(host, connection, facts.get(host.name), default), connection
            )
    return planned


def _connection(fleet: Fleet, host: Host) -> dict[str, Any]:
    """The few connection variables that say what kind of host it is."""
    found: dict[str, Any] = {}
    for name in ("ansible_connection", "ansible_shell_type", *TIMES):
        value = host.vars.get(name)
        if isinstance(value, Secret):
            value = value.reveal()
        if value is not None:
            found[name] = fleet.templates.render(value, host.vars)
    return found
