"""The journal as connections see it: what hosts hold for a run."""

from __future__ import annotations

from collections.abc import Sequence

from runner.journal.holdings import LeftRecord
from runner.journal.journal import Journal


class Held:
    """Records the remote shells of one run; see ``engine.access.HeldLedger``."""

    def __init__(self, journal: Journal, run: str) -> None:
        self._journal = journal
        self._run = run
        self._mine: set[tuple[str, str]] = set()
        """What connections have that are there: all else of this run is left over."""

    def opened(self, host: str, place: str, held: str) -> None:
        """Durable when it returns."""
        self._mine.add((host, held))
        self._journal.opened(self._run, host, place, held)

    def closed(self, host: str, held: str) -> None:
        """Soon on the disk."""
        self._journal.closed(self._run, host, held)

    def abandoned(self, host: str, held: Sequence[str]) -> None:
        """Nobody who holds them is there any more."""
        self._mine.difference_update((host, each) for each in held)

    def left(self, host: str, place: str) -> Sequence[LeftRecord]:
        """What runs that are over left there, and this one: before its controller died, or by a
        connection that broke."""
        found = self._journal.left(host, place, self._run)
        return [one for one in found if one.run != self._run or (host, one.held) not in self._mine]

    def gone(self, left: Sequence[LeftRecord]) -> None:
        """These are not there any more."""
        self._journal.gone(left)
