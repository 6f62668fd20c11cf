"""playbooks/wannacry/tool.yml: a program of one's own on every host, checked and taken back."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from tests.e2e.fleet import PLAYBOOKS, Done, jobs_of, run_command

pytestmark = [pytest.mark.xdist_group("rehearse"), pytest.mark.timeout(300)]

HOSTS = """
all: {children: {windows: {hosts: {w1: {os_version: 2016}, w2: {os_version: 2003}}}}}
"""
PROGRAM = b"@reg add HKLM\\SOFTWARE\\Immune /v %1 /t REG_DWORD /d 1 /f\r\n"


def rehearsed(folder: Path, **said: str) -> Done:
    (folder / "hosts.yml").write_text(HOSTS)
    (folder / "immune.cmd").write_bytes(PROGRAM)
    extra = {
        "tool_source": str(folder / "immune.cmd"),
        "tool_sha1": hashlib.sha1(PROGRAM, usedforsecurity=False).hexdigest(),
        "tool_arguments": "done",
        "tool_check": "reg query HKLM\\SOFTWARE\\Immune /v done",
        "tool_undo": "reg delete HKLM\\SOFTWARE\\Immune /f",
        **said,
    }
    return run_command(
        {"RUNNER_HOME": str(folder / "home")},
        "rehearse", str(PLAYBOOKS / "tool.yml"), "-i", str(folder / "hosts.yml"), "--rollback",
        "-e", json.dumps(extra), "--json", str(folder / "report.json"),
    )  # fmt: skip


def test_it_is_brought_run_once_and_taken_back(tmp_path: Path) -> None:
    done = rehearsed(tmp_path)
    assert done.code == 0, done.out + done.err
    jobs = jobs_of(json.loads((tmp_path / "report.json").read_text("utf-8")))
    assert {jobs["tool-run", host]["status"] for host in ("w1", "w2")} == {"changed"}
    assert "2 of 2 twins are as they were before the run" in done.out + done.err


WRONG = [
    ({"tool_arguments": "other"}, "tool-run"),
    ({"tool_sha1": "0" * 40}, "tool-file"),
]


@pytest.mark.parametrize(("said", "step"), WRONG, ids=[step for _, step in WRONG])
def test_what_is_not_as_it_was_said_fails(tmp_path: Path, said: dict[str, str], step: str) -> None:
    done = rehearsed(tmp_path, **said)
    assert done.code == 2, done.out + done.err
    jobs = jobs_of(json.loads((tmp_path / "report.json").read_text("utf-8")))
    assert {jobs[step, host]["status"] for host in ("w1", "w2")} == {"failed"}
    ran = jobs.get(("tool-run", "w1"), {"status": "blocked"})
    assert step == "tool-run" or ran["status"] == "blocked"
