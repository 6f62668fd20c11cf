"""setup on POSIX hosts: facts of this machine, and of others out of what they would print."""

from __future__ import annotations

import json
import os
import platform
import pwd
import re
import time
from typing import Any

import pytest

from runner.engine.hosts.session import Reader
from runner.errors import ModuleError, ParamsError
from runner.interfaces.exchange import Exec, Output, Read, Script
from runner.model.state import Change
from runner.posix import distribution, network
from runner.posix.facts import date_time
from tests.modules.posix_host import FACTS, link, probe
from tests.modules.scripted import Scripted, task


def gathered(**raw: Any) -> dict[str, Any]:
    module, params = task("setup", **raw)
    found = probe("setup", **raw)
    result = module.result(params, Change("", found, found), FACTS, {})
    return dict(result["ansible_facts"])


def test_this_machine() -> None:
    facts = gathered()
    account = pwd.getpwuid(os.geteuid())
    names = os.uname()
    expected = {
        "system": names.sysname, "kernel": names.release, "nodename": names.nodename,
        "machine": names.machine, "hostname": names.nodename.partition(".")[0],
        "user_id": account.pw_name, "user_uid": account.pw_uid, "user_gid": account.pw_gid,
        "user_dir": account.pw_dir, "user_shell": account.pw_shell,
        "processor_nproc": os.cpu_count(), "real_user_id": os.getuid(),
    }  # fmt: skip
    assert {name: facts[name] for name in expected} == expected
    assert facts["env"]["PATH"] == os.environ["PATH"]
    assert abs(int(facts["date_time"]["epoch"]) - time.time()) < 60
    assert facts["uptime_seconds"] > 0
    assert facts["memtotal_mb"] > 64
    release = platform.freedesktop_os_release()
    assert facts["distribution_version"].startswith(release.get("VERSION_ID", ""))
    assert "python" not in facts
    assert "windows" not in facts


def test_one_exchange_is_enough() -> None:
    module, params = task("setup")
    here = link()
    Reader(here).drive(module.probe(params, FACTS))
    assert here.exchanges == 1


def test_a_value_with_line_breaks_stays_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINE", "a\nB=c\n")
    assert gathered(gather_subset="!all,!min,env")["env"]["MINE"] == "a\nB=c\n"


@pytest.mark.parametrize(
    ("subset", "there", "missing"),
    [
        ("min", {"distribution", "env", "user_uid", "kernel"}, {"memtotal_mb", "interfaces"}),
        ("!all,!min", {"os_family"}, {"distribution", "hostname"}),
        ("!all,!min,memory", {"memtotal_mb"}, {"distribution", "processor_vcpus"}),
        ("hardware", {"processor_vcpus", "uptime_seconds", "hostname"}, {"interfaces"}),
        ("!hardware,!virtual,!facter", {"distribution"}, {"memtotal_mb"}),
        ("!all,!min,architecture", {"architecture", "kernel", "os_family"}, {"distribution"}),
        ("!all,!min,processor_count", {"processor_vcpus", "memtotal_mb"}, {"distribution"}),
        ("!all,!min,user_dir", {"user_id"}, {"distribution"}),
        ("!all,!min,virtual", {"os_family"}, {"distribution"}),
        ("facter", {"distribution"}, {"memtotal_mb"}),
        ("!kernel", {"distribution"}, {"kernel", "architecture"}),
    ],
)
def test_subsets(subset: str, there: set[str], missing: set[str]) -> None:
    names = set(gathered(gather_subset=subset))
    assert there <= names
    assert not missing & names


def test_filter() -> None:
    assert set(gathered(filter=["ansible_user_[iu]*"])) == {"user_id", "user_uid"}


@pytest.mark.parametrize("subset", ["memry", "!nosuch"])
def test_what_nobody_knows_is_refused(subset: str) -> None:
    with pytest.raises(ParamsError):
        task("setup", gather_subset=subset)


