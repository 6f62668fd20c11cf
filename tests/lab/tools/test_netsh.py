"""netsh: rules and profiles are registry values; every failure of advfirewall is exit code 1."""

from __future__ import annotations

import pytest

from tests.lab.machine_bench import Bench, bench, changes

POLICY = (
    r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy"
)
FIREWALL = "netsh advfirewall firewall"


def rules(lab: Bench) -> list[str]:
    """The rule strings that are not the system's own."""
    values = lab.state["registry"][POLICY + r"\FirewallRules"]
    return [text for name, (_, text) in values.items() if name.startswith("{")]


ADDED: list[tuple[str, str, str]] = [
    (
        "2008r2-sp1",
        'name="WR-in-tcp" dir=in action=block protocol=TCP localport=135,445 profile=any',
        "v2.10|Action=Block|Active=TRUE|Dir=In|Protocol=6|LPort=135|LPort=445|Name=WR-in-tcp|",
    ),
    (
        "2016",
        "name=o dir=out action=block protocol=udp remoteport=135,137-139 profile=domain,private",
        (
            "v2.26|Action=Block|Active=TRUE|Dir=Out|Protocol=17|Profile=Domain|Profile=Private"
            "|RPort=135|RPort2_10=137-139|Name=o|"
        ),
    ),
    (
        "2012r2",
        "name=iso dir=in action=block protocol=any remoteip=0.0.0.1-10.0.0.4,10.1.0.0/16",
        (
            "v2.22|Action=Block|Active=TRUE|Dir=In|RA4=0.0.0.1-10.0.0.4|RA4=10.1.0.0/255.255.0.0"
            "|Name=iso|"
        ),
    ),
    (
        "2016",
        "name=ping dir=in action=allow protocol=icmpv4:8,any interfacetype=lan",
        "v2.26|Action=Allow|Active=TRUE|Dir=In|Protocol=1|ICMP4=8:*|IFType=Lan|Name=ping|",
    ),
    (
        "2019",
        "name=every dir=in action=allow protocol=icmpv6:any,any",
        "v2.29|Action=Allow|Active=TRUE|Dir=In|Protocol=58|Name=every|",
    ),
    (
        "2008-sp2",
        'name="a b" dir=in action=allow program="C:\\a b\\x.exe" enable=no description="why not"',
        "v2.0|Action=Allow|Active=FALSE|Dir=In|App=C:\\a b\\x.exe|Name=a b|Desc=why not|",
    ),
]


@pytest.mark.parametrize(("os", "words", "text"), ADDED, ids=[case[0] for case in ADDED])
def test_add_rule_writes_the_registry_string(os: str, words: str, text: str) -> None:
    lab = bench(os)
    assert lab.ok(f"{FIREWALL} add rule {words}") == "Ok.\n\n"
    assert rules(lab) == [text]


REFUSED: list[tuple[str, str]] = [
    ("2016", "add rule name=x dir=in action=allow protocol=icmpv4:300,any"),
    ("2016", "add rule name=x dir=in action=allow protocol=tcp:8,any"),
    ("2016", "add rule name=x dir=in"),
    ("2016", "add rule name=x dir=in action=maybe"),
    ("2016", "add rule name=x dir=in action=block localport=445"),
    ("2016", "add rule name=x dir=in action=block protocol=tcp localport=99999"),
    ("2016", "add rule name=x dir=in action=block protocol=tcp localport=9-5"),
    ("2016", "add rule name=x dir=in action=block remoteip=somewhere"),
    ("2016", "add rule name=x dir=in action=block colour=red"),
    ("2016", "add rule name=all dir=in action=block"),
    ("2008-sp2", "add rule name=x dir=in action=block protocol=tcp localport=137-139"),
    ("2016", "delete rule name=x"),
    ("2016", "show rule name=x"),
    ("2016", "set rule name=x new enable=no"),
    ("2016", "set rule name=x enable=no"),
]


@pytest.mark.parametrize(("os", "words"), REFUSED, ids=[f"{c[0]} {c[1]}" for c in REFUSED])
def test_refusals(os: str, words: str) -> None:
    lab = bench(os)
    before = lab.state
    result = lab.run(f"{FIREWALL} {words}")
    assert result.code == 1
    assert result.out
    assert changes(before, lab.state) == []


def test_an_existing_name_makes_a_duplicate_and_delete_takes_both() -> None:
    lab = bench()
    before = lab.state
    line = f"{FIREWALL} add rule name=x dir=in action=block protocol=tcp localport="
    lab.ok(f"{line}445&{line}139")
    assert len(rules(lab)) == 2
    assert lab.ok(f"{FIREWALL} delete rule name=x localport=139 protocol=tcp") == (
        "\nDeleted 1 rule(s).\nOk.\n\n"
    )
    lab.ok(f"{line}139")
    assert "Deleted 2 rule(s)." in lab.ok(f"{FIREWALL} delete rule name=x")
    assert changes(before, lab.state) == []


