"""Firewall rules as the registry keeps them ([MS-GPFAS] 2.2.2.19)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.windows import firewall

SMB = (
    "v2.10|Action=Block|Active=TRUE|Dir=In|Protocol=6|Profile=Domain|Profile=Public|LPort=135"
    "|LPort2_10=137-139|LPort=445|RA4=10.0.0.0/255.0.0.0|RA4=LocalSubnet|App=System|Svc=*"
    "|Name=WR-in-tcp|Desc=why not|EmbedCtxt=@FirewallAPI.dll,-28502|Edge=TRUE|Defer=App|"
)
BARE = "v2.0|Action=Allow|Dir=Out|Name=bare|"


def test_reads_a_rule() -> None:
    rule = firewall.parse_rule("{1}", SMB)
    assert rule == firewall.Rule(
        id="{1}",
        name="WR-in-tcp",
        enabled=True,
        direction="in",
        action="block",
        protocol="tcp",
        localport="135,137-139,445",
        remoteip="10.0.0.0/8,localsubnet",
        program="System",
        profiles=("domain", "public"),
        description="why not",
        edge="deferapp",
        group="@FirewallAPI.dll,-28502",
    )


def test_what_is_missing_has_its_documented_default() -> None:
    rule = firewall.parse_rule("x", BARE)
    assert not rule.enabled
    assert rule.protocol == rule.localport == rule.remoteip == rule.service == "any"
    assert rule.profiles == ()


def test_reads_all_rules_of_the_key() -> None:
    values = f"    {{1}}    REG_SZ    {SMB}\n    b    REG_SZ    {BARE}\n"
    text = f"HKEY_LOCAL_MACHINE\\X\\FirewallRules\n{values}"
    assert [rule.name for rule in firewall.rules(text)] == ["WR-in-tcp", "bare"]


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (["445", "137-139", "135"], "135,137-139,445"),
        (["137", "138", "139"], "137-139"),
        (["135, 137-138 ,139"], "135,137-139"),
        (["RPC-EPMap", "445"], "445,rpc-epmap"),
        ([], "any"),
        (["any"], "any"),
        (["1-3,2-5"], "1-5"),
    ],
)
def test_ports(parts: list[str], text: str) -> None:
    assert firewall.port_text(parts) == text


@given(st.sets(st.integers(0, 65535), min_size=1, max_size=30))
def test_ports_written_apart_and_together_are_the_same(ports: set[int]) -> None:
    text = firewall.port_text([str(port) for port in ports])
    assert firewall.port_text([text]) == text
    assert set(firewall.single_ports(text)) == {str(port) for port in ports}
    assert firewall.port_count(text) == len(ports)


@pytest.mark.parametrize(
    ("given_", "text"),
    [
        ("10.0.0.5", "10.0.0.5"),
        ("10.0.0.5/32", "10.0.0.5"),
        ("10.0.0.0/255.255.0.0", "10.0.0.0/16"),
        ("192.168.0.1-192.168.0.9", "192.168.0.1-192.168.0.9"),
        ("any", "any"),
        ("*", "any"),
        ("0.0.0.0-255.255.255.255", "any"),
        ("LocalSubnet,10.0.0.1", "10.0.0.1,localsubnet"),
        ("fe80::/64", "fe80::/64"),
    ],
)
def test_addresses(given_: str, text: str) -> None:
    assert firewall.address_text([given_]) == text


def test_profiles() -> None:
    assert firewall.profile_names(["Public", "domain"]) == ("domain", "public")
    assert firewall.profile_names(["domain", "private", "public"]) == ()
    assert firewall.profile_names([]) == ()


@pytest.mark.parametrize(
    ("given_", "text"), [("TCP", "tcp"), ("6", "tcp"), ("256", "any"), ("", "any"), ("47", "47")]
)
def test_protocols(given_: str, text: str) -> None:
    assert firewall.protocol_text(given_) == text
