r"""Hives, views, owners and members of groups through the whole product: check, run, and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.fleet import TestFleet, jobs_of

pytestmark = [pytest.mark.xdist_group("hives"), pytest.mark.timeout(300)]

PLAY = r"""
- hosts: windows
  gather_facts: false
  vars:
    default_user: C:\Users\Default\NTUSER.DAT
  tasks:
    - name: before
      win_regedit: {path: 'HKLM:\SOFTWARE\Agent', name: a, data: x}
    - name: wallpaper
      win_regedit: {hive: '{{ default_user }}', path: 'HKLM:\ANSIBLE\Desk', name: Wall, data: new}
    - name: its colour
      win_regedit: {hive: '{{ default_user }}', path: 'HKLM:\ANSIBLE\New\Key', name: c, data: 1}
    - name: narrow
      win_regedit: {path: 'HKLM:\SOFTWARE\Agent', name: a, data: y, view: '32'}
    - name: wide
      win_reg_stat: {path: 'HKLM:\SOFTWARE\Agent', name: a, view: '64'}
      register: wide
    - name: both halves differ
      assert: {that: wide.value == 'x'}
      when: not ansible_check_mode
    - name: owner
      win_owner: {path: 'C:\app\a.txt', user: SYSTEM}
    - name: group
      win_group: {name: ops, members: {add: [Guest]}}
"""
FILES = {
    r"C:\Users\Default\NTUSER.DAT": {"hive": {"Desk": {"Wall": "old"}}},
    r"C:\app\a.txt": {"content": "a"},
}


def test_check_run_and_back(tmp_path: Path) -> None:
    hosts: dict[str, dict[str, Any]] = {
        name: {"lab_os": os, "lab_state": {"files": FILES, "arch": "x64"}}
        for name, os in (("a", "2008-sp2"), ("b", "2016"))
    }
    with TestFleet(tmp_path, hosts) as fleet:
        before = fleet.states()
        check = fleet.play(PLAY, "--check")
        assert check.code == 0, check.out + check.err
        assert fleet.states() == before
        run = fleet.report(PLAY)["run"]
        for state in fleet.states().values():
            assert r"HKEY_LOCAL_MACHINE\SOFTWARE\Wow6432Node\Agent" in state["registry"]
            assert not [key for key in state["registry"] if "ANSIBLE" in key or "hivelist" in key]
            assert state["files"][r"C:\app\a.txt"]["owner"] == "S-1-5-18"
        again = jobs_of(fleet.report(PLAY))
        assert {job["status"] for job in again.values()} == {"ok"}
        back = fleet.run("rollback", run)
        assert back.code == 0, back.out + back.err
        assert fleet.states() == before
