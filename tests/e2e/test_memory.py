"""A program that takes more memory than a remote shell of that Windows may have."""

from __future__ import annotations

import pytest

from tests.e2e.fleet import jobs_of
from tests.e2e.troubled import Make

pytestmark = pytest.mark.timeout(300)

PROGRAM = {"sha1": "12" * 20, "size": 70000, "memory_mb": 400}
FILES = {r"C:\Apps\scan.exe": PROGRAM, r"C:\Apps\setup.exe": PROGRAM}
PLAY = r"""
- hosts: all
  gather_facts: false
  tasks:
    - {id: scan, win_command: 'C:\Apps\scan.exe', ignore_errors: true, register: r}
    - {id: code, debug: {msg: "rc {{ r.rc }}"}}
    - id: again
      win_command: C:\Apps\scan.exe
      register: s
      until: s.rc == 0
      retries: 0
      ignore_errors: true
    - id: setup
      win_package: {path: 'C:\Apps\setup.exe', product_id: Scanner, creates_path: 'C:\Scanner'}
      ignore_errors: true
    - {id: apart, win_command: 'C:\Apps\scan.exe', async: 100, poll: 1}
"""


def test_it_fails_with_the_quota_named_is_not_repeated_and_runs_outside_of_the_shell(
    make: Make,
) -> None:
    fleet = make(
        {
            "old": {"lab_os": "2008r2-sp1", "lab_state": {"files": FILES}},
            "new": {"lab_os": "2012r2", "lab_state": {"files": FILES}},
        }
    )
    jobs = jobs_of(fleet.report(PLAY))
    assert jobs["scan", "new"]["status"] == "changed"
    failed = jobs["scan", "old"]
    assert (failed["status"], failed["category"]) == ("failed", "module"), failed
    assert failed["message"] == "exit code -1073741801"
    assert "raise MaxMemoryPerShellMB" in failed["advice"]
    assert jobs["code", "old"]["message"] == "rc -1073741801"
    assert "MaxMemoryPerShellMB" in jobs["setup", "old"]["advice"], jobs["setup", "old"]
    assert jobs["apart", "old"]["status"] == "changed", jobs["apart", "old"]
    lines = fleet.lab.state("old")["volatile"]["commands"]
    assert sum(line.strip('" ').endswith(r"Apps\scan.exe") for line in lines) == 2, lines
