"""What ``ping`` and ``doctor`` share: a few hosts of an inventory, and links to them."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from runner import __version__
from runner.app.wiring.fleet import Fleet, load_fleet
from runner.app.wiring.links import make_links
from runner.app.wiring.options import DEFAULT_APPROACH, NO_VAULT, Approach, VaultOptions
from runner.engine.hosts.link import Link
from runner.engine.runtime import Links
from runner.engine.stop import Stop
from runner.engine.variables.variables import Variables
from runner.errors import JournalError, PatternError
from runner.journal.journal import Journal
from runner.journal.place import journal_path
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


@contextmanager
def terminable() -> Iterator[None]:
    """Have SIGTERM end the body as Ctrl-C does, so that what is open on hosts is given back."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    old = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, old)


def left_behind(links: Sequence[Link]) -> dict[str, int]:
    """The hosts on which runs that are over left shells, by the journal, and how many.

    Nothing where there is no journal, or none that can be read: whoever asks has other work.
    """
    try:
        if not journal_path().exists():
            return {}
        with Journal.open() as journal:
            counts = {link.host: len(journal.left(link.host, str(link.place))) for link in links}
    except JournalError:
        return {}
    return {host: count for host, count in counts.items() if count}


def told(count: int) -> str:
    """What that means, for people."""
    shells = "a remote shell is" if count == 1 else f"{count} remote shells are"
    return f"{shells} on record there that a run left when it was killed"


GIVEN_BACK = (
    "the next run or rollback on that host, as this user, deletes what is left; else the host does "
    "when its idle timeout has passed"
)
