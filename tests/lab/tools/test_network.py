"""The tools of DNS servers, IP security policies and Server Manager, as documented."""

from __future__ import annotations

import pytest

from tests.lab.machine_bench import bench

IPSEC = "netsh ipsec static "
STORE = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Microsoft\\Windows\\IPSec\\Policy\\Local"


@pytest.mark.parametrize(
    ("os", "line", "code"),
    [
        ("2003-sp2", 'ip set dns name="Local Area Connection" source=static addr=10.0.0.2', 0),
        ("2003-sp2", 'ip set dns name="Local Area Connection" source=dhcp', 1),  # by hand
        ("2003-sp2", 'ipv6 set dns name="Local Area Connection" source=dhcp', 1),
        ("2008-sp2", 'ip set dns name="Local Area Connection" source=static address=x', 1),
        ("2008-sp2", 'ip add dns name="Local Area Connection" address=10.0.0.2 validate=no', 1),
        ("2016", "ip set dns name=Ethernet source=static address=10.0.0.2 validate=no", 0),
        (
            "2016",
            "ip set dns name=Ethernet source=static address=10.0.0.2",
            1,
        ),  # it does not answer
        ("2016", "ip set dns name=WAN source=static address=10.0.0.2 validate=no", 1),
        ("2016", "ipv6 set dnsservers name=ethernet source=static address=none", 0),
        ("2016", "ipv4 set address name=Ethernet source=dhcp", 9999),
    ],
)
def test_dns_servers(os: str, line: str, code: int) -> None:
    assert bench(os).run(f"netsh interface {line}").code == code


def test_dns_servers_have_an_order() -> None:
    lab = bench("2016")
    for words in ("set dns name=Ethernet source=static", "add dns name=Ethernet index=1"):
        number = 2 if words.startswith("set") else 3
        lab.ok(f"netsh interface ip {words} address=10.0.0.{number} validate=no")
    key = r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters\Interfaces"
    assert "10.0.0.3,10.0.0.2" in lab.ok(f"reg query {key} /s")
    again = "netsh interface ip add dns name=Ethernet address=10.0.0.2 validate=no"
    assert lab.run(again).code == 1


def test_a_policy_and_its_parts() -> None:
    lab = bench("2003-sp2")
    lab.ok(f"{IPSEC}add filter filterlist=f srcaddr=any dstaddr=me protocol=TCP dstport=445")
    lab.ok(f"{IPSEC}add filteraction name=b action=block")
    lab.ok(f'{IPSEC}add policy name=p description="a b" assign=no')
    lab.ok(f"{IPSEC}add rule name=r policy=p filterlist=f filteraction=b")
    lab.ok(f"{IPSEC}set policy name=P assign=yes")
    active = lab.state["registry"][STORE]["activepolicy"]
    assert "\\ipsecPolicy{" in active[1]
    for refused in ("delete policy name=p", "delete filterlist name=f", "add policy name=p",
                    "add filteraction name=x action=nonsense", "delete policy name=q",
                    "add rule name=r policy=p filterlist=g filteraction=b",
                    "add policy nonsense=1", "add filter filterlist=f srcaddr=any"):  # fmt: skip
        assert lab.run(IPSEC + refused).code == 1, refused
    lab.ok(f"{IPSEC}set policy name=p assign=no")
    assert "activepolicy" not in lab.state["registry"].get(STORE, {})
    lab.ok(f"{IPSEC}delete policy name=p")
    lab.ok(f"{IPSEC}delete filterlist name=f")
    lab.ok(f"{IPSEC}delete filteraction name=b")
    assert not [path for path in lab.state["registry"] if path.startswith(STORE + "\\")]


def test_server_manager() -> None:
    lab = bench("2008-sp2")
    said = lab.ok("servermanagercmd -query")
    assert "\n[ ] Web Server (IIS)  [Web-Server]\n    [ ] Web Server  [Web-WebServer]\n" in said
    lab.ok("servermanagercmd -install Web-WebServer")
    said = lab.ok("servermanagercmd -query")
    assert "\n[X] Web Server (IIS)  [Web-Server]\n    [X] Web Server  [Web-WebServer]\n" in said
    assert lab.run("servermanagercmd -install web-server").code == 1003
    lab.ok("servermanagercmd -remove Web-Server")
    assert "[X]" not in lab.ok("servermanagercmd -query")
    assert lab.run("servermanagercmd -install Nix").code == 1000
    assert lab.run("servermanagercmd -nonsense").code == 1000
    assert lab.run("servermanagercmd -inputPath a.xml").code == 9999


def test_two_tools_see_one_telnet_client() -> None:
    lab = bench("2008r2-sp1")
    lab.ok("servermanagercmd -install Telnet-Client")
    assert "State : Enabled" in lab.ok("dism /online /get-featureinfo /featurename:TelnetClient")


@pytest.mark.parametrize("os", ["2003-sp2", "win7-sp1", "2012"])
def test_where_there_is_no_server_manager_command(os: str) -> None:
    assert "not recognized" in bench(os).run("servermanagercmd -query").err
