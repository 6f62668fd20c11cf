"""Restarts: proved by the boot time, waited for through everything that a host says meanwhile."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

import pytest

from runner.cli.main import invoke
from runner.engine.hosts import reconnecting
from runner.lab.machine import Machine
from runner.modules._parts import restart as _restart
from runner.modules._parts import win_restart
from tests.e2e.clinic import Admit, Clinic
from tests.e2e.fleet import jobs_of

PLAY = """
- hosts: all
  gather_facts: false
  tasks:
    - name: restart
      id: restart
      win_reboot: {{connect_timeout: 1, reboot_timeout: {seconds}, pre_reboot_delay: 0}}
      register: restarted
    - {{name: said, id: said, debug: {{var: restarted}}}}
    - {{name: after, id: after, win_service: {{name: Spooler, state: stopped}}}}
"""


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses of a tenth of a second."""
    monkeypatch.setattr(win_restart, "_LEAST_DELAY", 0.1)
    monkeypatch.setattr(win_restart, "PAUSE", 0.1)
    monkeypatch.setattr(_restart, "PAUSE", 0.1)
    monkeypatch.setattr(reconnecting, "REFUSAL_PAUSE", 0.1)


def restart(clinic: Clinic, seconds: float = 20) -> tuple[int, Mapping[tuple[str, str], Any]]:
    playbook, report = clinic.folder / "play.yml", clinic.folder / "report.json"
    playbook.write_text(PLAY.format(seconds=seconds))
    inventory = clinic.inventory(ansible_winrm_operation_timeout_sec=2)
    code = invoke(["run", str(playbook), "-i", str(inventory), "--json", str(report)])
    return code, jobs_of(json.loads(report.read_text(encoding="utf-8")))


def boots(clinic: Clinic) -> int:
    return int(clinic.machine.snapshot()["volatile"]["boots"])


@pytest.mark.parametrize("os", ["2003-sp2", "2025"])
def test_a_restart_is_proved_by_the_boot_time(admit: Admit, os: str) -> None:
    clinic = admit(os, reboot_seconds=0.5)
    code, jobs = restart(clinic)
    assert code == 0, jobs["restart", "web01"]
    assert boots(clinic) == 2
    assert clinic.machine.snapshot()["state"]["services"]["Spooler"]["state"] == "stopped"
    assert clinic.front.counters()["open_shells"] == 0


def test_a_host_that_was_never_seen_down_has_restarted_all_the_same(admit: Admit) -> None:
    clinic = admit(reboot_seconds=0)
    code, jobs = restart(clinic)
    assert code == 0, jobs["restart", "web01"]
    assert boots(clinic) == 2


def test_refusals_503_and_401_after_a_restart_are_waited_through(admit: Admit) -> None:
    trouble = {"refuse_logon": 2, "http_503": 3, "reset_before_command": 1}
    clinic = admit(reboot_seconds=0.5, after_restart=trouble)
    code, jobs = restart(clinic)
    assert code == 0, jobs["restart", "web01"]
    assert jobs["after", "web01"]["status"] == "changed"
    assert boots(clinic) == 2
    counters = clinic.front.counters()
    assert counters["failed_logons"] == 2
    assert counters["injected"] == 6, "it met all of it"
    assert counters["open_shells"] == 0


def test_a_password_that_is_no_longer_taken_after_a_restart_is_tried_three_times(
    admit: Admit,
) -> None:
    clinic = admit(reboot_seconds=0.3, after_restart={"refuse_logon": 99})
    code, jobs = restart(clinic)
    assert code in (2, 4)
    job = jobs["restart", "web01"]
    assert "HTTP 401" in job["message"]
    assert clinic.front.counters()["failed_logons"] == reconnecting.REFUSALS
    assert jobs["after", "web01"]["status"] == "blocked"


def test_a_host_that_stays_away_is_given_up_in_time(admit: Admit) -> None:
    clinic = admit(reboot_seconds=300)
    begun = time.monotonic()
    code, jobs = restart(clinic, 3)
    assert code in (2, 4)
    assert "not back within" in jobs["restart", "web01"]["message"]
    assert time.monotonic() - begun < 15


def test_a_host_that_never_goes_down_is_told_apart(
    admit: Admit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Machine, "_shut_down", lambda _machine, *, restart: restart)
    clinic = admit()
    code, jobs = restart(clinic, 2)
    assert code == 2
    assert "did not restart" in jobs["restart", "web01"]["message"]
    assert boots(clinic) == 1
