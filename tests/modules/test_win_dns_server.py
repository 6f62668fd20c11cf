"""win_dns_zone and win_dns_record on the lab, and against texts that dnscmd prints."""

from __future__ import annotations

from typing import Any

import pytest

from runner.errors import ModuleError, ParamsError, Refused
from runner.interfaces.exchange import Output
from runner.windows import dns_server, dns_zones
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


TEXTS = """Returned records:
t 3600 TXT\t( "a" "b (c)" )
\t\t 60 TXT\tbare words
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


# os, parameters, what is sent, what is sent to undo it
RECORD_ROWS: list[tuple[str, dict[str, Any], str, str]] = [
    ("2003-sp2",
     {"type": "SRV", "name": "_x._tcp", "value": "A.example", "priority": 5, "weight": 2,
      "port": 995},
     "_x._tcp 3600 SRV 5 2 995 a.example.", "_x._tcp SRV 5 2 995 a.example."),
    ("2012", {"type": "MX", "name": "@", "value": "mail.example", "priority": 10, "ttl": 60},
     "@ 60 MX 10 mail.example.", "@ MX 10 mail.example."),
    ("2022", {"type": "TXT", "name": f"t.{ZONE}", "value": "V=spf1 (all) x"},
     "t 3600 TXT V=spf1 (all) x", "t TXT V=spf1 (all) x"),
    ("2008-sp2", {"type": "A", "name": ZONE, "value": "10.0.0.9", "aging": True},
     "@ /Aging 3600 A 10.0.0.9", "@ A 10.0.0.9"),
]  # fmt: skip


@pytest.mark.parametrize(("os", "raw", "adds", "deletes"), RECORD_ROWS)
def test_records_of_each_type_come_and_go(
    os: str, raw: dict[str, Any], adds: str, deletes: str
) -> None:
    host = LabHost(os, role="dns_server", dns_zones=[ZONE])
    before = host.state
    job = host.task("win_dns_record", zone=ZONE, **raw)
    change = job.plan()
    assert plain(sent(host, lambda: job.apply(change))) == [f"dnscmd . /recordadd {ZONE} {adds}"]
    assert not job.plan().differences()
    back = job.plan()
    gone = host.task("win_dns_record", zone=ZONE, type=raw["type"], name=raw["name"],
                     state="absent")  # fmt: skip
    restoring = gone.module.restore(gone.params, gone.plan())
    assert plain(sent(host, lambda: job.undo(change))) == [
        f"dnscmd . /recorddelete {ZONE} {deletes} /f"
    ]
    assert host.state["dns"] == before["dns"]
    (again,) = (host.task("win_dns_record", **one.arguments) for one in restoring)
    again.apply(again.plan())
    assert job.probe() == back.before


def plain(lines: list[str]) -> list[str]:
    return [line.replace("^", "") for line in lines]


def test_a_record_that_ages_stays_for_good_when_the_task_does_not_say_aging() -> None:
    host = LabHost("2016", role="dns_server", dns_zones=[ZONE])
    words = {"zone": ZONE, "name": "www", "type": "A", "value": "10.0.0.9"}
    first = host.task("win_dns_record", **words, aging=True)
    first.apply(first.plan())
    before = host.state["dns"]
    job = host.task("win_dns_record", **words)
    change = job.plan()
    job.apply(change)
    assert [one.aging for one in job.probe().records] == [False]
    job.undo(change)
    assert host.state["dns"] == before


def test_another_server_is_named() -> None:
    host = LabHost("2016", role="dns_server", dns_zones=[ZONE])
    job = host.task("win_dns_record", zone=ZONE, name="www", type="A", value="10.0.0.9",
                    computer_name="localhost")  # fmt: skip
    change = job.plan()
    assert sent(host, lambda: job.apply(change)) == [
        f"dnscmd localhost /recordadd {ZONE} www 3600 A 10.0.0.9"
    ]
    assert job.module.subject(job.params).endswith("on localhost")


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
    with pytest.raises(Refused, match="where it comes from"):
        host.task("win_dns_zone", name=ZONE, type="forwarder").plan()
    made = host.task("win_dns_zone", name=ZONE, replication="domain")
    made.apply(made.plan())
    with pytest.raises(Refused, match=r"kept elsewhere \(domain, not none\)"):
        host.task("win_dns_zone", name=ZONE, replication="none").plan()
    with pytest.raises(Refused, match="is a primary zone, not stub"):
        host.task("win_dns_zone", name=ZONE, type="stub", dns_servers=["10.0.0.5"]).plan()


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
        ("win_dns_zone", {"name": ZONE, "type": "forwarder", "dns_servers": ["dc01"]}),
        ("win_dns_zone", {"name": ZONE, "type": "secondary", "replication": "forest"}),
        ("win_dns_zone", {"name": ZONE, "forwarder_timeout": 16}),
        ("win_dns_record", {"zone": ZONE, "name": "x", "type": "SRV", "value": "a.example"}),
        (
            "win_dns_record",
            {"zone": ZONE, "name": "x", "type": "A", "value": "10.0.0.1", "port": 5},
        ),
        ("win_dns_record", {"zone": ZONE, "name": "x", "type": "TXT", "value": 'say "x"'}),
        ("win_dns_record", {"zone": ZONE, "name": "x", "type": "TXT", "value": "x" * 256}),
        ("win_dns_record", {"zone": ZONE, "name": "x", "type": "A", "computer_name": "a b"}),
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
    assert dns_server.records(Output(0, RECORDS), "A") == (
        dns_server.Record("10.0.0.7", 3600), dns_server.Record("10.0.0.9", 1200, aging=True),
    )  # fmt: skip
    assert dns_server.records(Output(0, TEXTS), "TXT") == (
        dns_server.Record("a\nb (c)", 3600), dns_server.Record("bare words", 60),
    )  # fmt: skip
    failed = Output(0, "\nCommand failed:  DNS_ERROR_ZONE_DOES_NOT_EXIST     9601    0x2581\n")
    assert dns_server.checked(failed, "x", (9601,)) == 9601


def test_what_cannot_be_done_is_said_with_its_reason() -> None:
    words = {"zone": ZONE, "name": "x", "value": "10.0.0.1"}
    with pytest.raises(ParamsError, match="dnscmd knows no scopes of zones"):
        task("win_dns_record", **words, type="A", zone_scope="external")
    with pytest.raises(ParamsError, match="cannot write DHCID records"):
        task("win_dns_record", **words, type="DHCID")


@pytest.mark.parametrize(("number", "masters"), [
    (2, "\tZone Masters\n\tIP Array: count = 2\n\t\tIP[0] = 10.0.0.5\n\t\tIP[1] = 10.0.0.6\n"),
    (4, ("\tZone Masters\n\tPtr = 0002A2F20\n\tMaxCount = 2\n"
        "\t\tMaster[0] => af=2, salen=16, [sub=0, flag=00000000] p=13568, addr=10.0.0.5\n"
        "\t\tMaster[1] => af=2, salen=16, [sub=0, flag=00000000] p=13568, addr=10.0.0.6\n")),
    (3, "\tzone masters\n\t10.0.0.5, 10.0.0.6\n"),
])  # fmt: skip
def test_masters_are_read_however_they_are_listed(number: int, masters: str) -> None:
    text = SEEN.replace("type             = 4", f"type             = {number}")
    text = text.replace("\tdata file", masters + "\tZone Secondaries\n\t10.0.0.7\n\tdata file")
    assert dns_zones.found(Output(0, text), ZONE).masters == ("10.0.0.5", "10.0.0.6")


def test_a_zone_that_cannot_be_read_is_not_touched() -> None:
    with pytest.raises(ModuleError, match="masters of the zone"):
        dns_zones.found(Output(0, SEEN), ZONE)
    with pytest.raises(Refused, match="of another kind"):
        dns_zones.found(Output(0, SEEN.replace("= 4", "= 0")), ZONE)
    with pytest.raises(ModuleError, match="cannot be read"):
        dns_zones.setting(Output(0, "Query result:\n"), ZONE)
