"""win_dns_record on the lab."""

from __future__ import annotations

from typing import Any

import pytest

from runner.errors import ModuleError, ParamsError
from tests.modules.dns_lines import ZONE, sent
from tests.modules.labhost import LabHost
from tests.modules.scripted import task

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


def test_a_record_needs_its_zone_when_it_is_made() -> None:
    job = LabHost("2012", role="dns_server").task(
        "win_dns_record", zone=ZONE, name="@", type="A", value="10.0.0.9"
    )
    change = job.plan()  # in a preview the zone is still to come
    with pytest.raises(ModuleError, match="9601") as failed:
        job.apply(change)
    assert "win_dns_zone" in failed.value.hint


def test_what_cannot_be_done_is_said_with_its_reason() -> None:
    words = {"zone": ZONE, "name": "x", "value": "10.0.0.1"}
    with pytest.raises(ParamsError, match="dnscmd knows no scopes of zones"):
        task("win_dns_record", **words, type="A", zone_scope="external")
    with pytest.raises(ParamsError, match="cannot write DHCID records"):
        task("win_dns_record", **words, type="DHCID")
