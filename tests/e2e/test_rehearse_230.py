"""The whole response rehearsed on a slice of the company of 230, and taken back.

``make rehearse`` (REHEARSE_HOSTS=230) takes all of them; it says how long it took.
"""

from __future__ import annotations

import functools
import json
import os
import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from runner.lab.control.control import Lab
from tests.e2e.fleet import PLAYBOOKS, ROOT, Done, jobs_of, run_command
from tests.e2e.test_wannacry_230 import answers, is_infected, simulated

ALL = os.environ.get("REHEARSE_HOSTS") == "230"
pytestmark = [pytest.mark.xdist_group("rehearse"), pytest.mark.timeout(3600 if ALL else 300)]

INVENTORY = ROOT / "inventories" / "wannacry-230"
FIRST = ("dc01", "dc02", "dc03", "sqlcl01", "sqlcl02", "fs01")
KEEP = '{"isolate_keep": ["127.0.0.1"], "recover_hosts": "fileservers:web"}'
NOT_TAKEN_BACK = ("processes", "reboot_pending")
"""What was ended or was waiting is not what was changed."""


@functools.cache
def chosen() -> dict[str, dict[str, Any]]:
    """The hosts of the slice: who serves others, who is ill, who is off, some with a complaint."""
    hosts = simulated()
    if ALL:
        return hosts

    def first(count: int, **wanted: Any) -> list[str]:
        fits = [
            name
            for name, host in hosts.items()
            if name not in FIRST
            and host["lab_state"].get("powered", True) is wanted.get("powered", True)
            and not host["lab_state"].get("latency")
            and is_infected(host) is wanted.get("ill", False)
            and host["lab_os"] == wanted.get("os", host["lab_os"])
            and (wanted.get("key", "powered") in host["lab_state"] or "key" not in wanted)
        ]
        return fits[:count]

    names = [
        *FIRST, *first(1, ill=True, os="2003-sp2"), *first(1, ill=True, os="win7-sp1"),
        *first(1, powered=False), *first(1, key="firewall"), *first(1, key="updates"),
        *first(1, key="disk_free"),
    ]  # fmt: skip
    return {name: hosts[name] for name in names}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("rehearse-230") / "home"
    yield home
    if (home / "lab").exists():
        Lab.attach(home / "lab").stop()


@pytest.fixture(scope="module")
def inventory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The company's own, restarting quicker."""
    folder = tmp_path_factory.mktemp("inventory")
    (folder / "hosts.yml").write_bytes((INVENTORY / "hosts.yml").read_bytes())
    lab = yaml.load((INVENTORY / "lab.yml").read_text("utf-8"), yaml.CSafeLoader)
    for host in lab["all"]["children"]["simulated"]["hosts"].values():
        host["lab_state"] = {"reboot_seconds": 0.2, "update_seconds": 0.05, **host["lab_state"]}
    (folder / "lab.yml").write_text(yaml.dump(lab, Dumper=yaml.CSafeDumper), "utf-8")
    return folder


def runner(home: Path, *words: str) -> Done:
    begun = time.monotonic()
    done = run_command({"RUNNER_HOME": str(home)}, *words, timeout=3000 if ALL else 280)
    print(f"runner {words[0]}: {time.monotonic() - begun:.0f} s, exit code {done.code}")
    return done


@pytest.fixture(scope="module")
def rehearsed(home: Path, inventory: Path) -> Done:
    words = [] if ALL else ["-l", ",".join([*chosen(), "localhost"])]
    book = PLAYBOOKS / ("site_linux.yml" if ALL else "site.yml")
    return runner(
        home.parent / "elsewhere", "rehearse", str(book), "-i", str(inventory),
        *words, "-e", KEEP, "--keep", str(home), "--json", str(home.parent / "report.json"),
    )  # fmt: skip


