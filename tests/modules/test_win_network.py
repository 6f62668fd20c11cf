"""win_netbios and win_firewall: cases as data, and what is beyond a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from runner.engine.hosts.session import Writer
from runner.errors import ModuleError, ParamsError, Refused
from runner.interfaces.exchange import Output
from runner.model.state import UNKNOWN, Change
from runner.modules._parts.win_firewall import FirewallState
from runner.modules.win_netbios import Adapter, NetbiosState
from runner.windows import firewall
from tests.modules.facts import facts
from tests.modules.labhost import LabHost
from tests.modules.scripted import Scripted, task

ADAPTER = "{6A2B1F0C-3D4E-4F5A-8B9C-0D1E2F3A4B5C}"
OTHER = "{00000000-AAAA-BBBB-CCCC-0123456789AB}"
NETBT = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\NetBT\Parameters\Interfaces\Tcpip_"
NETWORK = r"HKLM\SYSTEM\CurrentControlSet\Control\Network\{4D36E972-E325-11CE-BFC1-08002BE10318}"
POLICY = r"HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy"
FULL = POLICY.replace("HKLM", "HKEY_LOCAL_MACHINE")
_SET = "<nul netsh advfirewall set {}profile {}"
_DELETE = f"<nul reg delete {POLICY}\\{{}} /v {{}} /f"
_FORGET = (
    r'<nul reg delete "HKLM\SYSTEM\CurrentControlSet\Services\NetBT\Parameters\Interfaces'
    rf'\Tcpip_{OTHER}" /v NetbiosOptions /f'
)
CHINESE = {
    "language": "chs",
    "registry": {
        rf"HKLM\SYSTEM\CurrentControlSet\Services\NetBT\Parameters\Interfaces\Tcpip_{OTHER}": {
            "NameServerList": []
        },
        rf"{NETWORK}\{OTHER}\Connection": {"Name": "本地连接 2"},
    },
}


def netbios(guid: str, option: int) -> str:
    where = f"\"SettingID='{guid}'\""
    return f"<nul wmic nicconfig where {where} call SetTcpipNetbios {option}"


@dataclass(frozen=True)
class Row:
    """``leaves`` are registry values (key, name) with their type and data; None is absent."""

    name: str
    os: str
    module: str
    raw: Mapping[str, Any]
    sends: tuple[str, ...]
    leaves: Mapping[tuple[str, str], list[Any] | None]
    undo: tuple[str, ...]
    returns: Mapping[str, Any] = field(default_factory=dict)
    state: Mapping[str, Any] = field(default_factory=dict)


ROWS = [
    Row(
        "NetBIOS off everywhere", "2003-sp2", "win_netbios", {"state": "disabled"},
        (netbios(ADAPTER, 2),),
        {(NETBT + ADAPTER, "netbiosoptions"): ["REG_DWORD", 2]},
        (netbios(ADAPTER, 0),),
        {"reboot_required": False},
    ),
    Row(
        "NetBIOS on of one adapter, which had no value", "2008r2-sp1", "win_netbios",
        {"state": "enabled", "adapter_names": ["本地连接 2"]},
        (netbios(OTHER, 1),),
        {(NETBT + OTHER, "netbiosoptions"): ["REG_DWORD", 1],
         (NETBT + ADAPTER, "netbiosoptions"): ["REG_DWORD", 0]},
        (netbios(OTHER, 0),
         _FORGET),
        {"reboot_required": False},
        CHINESE,
    ),
    Row(
        "the firewall off", "2016", "win_firewall", {"state": "disabled"},
        tuple(_SET.format(name, "state off") for name in ("domain", "private", "public")),
        {(f"{FULL}\\PublicProfile", "enablefirewall"): ["REG_DWORD", 0]},
        tuple(_SET.format(name, "state on") for name in ("domain", "private", "public")),
        {"enabled": False, "profiles": ["Domain", "Private", "Public"], "state": "disabled"},
    ),
    Row(
        "the firewall on, in without rules", "2012r2", "win_firewall",
        {"state": "enabled", "inbound_action": "allow", "profiles": "Public"},
        (_SET.format("public", "firewallpolicy allowinbound,allowoutbound"),
         _SET.format("public", "state on")),
        {(f"{FULL}\\PublicProfile", "enablefirewall"): ["REG_DWORD", 1],
         (f"{FULL}\\PublicProfile", "defaultinboundaction"): ["REG_DWORD", 0]},
        (_SET.format("public", "firewallpolicy blockinbound,allowoutbound"),
         _SET.format("public", "state off"),
         _DELETE.format("PublicProfile", "DefaultInboundAction"),
         _DELETE.format("PublicProfile", "DefaultOutboundAction")),
        {"enabled": True},
        {"firewall": {"enabled": False}},
    ),
    Row(
        "the firewall of Server 2003", "2003-sp2", "win_firewall",
        {"state": "enabled", "profiles": "Private,Public"},
        ("<nul netsh firewall set opmode mode=ENABLE profile=STANDARD",),
        {(f"{FULL}\\StandardProfile", "enablefirewall"): ["REG_DWORD", 1]},
        ("<nul netsh firewall set opmode mode=DISABLE profile=STANDARD",),
        {"enabled": True},
        {"registry": {rf"{POLICY}\StandardProfile\GloballyOpenPorts\List":
                      {"80:TCP": "80:TCP:*:Enabled:WinRM"}}},
    ),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row(row: Row) -> None:
    host = LabHost(row.os, **dict(row.state))
    work = host.task(row.module, **dict(row.raw))
    before = host.state
    change = work.plan()
    there = Writer(host.link)
    applied = there.drive(work.module.apply(work.params, change, work.facts)) or {}
    assert tuple(there.sent) == row.sends
    for (key, name), data in row.leaves.items():
        assert host.state["registry"][key].get(name) == data
    found = work.probe()
    assert work.module.plan(work.params, found, work.facts) == found == change.after
    result = work.module.result(work.params, Change("", change.before, found), work.facts, applied)
    assert {key: result[key] for key in row.returns} == dict(row.returns)
    back = Writer(host.link)
    recorded = Change(change.subject, change.before, found)
    back.drive(work.module.undo(work.params, recorded, work.facts))
    assert tuple(back.sent) == row.undo
    assert host.state == before
    assert host.not_simulated == []


@pytest.mark.parametrize("language", ["enu", "chs", "jpn", "deu", "rus"])
def test_languages_make_no_difference(language: str) -> None:
    for os in ("2003-sp2", "2019"):
        host = LabHost(os, language=language)
        for module, raw in (("win_netbios", {"state": "disabled"}),
                            ("win_firewall", {"state": "disabled"})):  # fmt: skip
            work = host.task(module, **raw)
            change = work.plan()
            work.apply(change)
            assert work.probe() == change.after
        registry = host.state["registry"]
        assert registry[NETBT + ADAPTER]["netbiosoptions"] == ["REG_DWORD", 2]
        assert registry[rf"{FULL}\DomainProfile"]["enablefirewall"] == ["REG_DWORD", 0]
        assert host.not_simulated == []


# -- win_netbios --------------------------------------------------------------------------------


def test_an_adapter_that_is_not_there() -> None:
    with pytest.raises(Refused, match="no network connection called 'nix'"):
        LabHost("2016").task("win_netbios", state="enabled", adapter_names="nix").plan()


@pytest.mark.parametrize(
    ("answer", "restart", "sent"),
    [
        (Output(0, "\tReturnValue = 0;\r\n"), False, 1),
        (Output(0, "\tReturnValue = 1;\r\n"), True, 1),
        (Output(0, "\tReturnValue = 84;\r\n"), True, 2),
        (Output(9009), True, 2),
    ],
)
def test_what_wmi_does_not_do_goes_into_the_registry(
    answer: Output, restart: bool, sent: int
) -> None:
    module, params = task("win_netbios", state="disabled")
    host = Scripted({"wmic": answer, "reg add": Output(0)})
    before = NetbiosState.of([Adapter("a", 0, ADAPTER)])
    change = Change("", before, module.plan(params, before, {}))
    applied = host.drive(module.apply(params, change, {}))
    assert applied == {"reboot_required": restart}
    assert len(host.sent) == sent
    assert module.result(params, change, {}, {}) == {"reboot_required": UNKNOWN}
    assert module.result(params, change, {}, applied) == {"reboot_required": restart}


def test_only_an_identifier_reaches_wmic() -> None:
    module, params = task("win_netbios", state="disabled")
    bad = NetbiosState.of([Adapter("a", 0, "{x}' or 'a'='a")])
    after = NetbiosState.of([Adapter("a", 2, "{x}' or 'a'='a")])
    with pytest.raises(ModuleError, match="not an identifier"):
        Scripted().drive(module.apply(params, Change("", bad, after), {}))


# -- win_firewall -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("os", "raw", "state"),
    [
        ("2016", {"state": "enabled", "profiles": "Public"}, {"firewall": {"enabled": False}}),
        ("2016", {"inbound_action": "block", "profiles": "Public"},
         {"firewall": {"inbound": "allow"}}),
        ("2003-sp2", {"state": "enabled", "profiles": "Domain"}, {}),
    ],
)  # fmt: skip
def test_the_runner_does_not_lock_itself_out(
    os: str, raw: dict[str, Any], state: dict[str, Any]
) -> None:
    host = LabHost(os, **state)
    with pytest.raises(Refused, match="lock itself out"):
        host.task("win_firewall", **raw).plan()
    assert host.writes == 0


@pytest.mark.parametrize("rule", ["localport=5986", "localport=5000-6000", "localport=22"])
def test_a_rule_that_lets_it_in_is_enough(rule: str) -> None:
    rules = {"in": f"dir=in action=allow protocol=TCP {rule} profile=public"}
    host = LabHost("2016", firewall={"enabled": False, "rules": rules})
    change = host.task("win_firewall", state="enabled", profiles="Public").plan()
    assert change.after.profiles[0].is_on


def test_an_action_that_netsh_does_not_write_is_what_it_means() -> None:
    """What is the default may be absent afterwards: that is as it was wanted."""
    module, params = task("win_firewall", inbound_action="allow", profiles="Domain")
    on = "HKEY_LOCAL_MACHINE\\x\n    EnableFirewall    REG_DWORD    0x1\n"
    changed = f"{on}    DefaultInboundAction    REG_DWORD    0x0\n"

    def found(text: str) -> FirewallState:
        answers = {rf"reg query {firewall.POLICY}\DomainProfile": Output(0, text)}
        state: FirewallState = Scripted(answers).drive(module.probe(params, facts("2016")))
        return state

    wanted = module.plan(params, found(on), facts("2016"))
    assert found(changed).settings == wanted.settings == ("domain on, in allow, out allow",)


def test_server_2003_has_no_actions() -> None:
    with pytest.raises(Refused, match="has no actions"):
        LabHost("2003-sp2").task("win_firewall", outbound_action="block").plan()


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({}, "give state"),
        ({"state": "enabled", "profiles": "Home"}, "Domain, Private or Public"),
        ({"inbound_action": "not_configured"}, "Group Policy object"),
    ],
)
def test_firewall_parameters_that_make_no_sense(raw: dict[str, Any], words: str) -> None:
    with pytest.raises(ParamsError, match=words):
        task("win_firewall", **raw)


def test_group_policy_is_named() -> None:
    key = r"HKLM\SOFTWARE\Policies\Microsoft\WindowsFirewall\DomainProfile"
    host = LabHost("2016", registry={key: {"EnableFirewall": 1}})
    work = host.task("win_firewall", state="disabled", profiles="Domain")
    message = work.module.message(work.params, work.plan(), work.facts)
    assert message == "Group Policy decides: domain; nothing is filtered any more: domain"


def test_a_refusal_of_netsh_is_an_error() -> None:
    module, params = task("win_firewall", state="disabled", profiles="Domain")
    on = Output(0, f"{FULL}\\DomainProfile\r\n    EnableFirewall    REG_DWORD    0x1\r\n")
    host = Scripted({f"reg query {POLICY}\\DomainProfile": on, "netsh": Output(1, "Nein.")})
    before = host.drive(module.probe(params, facts("2016")))
    change = Change("", before, module.plan(params, before, facts("2016")))
    with pytest.raises(ModuleError, match="set the firewall profile domain: netsh answered 1"):
        host.drive(module.apply(params, change, facts("2016")))
