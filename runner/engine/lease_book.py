"""What a controller knows of leases that it finds, and what it makes of that."""

from __future__ import annotations

import time
from typing import Final, Protocol

from runner.interfaces.lease import Lease, removable

MARGIN: Final = 60.0
"""Seconds by which two clocks that only count may differ while a lease is good, and more."""


def counted() -> float:
    """Seconds that nobody can set, and that go on while this machine sleeps."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


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
