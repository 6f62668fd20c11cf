"""A play as SYSTEM on Windows hosts, from the command line, and its way back as SYSTEM."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.cli.main import invoke
from tests.e2e.fleet import TestFleet

PLAY = r"""
- hosts: windows
  gather_facts: false
  become: true
  become_method: runas
  become_user: SYSTEM
  tasks:
    - name: who
      win_command: whoami
      register: who
      undo:
        - win_shell: whoami > C:\undone.txt
          args: {executable: cmd}
    - assert: {that: "who.stdout | trim == 'nt authority\\\\system'"}
    - name: a value
      win_regedit: {path: 'HKLM:\SOFTWARE\Ours', name: x, data: 1, type: dword}
    - name: a service
      win_service: {name: Spooler, state: stopped}
    - name: waited for, since nobody but SYSTEM could ask what became of it
      win_command: whoami
      async: 60
      poll: 0
      register: later
      rollback: false
    - async_status: {jid: "{{ later.ansible_job_id }}"}
      register: ended
      become: false
      rollback: false
    - assert: {that: "ended.finished and ended.stdout | trim == 'nt authority\\\\system'"}
"""


def test_a_play_as_system_and_its_way_back(tmp_path: Path) -> None:
    book = tmp_path / "play.yml"
    book.write_text(PLAY)
    hosts = {"old": {"lab_os": "2003-sp2"}, "new": {"lab_os": "2019"}}
    with TestFleet(tmp_path, hosts) as fleet:
        before = {name: fleet.lab.state(name)["state"] for name in hosts}
        seen = fleet.run("run", str(book), "-i", str(fleet.inventory), "--check", "-v")
        assert seen.code == 0, seen.out + seen.err
        assert "as SYSTEM: " in seen.out
        assert {name: fleet.lab.state(name)["state"] for name in hosts} == before
        done = fleet.run("run", str(book), "-i", str(fleet.inventory))
        assert done.code == 0, done.out + done.err
        for name in hosts:
            state = fleet.lab.state(name)["state"]
            assert state["services"]["Spooler"]["state"] == "stopped"
            assert state["registry"]["HKEY_LOCAL_MACHINE\\SOFTWARE\\Ours"] == {
                "x": ["REG_DWORD", 1]
            }
            assert state["tasks"] == {}
            assert not [path for path in state["files"] if "runner_become" in path]
        shown = fleet.run("rollback", "last", "--check", "-v")
        assert "as SYSTEM: " in shown.out, shown.out
        back = fleet.run("rollback", "last")
        assert back.code == 0, back.out + back.err
        for name in hosts:
            state = fleet.lab.state(name)["state"]
            undone = state["files"].pop("C:\\undone.txt")
            assert undone["size"] == len("nt authority\\system\r\n")
            assert state == before[name]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("become_flags: logon_type=new_credentials", "logon_type=batch"),
    ],
)
def test_what_cannot_be_is_said_before_any_host_is_contacted(
    words: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    book = tmp_path / "play.yml"
    book.write_text(
        "- hosts: all\n  become: true\n  become_method: runas\n  become_user: SYSTEM\n"
        f"  tasks:\n    - win_command: whoami\n      {words}\n"
    )
    (tmp_path / "hosts.ini").write_text("web01 ansible_connection=winrm ansible_user=u\n")
    assert invoke(["run", str(book), "-i", str(tmp_path / "hosts.ini")]) == 5
    error = capsys.readouterr().err
    assert "play.yml:6:7:" in error
    assert said in error
