"""win_isolate on the lab and in tables, and the addresses that it blocks."""

from __future__ import annotations

import ipaddress
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import ModuleError, ParamsError, Refused, Unreachable
from runner.interfaces.exchange import Output, Reconnect, Write
from runner.model.state import Change
from runner.windows import isolation
from tests.modules.facts import facts
from tests.modules.labhost import LabHost, LabTask
from tests.modules.scripted import Scripted
from tests.modules.scripted import task as parsed

ALLOW = {"allow": ["10.0.0.5"]}
NEAR = "1.0.0.0-10.0.0.4,10.0.0.6-126.255.255.255,128.0.0.0-255.255.255.255"
RUNS = Output(0, "SERVICE_NAME: MpsSvc\n        STATE              : 4  RUNNING\n")
ON = Output(0, "\r\nHKEY_LOCAL_MACHINE\\x\r\n    EnableFirewall    REG_DWORD    0x1\r\n")


def isolated(host: LabHost, **raw: Any) -> tuple[LabTask, Change[Any]]:
    task = host.task("win_isolate", **{**ALLOW, **raw})
    change = task.plan()
    task.apply(change)
    assert not task.plan().differences()
    return task, change


@pytest.mark.parametrize(
    ("allow", "expected"),
    [
        ("10.0.0.5", NEAR),
        ("1.0.0.0-126.255.255.255", "128.0.0.0-255.255.255.255"),
        ("0.0.0.0/0", ""),
        ("128.0.0.0/1", "1.0.0.0-126.255.255.255"),
        ("1.0.0.1", "1.0.0.0,1.0.0.2-126.255.255.255,128.0.0.0-255.255.255.255"),
    ],
)
def test_all_but_some(allow: str, expected: str) -> None:
    assert isolation.others_v4(isolation.networks(allow)) == expected


ADDRESS = st.integers(0, 2**32 - 1)


@given(st.lists(st.tuples(ADDRESS, st.integers(0, 32)), max_size=4), ADDRESS)
def test_an_address_is_either_spared_or_blocked(nets: list[tuple[int, int]], number: int) -> None:
    allowed = [ipaddress.ip_network((low, size), strict=False) for low, size in nets]
    address = ipaddress.IPv4Address(number)
    blocked = False
    for part in filter(None, isolation.others_v4(allowed).split(",")):
        low, _, high = part.partition("-")
        blocked |= ipaddress.IPv4Address(low) <= address <= ipaddress.IPv4Address(high or low)
    real = not address.is_loopback and number >= 1 << 24
    assert blocked is (real and not isolation.covers(allowed, str(address)))


@given(st.integers(0, 2**128 - 1), st.integers(8, 128), st.integers(0, 2**128 - 1))
def test_the_same_of_ipv6(low: int, size: int, number: int) -> None:
    allowed = [ipaddress.IPv6Network((low, size), strict=False)]
    address = ipaddress.IPv6Address(number)
    parts = filter(None, isolation.others_v6(allowed).split(","))
    blocked = any(address in ipaddress.ip_network(part) for part in parts)
    first = number >> 118
    real = number >> 125 == 1 or number >> 121 == 0x7E or first == 0x3FA
    assert blocked is (real and address not in allowed[0])


def test_a_host_is_cut_off_and_opened() -> None:
    host = LabHost("2016")
    before = host.state
    task, change = isolated(host)
    assert [b.name for b in change.after.blocks] == [
        "runner-isolate-in", "runner-isolate-in6", "runner-isolate-out", "runner-isolate-out6"
    ]  # fmt: skip
    assert change.after.blocks[0].remoteip == NEAR
    assert host.state["tasks"] == {}
    result = task.module.result(task.params, change, task.facts, {})
    assert result["isolated"] is True
    assert "DHCP" in task.module.message(task.params, change, task.facts)
    gone = host.task("win_isolate", state="absent")
    back = gone.plan()
    gone.apply(back)
    assert not gone.plan().differences()
    assert host.state["tasks"] == before["tasks"]
    gone.undo(back)
    assert not task.plan().differences()


def test_others_can_be_let_in_later() -> None:
    host = LabHost("2022")
    _, first = isolated(host)
    task, change = isolated(host, allow=["10.0.0.5", "10.0.0.9"])
    assert [b.name for b in change.before.blocks] == [b.name for b in first.after.blocks]
    task.undo(Change("", change.before, task.probe()))
    assert not host.task("win_isolate", **ALLOW).plan().differences()


