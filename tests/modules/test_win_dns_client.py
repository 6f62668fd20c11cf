"""win_dns_client as a table: a system, its adapters, and what netsh is told."""

from __future__ import annotations

from typing import Any

import pytest

from runner.errors import ParamsError, Refused
from tests.modules.labhost import LabHost
from tests.modules.scripted import task

GUID = "{6A2B1F0C-3D4E-4F5A-8B9C-0D1E2F3A4B5C}"
V4 = rf"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters\Interfaces\{GUID}"
V6 = rf"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip6\Parameters\Interfaces\{GUID}"
NAMES = (
    r"HKLM\SYSTEM\CurrentControlSet\Control\Network\{4D36E972-E325-11CE-BFC1-08002BE10318}"
    rf"\{GUID}\Connection"
)
TWO = ["10.0.0.2", "10.0.0.3"]
OLD = "netsh interface ip {} dns name=Local Area Connection "
NEW = "netsh interface ip {} dns name=Ethernet "
SIX = "netsh interface ipv6 {} dnsservers name=Ethernet "

# os, registry, parameters, what is sent, what is sent to undo it
ROWS: list[tuple[str, str, dict[str, Any], dict[str, Any], list[str], list[str]]] = [
    (
        "static address, 2003", "2003-sp2", {}, {"adapter_names": "*", "dns_servers": TWO},
        [OLD.format("set") + "source=static addr=10.0.0.2",
         OLD.format("add") + "addr=10.0.0.3 index=2"],
        [OLD.format("set") + "source=static addr=none"],
    ),
    (
        "by dhcp", "2008-sp2", {V4: {"EnableDHCP": 1}},
        {"adapter_names": "LOCAL area connection", "addresses": "10.0.0.2"},
        [OLD.format("set") + "source=static address=10.0.0.2"],
        [OLD.format("set") + "source=dhcp"],
    ),
    (
        "others before", "2016", {V4: {"NameServer": "8.8.8.8 10.0.0.3"}},
        {"adapter_names": ["Ethernet"], "dns_servers": TWO},
        [NEW.format("set") + "source=static address=10.0.0.2 validate=no",
         NEW.format("add") + "address=10.0.0.3 index=2 validate=no"],
        [NEW.format("set") + "source=static address=8.8.8.8 validate=no",
         NEW.format("add") + "address=10.0.0.3 index=2 validate=no"],
    ),
    (
        "back to dhcp", "2022", {V4: {"NameServer": "8.8.8.8", "EnableDHCP": 1},
                                 V6: {"NameServer": "fd00::1"}},
        {"adapter_names": "*", "dns_servers": []},
        [NEW.format("set") + "source=dhcp",
         SIX.format("set") + "source=static address=none"],
        [NEW.format("set") + "source=static address=8.8.8.8 validate=no",
         SIX.format("set") + "source=static address=fd00::1 validate=no"],
    ),
    (
        "only the kind that is given", "2019", {V4: {"NameServer": "8.8.8.8"}},
        {"adapter_names": "*", "dns_servers": "FD00:0::53"},
        [SIX.format("set") + "source=static address=fd00::53 validate=no"],
        [SIX.format("set") + "source=static address=none"],
    ),
]  # fmt: skip


SEARCH = r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"


@pytest.mark.parametrize(
    ("found", "wanted", "after"),
    [
        (None, ["a.example", "b"], "a.example,b"),
        ("a.example, B", ["A.EXAMPLE", "b"], "a.example, B"),
        ("b,a", "a,b", "a,b"),
        ("b", [], None),
        ("", [], ""),
        (None, [], None),
        ("x", None, "x"),
    ],
)
def test_suffixes(found: str | None, wanted: Any, after: str | None) -> None:
    there = {} if found is None else {"SearchList": found}
    host = LabHost("2016", registry={SEARCH: there})
    was = host.state["registry"]
    job = host.task("win_dns_client", adapter_names="*", dns_servers=[], suffix_search_list=wanted)
    change = job.plan()
    job.apply(change)
    key = next(k for k in host.state["registry"] if k.lower().endswith(SEARCH[4:].lower()))
    held = host.state["registry"][key].get("searchlist")
    assert held == (None if after is None else ["REG_SZ", after])
    assert not job.plan().differences()
    job.undo(change)
    assert host.state["registry"] == was


def test_a_suffix_has_no_blanks() -> None:
    with pytest.raises(ParamsError, match="not a suffix"):
        task("win_dns_client", adapter_names="*", dns_servers=[], suffix_search_list=["a b"])


@pytest.mark.parametrize(
    ("os", "registry", "raw", "sends", "undoes"), [r[1:] for r in ROWS], ids=[r[0] for r in ROWS]
)
def test_table(
    os: str, registry: dict[str, Any], raw: dict[str, Any], sends: list[str], undoes: list[str]
) -> None:
    host = LabHost(os, registry=registry)
    job = host.task("win_dns_client", **raw)
    change = job.plan()
    before = job.probe()
    assert told(host, lambda: job.apply(change)) == sends
    assert not job.plan().differences()
    assert told(host, lambda: job.undo(change)) == undoes
    assert job.probe() == before


def told(host: LabHost, act: Any) -> list[str]:
    commands = host.machine.counters.commands
    commands.clear()
    act()
    lines = [line.removeprefix("<nul ").replace('^"', "") for line in commands]
    return [line for line in lines if line.startswith("netsh")]


def test_names_in_the_systems_language() -> None:
    host = LabHost("2012r2", language="chs", registry={NAMES: {"Name": "本地连接"}})
    job = host.task("win_dns_client", adapter_names="本地连接", dns_servers="10.0.0.2")
    change = job.plan()
    job.apply(change)
    assert not job.plan().differences()
    assert job.probe().adapters[0].dns4 == ("10.0.0.2",)


def test_all_leaves_out_adapters_without_an_address() -> None:
    host = LabHost("2016", registry={V4: {"IPAddress": ["0.0.0.0"]}})
    with pytest.raises(Refused, match=r"no network adapter \*") as refused:
        host.task("win_dns_client", adapter_names="*", dns_servers="10.0.0.2").plan()
    assert "Ethernet" in refused.value.hint


REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    ("2016", {"adapter_names": "WAN", "dns_servers": TWO}, "no network adapter WAN", "Ethernet"),
    ("2003-sp2", {"adapter_names": "*", "dns_servers": "fd00::1"}, "IPv6", "IPv4 servers only"),
]


@pytest.mark.parametrize(("os", "raw", "says", "hint"), REFUSED)
def test_refusals(os: str, raw: dict[str, Any], says: str, hint: str) -> None:
    with pytest.raises(Refused, match=says) as refused:
        LabHost(os).task("win_dns_client", **raw).plan()
    assert hint in refused.value.hint


@pytest.mark.parametrize("servers", ["dns.example", ["10.0.0.1", "10.0.0.1"], "10.0.0.256"])
def test_servers_are_addresses_named_once(servers: Any) -> None:
    with pytest.raises(ParamsError, match=r"is not an address|is named twice"):
        task("win_dns_client", adapter_names="*", dns_servers=servers)
