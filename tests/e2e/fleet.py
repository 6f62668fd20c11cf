"""A simulated fleet for whole-product tests: the real command line against the real lab."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from runner.lab.control.control import Lab
from tests.ports import free_ports

ROOT = Path(__file__).parent.parent.parent
PLAYBOOKS = ROOT / "playbooks" / "wannacry"
PASSWORD = "Correct-Horse-7"
USER = "Administrator"


@dataclass(frozen=True)
class Done:
    """What one command line came to."""

    code: int
    out: str
    err: str

    def report(self) -> dict[str, Any]:
        """The JSON report that ``--json -`` printed."""
        found: dict[str, Any] = json.loads(self.out)
        return found


def run_command(environment: Mapping[str, str], *words: str, timeout: float = 280) -> Done:
    """Run ``runner`` to its end, with these variables over those of the tests.

    A process of its own, forked from one that has imported it: to start it anew costs a second of a
    core, and the tests do so many hundred times.
    """
    from tests.e2e.forked import run_forked

    return run_forked({**os.environ, "COLUMNS": "160", **environment}, words, timeout)


class TestFleet:
    """A lab of its own on free ports, a journal of its own, and the ``runner`` command."""

    __test__ = False

    def __init__(self, home: Path, hosts: Mapping[str, Mapping[str, Any]], **common: Any) -> None:
        self.home = home
        self.inventory = home / "inventory.yml"
        self.environment = {**os.environ, "RUNNER_HOME": str(home / "state"), "COLUMNS": "160"}
        (home / "state").mkdir(mode=0o700)
        ports = free_ports(len(hosts))
        data = {
            name: {"ansible_port": port, **variables}
            for (name, variables), port in zip(hosts.items(), ports, strict=True)
        }
        settings = {
            "ansible_host": "127.0.0.1",
            "ansible_winrm_scheme": "http",
            "ansible_user": USER,
            "ansible_password": PASSWORD,
            **common,
        }
        self.inventory.write_text(
            yaml.safe_dump({"all": {"children": {"windows": {"hosts": data, "vars": settings}}}})
        )
        self.names = list(hosts)
        self._started: list[subprocess.Popen[str]] = []

    def __enter__(self) -> TestFleet:
        up = self.run("lab", "up", "-i", str(self.inventory))
        assert up.code == 0, up.err
        self.lab = Lab.attach(self.home / "state" / "lab")
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._started:  # of a test that failed
            if process.poll() is None:
                process.kill()
                process.wait()
            for pipe in (process.stdout, process.stderr):
                if pipe is not None:
                    pipe.close()
        self.lab.stop()

    def run(self, *words: str, timeout: float = 280) -> Done:
        """Run ``runner`` to its end."""
        return run_command(self.environment, *words, timeout=timeout)

    def play(self, playbook: Path | str, *words: str) -> Done:
        """``runner run`` on this fleet."""
        path = playbook if isinstance(playbook, Path) else self.write(playbook)
        return self.run("run", str(path), "-i", str(self.inventory), *words)

    def report(self, playbook: Path | str, *words: str) -> dict[str, Any]:
        """``runner run --json -``: the report."""
        done = self.play(playbook, "--json", "-", *words)
        assert done.out, done.err
        return done.report()

    def write(self, text: str, name: str = "play.yml") -> Path:
        """A playbook of the test's own."""
        path = self.home / name
        path.write_text(text, encoding="utf-8")
        return path

    def state(self, host: str) -> Any:
        """Everything about a simulated host that does not change by itself."""
        return self.lab.state(host)["state"]

    def states(self) -> dict[str, Any]:
        """The same of all hosts."""
        return {name: self.state(name) for name in self.names}

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Run ``runner`` in the background."""
        process = subprocess.Popen(
            [sys.executable, "-m", "runner", *words],
            env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._started.append(process)
        return process


def demo_fleet(home: Path) -> TestFleet:
    """The 24 hosts of inventories/lab, on other ports and quicker at restarting."""
    shutil.copytree(ROOT / "inventories" / "lab", home / "lab")
    fleet = TestFleet(home, {"x": {}})
    path = home / "lab" / "hosts.yml"
    text = path.read_text(encoding="utf-8")
    ports = re.findall(r"ansible_port: (\d+)", text)
    for old, new in zip(ports, free_ports(len(ports)), strict=True):
        text = text.replace(f"ansible_port: {old}", f"ansible_port: {new}")
    path.write_text(text, encoding="utf-8")
    fleet.inventory = home / "lab"
    listed = fleet.run("inventory", "-i", str(fleet.inventory), "--hosts", "all")
    assert listed.code == 0, listed.err
    fleet.names = listed.out.split()
    return fleet


def jobs_of(report: Mapping[str, Any]) -> dict[tuple[str, str], Mapping[str, Any]]:
    """The jobs of a JSON report by (step, host)."""
    return {(job["step"], job["host"]): job for job in report["jobs"]}
