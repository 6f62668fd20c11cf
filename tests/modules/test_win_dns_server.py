"""win_dns_zone and win_dns_record on the lab, and against texts that dnscmd prints."""

from __future__ import annotations

from typing import Any

import pytest

from runner.errors import ModuleError, ParamsError, Refused
from runner.interfaces.exchange import Output
from runner.windows import dns_server
from tests.modules.labhost import LabHost
from tests.modules.scripted import task

ZONE = "sink.example"
SEEN = """Zone query result:

Zone info:
\tptr                   = 00000259E2DA72F0
\tzone name             = Sink.Example
\tzone type             = 4
\tshutdown              = 0
\tupdate                = 2
\tDS integrated         = 1
\tdata file             = (null)
\taging                 = 0
\t  refresh interval    = 0
\tdirectory partition   = AD-Forest     flags 00000019
Command completed successfully.
"""
RECORDS = """Returned records:
@ [Aging:3500000] 1200 A\t10.0.0.9
\t\t 3600 A\t10.0.0.7
\t\t 3600 NS\tdc01.

Command completed successfully.
"""


def sent(host: LabHost, act: Any) -> list[str]:
    commands = host.machine.counters.commands
    commands.clear()
    act()
    lines = [line.removeprefix("<nul ").replace('^"', "").replace('"', "") for line in commands]
    return [line for line in lines if line.startswith("dnscmd")]


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


def test_records_are_what_the_task_lists_and_the_name_always_leads_somewhere() -> None:
    host = LabHost("2012r2", role="dns_server")
    zone = host.task("win_dns_zone", name=ZONE, replication="none")
    zone.apply(zone.plan())
    first = host.task("win_dns_record", zone=ZONE, name="www", type="A", value="10.0.0.9,10.0.0.8")
    first.apply(first.plan())
    before = host.state
    job = host.task("win_dns_record", zone=ZONE, name="WWW", type="A", value=["10.0.0.7"], ttl=60)
    change = job.plan()
    add, *delete = sent(host, lambda: job.apply(change))
    assert add == f"dnscmd . /recordadd {ZONE} www 60 A 10.0.0.7"
    assert delete == [f"dnscmd . /recorddelete {ZONE} www A 10.0.0.{n} /f" for n in (8, 9)]
    assert not job.plan().differences()
    job.undo(change)
    assert host.state["dns"] == before["dns"]
    none = host.task("win_dns_record", zone=ZONE, name="www", type="A", state="absent")
    none.apply(none.plan())
    assert none.probe().records == ()


def test_names_are_compared_with_their_dot_and_another_life_is_a_change() -> None:
    host = LabHost("2019", role="dns_server")
    zone = host.task("win_dns_zone", name=ZONE, replication="none")
    zone.apply(zone.plan())
    job = host.task("win_dns_record", zone=ZONE, name="a", type="CNAME", value="Web.Example")
    job.apply(job.plan())
    again = host.task("win_dns_record", zone=ZONE, name="a", type="CNAME", value="web.example.")
    assert not again.plan().differences()
    longer = host.task("win_dns_record", zone=ZONE, name="a", type="CNAME", value="web.example",
                       ttl=60)  # fmt: skip
    change = longer.plan()
    longer.apply(change)
    assert [one.ttl for one in longer.probe().records] == [60]
    longer.undo(change)
    assert not again.plan().differences()


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
    with pytest.raises(Refused, match="where to keep it"):
        host.task("win_dns_zone", name=ZONE).plan()
    made = host.task("win_dns_zone", name=ZONE, replication="domain")
    made.apply(made.plan())
    with pytest.raises(Refused, match=r"kept elsewhere \(domain, not none\)"):
        host.task("win_dns_zone", name=ZONE, replication="none").plan()


def test_a_record_needs_its_zone_when_it_is_made() -> None:
    job = LabHost("2012", role="dns_server").task(
        "win_dns_record", zone=ZONE, name="@", type="A", value="10.0.0.9"
    )
    change = job.plan()  # in a preview the zone is still to come
    with pytest.raises(ModuleError, match="9601") as failed:
        job.apply(change)
    assert "win_dns_zone" in failed.value.hint


@pytest.mark.parametrize(
    ("module", "raw"),
    [
        ("win_dns_zone", {"name": "a b"}),
        ("win_dns_zone", {"name": "x" * 300}),
        ("win_dns_zone", {"name": ZONE, "replication": "none", "dynamic_update": "secure"}),
        ("win_dns_zone", {"name": ZONE, "type": "forwarder"}),
        ("win_dns_record", {"zone": ZONE, "name": "@", "type": "A"}),
        ("win_dns_record", {"zone": ZONE, "name": "@", "type": "A", "value": "::1"}),
        ("win_dns_record", {"zone": ZONE, "name": "@", "type": "CNAME", "value": "a b"}),
        ("win_dns_record", {"zone": ZONE, "name": "a&b", "type": "A", "value": "10.0.0.1"}),
    ],
)
def test_what_is_no_parameter(module: str, raw: dict[str, Any]) -> None:
    with pytest.raises(ParamsError):
        task(module, **raw)


def test_what_dnscmd_prints() -> None:
    fields = dns_server.zone_fields(Output(0, SEEN), "sink.example")
    assert (fields["zone type"], fields["update"]) == ("4", "2")
    assert dns_server.replication(fields) == "forest"
    with pytest.raises(ModuleError, match="cannot be read"):
        dns_server.zone_fields(Output(0, SEEN), "other.example")
    assert dns_server.records(Output(0, RECORDS), "A") == (("10.0.0.7", 3600), ("10.0.0.9", 1200))
    failed = Output(0, "\nCommand failed:  DNS_ERROR_ZONE_DOES_NOT_EXIST     9601    0x2581\n")
    assert dns_server.checked(failed, "x", (9601,)) == 9601
