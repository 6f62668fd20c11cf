"""What a twin simulates: the best that is known of its host decides."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runner.app.rehearsal import planned as planning
from runner.app.rehearsal.faults import weather
from runner.app.rehearsal.planned import Planned
from runner.app.rehearsal.systems import System, system_of
from runner.journal import Journal
from runner.lab.linux.kinds import LINUX_KEYS
from runner.lab.profiles.table import OS_KEYS
from runner.model.faults import Fault, FaultProfile
from runner.model.inventory import Group, Host, Inventory
from runner.model.job import JobId
from tests.journal.support import a_run

WINDOWS: dict[str, Any] = {
    "nt_version": "6.1", "build": 7601, "revision": 0, "service_pack": 1, "arch": "x64",
    "product_type": "ServerNT", "product_name": "", "system_root": "C:\\Windows",
    "oem_codepage": 437, "language": "enu", "boot_time": "", "reboot_pending_because": [],
}  # fmt: skip


def facts(**changed: Any) -> dict[str, Any]:
    return {"windows": {**WINDOWS, **changed}}


def seen(host: Host, found: dict[str, Any] | None = None, **connection: Any) -> System:
    return system_of(host, connection, found, "2019")


FACTS = [
    ({}, "2008r2-sp1", {"language": "enu"}),
    ({"build": 7600, "service_pack": 0}, "2008r2", {"language": "enu"}),
    ({"product_type": "WinNT", "arch": "x86", "language": "chs"}, "win7-sp1",
     {"language": "chs", "arch": "x86"}),
    ({"nt_version": "5.2", "build": 3790, "service_pack": 2, "arch": "x86", "language": "fra"},
     "2003-sp2", {"arch": "x86"}),
    ({"nt_version": "5.2", "build": 3790, "service_pack": 1}, "2003-sp1",
     {"language": "enu", "arch": "x64"}),
    ({"nt_version": "6.0", "build": 6003, "service_pack": 2}, "2008-sp2",
     {"language": "enu", "arch": "x64"}),
    ({"nt_version": "6.3", "build": 9600, "product_type": "LanmanNT"}, "2012r2",
     {"language": "enu", "role": "domain_controller"}),
    ({"nt_version": "10.0", "build": 14393, "reboot_pending_because": ["x"]}, "2016",
     {"language": "enu", "reboot_pending": True}),
    ({"nt_version": "10.0", "build": 19045, "product_type": "WinNT"}, "win10-1607",
     {"language": "enu", "arch": "x64"}),
    ({"nt_version": "10.0", "build": 26100}, "2025", {"language": "enu"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "os", "state"), FACTS, ids=[f"{c[1]}-{n}" for n, c in enumerate(FACTS)]
)
def test_facts_on_record_say_it(changed: dict[str, Any], os: str, state: dict[str, Any]) -> None:
    found = seen(Host("a", {"os": "Windows Server 2012"}), facts(**changed))
    assert (found.os, found.state, found.missing) == (os, state, "")
    assert found.os in OS_KEYS


@pytest.mark.parametrize(
    ("found", "why"),
    [
        ({"os_family": "Suse", "distribution": "SLES"}, "does not have sles"),
        ({"os_family": "Plan9"}, "knows it as Plan9"),
        ({"windows": {}}, "cannot be read"),
    ],
)
def test_facts_may_say_that_there_is_no_twin(found: dict[str, Any], why: str) -> None:
    assert why in seen(Host("a"), found).missing


VARIABLES = [
    ({"os_version": 2016}, "2016"),
    ({"os": "Windows Server 2008 R2 SP1 Enterprise"}, "2008r2-sp1"),
    ({"os": "Windows Server 2008 Standard"}, "2008-sp2"),
    ({"ansible_distribution": "Microsoft Windows Server 2012 R2 Datacenter"}, "2012r2"),
    ({"os": "win7"}, "win7-sp1"),
    ({"os": "Windows 10 Enterprise"}, "win10-1607"),
    ({"os": "{{ x }}", "os_version": "2003"}, "2003-sp2"),
]


@pytest.mark.parametrize(("variables", "os"), VARIABLES, ids=[v[1] for v in VARIABLES])
def test_variables_say_it(variables: dict[str, Any], os: str) -> None:
    found = seen(Host("a", variables, ("linux", "win2012")))
    assert (found.os, found.missing, found.assumed) == (os, "", False)


@pytest.mark.parametrize("value", ["openSUSE Leap", "Solaris 11", "FreeBSD 13", "Windows Vista"])
def test_variables_may_say_that_there_is_no_twin(value: str) -> None:
    assert value in seen(Host("a", {"os": value})).missing


def test_groups_say_it_and_what_the_host_does() -> None:
    assert seen(Host("a", {}, ("web", "win2012r2"))).os == "2012r2"
    assert seen(Host("a", {}, ("windows_2008_r2", "fileservers"))).state["role"] == "file_server"
    assert seen(Host("a", {}, ("DCs", "srv2022"))).state == {"role": "domain_controller"}
    assert "group freebsd" in seen(Host("a", {}, ("freebsd",))).missing
    assert "group vista" in seen(Host("a", {}, ("vista",))).missing
    assert seen(Host("a", {}, ("site2016",))).assumed  # the year of something else


LINUX = [
    (Host("a", {"os": "Ubuntu 22.04"}), None, "ubuntu-22.04"),
    (Host("a", {"os_version": "Debian GNU/Linux 12"}), None, "debian-12"),
    (Host("a", {"os": "CentOS Linux 7"}), None, "centos-7"),
    (Host("a", {"os": "Red Hat Enterprise Linux 6.10"}), None, "centos-7"),
    (Host("a", {"os": "Red Hat 8"}), None, "rocky-9"),
    (Host("a", {}, ("web", "almalinux")), None, "rocky-9"),
    (Host("a"), {"os_family": "RedHat", "distribution": "CentOS", "distribution_version": "7.9"},
     "centos-7"),
    (Host("a"), {"os_family": "RedHat", "distribution": "Rocky", "distribution_version": "9.4"},
     "rocky-9"),
    (Host("a"), {"os_family": "Debian", "distribution": "Ubuntu"}, "ubuntu-22.04"),
]  # fmt: skip


@pytest.mark.parametrize(("host", "known", "os"), LINUX, ids=[f"{n}-{c[2]}" for n, c in
                                                              enumerate(LINUX)])  # fmt: skip
def test_linux_hosts_get_the_nearest_linux(
    host: Host, known: dict[str, Any] | None, os: str
) -> None:
    found = seen(host, known)
    assert (found.os, found.missing, found.assumed) == (os, "", False)
    assert found.os in LINUX_KEYS
    assert found.is_linux


def test_a_group_linux_alone_does_not_say_which() -> None:
    found = seen(Host("a", {}, ("linux", "fileservers")))
    assert (found.os, found.assumed) == ("debian-12", True)
    assert found.state == {"linux": {"samba": True}}


@pytest.mark.parametrize(
    "group", ["archive", "searchers", "oracle", "minting", "amazon", "alma_ata"]
)
def test_names_of_other_things_are_no_linux(group: str) -> None:
    found = seen(Host("a", {}, (group,)))
    assert (found.os, found.assumed) == ("2019", True)


XP = [
    (Host("a"), facts(nt_version="5.1", build=2600, service_pack=3, arch="x86", language="chs"),
     {"arch": "x86", "language": "chs"}),
    (Host("a", {"os": "Windows XP SP3"}), None, {"arch": "x86"}),
    (Host("a", {}, ("winxp",)), None, {"arch": "x86"}),
]  # fmt: skip


@pytest.mark.parametrize(("host", "known", "state"), XP, ids=["facts", "variable", "group"])
def test_windows_xp_gets_its_nearest_relative_and_that_is_said(
    host: Host, known: dict[str, Any] | None, state: dict[str, Any]
) -> None:
    found = seen(host, known)
    assert (found.os, found.near, found.missing) == ("2003-sp2", "Windows XP", "")
    assert found.state == state
    assert not found.assumed
    assert seen(Host("a", {"os": "Windows Server 2003"})).near == ""


def test_what_nobody_knows_is_assumed_and_said() -> None:
    found = seen(Host("a", {}, ("web",)))
    assert (found.os, found.assumed) == ("2019", True)
    found = seen(Host("a"), ansible_connection="ssh")
    assert (found.os, found.assumed, found.is_linux) == ("debian-12", True, True)
    assert seen(Host("a"), ansible_connection="ssh", ansible_shell_type="cmd").os == "2019"


def test_an_inventory_of_the_lab_says_it_itself() -> None:
    host = Host(
        "a", {"lab_os": "2022", "lab_state": {"powered": False}, "os": "Ubuntu"}, ("linux",)
    )
    assert seen(host, facts()).os == "2022"
    assert seen(host, facts()).state == {"powered": False}


def test_the_last_facts_on_record_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path))
    assert Planned.facts_on_record() == {}
    with Journal.open() as journal:
        for number, build in enumerate((7601, 9600)):
            run = a_run("web01", started=1_000_000.0 + number)
            journal.begin(run)
            result = {"result": {"ansible_facts": facts(build=build)}}
            journal.outcome(run.id, JobId("gather-facts", "web01"), "", "ok", result)
            journal.finish(run.id, "finished", 0)
    assert Planned.facts_on_record()["web01"]["windows"]["build"] == 9600


def planned(monkeypatch: pytest.MonkeyPatch, why: str = "") -> Planned:
    monkeypatch.setattr(planning, "no_linux_here", lambda: why)
    hosts = {name: Host(name, {}, ("all",)) for name in ("win01", "lin01")}
    found = Planned(Inventory(hosts, {"all": Group("all", tuple(hosts), (), ())}))
    found.add(hosts["win01"], System("2016"), {})
    return found.add(hosts["lin01"], System("debian-12"), {"ansible_connection": "ssh"})


def test_without_namespaces_linux_hosts_have_no_twin(monkeypatch: pytest.MonkeyPatch) -> None:
    found = planned(monkeypatch, "this machine has no unshare")
    assert list(found.systems) == ["win01"]
    assert found.missing == {"lin01": "this machine has no unshare"}


@pytest.mark.parametrize("hosts", ["all", "2", "100%"])
def test_what_a_linux_twin_cannot_have_strikes_others(
    monkeypatch: pytest.MonkeyPatch, hosts: str
) -> None:
    faults = (Fault("full disk", hosts), Fault("powered off", "lin01"))
    found = weather(FaultProfile("mine", faults), planned(monkeypatch))
    assert found.struck == {"full disk": ["win01"], "powered off": ["lin01"]}
    assert found.states["lin01"] == {"powered": False}
    assert found.impossible == ({"full disk": ["lin01"]} if hosts == "all" else {})
