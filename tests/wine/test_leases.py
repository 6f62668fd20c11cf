"""The commands of leases with a cmd and a reg that others wrote."""

from __future__ import annotations

import pytest

from runner.engine.leasing import Leasing
from runner.errors import LeaseHeld
from runner.interfaces.shell import Setting
from tests.engine.test_leasing import Book, ListOfValues, World
from tests.wine.wine import WineBench
from tests.wine.winehost import WineHost

RUNS = ("20260513-0730-bcdf", "20260513-0731-bcdf")


def test_a_host_is_kept_renewed_and_given_back_without_a_trace(english: WineBench) -> None:
    host = WineHost(english)
    before = host.state["registry"]
    first, second = (Leasing(run, "anna@here:1", Book(World(ListOfValues("last")))) for run in RUNS)
    host.link.lease = first.of("WEB01")
    host.link.hold(Setting())
    host.link.lease = second.of("WEB01")
    with pytest.raises(LeaseHeld, match=f"run {RUNS[0]} of anna@here, process 1"):
        host.link.hold(Setting())
    host.link.lease = first.of("WEB01")
    host.link.hold(Setting(), 7200.0)
    assert host.state["registry"] != before
    host.link.release()
    assert host.state["registry"] == before
