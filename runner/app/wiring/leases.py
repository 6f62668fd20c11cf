"""Leases as a run of this controller sees them: what the journal knows, what a person said."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from runner.app.wiring.fleet import Fleet
from runner.app.wiring.links import truth
from runner.app.wiring.options import Locking
from runner.engine.hosts.lease_book import counted
from runner.engine.hosts.leasing import Leasing
from runner.engine.tasks.becoming import setting_to_json
from runner.engine.variables.variables import Variables
from runner.errors import JournalError, UsageError
from runner.interfaces.lease import Lease
from runner.interfaces.setting import Setting
from runner.journal.holdings import LEASE
from runner.journal.journal import Journal
from runner.journal.locks import key
from runner.journal.records import RUNNING
from runner.journal.rows import dump
from runner.journal.trail import LEASE_BROKEN, LEASE_TAKEN_OVER, Breaking
from runner.model.secret import Redactor

VARIABLE: Final = "runner_lease"
"""``no``: nothing is written to this host."""
_ALL: Final = "all"
_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")


class JournalBook:
    """What this controller's journal says of leases; see ``engine.leasing.LeaseBook``."""

    def __init__(
        self,
        journal: Journal,
        run: str,
        notice: Callable[[str, str], None],
        redactor: Redactor | None = None,
    ) -> None:
        """``redactor`` knows what must not be on record."""
        self._journal = journal
        self._run = run
        self._notice = notice
        self._redactor = redactor or Redactor()
        self._written: dict[tuple[str, str], str] = {}
        """What is on record of the entries that are there, by host and name."""

    def over(self, lease: Lease) -> str:
        """A run of this controller whose end is on record has no hosts any more."""
        status = self._journal.trail.status(lease.run)
        if status is None or status == RUNNING:
            return ""
        return f"that run of this controller is over ({status})"

    def unchanged(self, host: str, lease: Lease) -> float:
        """Since this machine's start; see ``Trail.unchanged``."""
        trail = self._journal.trail
        return trail.unchanged(host, lease.name, lease.text, _boot(), counted())

    def may_break(self, host: str) -> bool:
        """``--break-lock``."""
        return self._journal.breaking is not None and self._journal.breaking.has(host)

    def taken_over(self, host: str, lease: Lease, why: str, *, broken: bool) -> None:
        """On the trail, and told to whoever watches."""
        breaking = self._journal.breaking
        said = f"{breaking.reason} " if broken and breaking is not None else ""
        kind = LEASE_BROKEN if broken else LEASE_TAKEN_OVER
        text = f"{said}(lease of run {lease.run} of {lease.owner or 'somebody'}: {why})"
        self._journal.trail.note(self._run, kind, getpass.getuser(), text, host)
        self._journal.trail.forget(host, lease.name)
        self._notice(f"{host}: {kind}: {text}", host)

    def writes(self, host: str, name: str, setting: Setting) -> None:
        """Kept as what the host holds for this run; see ``holdings``."""
        held = f"{name} {dump(setting_to_json(setting), 'a setting')}"
        if self._redactor.text(held) != held:
            held = f"{name} null"
        before = self._written.get((host, name))
        if held == before:
            return
        self._journal.opened(self._run, host, LEASE, held)
        self._written[host, name] = held
        if before is not None:
            self._closed(host, before)

    def gone(self, host: str, name: str) -> None:
        """Soon on the disk."""
        held = self._written.pop((host, name), None)
        if held is not None:
            self._closed(host, held)

    def cleared(self, host: str) -> None:
        """Soon on the disk."""
        mine = {held for (there, _), held in self._written.items() if there == host}
        found = self._journal.left(host, LEASE, self._run)
        self._journal.gone([one for one in found if one.run != self._run or one.held not in mine])

    def _closed(self, host: str, held: str) -> None:
        # After the end of the run there is no journal; a record too many does no harm.
        with suppress(JournalError):
            self._journal.closed(self._run, host, held)

    def notice(self, host: str, text: str) -> None:
        """Told to whoever watches."""
        self._notice(text, host)


def leasing_of(
    locking: Locking,
    journal: Journal,
    run: str,
    fleet: Fleet,
    variables: Variables,
    notice: Callable[[str, str], None],
) -> Leasing | None:
    """What keeps other controllers off the hosts of this run; None with ``--no-lease``."""
    if not locking.lease:
        return None

    def takes(host: str) -> bool:
        of_host = variables.of_host(host)
        said = fleet.templates.render(of_host.get(VARIABLE), of_host)
        return said is None or truth(host, VARIABLE, said)

    owner = f"{getpass.getuser()}@{socket.gethostname()}:{os.getpid()}"
    return Leasing(run, owner, JournalBook(journal, run, notice, fleet.redactor), takes)


def breaking_of(locking: Locking, known: Iterable[str]) -> Breaking | None:
    """What ``--break-lock`` says, by whom. Raises UsageError for a host that nobody knows."""
    if not locking.broken:
        return None
    if _ALL in locking.broken:
        return Breaking(None, locking.reason, getpass.getuser())
    names = {key(name) for name in known}
    unknown = [host for host in locking.broken if key(host) not in names]
    if unknown:
        raise UsageError(
            f"--break-lock: not a host of the inventory: {', '.join(unknown)}",
            hint="name hosts as the inventory does, or say 'all'",
        )
    return Breaking(frozenset(map(key, locking.broken)), locking.reason, getpass.getuser())


def _boot() -> str:
    try:
        return _BOOT.read_text("ascii").strip()
    except OSError:
        return ""