CHANGES: list[tuple[str, str]] = [
    ("enable=no", "enable=yes"),
    ("action=allow", "action=block"),
    ("localport=1-5,7", "localport=445"),
    ("localport=any", "localport=445"),
    ("remoteip=10.0.0.1,LocalSubnet", "remoteip=any"),
    ("profile=public", "profile=any"),
    ("description=why", "description="),
    ("program=System", "program=any"),
    ("protocol=udp", "protocol=tcp"),
    ("edge=yes", "edge=no"),
    ("service=lanmanserver", "service=any"),
]


@pytest.mark.parametrize(("there", "back"), CHANGES, ids=[case[0] for case in CHANGES])
def test_set_rule_there_and_back_is_exact(there: str, back: str) -> None:
    lab = bench("2019")
    words = "dir=in action=block protocol=tcp localport=445"
    lab.ok(f"{FIREWALL} add rule name=x {words}")
    before = rules(lab)
    lab.ok(f"{FIREWALL} set rule name=x new {there}")
    assert rules(lab) != before
    lab.ok(f"{FIREWALL} set rule name=x new {back}")
    assert rules(lab) == before


def test_groups_are_known_by_their_resource() -> None:
    lab = bench()
    shown = lab.ok(f'{FIREWALL} set rule group="@FirewallAPI.dll,-28502" new enable=no')
    assert "Updated 4 rule(s)." in shown
    values = lab.state["registry"][POLICY + r"\FirewallRules"]
    assert "|Active=FALSE|" in values["fps-smb-in-tcp"][1]


def test_show_rule() -> None:
    lab = bench()
    lab.ok(f"{FIREWALL} add rule name=x dir=in action=block protocol=TCP localport=445")
    assert lab.ok(f"{FIREWALL} show rule name=x") == (
        "\nRule Name:                            x\n" + "-" * 70 + "\n"
        "Enabled:                              Yes\n"
        "Direction:                            In\n"
        "Profiles:                             Domain,Private,Public\n"
        "Grouping:                             \n"
        "LocalIP:                              Any\n"
        "RemoteIP:                             Any\n"
        "Protocol:                             TCP\n"
        "LocalPort:                            445\n"
        "RemotePort:                           Any\n"
        "Edge traversal:                       No\n"
        "Action:                               Block\n"
        "Ok.\n\n"
    )


def test_profiles() -> None:
    lab = bench(firewall={"enabled": False})
    assert "State                                 OFF" in lab.ok(
        "netsh advfirewall show allprofiles"
    )
    lab.ok("netsh advfirewall set allprofiles firewallpolicy allowinbound,allowoutbound")
    lab.ok("netsh advfirewall set publicprofile state on")
    registry = lab.state["registry"]
    assert lab.state["firewall"]["enabled"] == {"domain": False, "private": False, "public": True}
    assert registry[POLICY + r"\DomainProfile"]["enablefirewall"] == ["REG_DWORD", 0]
    assert registry[POLICY + r"\StandardProfile"]["defaultinboundaction"] == ["REG_DWORD", 0]


def test_export_and_import_of_the_policy() -> None:
    lab = bench()
    before = lab.state["registry"]
    lab.ok(r"netsh advfirewall export C:\a.wfw")
    lab.ok(f"{FIREWALL} add rule name=x dir=in action=block")
    lab.ok("netsh advfirewall set allprofiles state off")
    lab.ok(r"netsh advfirewall import C:\a.wfw")
    assert lab.state["registry"] == before
    assert lab.run(r"netsh advfirewall export C:\a.wfw").code == 1
    assert lab.run(r"netsh advfirewall import C:\nope.wfw").code == 1


def test_rules_of_the_spec() -> None:
    lab = bench(firewall={"rules": {"open": "dir=in action=allow protocol=TCP localport=445"}})
    assert rules(lab) == ["v2.10|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=445|Name=open|"]


def test_server_2003_has_only_the_old_context() -> None:
    lab = bench("2003-sp2")
    assert lab.run("netsh advfirewall show allprofiles").code == 1
    lab.ok("netsh firewall add portopening protocol=TCP port=80 name=mgmt mode=ENABLE "
           "scope=CUSTOM addresses=10.0.0.5 profile=ALL")  # fmt: skip
    lab.ok("netsh firewall set service type=FILEANDPRINT mode=DISABLE profile=ALL")
    lab.ok("netsh firewall set opmode mode=ENABLE exceptions=ENABLE profile=ALL")
    registry = lab.state["registry"]
    for profile in ("DomainProfile", "StandardProfile"):
        assert registry[f"{POLICY}\\{profile}"]["enablefirewall"] == ["REG_DWORD", 1]
        ports = registry[f"{POLICY}\\{profile}\\GloballyOpenPorts\\List"]
        assert ports["80:tcp"] == ["REG_SZ", "80:TCP:10.0.0.5:Enabled:mgmt"]
        assert ports["445:tcp"] == ["REG_SZ", "445:TCP:LocalSubNet:Disabled:@xpsp2res.dll,-22005"]
    assert lab.run("netsh firewall add portopening TCP").code == 1
    assert "Enable" in lab.ok("netsh firewall show opmode")
    assert "mgmt" in lab.ok("netsh firewall show portopening")


def test_other_contexts_are_loud() -> None:
    assert bench("2003-sp2").run("netsh ipsec static show policy all").code == 9999
    assert bench().run("netsh interface ip show config").code == 9999
