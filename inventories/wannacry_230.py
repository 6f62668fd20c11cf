"""Writes ``inventories/wannacry-230``: a company of 230 hosts on the morning of WannaCry.

    python inventories/wannacry_230.py

The same seed gives the same files. ``hosts.yml`` is what an operator would have (names, groups,
addresses of documentation networks, order); ``lab.yml`` is what the lab simulates: no simulated
host is told apart by its name, so what is infected has to be found.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any, Final

import yaml

SEED: Final = 20170512
HERE: Final = Path(__file__).resolve().parent
FOLDER: Final = HERE / "wannacry-230"
CATALOGUE: Final = HERE.parent / "playbooks" / "wannacry" / "ms17-010.yml"
FIRST_PORT: Final = 17001
HEAD: Final = "# Written by inventories/wannacry_230.py, which says what is what. Do not edit.\n"
SYMPTOMS: Final = {
    "powered off": 8, "hangs": 3, "wrong time": 4, "full disk": 4, "firewall off": 20,
    "group policy": 15, "waits for a restart": 6, "patched": 25,
}  # fmt: skip
INFECTED: Final = {
    "2003-sp2": 3,
    "2008-sp2": 1,
    "2008r2": 1,
    "2008r2-sp1": 4,
    "2012": 1,
    "win7-sp1": 7,
}
ENCRYPTED: Final = 5

Vars = dict[str, Any]

PACKAGES: Final = {
    ("2003-sp2", "x86", "enu"): "ws2003-sp2-x86-enu",
    ("2003-sp2", "x86", "chs"): "ws2003-sp2-x86-chs",
    ("2003-sp2", "x64", "enu"): "ws2003-sp2-x64-enu",
    ("2003-sp2", "x64", "chs"): "ws2003-sp2-x64-chs",
    ("2008-sp2", "x86"): "nt60-x86",
    ("2008-sp2", "x64"): "nt60-x64",
    ("2008r2", "x64"): "nt61-so-x64",
    ("2008r2-sp1", "x64"): "nt61-so-x64",
    ("win7-sp1", "x86"): "nt61-so-x86",
    ("win7-sp1", "x64"): "nt61-so-x64",
    ("2012", "x64"): "ws2012-so-x64",
    ("2012r2", "x64"): "nt63-so-x64",
    ("2016", "x64"): "w10-1607-x64",
    ("win10-1607", "x64"): "w10-1607-x64",
}
"""The package in the catalogue for each system, architecture and, on Server 2003, language."""
PATCHED: Final = {
    "2008r2-sp1": "KB4019264", "win7-sp1": "KB4019264", "2012": "KB4019216", "2012r2": "KB4019215",
    "2016": "KB4019472", "win10-1607": "KB4019472",
}  # fmt: skip
"""The rollup of May 2017, which holds the fix."""
SAMPLES: Final = (
    "51e4307093f8ca8854359c0ac882ddca427a813c",
    "e889544aff85ffaf8b0d0da705105dee7c97fe26",
)
"""SHA-1 of two samples, from Microsoft's article on WannaCrypt."""


class Host:
    """One host: what an operator knows of it, and what it simulates."""

    def __init__(
        self, name: str, group: str, os: str, arch: str = "x64", language: str = "enu"
    ) -> None:
        self.name, self.group, self.os, self.arch, self.language = name, group, os, arch, language
        self.known: Vars = {}
        self.state: Vars = {}
        self.symptoms: list[str] = []

    def update(self, key: str, values: Vars) -> None:
        """Add to one mapping of the host's ``lab_state``."""
        self.state.setdefault(key, {}).update(values)


def fleet() -> list[Host]:
    """All 230 hosts, as they were installed."""
    hosts = [
        Host("dc01", "domaincontrollers", "2012r2"),
        Host("dc02", "domaincontrollers", "2008r2-sp1", language="chs"),
        Host("dc03", "domaincontrollers", "2016"),
        Host("sqlcl01", "sqlcluster", "2012r2"),
        Host("sqlcl02", "sqlcluster", "2012r2"),
        Host("wsus01", "wsus", "2012r2"),
    ]
    hosts += _series("fs", "fileservers", 6, ["2008r2-sp1", "2012r2", "2016"])
    hosts += _series("sql", "sqlservers", 10, ["2008r2-sp1", "2012", "2012r2", "2016", "2019"])
    hosts += _series("web", "web", 30, ["2008r2-sp1", "2012", "2012r2", "2016", "2019", "2022"])
    hosts += _series("app", "app", 40, ["2008r2-sp1", "2012", "2012r2", "2016", "2022"])
    hosts += _series("erp", "app", 10, ["2008-sp2"], [("x64", "enu"), ("x86", "chs")])
    hosts += _series("sp", "app", 6, ["2008r2"])
    mixed = [
        ("x86", "chs"),
        ("x86", "enu"),
        ("x64", "chs"),
        ("x86", "enu"),
        ("x64", "enu"),
        ("x86", "chs"),
    ]
    hosts += _series("old", "legacy", 24, ["2003-sp2"], mixed)
    office = [("x64", "chs"), ("x64", "enu"), ("x86", "chs")]
    hosts += _series("pc", "office", 60, ["win7-sp1"], office)
    hosts += _series("nb", "office", 28, ["win10-1607"], office[:2])
    hosts += _series("xp", "winxp", 6, ["xp"], [("x86", "chs")])
    hosts += _series("lin", "linux", 4, ["debian-12", "centos-7", "rocky-9", "ubuntu-22.04"])
    return hosts


