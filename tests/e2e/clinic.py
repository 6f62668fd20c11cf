"""One simulated host to be examined, and how to read what was found."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from runner.app.doctor import Examination, doctor
from runner.app.wiring.reaching import ReachOptions
from runner.interfaces.examine import Finding
from runner.lab.fleet import Fleet
from runner.lab.machine import Machine
from runner.lab.winrm.front import Front

PASSWORD = "Correct-Horse-7"
USER = "Administrator"


class Clinic:
    """One simulated host, and an inventory that names it."""

    def __init__(self, folder: Path, fleet: Fleet) -> None:
        self.folder, self.fleet = folder, fleet
        front, machine = fleet.members[0].front, fleet.members[0].machine
        assert isinstance(front, Front)
        assert isinstance(machine, Machine)
        self.front, self.machine = front, machine

    def inventory(self, **more: Any) -> Path:
        values: dict[str, Any] = {
            "ansible_host": "127.0.0.1",
            "ansible_port": self.front.port,
            "ansible_winrm_scheme": self.front.scheme,
            "ansible_user": USER,
            "ansible_password": PASSWORD,
            "ansible_winrm_operation_timeout_sec": 1,
            "ansible_winrm_read_timeout_sec": 3,
        }
        if self.front.scheme == "https":
            authority = self.folder / "ca.pem"
            authority.write_bytes(self.front.ca_pem)
            values["ansible_winrm_ca_trust_path"] = str(authority)
        values |= more
        values = {name: value for name, value in values.items() if value is not None}
        path = self.folder / "inventory.yml"
        path.write_text(yaml.safe_dump({"all": {"hosts": {"web01": values}}}))
        return path

    def run(self, line: str) -> None:
        """A command line on the machine itself."""
        code = self.machine.run(
            line, write=lambda _stream, _data: None, stdin=lambda: b"", codepage=65001, user=USER,
            cwd=None, env={}, cancelled=threading.Event(),
        )  # fmt: skip
        assert code == 0

    def examine(self, **more: Any) -> Examination:
        found = doctor(ReachOptions("web01", (self.inventory(**more),)))
        assert self.front.counters()["open_shells"] == 0, "it leaves nothing behind"
        assert self.front.counters()["clear_bodies"] == 0
        return found


Admit = Callable[..., Clinic]
"""Makes one: its system, scheme and options."""


def by_step(examination: Examination) -> dict[str, Finding]:
    return {finding.step: finding for finding in examination.findings}


def failing(examination: Examination, step: str, *advice: str) -> Finding:
    failure = examination.failure
    assert failure is not None
    assert failure.step == step
    assert examination.findings[-1] is failure, "it goes no further"
    assert examination.exit_code == 4
    assert f"cannot be worked on: {step}" in examination.verdict
    for word in advice:
        assert word in failure.advice
    return failure