def test_a_host_that_says_nothing_is_told() -> None:
    module, params = task("setup")
    with pytest.raises(ModuleError, match="did not tell its system"):
        Scripted({}).drive(module.probe(params, FACTS))


def test_a_host_of_which_nothing_is_known_is_asked_as_windows() -> None:
    module, params = task("setup")
    request = next(module.probe(params, {}))
    assert isinstance(request, Read)
    assert any(isinstance(command, Exec) and command.argv[0] == "reg"
               for command in request.commands)  # fmt: skip
    request = next(module.probe(params, {"shell_type": "sh"}))
    assert isinstance(request, Read)
    assert all(isinstance(command, Script) for command in request.commands)


MAC = {
    "for o in": Output(0, "Darwin\nmac1.example.com\n22.6.0\nDarwin Kernel\narm64\n64\n"),
    'if [ "$(uname': Output(0, "13.5.1\n"),
    "id -un": Output(0, "me\n501\n20\n501\n20\n"),
    "env -0": Output(0, "A=1\nB=2=3\n"),
    "LC_ALL=C date": Output(0, "1700000000 N +0100 CET\n"),
    "hostname": Output(0, "mac1.example.com\n"),
}


def test_a_host_that_is_no_linux() -> None:
    module, params = task("setup")
    found = Scripted(MAC).drive(module.probe(params, FACTS))
    facts = json.loads(found.facts)
    expected = {
        "system": "Darwin", "distribution": "MacOSX", "distribution_version": "13.5.1",
        "distribution_major_version": "13", "os_family": "Darwin", "domain": "example.com",
        "hostname": "mac1", "env": {"A": "1", "B": "2=3"}, "architecture": "arm64",
    }  # fmt: skip
    assert {name: facts[name] for name in expected} == expected
    assert facts["date_time"]["time"] == "23:13:20"
    assert facts["date_time"]["iso8601_micro"] == "2023-11-14T22:13:20.000000Z"
    assert not {"memtotal_mb", "uptime_seconds", "interfaces", "pkg_mgr"} & set(facts)


def os_release(**fields: str) -> str:
    return "".join(f'{name}="{value}"\n' for name, value in fields.items())


DISTRIBUTIONS = [
    (os_release(ID="debian", NAME="Debian GNU/Linux", VERSION_ID="12",
                VERSION_CODENAME="bookworm"), "12.11\n",
     ("Debian", "12.11", "12", "bookworm", "Debian")),
    (os_release(ID="ubuntu", NAME="Ubuntu", VERSION_ID="22.04", VERSION_CODENAME="jammy"),
     "bookworm/sid\n", ("Ubuntu", "22.04", "22", "jammy", "Debian")),
    (os_release(ID="rhel", NAME="Red Hat Enterprise Linux", VERSION_ID="9.3"),
     "Red Hat Enterprise Linux release 9.3 (Plow)\n", ("RedHat", "9.3", "9", "Plow", "RedHat")),
    (os_release(ID="centos", NAME="CentOS Linux", VERSION_ID="7"),
     "CentOS Linux release 7.9.2009 (Core)\n", ("CentOS", "7.9", "7", "Core", "RedHat")),
    (os_release(ID="rocky", NAME="Rocky Linux", VERSION_ID="8.9"),
     "Rocky Linux release 8.9 (Green Obsidian)\n",
     ("Rocky", "8.9", "8", "Green Obsidian", "RedHat")),
    (os_release(ID="alpine", NAME="Alpine Linux", VERSION_ID="3.19.1"), "3.19.1\n",
     ("Alpine", "3.19.1", "3", "NA", "Alpine")),
    (os_release(ID="sles", NAME="SLES", VERSION_ID="15.5"), "",
     ("SLES", "15.5", "15", "NA", "Suse")),
    (os_release(ID="amzn", NAME="Amazon Linux", VERSION_ID="2"), "",
     ("Amazon", "2", "2", "NA", "RedHat")),
    (os_release(ID="arch", NAME="Arch Linux"), "", ("Archlinux", "NA", "NA", "NA", "Archlinux")),
    (os_release(ID="newone", NAME="New One", ID_LIKE="ubuntu debian", VERSION_ID="1"), "",
     ("New", "1", "1", "NA", "Debian")),
    ("# nothing\nbroken='\n", "", ("Linux", "NA", "NA", "NA", "Linux")),
]  # fmt: skip


