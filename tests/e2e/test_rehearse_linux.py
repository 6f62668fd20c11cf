"""Linux hosts are rehearsed as well: linux.yml on twins of two families, there and back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from runner.lab.linux.found import missing
from tests.e2e.fleet import PLAYBOOKS, ROOT, jobs_of
from tests.modules.unix import needs

pytestmark = [pytest.mark.xdist_group("rehearse"), pytest.mark.timeout(600)]

# The addresses are of networks for documentation (RFC 5737).
INVENTORY = """
all:
  children:
    linux:
      vars: {ansible_connection: ssh, ansible_user: ops, ansible_become: true}
      children:
        debian: {hosts: {deb01: {ansible_host: 198.51.100.7}}}
        centos7: {hosts: {cen01: {ansible_host: 198.51.100.8}}}
  vars: {ansible_ssh_common_args: -o ProxyJump=bastion.example.com}
"""


def test_linux_hosts_are_patched_closed_restarted_and_opened_again(tmp_path: Path) -> None:
    needs(not missing(), f"namespaces: {missing()}")
    (tmp_path / "hosts").mkdir()
    (tmp_path / "hosts" / "hosts.yml").write_text(INVENTORY)
    (tmp_path / "hosts" / "host_vars").mkdir()
    (tmp_path / "hosts" / "host_vars" / "cen01.yml").write_text(
        "lab_os: centos-7\nlab_state: {linux: {samba: true}, reboot_seconds: 0.05}\n"
    )
    words = [
        "rehearse", str(PLAYBOOKS / "linux.yml"), "-i", str(tmp_path / "hosts"), "--rollback",
        "-e", "linux_restart=true", "-e", "yum_server=http://192.0.2.1/yum",
        "--json", str(tmp_path / "report.json"),
    ]  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "tests.e2e.rehearsing", str(tmp_path / "audit"), *words],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=550,
        env={**os.environ, "RUNNER_HOME": str(tmp_path / "ordinary"), "COLUMNS": "200"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 twins on this machine (1 x centos-7, 1 x debian-12)" in done.stdout
    jobs: dict[Any, Any] = dict(jobs_of(json.loads((tmp_path / "report.json").read_text("utf-8"))))
    for host in ("deb01", "cen01"):
        for step in ("linux-ports", "linux-ports-boot", "update-packages", "linux-restart"):
            assert jobs[step, host]["status"] == "changed", (step, host)
    assert jobs["samba-off", "cen01"]["status"] == "changed"
    assert jobs["own-repository", "deb01"]["status"] == "skipped"
    assert "2 of 2 twins are as they were before the run" in done.stdout, done.stdout[-1500:]
    seen = [json.loads(line) for line in (tmp_path / "audit").read_text().splitlines()]
    connected = [said for event, said in seen if event in ("socket.connect", "socket.sendto")]
    assert {address for address, *_ in connected} == {"127.0.0.1"}
