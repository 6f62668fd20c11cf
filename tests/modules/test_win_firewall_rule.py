"""win_firewall_rule: which rule is meant, what netsh is told, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from runner.errors import ParamsError, Refused
from runner.interfaces.exchange import Output
from runner.model.state import Change
from runner.modules._parts.firewall import RuleState
from tests.modules.facts import facts
from tests.modules.scripted import Answers, Scripted, task

POLICY = (
    "reg query HKLM\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy"
)
RULES = f"{POLICY}\\FirewallRules"
SMB = "v2.10|Action=Block|Active=TRUE|Dir=In|Protocol=6|LPort=445|Name=SMB|"
SMB_UDP = SMB.replace("Protocol=6", "Protocol=17")
SMB_OUT = SMB.replace("Dir=In", "Dir=Out")
SMB_ALLOW = SMB.replace("Block", "Allow")

ADD: dict[str, Any] = {
    "name": "SMB",
    "direction": "in",
    "action": "block",
    "protocol": "tcp",
    "localport": 445,
}


def host(*rules: str, **more: Any) -> Scripted:
    lines = "".join(f"    {{{n}}}    REG_SZ    {text}\n" for n, text in enumerate(rules))
    answers: Answers = {
        RULES: Output(0, f"\nHKEY_LOCAL_MACHINE\\X\n{lines}"),
        "sc query MpsSvc": Output(0, "\nX: MpsSvc\n        STATE : 4  RUNNING\n"),
        "netsh": Output(0),
        **more,
    }
    return Scripted(answers)


def change(machine: Scripted, os: str = "2008r2", **raw: Any) -> tuple[Change[RuleState], str]:
    module, params = task("win_firewall_rule", **raw)
    known = facts(os)
    before = machine.drive(module.probe(params, known))
    found: Change[RuleState] = Change("", before, module.plan(params, before, known))
    if found.differences():
        machine.drive(module.apply(params, found, known))
    return found, module.message(params, found, known)


NETSH = "netsh advfirewall firewall"
PING = "v2.10|Action=Allow|Active=TRUE|Dir=In|Protocol=1|ICMP4=8:*|IFType=Lan|Name=P|"
SET_P = f"{NETSH} set rule name=P dir=in new"
NARROW = f"{NETSH} set rule name=SMB dir=in new"
CASES: list[tuple[tuple[str, ...], dict[str, Any], list[str]]] = [
    ((SMB,), ADD, []),
    ((SMB_OUT, SMB), ADD, []),
    ((SMB, SMB), ADD, []),
    (
        (),
        {**ADD, "localport": "135,137-139", "remoteip": "10.0.0.0/8"},
        [
            (f"{NETSH} add rule name=SMB dir=in action=block protocol=tcp localport=135,137-139 "
            "remoteip=10.0.0.0/8 profile=any enable=yes")
        ],
    ),
    (
        (),
        {"name": "Web", "protocol": "tcp", "localport": "80", "profiles": "private,domain"},
        [
            (f"{NETSH} add rule name=Web dir=in action=allow protocol=tcp localport=80 "
            "profile=domain,private enable=yes")
        ],
    ),
    # a rule of the same name for the other direction is another rule
    (
        (SMB_OUT,),
        ADD,
        [
            (f"{NETSH} add rule name=SMB dir=in action=block protocol=tcp localport=445 "
            "profile=any enable=yes")
        ],
    ),
    # netsh enables a new rule unless it is told otherwise
    (
        (),
        {**ADD, "enabled": "no"},
        [
            (f"{NETSH} add rule name=SMB dir=in action=block protocol=tcp localport=445 "
            "profile=any enable=no")
        ],
    ),
    ((SMB_ALLOW,), ADD, [f"{NARROW} action=block"]),
    ((SMB,), {**ADD, "enabled": "no"}, [f"{NARROW} enable=no"]),
    (
        (),
        {"name": "P", "protocol": "icmpv4", "icmp_type_code": ["8:*"], "interfacetypes": "ras"},
        [
            (f"{NETSH} add rule name=P dir=in action=allow protocol=icmpv4:8,any profile=any "
            "enable=yes interfacetype=ras")
        ],
    ),
    ((PING,), {"name": "P", "protocol": "icmpv4", "icmp_type_code": "8:*"}, []),
    ((PING,), {"name": "P", "interfacetypes": ["lan"], "security": "notrequired"}, []),
    ((PING,), {"name": "P", "interfacetypes": "any"}, [f"{SET_P} interfacetype=any"]),
    (
        (PING,),
        {"name": "P", "protocol": "icmpv4", "icmp_type_code": "8:0"},
        [f"{SET_P} protocol=icmpv4:8,0"],
    ),
    (
        (PING,),
        {"name": "P", "protocol": "icmpv4", "icmp_type_code": "*"},
        [f"{SET_P} protocol=icmpv4"],
    ),
    ((SMB,), {"name": "SMB", "description": "why"}, [f"{NARROW} description=why"]),
    (
        (SMB, SMB_UDP),
        {**ADD, "action": "allow"},
        [f"{NETSH} set rule name=SMB dir=in protocol=tcp new action=allow"],
    ),
    ((SMB,), {"name": "SMB", "state": "absent"}, [f"{NETSH} delete rule name=SMB dir=in"]),
    ((SMB, SMB), {"name": "SMB", "state": "absent"}, [f"{NETSH} delete rule name=SMB dir=in"]),
    (
        (SMB, SMB_OUT),
        {"name": "SMB", "direction": "out", "state": "absent"},
        [f"{NETSH} delete rule name=SMB dir=out"],
    ),
    ((), {"name": "SMB", "state": "absent"}, []),
    # a foreign rule of that name is left alone
    ((SMB_ALLOW,), {"name": "SMB", "action": "block", "state": "absent"}, []),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "raw", "commands"), CASES)
def test_commands(rules: tuple[str, ...], raw: dict[str, Any], commands: list[str]) -> None:
    machine = host(*rules)
    change(machine, **raw)
    assert machine.sent == commands


REFUSED = [
    ((SMB, SMB_UDP), {"name": "SMB", "state": "absent"}, "2 different firewall rules are named"),
    ((SMB, SMB_ALLOW), {"name": "SMB", "enabled": False}, "2 different firewall rules are named"),
    ((SMB, SMB_ALLOW), ADD | {"state": "absent"}, "netsh cannot tell the firewall rule SMB from 1"),
    ((), {"name": "x", "action": "block"}, "would block the runner's own connection"),
    ((SMB,), {**ADD, "localport": "any"}, "would block the runner's own connection"),
    (
        (),
        {"name": "x", "action": "block", "protocol": "tcp", "direction": "out"},
        "would block the runner's own connection",
    ),
]


@pytest.mark.parametrize(("rules", "raw", "says"), REFUSED)
def test_refuses(rules: tuple[str, ...], raw: dict[str, Any], says: str) -> None:
    machine = host(*rules)
    with pytest.raises(Refused, match=says):
        change(machine, **raw)
    assert machine.sent == []


@pytest.mark.parametrize("raw", [{"name": "a|b"}, {"name": "all"}, {**ADD, "description": "a|b"}])
def test_a_text_that_no_rule_can_hold_is_refused(raw: dict[str, Any]) -> None:
    with pytest.raises(ParamsError):
        task("win_firewall_rule", **raw)


def test_isolation_that_spares_the_runner_is_allowed() -> None:
    machine = host()
    change(
        machine, name="iso", action="block", remoteip="0.0.0.1-10.0.0.4,10.0.0.6-255.255.255.255"
    )
    assert len(machine.sent) == 1


def test_server_2003_is_refused_with_advice() -> None:
    for action in ("block", "allow"):
        with pytest.raises(Refused, match="has no firewall rules, only exceptions") as caught:
            change(host(), os="2003", **{**ADD, "action": action})
        assert "netsh ipsec static" in caught.value.hint


def test_server_2008_takes_no_ranges() -> None:
    machine = host()
    change(machine, os="2008", **{**ADD, "localport": "137-139,445"})
    assert "localport=137,138,139,445" in machine.sent[0]
    with pytest.raises(Refused, match="no port ranges"):
        change(host(), os="2008", **{**ADD, "localport": "1024-65535"})


def value(name: str, number: int) -> Output:
    return Output(0, f"\nHKEY_LOCAL_MACHINE\\X\n    {name}    REG_DWORD    0x{number}\n")


EFFECT = [
    ({}, ""),
    ({"sc query MpsSvc": Output(0, "\nX: y\n  S : 1  STOPPED\n")}, "(MpsSvc) does not run"),
    ({f"{POLICY}\\PublicProfile": value("EnableFirewall", 0)}, "the firewall is off (public)"),
    ({f"{POLICY}\\PublicProfile": value("EnableFirewall", 1)}, ""),
    (
        {
            "reg query HKLM\\SOFTWARE\\Policies\\Microsoft\\WindowsFirewall": value(
                "AllowLocalPolicyMerge", 0
            )
        },
        "group policy ignores local rules",
    ),
]


@pytest.mark.parametrize(("answers", "says"), EFFECT)
def test_a_rule_without_effect_is_told(answers: Answers, says: str) -> None:
    for rules in ((), (SMB,)):
        _, message = change(host(*rules, **answers), **ADD)
        assert says in message
        assert bool(message) == bool(says)


def test_closing_a_way_in_is_told() -> None:
    _, message = change(host(), **{**ADD, "localport": "445,3389,5985"})
    assert message == "closes WinRM (TCP 5985), Remote Desktop (TCP 3389) for everybody"


def test_a_deleted_rule_with_more_than_netsh_can_say_is_irreversible() -> None:
    module, params = task("win_firewall_rule", name="SMB", state="absent")
    known = facts("2008r2")
    before = host(SMB + "LSM=TRUE|").drive(module.probe(params, known))
    found = module.irreversible(params, Change("", before, RuleState()), known)
    assert "LSM=TRUE" in found


def test_undo_of_a_deletion_adds_every_copy() -> None:
    machine = host(SMB, SMB)
    module, params = task("win_firewall_rule", name="SMB", state="absent")
    known = facts("2008r2")
    before = machine.drive(module.probe(params, known))
    assert before.copies == 2
    machine.drive(module.undo(params, Change("", before, RuleState()), known))
    assert len(machine.sent) == 2
    assert machine.sent[0].startswith(f"{NETSH} add rule name=SMB dir=in action=block")


MANY = PING.replace("IFType=Lan|", "IFType=Lan|IFType=Wireless|").replace("8:*|", "8:*|ICMP4=3:4|")


@pytest.mark.parametrize(
    ("rule", "raw", "lost"),
    [
        (PING, {"name": "P", "state": "absent"}, ""),
        (MANY, {"name": "P", "state": "absent"}, "lan, wireless, 3:4,8:*"),
        (MANY, {"name": "P", "interfacetypes": "any"}, "lan, wireless, 3:4,8:*"),
        (MANY, {"name": "P", "enabled": False}, ""),
    ],
)
def test_what_netsh_could_not_set_again(rule: str, raw: dict[str, Any], lost: str) -> None:
    machine = host(rule)
    found, _ = change(machine, **raw)
    module, params = task("win_firewall_rule", **raw)
    assert module.irreversible(params, found, facts("2008r2")) == ""
    said = module.irreversible(params, found, {**facts("2008r2"), "powershell_version": 0})
    assert said == (f"netsh cannot set all of the rule again: {lost}" if lost else "")


@pytest.mark.parametrize(
    ("rule", "travels"),
    [
        ({"direction": "in", "localport": "445"}, True),
        ({"direction": "in", "localport": "445,5985"}, False),
        ({"direction": "out", "remoteport": "135,137-139,445"}, True),
        ({"direction": "out", "remoteport": "445,1024"}, False),
    ],
)
def test_what_may_cut_the_way_in_is_sent_alone(rule: dict[str, str], travels: bool) -> None:
    module, params = task("win_firewall_rule", name="r", action="block", protocol="tcp", **rule)
    found = facts("2016")
    before = RuleState()
    change = Change("", before, module.plan(params, before, found))
    assert (module.reach(params, change, found) is not None) is travels
