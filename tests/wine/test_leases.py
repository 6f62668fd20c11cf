"""The commands of leases with a cmd and a reg that others wrote."""

from __future__ import annotations

import pytest

from runner.engine.hosts.leasing import Leasing
from runner.errors import LeaseHeld
from runner.interfaces.exchange import Exec
from runner.interfaces.lease import Lease
from runner.interfaces.setting import Setting
from runner.shells import load
from runner.windows.lease import KEY, WindowsLeases
from tests.engine.hosts.lease_world import Book
from tests.wine.wine import WineBench
from tests.wine.winehost import WineHost

RUNS = ("20260513-0730-bcdf", "20260513-0731-bcdf")


def test_a_host_is_kept_renewed_and_given_back_without_a_trace(english: WineBench) -> None:
    host = WineHost(english)
    before = host.state["registry"]
    first, second = (Leasing(run, "anna@here:1", Book()) for run in RUNS)
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


@pytest.mark.parametrize("others", [(), ("before",), ("before", "between")], ids=len)
def test_a_script_begins_only_where_it_is_alone(
    english: WineBench, others: tuple[str, ...]
) -> None:
    """Entries are listed in the order of their names: others stand on both sides of it."""
    names = {"before": "20200101-0000-aaaa.00000000", "between": "20990101-0000-zzzz.00000000"}
    host = WineHost(english)
    before = host.state["registry"]
    for other in others:
        english.ok(f"reg add {KEY} /v {names[other]} /t REG_SZ /d v1,9,ab,1,kim@desk:1 /f")
    mine = Lease.make(f"{RUNS[0]}.00000001", seconds=9, beat="ab", since=1, owner="anna@here:1")
    command = WindowsLeases().taking(mine)
    assert command is not None
    change = Exec("reg", "add", r"HKLM\SOFTWARE\Headed", "/v", "a", "/d", "1", "/f")
    link = host.link.open()
    for _ in range(2):  # the second time its own entry is there already
        chain = load("cmd").chain([command, change, change])
        assert chain is not None
        outputs = chain.outputs(link.run(chain.invocation, timeout=120), link.encoding)
        assert [output.code for output in outputs] == ([1] if others else [0, 0, 0])
    assert any("Headed" in key for key in host.state["registry"]) is not bool(others)
    english.run(r"reg delete HKLM\SOFTWARE\Headed /f")
    english.ok(f"reg delete {KEY} /f")
    assert host.state["registry"] == before
