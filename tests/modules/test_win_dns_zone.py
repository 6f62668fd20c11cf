"""win_dns_zone on the lab."""

from __future__ import annotations

from typing import Any

import pytest

from runner.errors import ModuleError, Refused
from tests.modules.dns_lines import ZONE, sent
from tests.modules.labhost import LabHost

# role, os, parameters, what is sent, what is sent to undo it
ROWS: list[tuple[str, str, dict[str, Any], list[str], list[str]]] = [
    ("dns_server", "2003-sp2", {"replication": "none"},
     [f"dnscmd . /zoneadd {ZONE} /primary /file {ZONE}.dns"],
     [f"dnscmd . /zonedelete {ZONE} /f"]),
    ("dns_server", "2022", {"replication": "none", "dynamic_update": "nonsecureandsecure"},
     [f"dnscmd . /zoneadd {ZONE} /primary /file {ZONE}.dns",
      f"dnscmd . /config {ZONE} /allowupdate 1"],
     [f"dnscmd . /zonedelete {ZONE} /f"]),
    ("domain_controller", "2012r2", {"replication": "forest", "dynamic_update": "secure"},
     [f"dnscmd . /zoneadd {ZONE} /dsprimary /dp /forest",
      f"dnscmd . /config {ZONE} /allowupdate 2"],
     [f"dnscmd . /zonedelete {ZONE} /dsdel /f"]),
    ("dns_server", "2003-sp2", {"type": "secondary", "dns_servers": "10.0.0.5,10.0.0.6"},
     [f"dnscmd . /zoneadd {ZONE} /secondary 10.0.0.5 10.0.0.6 /file {ZONE}.dns"],
     [f"dnscmd . /zonedelete {ZONE} /f"]),
    ("dns_server", "2019", {"type": "stub", "dns_servers": ["10.0.0.5"], "replication": "none"},
     [f"dnscmd . /zoneadd {ZONE} /stub 10.0.0.5 /file {ZONE}.dns"],
     [f"dnscmd . /zonedelete {ZONE} /f"]),
    ("dns_server", "2008-sp2", {"type": "forwarder", "dns_servers": ["fd00:0::5"]},
     [f"dnscmd . /zoneadd {ZONE} /forwarder fd00::5 /timeout 5"],
     [f"dnscmd . /zonedelete {ZONE} /f"]),
    ("domain_controller", "2025",
     {"type": "forwarder", "dns_servers": ["10.0.0.5"], "replication": "domain",
      "forwarder_timeout": 9, "dynamic_update": "secure"},
     [f"dnscmd . /zoneadd {ZONE} /dsforwarder 10.0.0.5 /timeout 9 /dp /domain"],
     [f"dnscmd . /zonedelete {ZONE} /dsdel /f"]),
]  # fmt: skip


@pytest.mark.parametrize(("role", "os", "raw", "sends", "undoes"), ROWS)
def test_a_zone_comes_and_goes(
    role: str, os: str, raw: dict[str, Any], sends: list[str], undoes: list[str]
) -> None:
    host = LabHost(os, role=role)
    before = host.state
    job = host.task("win_dns_zone", name=f"{ZONE.upper()}.", **raw)
    change = job.plan()
    assert sent(host, lambda: job.apply(change)) == sends
    assert not job.plan().differences()
    assert sent(host, lambda: job.undo(change)) == undoes
    assert host.state == before


# os, the zone as it is, the task, what is sent, what is sent to undo it
MOVES: list[tuple[str, dict[str, Any], dict[str, Any], list[str], list[str]]] = [
    ("2003-sp2", {"type": "secondary", "dns_servers": ["10.0.0.5"]},
     {"dns_servers": ["10.0.0.7", "10.0.0.5"]},
     [f"dnscmd . /zoneresetmasters {ZONE} 10.0.0.7 10.0.0.5"],
     [f"dnscmd . /zoneresetmasters {ZONE} 10.0.0.5"]),
    ("2022", {"type": "forwarder", "dns_servers": ["10.0.0.5"], "replication": "domain"},
     {"type": "forwarder", "forwarder_timeout": 0, "replication": "forest"},
     [f"dnscmd . /zonechangedirectorypartition {ZONE} /forest",
      f"dnscmd . /config {ZONE} /forwardertimeout 0"],
     [f"dnscmd . /zonechangedirectorypartition {ZONE} /domain",
      f"dnscmd . /config {ZONE} /forwardertimeout 5"]),
    ("2012", {"type": "stub", "dns_servers": ["10.0.0.5"], "replication": "legacy"},
     {"state": "absent"},
     [f"dnscmd . /zonedelete {ZONE} /dsdel /f"],
     [f"dnscmd . /zoneadd {ZONE} /dsstub 10.0.0.5 /dp /legacy"]),
    ("2016", {"type": "secondary", "dns_servers": ["10.0.0.5"]}, {"state": "absent"},
     [f"dnscmd . /zonedelete {ZONE} /f"],
     [f"dnscmd . /zoneadd {ZONE} /secondary 10.0.0.5 /file {ZONE}.dns"]),
    ("2008r2-sp1", {"replication": "domain"},
     {"replication": "forest", "dynamic_update": "secure", "forwarder_timeout": 3,
      "dns_servers": ["10.0.0.5"]},
     [f"dnscmd . /zonechangedirectorypartition {ZONE} /forest",
      f"dnscmd . /config {ZONE} /allowupdate 2"],
     [f"dnscmd . /zonechangedirectorypartition {ZONE} /domain",
      f"dnscmd . /config {ZONE} /allowupdate 0"]),
]  # fmt: skip


