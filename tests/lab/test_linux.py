"""Simulated Linux hosts: what is their own, and what the stand-ins of their tools answer."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from runner.lab.fleet import Fleet
from runner.lab.linux.found import missing
from runner.lab.linux.kinds import LINUX_KEYS
from runner.lab.linux.machine import LinuxMachine
from runner.lab.spec import HostSpec, LabSpec
from runner.lab.state.power import Power
from tests.modules.unix import needs

pytestmark = [pytest.mark.timeout(120), pytest.mark.xdist_group("linux")]
GENEROUS = 60.0
"""Seconds for what takes none."""


def spec(name: str, os_key: str, **state: Any) -> HostSpec:
    return HostSpec(
        name=name, port=0, scheme="ssh", shell="sh", user="ops", password="x", os=os_key,
        state={"reboot_seconds": 0.05, **state},
    )  # fmt: skip


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    needs(not missing(), f"namespaces: {missing()}")
    hosts = (
        spec("deb01.example.com", "debian-12", linux={"samba": True, "files": {"/srv/a": "b\n"}}),
        spec("red01", "centos-7", linux={"packages": {"httpd": ["1-1", "1-2"]}}),
    )
    with Fleet(LabSpec(hosts=hosts), tmp_path_factory.mktemp("linux")) as fleet:
        yield fleet


@pytest.fixture
def debian(fleet: Fleet) -> LinuxMachine:
    found = fleet.member("deb01.example.com").machine
    assert isinstance(found, LinuxMachine)
    return found


@pytest.fixture
def red(fleet: Fleet) -> LinuxMachine:
    found = fleet.member("red01").machine
    assert isinstance(found, LinuxMachine)
    return found


def run(machine: LinuxMachine, line: str, stdin: bytes = b"") -> tuple[int, str]:
    """The exit code, and both streams as one text."""
    parts: list[bytes] = []
    given = [stdin]
    code = machine.run(
        line, write=lambda _, data: parts.append(data),
        stdin=lambda: given.pop() if given else b"",
        codepage=0, user="ops", cwd=None, env={"A": "b c"}, cancelled=threading.Event(),
    )  # fmt: skip
    return code, b"".join(parts).decode()


def said(machine: LinuxMachine, line: str) -> str:
    code, text = run(machine, line)
    assert code == 0, (line, code, text)
    return text


# -- what it is ------------------------------------------------------------------------------------


def test_a_host_has_a_name_a_system_and_a_boot_of_its_own(debian: LinuxMachine) -> None:
    assert said(debian, "uname -n; hostname -f; id -u; cat /proc/1/comm").split() == [
        "deb01", "deb01", "0", "systemd",
    ]  # fmt: skip
    assert 'ID="debian"' in said(debian, "cat /etc/os-release")
    own = Path("/proc/sys/kernel/random/boot_id").read_text("ascii")
    assert said(debian, "cat /proc/sys/kernel/random/boot_id") != own
    assert said(debian, 'cat /srv/a; printf "%s" "$A"') == "b\nb c"
    assert run(debian, "cat; exit 7", b"in\n") == (7, "in\n")


NOT_ALLOWED = (
    "touch /usr/bin/x", "touch /.host/usr/x", "mount -t tmpfs x /mnt", "mknod /tmp/x b 8 0",
    "echo 1 >/proc/sys/vm/overcommit_memory", "date -s 2001-01-01", "ls /work /root/.ssh",
    "chroot / true",
)  # fmt: skip


@pytest.mark.parametrize("line", NOT_ALLOWED)
def test_nothing_of_this_machine_can_be_changed_or_seen(debian: LinuxMachine, line: str) -> None:
    assert run(debian, line)[0] != 0


def test_its_processes_and_its_network_are_its_own(debian: LinuxMachine) -> None:
    assert run(debian, f"kill -0 {os.getpid()}")[0] != 0
    links = said(debian, "ls /proc/self/net/dev && tail -n +3 /proc/self/net/dev | cut -d: -f1")
    assert links.split()[1:] == ["lo"]


def test_what_the_lab_does_not_know_is_said_loudly(debian: LinuxMachine) -> None:
    code, text = run(debian, "apt-get source x")
    assert (code, "lab: not simulated: apt-get source x" in text) == (99, True)
    assert debian.snapshot()["volatile"]["not_simulated"] == ["apt-get source x"]
    assert run(debian, "dnf upgrade")[0] == 127
    assert run(debian, "nft list ruleset")[0] == 127, "this machine's own packet filter"


# -- the stand-ins ---------------------------------------------------------------------------------


def test_apt_upgrades_and_goes_back(debian: LinuxMachine) -> None:
    before = debian.snapshot()["state"]
    simulated = said(debian, "apt-get -s upgrade")
    assert "Inst openssl [3.0.11-1~deb12u2] (3.0.15-1~deb12u1 " in simulated
    assert debian.snapshot()["state"] == before
    said(debian, "apt-get -y -o runner::change=1 upgrade")
    assert debian.snapshot()["state"]["packages"]["openssl"] == "3.0.15-1~deb12u1 manual"
    assert said(debian, "dpkg-query -W -f '${Package}\\t${Version}\\n' -- openssl bash none; true")
    history = said(debian, "cat /var/log/apt/history.log")
    assert "Commandline: apt-get -y -o runner::change=1 upgrade" in history
    assert "openssl:" in history
    said(
        debian,
        "apt-get -y --allow-downgrades install -- openssl=3.0.11-1~deb12u2 bash=5.2.15-2+b2 "
        "libc6=2.36-9+deb12u4 samba=2:4.17.12+dfsg-0+deb12u1",
    )
    assert debian.snapshot()["state"] == before
    assert run(debian, "apt-get -y install nothing-like-this")[0] == 100


def test_yum_upgrades_and_undoes(red: LinuxMachine) -> None:
    before = red.snapshot()["state"]
    code, table = run(red, "yum -y --assumeno update")
    assert (code, "Transaction Summary" in table) == (1, True)
    said(red, "yum -y update")
    assert red.snapshot()["state"]["packages"]["httpd"] == "1-2 manual"
    assert said(red, "rpm -q --qf '%{NAME} %{EPOCHNUM} %{VERSION} %{RELEASE}' openssl") == (
        "openssl 1 1.0.2k 26.el7_9"
    )
    assert run(red, "rpm -q none") == (1, "package none is not installed\n")
    said(red, "yum -y history undo 1")
    assert red.snapshot()["state"] == before


def test_units_are_files_and_links_and_some_are_active(debian: LinuxMachine) -> None:
    before = debian.snapshot()["state"]
    assert "smbd.service" in before["services"]
    said(debian, "systemctl stop smbd; systemctl disable smbd")
    assert run(debian, "systemctl is-enabled smbd") == (1, "disabled\n")
    assert "smbd.service" not in debian.snapshot()["state"]["services"]
    assert "ActiveState=inactive" in said(debian, "systemctl show --property=ActiveState smbd")
    assert run(debian, "systemctl start nobody")[0] == 5
    said(debian, "systemctl mask smbd")
    assert run(debian, "systemctl start smbd")[0] == 1
    said(debian, "systemctl unmask smbd; systemctl enable --now smbd")
    assert debian.snapshot()["state"] == before


def test_rules_of_the_packet_filter_are_gone_after_a_restart_and_files_are_not(
    debian: LinuxMachine,
) -> None:
    rule = "INPUT -p tcp --dport 445 -j DROP"
    assert run(debian, f"iptables -C {rule}")[0] == 1
    said(debian, f"iptables -I {rule} && iptables -C {rule} && ip6tables -I {rule}")
    assert list(debian.snapshot()["state"]["firewall"]) == ["ip6tables", "iptables"]
    said(debian, "echo kept >/srv/kept; echo lost >/tmp/lost; systemctl stop smbd")
    first = debian.snapshot()["volatile"]
    seen: list[Power] = []
    back = threading.Event()

    def follow(machine: LinuxMachine) -> None:
        seen.append(machine.power)
        if machine.power is Power.ON:
            back.set()

    debian.subscribe_power(follow)
    said(debian, "shutdown -r +0 bye")
    assert back.wait(GENEROUS)
    assert seen == [Power.RESTARTING, Power.ON]
    assert debian.snapshot()["volatile"]["boots"] == first["boots"] + 1
    assert said(debian, "cat /srv/kept; ls /tmp") == "kept\n"
    state = debian.snapshot()["state"]
    assert state["firewall"] == {}
    assert "smbd.service" in state["services"], "it starts at boot"
    said(debian, "rm /srv/kept")


@pytest.mark.parametrize("key", sorted(LINUX_KEYS))
def test_a_spec_is_checked(key: str) -> None:
    assert spec("a", key).os == key
    for wrong in ({"disk_free": 1}, {"linux": {"files": {"a": ""}}}, {"linux": {"more": 1}}):
        with pytest.raises(ValidationError):
            spec("a", key, **wrong)
    with pytest.raises(ValidationError):
        HostSpec(name="a", port=0, user="a", password="b", os=key)
    with pytest.raises(ValidationError, match="no Linux"):
        HostSpec(name="a", port=0, user="a", password="b", os="2016",
                 state={"linux": {"samba": True}})  # fmt: skip
