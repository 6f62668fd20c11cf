"""playbooks/wannacry/linux.yml on a Debian with tools of its own: patched, closed, opened again."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.fleet import PLAYBOOKS
from tests.modules import systemd_host
from tests.modules.debian_host import build_packages, debian

pytestmark = pytest.mark.timeout(300)

IPTABLES = """#!/bin/sh
# The rules are the lines of a file: -I adds one, -C looks for it, -D takes it away.
verb=$1; shift
line="${0##*/} $*"
case $verb in
-I) echo "$line" >>"$WR_RULES" ;;
-C) grep -qxF -e "$line" "$WR_RULES" ;;
-D) grep -qxF -e "$line" "$WR_RULES" || exit 1
    grep -vxF -e "$line" "$WR_RULES" >"$WR_RULES.new"; mv "$WR_RULES.new" "$WR_RULES" ;;
esac
"""


def test_a_debian_is_patched_and_closed_and_opened_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = build_packages(tmp_path / "packages")
    host = debian(tmp_path / "debian", monkeypatch, packages)
    host.install("%app=1.0", "+%lib=1.0")
    (tmp_path / "units").mkdir()
    units = systemd_host.install(tmp_path / "units", monkeypatch)
    units.fresh({"smbd.service": systemd_host.UNIT})
    units.enable("smbd.service")
    units.start("smbd.service")
    table, program = tmp_path / "rules", tmp_path / "units" / "bin" / "iptables"
    table.touch()
    program.write_text(IPTABLES)
    program.chmod(0o755)
    (program.parent / "ip6tables").symlink_to(program)
    monkeypatch.setenv("WR_RULES", str(table))
    monkeypatch.setenv("RUNNER_HOME", str(tmp_path / "state"))
    inventory = tmp_path / "hosts.yml"
    known = {"ansible_connection": "local", "ansible_become": False}
    data = {"all": {"children": {"linux": {"hosts": {"lin01": known}}}}}
    inventory.write_text(yaml.safe_dump(data))
    unit_folder = units.root / "usr/lib/systemd/system"

    def runner(*words: str) -> dict[str, Any]:
        done = subprocess.run(
            [sys.executable, "-m", "runner", *words, "--json", "-"],
            capture_output=True, text=True, check=False, timeout=200,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    extra = ("-e", f"linux_units={unit_folder}", "-e", "linux_service_manager=systemd")
    report = runner("run", str(PLAYBOOKS / "linux.yml"), "-i", str(inventory), *extra)
    assert host.look() == ["+lib=2.0", "app=2.0"]
    assert (units.running(), units.links()) == ([], {})
    closed = table.read_text().splitlines()
    assert len(closed) == (8 if Path("/proc/net/if_inet6").exists() else 4)
    assert all("--dports 135,137,138,139,445" in line and "DROP" in line for line in closed)
    again = runner("run", str(PLAYBOOKS / "linux.yml"), "-i", str(inventory), *extra)
    assert "changed" not in again["counts"]
    # Without the journal: the ports are open, Samba serves only where somebody says so.
    back = (str(PLAYBOOKS / "rollback_linux.yml"), "-i", str(inventory), *extra)
    opened = runner("run", *back)
    assert (table.read_text(), units.running()) == ("", [])
    serves = runner("run", *back, "-e", "rollback_samba=lin01")
    assert units.running() == ["smbd.service"]
    for run in (serves["run"], opened["run"]):
        runner("rollback", run)
    assert (sorted(table.read_text().splitlines()), units.running()) == (sorted(closed), [])
    runner("rollback", report["run"])
    assert table.read_text() == ""
    assert units.running() == ["smbd.service"]
    assert host.look() == ["+lib=1.0", "app=1.0"]  # its repository has them still