@pytest.mark.parametrize(("os", "first", "raw", "sends", "undoes"), MOVES)
def test_a_zone_becomes_another_and_back(
    os: str, first: dict[str, Any], raw: dict[str, Any], sends: list[str], undoes: list[str]
) -> None:
    host = LabHost(os, role="domain_controller")
    made = host.task("win_dns_zone", name=ZONE, **first)
    made.apply(made.plan())
    assert not made.plan().differences()
    before = host.state
    job = host.task("win_dns_zone", name=ZONE, **raw)
    change = job.plan()
    assert job.module.irreversible(job.params, change, job.facts) == ""
    assert sent(host, lambda: job.apply(change)) == sends
    assert not job.plan().differences()
    restoring = job.module.restore(job.params, change)
    assert sent(host, lambda: job.undo(change)) == undoes
    assert host.state == before
    job.apply(change)
    (back,) = (host.task("win_dns_zone", **one.arguments) for one in restoring)
    back.apply(back.plan())
    assert host.state["dns"] == before["dns"]


def test_what_a_task_returns_of_a_zone() -> None:
    host = LabHost("2019", role="dns_server")
    job = host.task(
        "win_dns_zone", name="10.in-addr.arpa", type="forwarder", dns_servers=["10.0.0.5"]
    )
    change = job.plan()
    job.apply(change)
    assert job.module.result(job.params, change, job.facts, {}) == {
        "zone": {
            "name": "10.in-addr.arpa", "type": "forwarder", "paused": False, "shutdown": False,
            "dynamic_update": "none", "reverse_lookup": True, "replication": "none",
            "forwarder_timeout": 5, "dns_servers": ["10.0.0.5"], "zone_file": "",
        }
    }  # fmt: skip


def test_a_zone_in_a_file_comes_back_with_its_records() -> None:
    host = LabHost("2008-sp2", role="dns_server")
    for name, raw in (
        ("win_dns_zone", {"name": ZONE, "replication": "none"}),
        ("win_dns_record", {"zone": ZONE, "name": "@", "type": "A", "value": "10.0.0.9"}),
    ):
        job = host.task(name, **raw)
        job.apply(job.plan())
    before = host.state
    gone = host.task("win_dns_zone", name=ZONE, state="absent")
    change = gone.plan()
    assert gone.module.irreversible(gone.params, change, gone.facts) == ""
    gone.apply(change)
    assert host.state["dns"] == {}
    gone.undo(change)
    assert host.state == before


def test_a_zone_in_the_directory_is_not_deleted_without_a_word() -> None:
    host = LabHost("2016", role="domain_controller")
    made = host.task("win_dns_zone", name=ZONE, replication="domain")
    made.apply(made.plan())
    gone = host.task("win_dns_zone", name=ZONE, state="absent")
    said = gone.module.irreversible(gone.params, gone.plan(), gone.facts)
    assert "zoneexport" in said


def test_without_a_server_and_with_a_stopped_one() -> None:
    job = LabHost("2019").task("win_dns_zone", name=ZONE, replication="none")
    with pytest.raises(Refused, match="no dnscmd") as refused:
        job.probe()
    assert "role DNS Server" in refused.value.hint
    host = LabHost("2019", role="dns_server", services={"DNS": {"state": "stopped"}})
    with pytest.raises(ModuleError, match="1722") as stopped:
        host.task("win_dns_zone", name=ZONE, replication="none").probe()
    assert "service DNS" in stopped.value.hint


def test_refusals_of_a_zone() -> None:
    host = LabHost("2012", role="domain_controller")
    with pytest.raises(Refused, match="where it comes from"):
        host.task("win_dns_zone", name=ZONE, type="forwarder").plan()
    made = host.task("win_dns_zone", name=ZONE, replication="domain")
    made.apply(made.plan())
    with pytest.raises(Refused, match=r"kept elsewhere \(domain, not none\)"):
        host.task("win_dns_zone", name=ZONE, replication="none").plan()
    with pytest.raises(Refused, match="is a primary zone, not stub"):
        host.task("win_dns_zone", name=ZONE, type="stub", dns_servers=["10.0.0.5"]).plan()
