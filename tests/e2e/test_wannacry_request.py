"""What the playbooks of the response do only when somebody asks for it."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from runner.app.serve_files import serve_files
from tests.e2e.fleet import PLAYBOOKS, TestFleet, jobs_of

pytestmark = [pytest.mark.xdist_group("wannacry-request"), pytest.mark.timeout(300)]

QUICK = {"reboot_seconds": 0.2, "update_seconds": 0.05}
WORM = {"processes": ["C:\\Windows\\tasksche.exe"],
        "files": {"C:\\Windows\\tasksche.exe": {"content": "x"}}}  # fmt: skip
HOSTS: dict[str, dict[str, Any]] = {
    "web01": {"lab_os": "2008r2-sp1", "lab_state": QUICK},
    "old01": {"lab_os": "2003-sp2", "lab_state": QUICK},
    "old02": {"lab_os": "2003-sp1", "lab_state": QUICK},
    "new01": {
        "lab_os": "2016",
        "lab_state": {
            **QUICK,
            "files": {"C:\\Windows\\System32\\curl.exe": {"sha1": "ab" * 20, "tool": "curl"}},
        },
    },
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


REAL = "windows10.0-kb4013429-x64_ddc8596f88577ab739cade1d365956a74598e710.msu"


@pytest.fixture
def own_package(tmp_path: Path) -> tuple[Path, Path]:
    """patch.yml with a catalogue of ours, and the folder with our package for Server 2016 in it.

    Its bytes have the SHA-1 that its name and the catalogue say: the lab takes it for KB4013429.
    """
    book, folder = tmp_path / "patch.yml", tmp_path / "packages"
    data = b"as good as the package " * 200
    sha1 = hashlib.sha1(data, usedforsecurity=False).hexdigest()
    folder.mkdir()
    (folder / REAL.replace(REAL[-44:-4], sha1)).write_bytes(data)
    book.write_bytes((PLAYBOOKS / "patch.yml").read_bytes())
    catalogue = (PLAYBOOKS / "ms17-010.yml").read_text("utf-8")
    (tmp_path / "ms17-010.yml").write_text(catalogue.replace(REAL[-44:-4], sha1), "utf-8")
    return book, folder


def patched(fleet: TestFleet, book: Path, way: str, **extra: Any) -> dict[Any, Any]:
    """The jobs of a patch of new01 that is taken back afterwards."""
    before = fleet.state("new01")
    report = fleet.report(book, "-l", "new01", "-e", json.dumps(extra))
    jobs = dict(jobs_of(report))
    done = {"brought": "bring-package", "fetched": "fetch-package"}
    for step in (done[way], "install-fix", "restart"):
        assert jobs[step, "new01"]["status"] == "changed", jobs[step, "new01"]
    assert jobs["fix-in-effect", "new01"]["status"] == "ok"
    back = fleet.run("rollback", report["run"], "--irreversible", "--restart")
    assert back.code == 0, back.out + back.err
    assert fleet.state("new01") == before
    return jobs


def test_a_host_fetches_its_fix_from_a_server_of_ours(
    fleet: TestFleet, own_package: tuple[Path, Path]
) -> None:
    book, folder = own_package
    urls: SimpleQueue[str] = SimpleQueue()
    stop = threading.Event()
    words = (folder, "127.0.0.1:0", 250.0, urls.put, print, stop)
    server = threading.Thread(target=serve_files, args=words)
    server.start()
    try:
        address = urls.get(timeout=60).split()[0].rpartition("/")[0]
        jobs = patched(fleet, book, "fetched", patch_source=address)
    finally:
        stop.set()
        server.join(60)
    assert jobs["install-fix", "new01"]["result"]["kb"] == "KB4013429"


def test_a_fix_is_brought_by_the_file_server_of_the_run(
    fleet: TestFleet, own_package: tuple[Path, Path]
) -> None:
    book, folder = own_package
    server = {"listen": "127.0.0.1:0", "min_size": 1}
    jobs = patched(fleet, book, "brought", patch_source=str(folder), runner_file_server=server)
    assert jobs["bring-package", "new01"]["result"]["sent_via"] == "http"
