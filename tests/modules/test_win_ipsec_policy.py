"""win_ipsec_policy: what netsh is told, whose policies are left alone, and the exact way back."""

from __future__ import annotations

from typing import Any

import pytest

from runner.errors import ParamsError, Refused
from runner.interfaces.exchange import Output
from runner.model.state import Change
from runner.windows import ipsec
from tests.modules.labhost import LabHost, LabTask
from tests.modules.scripted import task

STATIC = "netsh ipsec static "
RULES = [
    {"protocol": "tcp", "ports": "135, 445"},
    {"action": "permit", "direction": "both", "protocol": "any", "remote": "10.0.0.5"},
]
STORE = r"HKLM\SOFTWARE\Policies\Microsoft\Windows\IPSec\Policy\Local"
OTHER = r"ipsecPolicy{11111111-2222-3333-4444-555555555555}"
ASSIGNED: dict[str, Any] = {
    STORE: {"ActivePolicy": rf"{STORE.removeprefix('HKLM')[1:]}\{OTHER}"},
    rf"{STORE}\{OTHER}": {"ipsecName": "Server (Request Security)", "description": "x"},
}


def told(host: LabHost, act: Any) -> list[str]:
    commands = host.machine.counters.commands
    commands.clear()
    act()
    lines = [line.removeprefix("<nul ").replace("^", "").replace('"', "") for line in commands]
    return [line.removeprefix(STATIC) for line in lines if line.startswith(STATIC)]


def block(host: LabHost, **raw: Any) -> LabTask:
    return host.task("win_ipsec_policy", **{"name": "WR", "rules": RULES, **raw})


def test_what_netsh_is_told_and_how_it_goes_back() -> None:
    host = LabHost("2003-sp2")
    before = host.state
    job = block(host)
    change = job.plan()
    assert told(host, lambda: job.apply(change)) == [
        (
            "add filter filterlist=WR-1 srcaddr=any dstaddr=me protocol=TCP mirrored=no "
            "srcport=0 dstport=135"
        ),
        (
            "add filter filterlist=WR-1 srcaddr=any dstaddr=me protocol=TCP mirrored=no "
            "srcport=0 dstport=445"
        ),
        "add filter filterlist=WR-2 srcaddr=10.0.0.5 dstaddr=me protocol=ANY mirrored=no",
        "add filter filterlist=WR-2 srcaddr=me dstaddr=10.0.0.5 protocol=ANY mirrored=no",
        "add filteraction name=WR-block action=block",
        "add filteraction name=WR-permit action=permit",
        (
            "add policy name=WR description=runner: block in tcp 135,445 any; "
            "permit both any any 10.0.0.5 activatedefaultrule=no assign=no"
        ),
        "add rule name=WR-1 policy=WR filterlist=WR-1 filteraction=WR-block",
        "add rule name=WR-2 policy=WR filterlist=WR-2 filteraction=WR-permit",
        "set policy name=WR assign=yes",
    ]
    assert not job.plan().differences()
    result = job.module.result(job.params, change, job.facts, {})
    assert result == {"assigned": True, "active_policy": "WR"}
    assert told(host, lambda: job.undo(change)) == [
        "set policy name=WR assign=no",
        "delete policy name=WR",
        "delete filterlist name=WR-1",
        "delete filterlist name=WR-2",
        "delete filteraction name=WR-block",
        "delete filteraction name=WR-permit",
    ]
    assert host.state == before


def test_the_policy_that_was_in_force_comes_back() -> None:
    host = LabHost("2003-sp2", registry=ASSIGNED)
    before = host.state
    job = block(host)
    change = job.plan()
    assert (change.before.active, change.after.active) == ("Server (Request Security)", "WR")
    said = job.module.message(job.params, change, job.facts)
    assert said == "the policy Server (Request Security) is not in force any more"
    job.apply(change)
    assert not job.plan().differences()
    job.undo(Change(change.subject, change.before, job.probe()))
    assert host.state == before


def test_other_rules_and_back_to_the_old_ones() -> None:
    host = LabHost("2003-sp2")
    first = block(host)
    first.apply(first.plan())
    before = host.state
    other = block(host, rules=[{"ports": "139"}, {"remote": "10.0.0.0/8", "direction": "out"}])
    change = other.plan()
    lines = told(host, lambda: other.apply(change))
    assert "add filter filterlist=WR-2 srcaddr=me dstaddr=10.0.0.0 dstmask=255.0.0.0 " in " ".join(
        lines
    )
    assert not other.plan().differences()
    other.undo(change)
    assert host.state == before
    assert not first.plan().differences()


