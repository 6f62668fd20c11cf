"""playbooks/wannacry/antivirus.yml on Windows with, and Windows without an antivirus of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.fleet import PLAYBOOKS, TestFleet, jobs_of

pytestmark = pytest.mark.timeout(300)
# EICAR's test file, in two pieces so that no antivirus finds it here.
EICAR = r"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
FILES = {"C:\\Windows\\Temp\\found.com": {"content": EICAR}}
HOSTS: dict[str, dict[str, Any]] = {
    "new": {"lab_os": "2019", "lab_state": {"files": FILES}},
    "old": {"lab_os": "2008r2-sp1"},
    "own": {
        "lab_os": "2012",
        "lab_state": {"services": {"OurAv": {"state": "running", "path": "C:\\av\\our.exe"}}},
    },
    "other": {
        "lab_os": "2003-sp2",
        "lab_state": {"services": {"ekrn": {"state": "running", "path": "C:\\av\\ekrn.exe"}}},
    },
}
OURS = ("-e", "antivirus_service=OurAv")


def test_it_is_there_knows_and_looks(tmp_path: Path) -> None:
    with TestFleet(tmp_path, HOSTS) as fleet:
        before = fleet.states()
        preview = fleet.report(PLAYBOOKS / "antivirus.yml", "--check", *OURS)
        assert fleet.states() == before
        report = fleet.report(PLAYBOOKS / "antivirus.yml", *OURS)
        jobs = jobs_of(report)
        for name in ("antivirus-signatures", "antivirus-scan"):
            assert jobs_of(preview)[name, "new"]["status"] == "would change", name
            assert jobs[name, "new"]["status"] == "changed", name
            assert jobs[name, "new"]["irreversible"], name
        assert "EICAR" in jobs["antivirus-threats", "new"]["message"]
        assert jobs["antivirus-there", "old"]["status"] == "failed"
        assert "antivirus_installer" in jobs["antivirus-there", "old"]["message"]
        assert jobs["antivirus-scan", "old"]["status"] == "blocked"
        assert jobs["antivirus-there", "other"]["status"] == "ok"
        assert jobs["antivirus-others", "other"]["message"].startswith("ESET looks after this")
        assert jobs["antivirus-scan", "other"]["status"] == "skipped"
        assert jobs["antivirus-there", "own"]["status"] == "ok"
        for name in ("old", "own", "other"):
            assert fleet.state(name) == before[name], name
