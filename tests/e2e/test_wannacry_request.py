"""What the playbooks of the response do only when somebody asks for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.fleet import PLAYBOOKS, TestFleet, jobs_of

pytestmark = [pytest.mark.xdist_group("wannacry-request"), pytest.mark.timeout(300)]

QUICK = {"reboot_seconds": 0.2, "update_seconds": 0.05}
WORM = {"processes": ["C:\\Windows\\tasksche.exe"],
        "files": {"C:\\Windows\\tasksche.exe": {"content": "x"}}}  # fmt: skip
HOSTS: dict[str, dict[str, Any]] = {
    "web01": {"lab_os": "2008r2-sp1", "lab_state": QUICK},
    "old01": {"lab_os": "2003-sp2", "lab_state": QUICK},
    "old02": {"lab_os": "2003-sp1", "lab_state": QUICK},
    "ill01": {"lab_os": "2008r2-sp1", "lab_state": {**QUICK, **WORM}},
}


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestFleet]:
    settings = {"ansible_winrm_connection_timeout": 2}
    with TestFleet(tmp_path_factory.mktemp("request"), HOSTS, **settings) as fleet:
        yield fleet


def asked(fleet: TestFleet, book: str, hosts: str, **extra: Any) -> tuple[str, dict[Any, Any]]:
    """The run and its jobs."""
    words = ("-l", hosts, "-e", json.dumps(extra))
    report = fleet.report(PLAYBOOKS / f"{book}.yml", *words)
    return report["run"], dict(jobs_of(report))


def taken_back(fleet: TestFleet, run: str) -> None:
    back = fleet.run("rollback", run)
    assert back.code == 0, back.out + back.err


def test_remote_desktop_is_closed_only_when_somebody_is_at_the_console(fleet: TestFleet) -> None:
    before = fleet.state("web01")
    run, jobs = asked(fleet, "contain", "web01", contain_rdp=True)
    assert jobs["rdp-console", "web01"]["status"] == "failed"
    assert "runner-contain-in-rdp" not in json.dumps(fleet.state("web01"))
    taken_back(fleet, run)
    run, jobs = asked(fleet, "contain", "web01", contain_rdp=True, contain_rdp_console=True)
    assert jobs["block-rdp", "web01"]["status"] == "changed"
    rules = json.dumps(fleet.state("web01")["registry"])
    assert "LPort=3389|" in rules[rules.index("runner-contain-in-rdp") - 200 :]
    taken_back(fleet, run)
    assert fleet.state("web01") == before


def test_a_wsus_of_our_own(fleet: TestFleet) -> None:
    before = fleet.states()
    run, _ = asked(fleet, "updates", "web01,old01", wsus_server="http://wsus01:8530")
    for name in ("web01", "old01"):
        keys = fleet.state(name)["registry"].items()
        (policy,) = [values for key, values in keys if key.endswith("\\WindowsUpdate")]
        (daily,) = [values for key, values in keys if key.endswith("\\WindowsUpdate\\AU")]
        assert policy["wuserver"] == policy["wustatusserver"] == ["REG_SZ", "http://wsus01:8530"]
        assert daily["usewuserver"] == ["REG_DWORD", 1]
    taken_back(fleet, run)
    assert fleet.states() == before


def test_an_infected_host_is_shut_down_if_somebody_can_switch_it_on(fleet: TestFleet) -> None:
    _, jobs = asked(fleet, "isolate", "ill01,web01", isolate_shutdown=True)
    assert jobs["power-on", "ill01"]["status"] == "failed"
    asked(fleet, "isolate", "ill01,web01", isolate_shutdown=True, isolate_power_on=True)
    assert fleet.lab.state("ill01")["volatile"]["power"] == "off"
    assert fleet.lab.state("web01")["volatile"]["power"] == "on"
    fleet.lab.power("ill01", "on")


def test_a_snapshot_is_asked_for_here_and_a_backup_there(fleet: TestFleet, tmp_path: Path) -> None:
    hook, seen = tmp_path / "snap", tmp_path / "seen"
    hook.write_text(f'#!/bin/sh\necho "$1" >>{seen}\n[ "$1" != old01 ]\n')
    hook.chmod(0o755)
    before = fleet.states()
    run, jobs = asked(
        fleet, "snapshot", "web01,old01", snapshot_hook=str(hook), snapshot_wbadmin="\\\\nas\\b"
    )
    assert sorted(seen.read_text().split()) == ["old01", "web01"]
    assert jobs["wbadmin", "web01"]["status"] == "changed", jobs["wbadmin", "web01"]
    assert any("backed up to" in said for said in fleet.lab.state("web01")["volatile"]["log"])
    assert jobs["snapshot-hook", "old01"]["status"] == "failed"
    assert jobs["shadow-copy", "old01"]["status"] == "blocked"
    taken_back(fleet, run)
    assert fleet.states() == before


def test_a_server_2003_without_its_service_pack_is_told_to_get_it(fleet: TestFleet) -> None:
    before = fleet.state("old02")
    _, jobs = asked(fleet, "patch", "old02")
    refused = jobs["install-fix", "old02"]
    assert refused["status"] == "failed"
    assert refused["message"].startswith("needs SP2: Windows Server 2003")
    assert "install the service pack" in refused["advice"]
    assert fleet.state("old02") == before


PACKAGE = "windows6.1-kb4012212-x64_2decefaa02e2058dcd965702509a992d8c4e92b3.msu"


def test_a_package_is_brought_from_a_folder_here_and_held_against_its_checksum(
    fleet: TestFleet, tmp_path: Path
) -> None:
    (tmp_path / PACKAGE).write_bytes(b"no package: its checksum is another one")
    before = fleet.state("web01")
    run, jobs = asked(fleet, "patch", "web01", patch_source=str(tmp_path))
    assert jobs["bring-package", "web01"]["status"] == "changed"
    assert jobs["fetch-package", "web01"]["status"] == "skipped"
    assert jobs["install-fix", "web01"]["status"] == "failed"
    assert "SHA-1" in jobs["install-fix", "web01"]["message"], jobs["install-fix", "web01"]
    taken_back(fleet, run)
    assert fleet.state("web01") == before
