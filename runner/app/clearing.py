"""Takes away the leases of a controller that died, also where nothing else is left to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress

from runner.app.wiring.fleet import Fleet
from runner.engine.runtime import Links
from runner.journal.journal import Journal


def hosts_left(
    journal: Journal, fleet: Fleet, runs: Iterable[str], only: frozenset[str] | None = None
) -> list[str]:
    """The hosts of the inventory on which one of these runs was when its controller died."""
    was_there = journal.hosts_left(runs)
    return [
        host for host in fleet.inventory.hosts if (only is None or host in only) and was_there(host)
    ]


def suspect(links: Links, hosts: Sequence[str]) -> None:
    """Whoever is done with one of these hosts first takes away what dead runs left there."""
    if links.leasing is not None:
        links.leasing.suspects = frozenset(hosts)


def clear_up(links: Links) -> None:
    """Do the same on those of them that no task was about. Ctrl-C leaves what is left."""
    with suppress(KeyboardInterrupt):
        links.close_suspects()
