"""Takes away the leases of a controller that died, also where nothing else is left to do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

from runner.app.wiring.fleet import Fleet
from runner.engine.runtime import Links
from runner.engine.tasks.becoming import Settings
from runner.engine.variables.variables import Variables
from runner.errors import InputError
from runner.interfaces.setting import Setting
from runner.journal.journal import Journal


def hosts_left(
    journal: Journal, fleet: Fleet, runs: Iterable[str], only: frozenset[str] | None = None
) -> list[str]:
    """The hosts of the inventory on which one of these runs was when its controller died."""
    was_there = journal.hosts_left(runs)
    return [
        host for host in fleet.inventory.hosts if (only is None or host in only) and was_there(host)
    ]


def as_whom(
    journal: Journal, fleet: Fleet, variables: Variables, runs: Iterable[str]
) -> Callable[[str], Setting]:
    """As which user one of these runs wrote the lease that it left on a host: on a POSIX host
    mostly nobody else can remove it. The password is that of the inventory."""
    settings, said = Settings(fleet.templates, fleet.redactor), journal.leases_left(runs)

    def of(host: str) -> Setting:
        recorded = said(host)
        if not recorded:
            return Setting()
        with suppress(InputError):  # who logs on may be able to
            return settings.recorded(json.loads(recorded), variables.of_host(host))
        return Setting()

    return of


def suspect(links: Links, hosts: Sequence[str], as_whom: Callable[[str], Setting]) -> None:
    """Whoever is done with one of these hosts first takes away what dead runs left there."""
    if links.leasing is not None:
        links.leasing.suspects = frozenset(hosts)
        links.leasing.as_whom = as_whom


def clear_up(links: Links) -> None:
    """Do the same on those of them that no task was about. Ctrl-C leaves what is left."""
    with suppress(KeyboardInterrupt):
        links.close_suspects()
