"""What the command line says about locks, and what the journal says about leases."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.app.wiring.leases import JournalBook, breaking_of
from runner.app.wiring.options import Locking
from runner.cli.visiting import Said, locking
from runner.errors import UsageError
from runner.interfaces.lease import Lease
from runner.journal import Journal
from tests.journal.support import a_run


def lease(run: str) -> Lease:
    return Lease.make(f"{run}.00000000", seconds=9, beat="a", since=1, owner="kim@desk:1")


def said(hosts: tuple[str, ...], reason: str | None, no_lease: bool = False) -> Said:
    return Said({"break_lock": hosts, "reason": reason, "no_lease": no_lease})


def test_no_lock_is_broken_without_a_reason() -> None:
    assert locking(said(("web01,web02", "db01"), " it is gone ")) == Locking(
        True, ("web01", "web02", "db01"), "it is gone"
    )
    assert locking(said((), None, no_lease=True)) == Locking(False)
    with pytest.raises(UsageError, match="needs --reason"):
        locking(said(("web01",), "  "))
    with pytest.raises(UsageError, match="--reason goes with --break-lock"):
        locking(said((), "why not"))


def test_hosts_are_those_of_the_inventory() -> None:
    assert breaking_of(Locking(), ["web01"]) is None
    some = breaking_of(Locking(True, ("WEB01",), "gone"), ["web01", "web02"])
    assert some is not None
    assert (some.has("web01"), some.has("Web01"), some.has("web02")) == (True, True, False)
    everything = breaking_of(Locking(True, ("all",), "gone"), [])
    assert everything is not None
    assert everything.has("anything")
    with pytest.raises(UsageError, match="not a host of the inventory: web99"):
        breaking_of(Locking(True, ("web01", "web99"), "gone"), ["web01"])


def test_runs_of_this_journal_are_known_and_others_are_not(tmp_path: Path) -> None:
    told: list[tuple[str, str]] = []
    with Journal.open(tmp_path / "state" / "journal.db") as journal:
        mine, over = a_run("web01"), a_run("web02")
        journal.begin(mine)
        journal.begin(over)
        journal.finish(over.id, "failed", 2)
        book = JournalBook(journal, mine.id, lambda text, host: told.append((text, host)))
        assert book.over(lease(mine.id)) == ""
        assert book.over(lease(over.id)) == "that run of this controller is over (failed)"
        assert book.over(lease("20260513-0700-wxyz")) == ""
        assert book.unchanged("web01", lease("20260513-0700-wxyz")) == 0.0
        assert 0.0 <= book.unchanged("web01", lease("20260513-0700-wxyz")) < 3600.0
        assert not book.may_break("web01")
        book.taken_over("web01", lease(over.id), "it is over", broken=False)
        (note,) = journal.trail.of(mine.id)
        assert (note.kind, note.host) == ("lease taken over", "web01")
        assert told == [(f"web01: lease taken over: {note.text}", "web01")]