@pytest.mark.parametrize(("text", "file", "expected"), DISTRIBUTIONS)
def test_distributions(text: str, file: str, expected: tuple[str, ...]) -> None:
    facts = distribution.facts("Linux", "6.1.0", text, file, "")
    names = ("distribution", "distribution_version", "distribution_major_version",
             "distribution_release", "os_family")  # fmt: skip
    assert tuple(facts[name] for name in names) == expected


def test_a_bsd() -> None:
    facts = distribution.facts("FreeBSD", "13.2-RELEASE-p1", "", "", "")
    assert facts["distribution"] == facts["os_family"] == "FreeBSD"
    assert facts["distribution_version"] == "13.2"


ADDRESSES = (
    "1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever\n"
    "1: lo    inet6 ::1/128 scope host \\       valid_lft forever\n"
    "2: eth0    inet 10.1.2.3/22 brd 10.1.3.255 scope global eth0\\       valid_lft\n"
    "2: eth0    inet6 fe80::1/64 scope link \\       valid_lft forever\n"
    "3: tun0    inet 10.9.0.2/32 scope global tun0\\       valid_lft forever\n"
)
LINKS = (
    "1: lo: <LOOPBACK,UP> mtu 65536 qdisc noqueue state UNKNOWN\\    link/loopback 00:00\n"
    "2: eth0@if5: <BROADCAST,UP> mtu 1500 state UP\\    link/ether 02:42:ac:11:00:02 brd ff\n"
    "3: tun0: <POINTOPOINT> mtu 1400 state UP\\    link/none\n"
)


def test_addresses() -> None:
    route = "8.8.8.8 via 10.1.0.1 dev eth0 src 10.1.2.3 uid 0 \\    cache\n"
    facts = network.facts(route, ADDRESSES, LINKS)
    assert facts == {
        "interfaces": ["lo", "eth0", "tun0"],
        "all_ipv4_addresses": ["10.1.2.3", "10.9.0.2"],
        "all_ipv6_addresses": ["fe80::1"],
        "default_ipv4": {
            "address": "10.1.2.3", "alias": "eth0", "interface": "eth0", "prefix": "22",
            "netmask": "255.255.252.0", "network": "10.1.0.0", "broadcast": "10.1.3.255",
            "gateway": "10.1.0.1", "mtu": 1500, "macaddress": "02:42:ac:11:00:02",
            "type": "ether",
        },
    }  # fmt: skip
    tunnel = network.facts("8.8.8.8 dev tun0 src 10.9.0.2", ADDRESSES, LINKS)["default_ipv4"]
    assert (tunnel["mtu"], "gateway" in tunnel, "macaddress" in tunnel) == (1400, False, False)
    assert network.facts("", ADDRESSES, LINKS)["default_ipv4"] == {}
    assert network.facts("", "", "") == {}


@pytest.mark.parametrize(
    ("offset", "local"), [("+0530", "05:30:00"), ("-0330", "20:30:00"), ("+0000", "00:00:00")]
)
def test_local_time(offset: str, local: str) -> None:
    found = date_time(86400 * 365, 123456, offset, "X")
    assert found["time"] == local
    assert found["iso8601"] == "1971-01-01T00:00:00Z"
    assert found["tz_offset"] == offset
    assert re.fullmatch(r"\d{8}T\d{12}", found["iso8601_basic"])
