"""One play over all ways there are: Windows over WinRM and over SSH, Linux over a real sshd."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.fleet import TestFleet
from tests.transports.sshd import Sshd, require_sshd, sshd

PLAY = """\
- name: Close
  hosts: all
  tasks:
    - name: Spooler off
      win_service: {{name: Spooler, state: stopped, start_mode: disabled}}
      when: ansible_os_family == 'Windows'
      notify: Told
    - name: Level
      win_regedit: {{path: 'HKLM:\\SOFTWARE\\Contoso', name: Who, data: "it's & {{{{ ansible_connection | default('winrm') }}}}"}}
      when: ansible_os_family == 'Windows'
    - name: Message
      copy: {{dest: {folder}/motd, content: "for {{{{ inventory_hostname }}}} on {{{{ ansible_system }}}}\\n"}}
      when: ansible_os_family != 'Windows'
      notify: Told
    - name: Asked
      win_shell: echo %COMPUTERNAME% & exit 3
      args: {{executable: cmd}}
      register: asked
      failed_when: asked.rc != 3
      when: ansible_os_family == 'Windows'
  handlers:
    - name: Told on Windows
      listen: Told
      win_regedit: {{path: 'HKLM:\\SOFTWARE\\Contoso', name: Told, data: 1, type: dword}}
      when: ansible_os_family == 'Windows'
    - name: Told on Linux
      listen: Told
      copy: {{dest: {folder}/told, content: "yes"}}
      when: ansible_os_family != 'Windows'
"""  # noqa: E501
WINDOWS = ("win-winrm", "win-ssh", "win-pwsh")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Sshd]:
    require_sshd()
    with sshd(tmp_path / "sshd") as running:
        yield running


@pytest.fixture
def fleet(tmp_path: Path, server: Sshd) -> Iterator[TestFleet]:
    known = tmp_path / "state" / "lab" / "known_hosts"
    over_ssh: dict[str, Any] = {
        "ansible_connection": "ssh",
        "ansible_ssh_common_args": f"-o UserKnownHostsFile={known} -o PubkeyAuthentication=no",
        "runner_ssh_config": str(server.config),
    }
    hosts: dict[str, dict[str, Any]] = {
        "win-winrm": {"lab_os": "2012r2"},
        "win-ssh": {"lab_os": "2019", "ansible_shell_type": "cmd", **over_ssh},
        "win-pwsh": {"lab_os": "2022", "ansible_shell_type": "powershell", **over_ssh},
        "lin01": server.variables(ansible_connection="ssh"),
    }
    with TestFleet(tmp_path, hosts) as made:
        yield made


def _troubled(report: Mapping[str, Any]) -> list[Any]:
    return [job for job in report["jobs"] if job["status"] in ("failed", "unreachable", "blocked")]


def test_one_play_over_all_ways(fleet: TestFleet, server: Sshd, tmp_path: Path) -> None:
    before = {name: fleet.state(name) for name in WINDOWS}
    play = fleet.write(PLAY.format(folder=tmp_path))

    checked = fleet.report(play, "--check")
    assert {name: fleet.state(name) for name in WINDOWS} == before
    assert not (tmp_path / "motd").exists()
    assert not _troubled(checked)

    report = fleet.report(play)
    assert not _troubled(report)
    changed = {(job["step"], job["host"]) for job in report["jobs"] if job["status"] == "changed"}
    for name in WINDOWS:
        state = fleet.state(name)
        assert state["services"]["Spooler"]["start"] == 4  # disabled
        way = "winrm" if name == "win-winrm" else "ssh"
        (found,) = (v for k, v in state["registry"].items() if k.lower().endswith("contoso"))
        assert f"it's & {way}" in str(found)
        assert found["told"] == ["REG_DWORD", 1]
    assert (tmp_path / "motd").read_text() == "for lin01 on Linux\n"
    assert (tmp_path / "told").read_text() == "yes"
    assert {host for _, host in changed} == {*WINDOWS, "lin01"}

    back = fleet.run("rollback", report["run"], "--irreversible")
    assert back.code in (0, 2), back.out + back.err
    assert {name: fleet.state(name) for name in WINDOWS} == before
    assert not (tmp_path / "motd").exists()
    assert not (tmp_path / "told").exists()
    assert "Accepted publickey" in server.log
