"""The response on a sample of the 230 hosts, and what its playbooks and their table promise."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.fleet import PLAYBOOKS, ROOT, TestFleet, jobs_of

pytestmark = [pytest.mark.xdist_group("wannacry-230"), pytest.mark.timeout(300)]

FOLDER = ROOT / "inventories" / "wannacry-230"
TABLE = ROOT / "docs" / "wannacry.md"
BOOKS = sorted(path for path in PLAYBOOKS.glob("*.yml") if path.stem != "ms17-010")
SAMPLE = 16
"""Each system and each affliction among them; more would only take longer."""
FEW = 4
IDS = [*(f"A{n:02}" for n in range(1, 36)), *(f"D{n:02}" for n in range(1, 18))]
HEADINGS = ("Purpose", "Covers", "Refuses", "Irreversible", "Time", "Preview", "Undo")


def generator() -> Any:
    spec = importlib.util.spec_from_file_location(
        "wannacry_230", ROOT / "inventories" / "wannacry_230.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def simulated() -> dict[str, dict[str, Any]]:
    data = yaml.safe_load((FOLDER / "lab.yml").read_text("utf-8"))
    hosts: dict[str, dict[str, Any]] = data["all"]["children"]["simulated"]["hosts"]
    return hosts


def is_infected(host: dict[str, Any]) -> bool:
    return "mssecsvc2.0" in host["lab_state"].get("services", {})


def few() -> str:
    """Infected hosts, one of them a Server 2003, and healthy ones, as a pattern."""
    hosts = sample()
    ill = [name for name, host in hosts.items() if is_infected(host)]
    old = [name for name in ill if hosts[name]["lab_os"] == "2003-sp2"][:1]
    off = [name for name, host in hosts.items() if host["lab_state"].get("firewall")][:1]
    well = [name for name, host in hosts.items() if answers(host) and not is_infected(host)][:1]
    return ",".join({*old, *ill[:FEW], *off, *well})


def answers(host: dict[str, Any]) -> bool:
    return host["lab_state"].get("powered", True) and not host["lab_state"].get("latency")


def way(host: dict[str, Any]) -> str:
    return "isolate-2003" if host["lab_os"].startswith("2003") else "cut-off"


def sample() -> dict[str, dict[str, Any]]:
    """Hosts that answer in time, and one that is off: each system, each affliction."""
    hosts = simulated()
    chosen: dict[str, dict[str, Any]] = {}
    seen: set[object] = set()
    for name, host in sorted(hosts.items(), key=lambda pair: not is_infected(pair[1])):
        state = host["lab_state"]
        kind = (host["lab_os"], state.get("language"), state.get("role"))
        traits = {
            key for key in ("clock_offset", "disk_free", "firewall", "updates") if key in state
        }
        traits |= {"old and ill"} if is_infected(host) and kind[0] == "2003-sp2" else set()
        traits |= (
            {"encrypted"} if any(".WNCRY" in path for path in state.get("files", {})) else set()
        )
        traits |= {f"role {kind[2]}"} if kind[2] else set()
        new = {kind[0], *traits, "ill" if is_infected(host) else "well"} - seen
        if (
            answers(host)
            and (new or "ClusSvc" in state.get("services", {}))
            and len(chosen) < SAMPLE
        ):
            chosen[name] = host
            seen |= new
    rest = [n for n, h in hosts.items() if is_infected(h) and n not in chosen]
    chosen |= {name: hosts[name] for name in rest[: SAMPLE - len(chosen)]}
    off = next(name for name, host in hosts.items() if not host["lab_state"].get("powered", True))
    return {**chosen, off: hosts[off]}


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestFleet]:
    hosts = {
        name: {
            "lab_os": host["lab_os"],
            "lab_state": {"reboot_seconds": 0.2, "update_seconds": 0.05, **host["lab_state"]},
            **({"cluster": "sqlcl"} if name.startswith("sqlcl") else {}),
        }
        for name, host in sample().items()
    }
    fleet = TestFleet(tmp_path_factory.mktemp("wannacry-230"), hosts)
    inventory = yaml.safe_load(fleet.inventory.read_text("utf-8"))
    servers = [n for n, h in sample().items() if h["lab_state"].get("role") == "file_server"]
    inventory["all"]["children"]["fileservers"] = {"hosts": dict.fromkeys(servers)}
    fleet.inventory.write_text(yaml.safe_dump(inventory), "utf-8")
    with fleet:
        yield fleet


@pytest.fixture(scope="module")
def before(fleet: TestFleet) -> dict[str, Any]:
    return fleet.states()


@pytest.fixture(scope="module")
def detected(fleet: TestFleet, before: dict[str, Any]) -> dict[str, Any]:
    return fleet.report(PLAYBOOKS / "detect.yml")


# -- the inventory ---------------------------------------------------------------------------------


def test_the_generator_gives_the_files_that_are_checked_in() -> None:
    for name, text in generator().files().items():
        assert (FOLDER / name).read_text("utf-8") == text, (
            f"run inventories/wannacry_230.py: {name}"
        )


def test_the_company_is_as_the_story_says() -> None:
    hosts = generator().fleet()
    assert len({host.name for host in hosts}) == len(hosts) == 230
    lab = simulated()
    states = [host["lab_state"] for host in lab.values()]
    assert sum(map(is_infected, lab.values())) == 17
    assert sum(any(".WNCRY" in p for p in s.get("files", {})) for s in states) == 5
    assert sum(s.get("role") == "domain_controller" for s in states) == 3
    assert sum("ClusSvc" in s.get("services", {}) for s in states) == 2
    assert all(answers(host) for host in lab.values() if is_infected(host))
    for key in ("powered", "latency", "clock_offset", "disk_free", "firewall", "reboot_pending"):
        assert any(key in state for state in states), key


def test_what_the_lab_does_not_know_is_marked_so() -> None:
    data = yaml.safe_load((FOLDER / "hosts.yml").read_text("utf-8"))
    outside = data["all"]["children"]["not_in_lab"]["children"]
    named = {name for group in outside.values() for name in group["hosts"]}
    assert len(named) == 6
    assert not named & set(simulated())


# -- the playbooks ---------------------------------------------------------------------------------


@pytest.mark.parametrize("path", BOOKS, ids=lambda path: path.stem)
def test_a_playbook_opens_with_what_a_person_has_to_know(path: Path) -> None:
    text = path.read_text("utf-8")
    head = text[: re.search(r"^[^#\n]", text, re.MULTILINE).start()]  # type: ignore[union-attr]
    assert [word for word in HEADINGS if f"# {word} " not in head] == []


def test_the_playbooks_lint_clean(fleet: TestFleet) -> None:
    done = fleet.run("lint", *map(str, BOOKS))
    assert done.code == 0, done.out
    assert "0 mistakes, 0 calls of unknown modules" in done.out.splitlines()[-1]


def tasks_of(path: Path) -> set[str]:
    return set(re.findall(r"^ +id: ([\w-]+)$", path.read_text("utf-8"), re.MULTILINE))


def test_every_requirement_has_its_row_and_every_task_in_it_exists() -> None:
    rows = re.findall(r"^\| ([AD]\d\d) \| (.*) \|$", TABLE.read_text("utf-8"), re.MULTILINE)
    assert [row[0] for row in rows] == IDS
    for number, row in rows:
        named = re.findall(r"`([\w-]+\.yml)(?:: ([\w, -]+))?`", row)
        assert named or "by hand" in row, f"{number} names nothing"
        for book, tasks in named:
            assert (PLAYBOOKS / book).exists(), f"{number}: {book}"
            wanted = {task.strip() for task in tasks.split(",") if task.strip()}
            assert wanted <= tasks_of(PLAYBOOKS / book), f"{number}: {book}: {wanted}"


# -- on the lab ------------------------------------------------------------------------------------


def test_detection_finds_each_infected_host_and_no_other(
    fleet: TestFleet, before: dict[str, Any], detected: dict[str, Any]
) -> None:
    hosts = sample()
    said = {
        host: job["result"]["msg"].split(":")[0]
        for (step, host), job in jobs_of(detected).items()
        if step == "verdict" and job["status"] == "ok"
    }
    assert {name for name, word in said.items() if word != "no trace of WannaCry"} == {
        name for name, host in hosts.items() if is_infected(host)
    }
    assert {name for name, word in said.items() if word == "ENCRYPTED"} == {
        name
        for name, host in hosts.items()
        if any(".WNCRY" in path for path in host["lab_state"].get("files", {}))
    }
    assert len(said) == SAMPLE
    assert fleet.states() == before


def test_the_previews_send_nothing_that_writes(fleet: TestFleet, before: dict[str, Any]) -> None:
    keep = ("-e", '{"isolate_keep": ["127.0.0.1"], "wsus_server": "http://wsus01:8530"}')
    for book in ("quarantine", "contain", "updates"):
        report = fleet.report(PLAYBOOKS / f"{book}.yml", "--check", "-l", few(), *keep)
        assert report["verb"] == "check"
        assert "failed" not in report["counts"], book
        assert "would change" in report["counts"], book
    assert fleet.states() == before
    for name in fleet.names:
        assert fleet.lab.state(name)["volatile"]["writes"] == 0, name


def test_isolating_keeps_the_way_in_and_comes_back(
    fleet: TestFleet, before: dict[str, Any], detected: dict[str, Any]
) -> None:
    keep = ("-e", '{"isolate_keep": ["127.0.0.1", "192.0.2.15"]}')
    report = fleet.report(PLAYBOOKS / "isolate.yml", "-l", few(), *keep)
    hosts = sample()
    for (step, name), job in jobs_of(report).items():
        ill = is_infected(hosts[name])
        if step == way(hosts[name]):
            assert (job["status"] == "changed") == ill, (name, job["status"])
    back = fleet.run("rollback", report["run"], "--json", "-")
    assert back.code == 0, back.err
    assert fleet.states() == before


def test_containing_comes_back_to_equal_states(
    fleet: TestFleet, before: dict[str, Any], detected: dict[str, Any]
) -> None:
    report = fleet.report(PLAYBOOKS / "contain.yml")
    assert "failed" not in report["counts"]
    jobs = jobs_of(report)
    for name, host in sample().items():
        state = host["lab_state"]
        serving = state.get("role") or "ClusSvc" in state.get("services", {})
        if not answers(host):
            continue
        assert (jobs["stop-smb", name]["status"] == "skipped") == bool(serving), name
        assert jobs["block-rdp", name]["status"] == "skipped"
    for name in fleet.names:
        assert fleet.lab.state(name)["volatile"]["not_simulated"] == [], name
    back = fleet.run("rollback", report["run"], "--restart", "--json", "-")
    assert back.code == 0, back.err
    after = fleet.states()
    for name, host in sample().items():
        # What the machine was found with, and what a restart ends, is not what was changed.
        for state in (before, after):
            state[name].pop("processes", None)
            if host["lab_state"].get("reboot_pending"):
                state[name].pop("reboot_pending", None)
        assert after[name] == before[name], name