def _series(
    prefix: str,
    group: str,
    count: int,
    systems: list[str],
    kinds: list[tuple[str, str]] | None = None,
) -> list[Host]:
    ways = kinds or [("x64", "enu"), ("x64", "enu"), ("x64", "chs")]
    return [
        Host(f"{prefix}{n + 1:02}", group, systems[n % len(systems)], *ways[n % len(ways)])
        for n in range(count)
    ]


def simulated(host: Host) -> bool:
    """Whether the lab has this Windows: it has no XP."""
    return host.group not in ("winxp", "linux")


def equip(hosts: list[Host]) -> None:
    """Roles, packages on the disk, and what an operator says about order."""
    files = {
        p["id"]: p["file_name"] for p in yaml.safe_load(CATALOGUE.read_text("utf-8"))["packages"]
    }
    for host in hosts:
        if not simulated(host):
            continue
        if host.language != "enu":
            host.state["language"] = host.language
        if host.os in ("2003-sp2", "2008-sp2", "win7-sp1"):
            host.state["arch"] = host.arch
        key = (host.os, host.arch, host.language) if host.os == "2003-sp2" else (host.os, host.arch)
        if package := PACKAGES.get(key):
            host.state["packages"] = {"C:\\WR": [files[package]]}
        if host.group == "domaincontrollers":
            host.state["role"] = "domain_controller"
        if host.group == "fileservers":
            host.state.update(role="file_server", shares={"projects": "C:\\projects"})
        if host.group == "sqlcluster":
            service = {
                "state": "running",
                "start": "auto",
                "path": "C:\\Windows\\Cluster\\clussvc.exe",
            }
            host.update("services", {"ClusSvc": service})
        if host.group in ("sqlservers", "sqlcluster"):
            service = {
                "state": "running",
                "start": "auto",
                "path": "C:\\SQL\\sqlservr.exe -sMSSQLSERVER",
            }
            host.update("services", {"MSSQLSERVER": service})


def afflict(hosts: list[Host], dice: random.Random) -> None:
    """The morning: who is infected, and whatever else is wrong with a fleet."""
    infected: list[Host] = []
    for os, count in INFECTED.items():
        able = [
            h
            for h in hosts
            if h.os == os and h.group in ("legacy", "app", "web", "sqlservers", "office")
        ]
        infected += dice.sample(able, count)
    encrypted = dice.sample(infected, ENCRYPTED)
    for host in infected:
        _infect(host, dice, encrypted=host in encrypted)
    plain = [
        h
        for h in hosts
        if simulated(h) and h.group in ("web", "app", "legacy", "office", "sqlservers")
    ]
    for symptom, count in SYMPTOMS.items():
        able = [h for h in plain if not h.symptoms and _can_have(h, symptom)]
        for host in dice.sample(able, count):
            host.symptoms.append(symptom)
            _set(host, symptom, dice)


def _can_have(host: Host, symptom: str) -> bool:
    if symptom == "patched":
        return host.os in PATCHED
    return symptom not in ("firewall off", "group policy") or host.os != "2003-sp2"


def _set(host: Host, symptom: str, dice: random.Random) -> None:
    match symptom:
        case "powered off":
            host.state["powered"] = False
        case "hangs":
            host.state["latency"] = 3600
        case "wrong time":
            host.state["clock_offset"] = dice.choice([-86400 * 365, -7200, 3600, 28800])
        case "full disk":
            host.state["disk_free"] = dice.randrange(1, 200) * 1048576
        case "firewall off":
            host.state["firewall"] = {"enabled": False}
        case "group policy":
            policy = "HKLM\\SOFTWARE\\Policies\\Microsoft\\WindowsFirewall\\DomainProfile"
            host.update("registry", {policy: {"EnableFirewall": 1, "AllowLocalPolicyMerge": 1}})
        case "waits for a restart":
            host.state["reboot_pending"] = True
        case _:
            host.state.pop("packages", None)
            host.state["updates"] = [PATCHED[host.os]]


