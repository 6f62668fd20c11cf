"""What ``ping`` and ``doctor`` share: a few hosts of an inventory, and links to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runner import __version__
from runner.app.fleet import Fleet, load_fleet
from runner.app.links import make_links
from runner.app.options import DEFAULT_APPROACH, NO_VAULT, Approach, VaultOptions
from runner.engine.runtime import Links
from runner.engine.stop import Stop
from runner.engine.variables import Variables
from runner.errors import PatternError
from runner.loading import patterns
from runner.model.task import Way


@dataclass(frozen=True, slots=True)
class ReachOptions:
    """Which hosts, of which inventory, with what."""

    pattern: str
    inventory: tuple[Path, ...]
    limit: str | None = None
    extra: tuple[str, ...] = ()
    forks: int | None = None
    password: str | None = None
    vault: VaultOptions = NO_VAULT
    approach: Approach = DEFAULT_APPROACH


@dataclass(frozen=True, slots=True)
class Reached:
    """The hosts, in the inventory's order, and the links to them; none is connected yet."""

    fleet: Fleet
    hosts: tuple[str, ...]
    links: Links
    stop: Stop


def prepare_hosts(options: ReachOptions) -> Reached:
    """Read everything. Raises InputError for what a person wrote wrong."""
    fleet = load_fleet(options.inventory, options.extra, options.password, None, options.vault)
    hosts: Sequence[str] = patterns.select(fleet.inventory, options.pattern)
    if options.limit is not None:
        allowed = patterns.limit(fleet.inventory, hosts, options.limit)
        hosts = [host for host in hosts if host in allowed]
    if not hosts:
        raise PatternError(
            f"no host is left of '{options.pattern}'",
            hint="see who there is with: runner inventory --list",
        )
    variables = Variables(
        fleet.inventory, fleet.extra, check_mode=False, playbook_dir="", version=__version__
    )
    stop = Stop()
    uses = [(host, Way()) for host in hosts]
    links = make_links(fleet, variables, stop, uses, options.approach)
    return Reached(fleet, tuple(hosts), links, stop)