def test_out_of_force_and_gone() -> None:
    host = LabHost("2003-sp2")
    job = block(host)
    job.apply(job.plan())
    before = host.state
    idle = block(host, assigned=False)
    change = idle.plan()
    assert [d.field for d in change.differences()] == ["active"]
    assert told(host, lambda: idle.apply(change)) == ["set policy name=WR assign=no"]
    assert told(host, lambda: idle.undo(change)) == ["set policy name=WR assign=yes"]
    assert host.state == before
    gone = host.task("win_ipsec_policy", name="wr", state="absent")
    change = gone.plan()
    gone.apply(change)
    assert not gone.probe().present
    gone.undo(change)
    assert not job.plan().differences()


def test_a_rule_that_is_missing_is_a_difference() -> None:
    host = LabHost("2003-sp2")
    job = block(host)
    change = job.plan()
    assert host.write_cut(job.module.apply(job.params, change, job.facts), 8)
    found = job.probe()
    assert found.present
    assert found.rules == ()
    job.apply(job.plan())
    assert not job.plan().differences()


BY_DOMAIN = {r"HKLM\SOFTWARE\Policies\Microsoft\Windows\IPSec\GPTIPSECPolicy": {
    "DSIPSECPolicyName": "Domain"}}  # fmt: skip
FOREIGN = {rf"{STORE}\{OTHER}": {"ipsecName": "WR", "description": "made by hand"}}
REFUSED: list[tuple[str, dict[str, Any], dict[str, Any], str, str]] = [
    ("a domain's policy", {"registry": BY_DOMAIN}, {}, "the domain assigned", "assigned: false"),
    ("a foreign one", {"registry": FOREIGN}, {}, "did not make", "another name"),
    ("no service", {"services": {"PolicyAgent": {"state": "stopped"}}}, {}, "does not run",
     "win_service"),
    ("everything", {}, {"rules": [{"protocol": "any"}]}, "own connection", "permit"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("state", "raw", "says", "hint"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED]
)
def test_refusals(state: dict[str, Any], raw: dict[str, Any], says: str, hint: str) -> None:
    with pytest.raises(Refused, match=says) as refused:
        block(LabHost("2003-sp2", **state), **raw).plan()
    assert hint in refused.value.hint


def test_what_is_not_in_force_needs_no_service() -> None:
    host = LabHost("2003-sp2", services={"PolicyAgent": {"state": "stopped"}})
    job = block(host, assigned=False)
    job.apply(job.plan())
    assert not job.plan().differences()


def test_windows_xp_is_told_what_to_use() -> None:
    job = block(LabHost("2003-sp2"))
    job.facts["windows"] = {**job.facts["windows"], "nt_version": "5.1"}
    with pytest.raises(Refused, match="no netsh ipsec"):
        job.probe()


def test_closing_the_way_in_is_said_beforehand() -> None:
    job = block(LabHost("2003-sp2"), rules=[{"ports": "3389,80-90"}])
    said = job.module.message(job.params, job.plan(), job.facts)
    assert said == "closes Remote Desktop (TCP 3389), WinRM 1.1 (TCP 80) for everybody"


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"name": "a b"}, "letters, digits"),
    ({"name": "all"}, "not 'all'"),
    ({"rules": []}, "needs 'rules'"),
    ({"rules": [{"ports": "445", "protocol": "icmp"}]}, "ports need protocol"),
    ({"rules": [{"ports": "445-139"}]}, "ends before it begins"),
    ({"rules": [{"ports": "0"}]}, "ports and ranges"),
    ({"rules": [{"ports": "1-1000"}]}, "too many"),
    ({"rules": [{"remote": "host.example"}]}, "an IPv4 address"),
    ({"rules": [{"remote": f"10.{n}.0.0/16"} for n in range(20)]}, "too many for one policy"),
]


@pytest.mark.parametrize(("raw", "says"), WRONG)
def test_wrong_parameters(raw: dict[str, Any], says: str) -> None:
    with pytest.raises(ParamsError, match=says):
        task("win_ipsec_policy", **{"name": "x", "rules": RULES, **raw})


def test_an_empty_or_missing_store() -> None:
    assert ipsec.store(Output(1)).active_name == ""
    assert not ipsec.store(Output(0, f"\r\nHKEY_LOCAL_MACHINE\\{STORE[5:]}\r\n")).objects