def _infect(host: Host, dice: random.Random, *, encrypted: bool) -> None:
    root = "C:\\WINDOWS" if host.os == "2003-sp2" else "C:\\Windows"
    minute = f"2017-05-12 {dice.randrange(15, 24):02}:{dice.randrange(60):02}:00"
    host.symptoms.append("encrypted" if encrypted else "infected")
    sample: Vars = {"sha1": dice.choice(SAMPLES), "size": 3723264, "created": minute}
    dropped: Vars = {"content": f"simulated variant {host.name}", "created": minute}
    host.update("files", {f"{root}\\mssecsvc.exe": sample, f"{root}\\tasksche.exe": dropped})
    service = {
        "state": "running", "start": "auto", "path": f"{root}\\mssecsvc.exe -m security",
        "display_name": "Microsoft Security Center (2.0) Service",
    }  # fmt: skip
    host.update("services", {"mssecsvc2.0": service})
    host.update("registry", {"HKLM\\SOFTWARE\\WanaCrypt0r": {"wd": root}})
    run = "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Run"
    letters = "".join(dice.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(12))
    host.update("registry", {run: {f"{letters}{dice.randrange(1000):03}": f"{root}\\tasksche.exe"}})
    host.state["processes"] = [f"{root}\\tasksche.exe"]
    if encrypted:
        home = "C:\\Documents and Settings" if host.os == "2003-sp2" else "C:\\Users"
        desk = f"{home}\\Public\\Documents"
        note: Vars = {"content": "What Happened to My Computer?", "created": minute}
        host.update("files", {f"{desk}\\@Please_Read_Me@.txt": note})
        for name in ("plan.docx", "budget.xlsx", "photo.jpg"):
            lost: Vars = {"content": f"WANACRY! {name}", "created": minute}
            host.update("files", {f"{desk}\\{name}.WNCRY": lost})
        host.state["processes"] += [f"{desk}\\@WanaDecryptor@.exe"]


def operators(hosts: list[Host]) -> Vars:
    """``hosts.yml``: what would be there without a lab."""
    groups: dict[str, Vars] = {}
    for number, host in enumerate(hosts):
        network = ("192.0.2", "198.51.100", "203.0.113")[number // 100]
        known: Vars = {"ansible_host": f"{network}.{number % 100 + 10}"}
        groups.setdefault(host.group, {"hosts": {}})["hosts"][host.name] = known
    controllers = groups["domaincontrollers"]
    controllers["hosts"]["dc02"]["after"] = "dc01"
    controllers["hosts"]["dc03"]["after"] = "dc02"
    groups["sqlcluster"]["vars"] = {"cluster": "sqlcl"}
    groups["sqlcluster"]["hosts"]["sqlcl02"]["after"] = "sqlcl01"
    linux, xp = groups.pop("linux"), groups.pop("winxp")
    linux["vars"] = {"ansible_connection": "ssh", "ansible_user": "ops", "ansible_become": True}
    windows = {"children": {**groups, "winxp": {}}}
    outside = {"children": {"winxp": xp}}
    return {"all": {"children": {"windows": windows, "linux": linux, "not_in_lab": outside}}}


def laboratory(hosts: list[Host]) -> Vars:
    """``lab.yml``: ports of this machine, and what stands behind them."""
    inside = [host for host in hosts if simulated(host)]
    entries: dict[str, Vars] = {}
    for number, host in enumerate(inside):
        entry: Vars = {"ansible_host": "127.0.0.1", "ansible_port": FIRST_PORT + number}
        entries[host.name] = {**entry, "lab_os": host.os, "lab_state": host.state}
    settings = {
        "ansible_winrm_scheme": "http", "ansible_winrm_transport": "ntlm",
        "ansible_winrm_message_encryption": "always",
        "ansible_user": "Administrator", "ansible_password": "Lab-Passw0rd",
    }  # fmt: skip
    linux = _linux([host for host in hosts if host.group == "linux"], FIRST_PORT + len(inside))
    groups = {"simulated": {"vars": settings, "hosts": entries}, "simulated_linux": linux}
    return {"all": {"children": groups}}


def _linux(hosts: list[Host], port: int) -> Vars:
    """The Linux servers over SSH; every second one serves files with Samba."""
    entries: dict[str, Vars] = {
        host.name: {
            "ansible_host": "127.0.0.1",
            "ansible_port": port + number,
            "lab_os": host.os,
            "lab_state": {"linux": {"samba": number % 2 == 0}},
        }
        for number, host in enumerate(hosts)
    }
    known_hosts = "-o UserKnownHostsFile=~/.local/state/runner/lab/known_hosts"
    settings = {
        "ansible_connection": "ssh", "ansible_shell_type": "sh", "ansible_user": "root",
        "ansible_password": "Lab-Passw0rd", "ansible_ssh_common_args": known_hosts,
    }  # fmt: skip
    return {"vars": settings, "hosts": entries}


def files() -> dict[str, str]:
    """The name and the text of each file."""
    hosts = fleet()
    equip(hosts)
    afflict(hosts, random.Random(SEED))
    return {"hosts.yml": _text(operators(hosts)), "lab.yml": _text(laboratory(hosts))}


def _text(data: Vars) -> str:
    return HEAD + yaml.dump(data, Dumper=_Plain, sort_keys=False, width=120, allow_unicode=True)


class _Plain(yaml.SafeDumper):
    """Without anchors: every host can be read by itself."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def main() -> None:
    """Write the folder."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in files().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
