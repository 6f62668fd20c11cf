"""One run as it contends for hosts: who it is, and under which names it has entries there."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from runner.engine.hosts.lease_book import LeaseBook, counted
from runner.interfaces.lease import Leased
from runner.interfaces.setting import Setting


@dataclass(slots=True)
class _Names:
    """The names under which one run may have entries."""

    there: set[str] = field(default_factory=set)
    leaving: set[str] = field(default_factory=set)
    """Those that are being removed: nothing rests on them any more."""
    beside: dict[str, set[str]] = field(default_factory=dict)
    """Which ones stood on the same host."""


class Contender:
    """What the leases of all hosts of one run have in common; the rule is that of ``leasing``.
    Thread-safe."""

    def __init__(
        self, run: str, owner: str, book: LeaseBook, clock: Callable[[], float] = counted
    ) -> None:
        self.run = run
        self.owner = owner
        self.book = book
        self.clock = clock
        self.suspects: frozenset[str] = frozenset()
        """Hosts on which a run that died, and that this one goes on with or takes back, may have
        left an entry. It is removed, though nothing else may be left to do there."""
        self.as_whom: Callable[[str], Setting] = lambda _host: Setting()
        """As which user that entry was written."""
        self._names = _Names()
        self._names_lock = threading.Lock()

    def comes(self, name: str) -> None:
        """An entry of that name is about to be written."""
        with self._names_lock:
            self._names.there.add(name)

    def met(self, found: Leased) -> tuple[frozenset[str], list[str]]:
        """Note the entries of this run on a host: all of them (several are of a host with several
        names), and those that are being removed."""
        names = frozenset(entry.name for entry in found.entries if entry.run == self.run)
        if len(names) < 2:
            return names, []
        with self._names_lock:
            for name in names:
                self._names.beside.setdefault(name, set()).update(names - {name})
            return names, sorted(names & self._names.leaving)

    def leaves(self, name: str) -> bool:
        """An entry of that name is about to be removed; says whether no other one of this run can
        be on that host. Who comes now finds it leaving, and waits."""
        with self._names_lock:
            self._names.leaving.add(name)
            others = self._names.beside.get(name, set()) - self._names.leaving
            return not others & self._names.there

    def left(self, name: str) -> None:
        """It surely is removed."""
        with self._names_lock:
            self._names.there.discard(name)
            self._names.leaving.discard(name)