@pytest.fixture(scope="module")
def report(rehearsed: Done, home: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((home.parent / "report.json").read_text("utf-8"))
    return found


@pytest.fixture(scope="module")
def states(rehearsed: Done, home: Path) -> dict[str, Any]:
    lab = Lab.attach(home / "lab")
    return {name: lab.state(name) for name in chosen()}


def well() -> set[str]:
    return {name for name, host in chosen().items() if answers(host) and not is_infected(host)}


def ill() -> set[str]:
    return {name for name, host in chosen().items() if is_infected(host)}


def test_what_needs_a_person_is_said_and_nothing_else_went_wrong(
    rehearsed: Done, report: dict[str, Any]
) -> None:
    assert rehearsed.code == 2, rehearsed.err
    assert "What would have needed a person" in rehearsed.out
    assert rehearsed.out.count("somebody is asked: ") == 13  # at the three gates
    if ALL:
        assert "Windows XP, rehearsed as 2003-sp2: xp01" in rehearsed.out
        assert "1 x centos-7, 1 x debian-12, 1 x rocky-9, 1 x ubuntu-22.04" in rehearsed.out
        assert "NOT REHEARSED" not in rehearsed.out
    trouble = {
        (job["step"], job["host"])
        for job in report["jobs"]
        if job["status"] in ("failed", "unreachable", "in doubt", "conflict") and not job["ignored"]
    }
    near = {host for _, host in trouble if host.startswith("xp")}  # as Server 2003, with no package
    for step, host in trouble:
        if host in near:
            continue
        state = chosen()[host]["lab_state"]
        known = (
            not answers(chosen()[host])
            or (step == "enough-space" and "disk_free" in state)
            or (step == "install-fix" and chosen()[host]["lab_os"] == "2008r2")
            or (step == "recover-clean" and host in ill())
            or (step == "recover-clean" and "disk_free" in state)
        )
        assert known, (step, host, jobs_of(report)[step, host]["message"])


def test_every_healthy_host_that_answers_is_compliant(report: dict[str, Any]) -> None:
    safe = {host: job for (step, host), job in jobs_of(report).items() if step == "safe"}
    for name in well():
        assert safe[name]["status"] == "ok", (name, safe[name]["message"])


def test_every_infected_host_is_isolated_and_its_evidence_is_there(
    states: dict[str, Any],
) -> None:
    texts = {name: json.dumps(state["state"]).casefold() for name, state in states.items()}
    assert {name for name, text in texts.items() if "runner-isolate" in text} == ill()
    lost = []
    for name in ill():
        kept = {path.casefold() for path in states[name]["state"]["files"]}
        for path, spec in chosen()[name]["lab_state"]["files"].items():
            if ".WNCRY" in path and path.casefold() not in kept:
                lost.append((name, path))
            if "sha1" in spec and spec["sha1"] not in texts[name]:
                lost.append((name, spec["sha1"]))
    assert lost == []


def test_who_serves_others_served_on_and_restarted_in_order(states: dict[str, Any]) -> None:
    for name in FIRST:
        assert states[name]["state"]["services"]["LanmanServer"]["state"] == "running", name
    for group in (("dc01", "dc02", "dc03"), ("sqlcl01", "sqlcl02")):
        boots = [float(states[name]["volatile"]["boot_time"]) for name in group]
        assert boots == sorted(boots), group


def test_the_rollback_brings_back_what_is_not_declared_irreversible(
    states: dict[str, Any], home: Path, inventory: Path
) -> None:
    first: dict[str, Any] = json.loads((home / "first.json").read_text("utf-8"))
    back = runner(home, "rollback", "last", "--irreversible", "--restart", "--json", "-")
    assert back.code in (0, 4), back.out[-3000:] + back.err
    assert "conflict" not in back.report()["counts"]
    lab = Lab.attach(home / "lab")
    wrong: dict[str, list[str]] = {}
    for name in chosen():
        now = lab.state(name)["state"]
        for state in (first[name], now):
            for part in NOT_TAKEN_BACK:
                state.pop(part, None)
        waited = chosen()[name]["lab_state"].get("reboot_pending", False)
        places = [
            place
            for place in _differing(first[name], now)
            if not (waited and re.search("RebootPending|updateexevolatile", place))
        ]
        if places:
            wrong[name] = places[:5]
    assert wrong == {}


def _differing(before: Any, after: Any, path: str = "") -> Iterator[str]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted({*before, *after}):
            yield from _differing(before.get(key), after.get(key), f"{path}/{key}")
    elif before != after:
        yield f"{path}: {before!r:.80} -> {after!r:.80}"