def left_alone(host: LabHost) -> LabTask:
    """A host that was cut off, and from which no new connection came about."""
    task = host.task("win_isolate", **ALLOW)
    generator = task.module.apply(task.params, task.plan(), task.facts)
    request = next(generator)
    while not isinstance(request, Reconnect):
        assert isinstance(request, Write)
        request = generator.send((host.write(iter_one(request)),))
    with pytest.raises(Unreachable) as caught:
        generator.throw(Unreachable("nobody answers"))
    assert "opens by itself" in caught.value.hint
    assert task.probe().armed
    return task


def iter_one(request: Write) -> Any:
    return (yield request)[0]


def test_without_a_new_connection_the_host_opens_by_itself() -> None:
    host = LabHost("2016")
    task = left_alone(host)
    assert len(task.probe().blocks) == 4
    with host.machine._host.lock:
        scheduler = host.machine._host.tasks
        (rescue,) = scheduler.all()
        assert rescue.registered == 600.0
        scheduler._fire(rescue)
    for _ in range(200):
        if not task.probe().armed:
            break
        time.sleep(0.02)
    assert task.probe().blocks == ()
    assert host.state["tasks"] == {}


def test_a_second_attempt_confirms_what_the_first_one_left() -> None:
    host = LabHost("2016")
    task = left_alone(host)
    change = task.plan()
    assert [d.field for d in change.differences()] == ["armed"]
    task.apply(change)
    assert not task.plan().differences()
    assert host.state["tasks"] == {}


NETSTAT = "  TCP    10.0.0.7:5985    10.9.9.9:50000    ESTABLISHED\r\n"


def planned(answers: dict[str, Output], **raw: Any) -> tuple[Any, Any, Change[Any]]:
    module, params = parsed("win_isolate", **{**ALLOW, **raw})
    known = facts("2016")
    host = Scripted({"sc query MpsSvc": RUNS, "reg query": ON, **answers})
    before = host.drive(module.probe(params, known))
    return module, params, Change("", before, module.plan(params, before, known))


def test_who_is_connected_must_be_allowed() -> None:
    with pytest.raises(Refused, match=r"'allow': 10\.9\.9\.9"):
        planned({"netstat": Output(0, NETSTAT)})
    both = NETSTAT + NETSTAT.replace("10.9.9.9", "10.0.0.5")
    module, params, change = planned({"netstat": Output(0, both)})
    said = module.message(params, change, {})
    assert said.startswith("cuts off 10.9.9.9, connected now")


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"sc query MpsSvc": Output(1060)}, "does not run"),
        ({"reg query": Output(0, ON.stdout.replace("0x1", "0x0"))}, "is off"),
    ],
)
def test_a_firewall_that_is_off_cuts_nothing(answers: dict[str, Output], said: str) -> None:
    with pytest.raises(Refused, match=said):
        planned(answers)


def test_a_refusal_of_netsh_is_told() -> None:
    module, params, change = planned({})
    host = Scripted({"netsh": Output(1, "no"), "(%SystemRoot%": Output(0)})
    with pytest.raises(ModuleError, match="add the firewall rule"):
        host.drive(module.apply(params, change, facts("2016")))
    assert host.reconnects == 0


def test_server_2003_is_refused_with_advice() -> None:
    with pytest.raises(Refused, match="cannot block what goes out") as caught:
        LabHost("2003-sp2").task("win_isolate", **ALLOW).plan()
    assert "ipsec" in caught.value.hint


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"allow": []}, "must name at least"),
        ({"allow": "web01"}, "addresses, networks or ranges"),
        ({"allow": "10.0.0.9-10.0.0.5"}, "addresses, networks or ranges"),
        ({"allow": "10.0.0.9-fe80::1"}, "addresses, networks or ranges"),
        ({"name": "a b"}, "name"),
        ({"rescue_minutes": 1}, "rescue_minutes"),
    ],
)
def test_wrong_parameters(raw: dict[str, Any], said: str) -> None:
    with pytest.raises(ParamsError, match=said):
        parsed("win_isolate", **{**ALLOW, **raw})
