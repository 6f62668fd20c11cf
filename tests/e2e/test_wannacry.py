"""The main job on the 24 hosts of inventories/lab: preview, run, verify, roll back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.fleet import PLAYBOOKS, TestFleet, demo_fleet, jobs_of

pytestmark = [pytest.mark.xdist_group("wannacry"), pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestFleet]:
    with demo_fleet(tmp_path_factory.mktemp("wannacry")) as fleet:
        yield fleet


@pytest.fixture(scope="module")
def before(fleet: TestFleet) -> dict[str, Any]:
    return fleet.states()


@pytest.fixture(scope="module")
def preview(fleet: TestFleet, before: dict[str, Any]) -> dict[str, Any]:
    return fleet.report(PLAYBOOKS / "contain.yml", "--check", "--diff")


@pytest.fixture(scope="module")
def contained(fleet: TestFleet, preview: dict[str, Any]) -> dict[str, Any]:
    return fleet.report(PLAYBOOKS / "contain.yml")


@pytest.fixture(scope="module")
def patched(fleet: TestFleet, contained: dict[str, Any]) -> dict[str, Any]:
    return fleet.report(PLAYBOOKS / "patch.yml")


def test_a_preview_sends_nothing_that_could_write(
    fleet: TestFleet, before: dict[str, Any], preview: dict[str, Any]
) -> None:
    assert preview["verb"] == "check"
    for name in fleet.names:
        assert fleet.lab.state(name)["volatile"]["writes"] == 0, name
    assert fleet.states() == before


def test_the_preview_tells_old_and_new_and_the_commands(preview: dict[str, Any]) -> None:
    job = jobs_of(preview)["stop-smb", "web01"]
    assert job["status"] == "would change"
    found = {d["field"]: (d["before"], d["after"]) for d in job["differences"]}
    assert found["state"] == ("running", "stopped")
    assert found["start_mode"] == ("auto", "disabled")
    assert any("sc config lanmanserver start= disabled" in c for c in job["commands"])
    assert preview["coverage"]["predicted"] > 0.9 * preview["coverage"]["jobs"]


def test_the_preview_predicts_what_the_run_then_does(
    preview: dict[str, Any], contained: dict[str, Any]
) -> None:
    words = {"would change": "changed"}
    predicted = {k: words.get(j["status"], j["status"]) for k, j in jobs_of(preview).items()}
    happened = {k: j["status"] for k, j in jobs_of(contained).items()}
    assert predicted == happened


def test_the_hosts_that_serve_others_keep_serving_and_the_report_says_why(
    fleet: TestFleet, contained: dict[str, Any]
) -> None:
    for name in ("dc01", "fs01"):
        job = jobs_of(contained)["stop-smb", name]
        assert job["status"] == "skipped"
        assert job["message"] == "condition false: may_stop_serving"
        assert fleet.state(name)["services"]["LanmanServer"]["state"] == "running"
    assert fleet.state("web01")["services"]["LanmanServer"]["state"] == "stopped"


def test_a_variable_takes_the_protection_away(fleet: TestFleet, before: dict[str, Any]) -> None:
    words = ("--check", "-l", "dc01", "-e", '{"contain_serving_hosts": true}')
    report = fleet.report(PLAYBOOKS / "contain.yml", *words)
    assert jobs_of(report)["stop-smb", "dc01"]["status"] == "would change"


def test_the_powered_off_host_is_unreachable_and_holds_up_nobody(contained: dict[str, Any]) -> None:
    by_host: dict[str, set[str]] = {}
    for (_, host), job in jobs_of(contained).items():
        by_host.setdefault(host, set()).add(job["status"])
    assert "unreachable" in by_host.pop("app05")
    assert all(found <= {"ok", "changed", "skipped"} for found in by_host.values())


def test_the_second_run_changes_nothing(fleet: TestFleet, contained: dict[str, Any]) -> None:
    again = fleet.play(PLAYBOOKS / "contain.yml", "--json", "-")
    assert again.code == 4
    assert "changed" not in again.report()["counts"]


def test_every_host_gets_its_own_fix_or_says_why_not(
    fleet: TestFleet, patched: dict[str, Any]
) -> None:
    jobs = jobs_of(patched)
    assert "needs SP1" in jobs["install-fix", "old04"]["message"]
    assert jobs["install-fix", "old04"]["status"] == "failed"
    for name in ("web01", "app01", "db01", "old01", "old03", "pc01", "dc01", "fs01"):
        assert jobs["install-fix", name]["status"] == "changed", jobs["install-fix", name]
        assert jobs["restart", name]["status"] == "changed", jobs["restart", name]
        assert jobs["fix-in-effect", name]["status"] == "ok", jobs["fix-in-effect", name]
    assert jobs["install-fix", "web06"]["status"] == "ok"
    assert jobs["install-fix", "new01"]["status"] == "ok"
    assert jobs["install-fix", "web01"]["result"]["kb"] == "KB4012212"
    assert jobs["install-fix", "db01"]["result"]["kb"] == "KB4013429"
    assert "chs" in str(jobs["install-fix", "old03"]["commands"])


def test_every_reachable_host_verifies_as_safe(fleet: TestFleet, patched: dict[str, Any]) -> None:
    report = fleet.report(PLAYBOOKS / "verify.yml")
    safe = {host: job["status"] for (step, host), job in jobs_of(report).items() if step == "safe"}
    assert safe.pop("app05") == "blocked"
    assert set(safe.values()) == {"ok"}


def test_rolling_everything_back_leaves_every_host_as_it_was(
    fleet: TestFleet, before: dict[str, Any], contained: dict[str, Any], patched: dict[str, Any]
) -> None:
    kept = fleet.run("rollback", patched["run"], "--json", "-")
    statuses = {job["status"] for job in kept.report()["jobs"] if job["step"] == "install-fix"}
    assert statuses == {"irreversible"}
    preview = fleet.run("rollback", contained["run"], "--check", "--json", "-")
    assert "would change" in preview.report()["counts"]
    back = fleet.run("rollback", contained["run"], "--restart", "--json", "-")
    assert back.code == 0, back.err
    assert set(back.report()["counts"]) <= {"changed", "ok", "skipped"}
    removed = fleet.run("rollback", patched["run"], "--irreversible", "--restart", "--json", "-")
    assert removed.code == 0, removed.err
    after = fleet.states()
    assert {n: after[n] == before[n] for n in fleet.names} == dict.fromkeys(fleet.names, True)


def test_nothing_was_met_that_the_lab_does_not_simulate(
    fleet: TestFleet, patched: dict[str, Any]
) -> None:
    for name in fleet.names:
        assert fleet.lab.state(name)["volatile"]["not_simulated"] == [], name


def test_no_message_ever_travelled_in_clear(fleet: TestFleet, patched: dict[str, Any]) -> None:
    for name in fleet.names:
        assert fleet.lab.counters(name)["clear_bodies"] == 0, name


def test_no_shell_is_left_behind(fleet: TestFleet, patched: dict[str, Any]) -> None:
    for name in fleet.names:
        assert fleet.lab.counters(name)["open_shells"] == 0, name


def test_the_password_is_nowhere_in_what_is_kept(fleet: TestFleet, patched: dict[str, Any]) -> None:
    state = Path(fleet.environment["RUNNER_HOME"])
    for path in state.glob("journal.db*"):
        assert b"Lab-Passw0rd" not in path.read_bytes()
