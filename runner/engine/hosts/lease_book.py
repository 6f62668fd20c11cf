"""What a controller knows of leases that it finds, and what it makes of that."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Final, Protocol

from runner.errors import LeaseHeld
from runner.interfaces.lease import Lease, Leased, removable
from runner.interfaces.setting import Setting

LENGTH: Final = 1800
"""Seconds for which an entry is good, unless a command may take longer."""
MARGIN: Final = 60.0
"""Seconds by which two clocks that only count may differ while a lease is good, and more."""


def counted() -> float:
    """Seconds that nobody can set, and that go on while this machine sleeps."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def length_for(seconds: float) -> int:
    """For how many seconds an entry must be good, so that a command may take that long."""
    return max(LENGTH, math.ceil(seconds + 2 * MARGIN))


def is_there(found: Leased, mine: Lease) -> bool:
    """Whether the listing shows the entry just written, once, and it was there behind that."""
    return found.stays and [e.text for e in found.entries if e.name == mine.name] == [mine.text]


class LeaseBook(Protocol):
    """What a controller knows of the entries that it finds."""

    def over(self, lease: Lease) -> str:
        """Why the run that wrote it is over, as this controller knows of its own runs; or empty."""

    def unchanged(self, host: str, lease: Lease) -> float:
        """For how many seconds this controller has seen exactly this entry there."""

    def may_break(self, host: str) -> bool:
        """Whether a person said to break the leases of that host."""

    def taken_over(self, host: str, lease: Lease, why: str, *, broken: bool) -> None:
        """Put on record, durably, that an entry of somebody else is being removed."""

    def writes(self, host: str, name: str, setting: Setting) -> None:
        """Put on record, durably, that an entry of this run is about to be written, as that user:
        should this controller die, the next one knows where to clear up, and as whom."""

    def gone(self, host: str, name: str) -> None:
        """That entry is removed, or was not written."""

    def cleared(self, host: str) -> None:
        """What runs that died wrote there is removed."""

    def notice(self, host: str, text: str) -> None:
        """Tell people something about a host."""


def verdict(book: LeaseBook, host: str, lease: Lease) -> tuple[str, bool]:
    """Why an entry does not count (empty: it does), and whether only a person says so."""
    if not removable(lease.name):
        return "", False
    if why := book.over(lease):
        return why, False
    unchanged = book.unchanged(host, lease)
    if unchanged > lease.seconds + MARGIN:
        return f"nobody has renewed it for {unchanged:.0f} s", False
    return ("by --break-lock", True) if book.may_break(host) else ("", False)


def said(lease: Lease) -> str:
    """Whose it is, and since when by that one's clock, for people."""
    if not lease.owner:
        return f"an entry that this runner cannot read ({lease.name})"
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(lease.since))
    return f"run {lease.run} of {lease.owner.replace(':', ', process ')}, since {when}"


def held_by(host: str, others: Sequence[Lease], place: str, *, lost: bool = False) -> LeaseHeld:
    """The error for a host that others have; ``lost``: this run had it, and its entry is gone."""
    by = "; ".join(map(said, others)) or "nobody who is there now"
    what = "its lease was removed by" if lost else "it is being worked on by"
    return LeaseHeld(
        f"{what} {by}",
        hint="wait for that run, or leave the host out with --limit; if it is over for sure: "
        f"--break-lock {host} --reason TEXT (the lease is in {place})",
    )
