"""When things go wrong: each has a clear outcome, none hangs, nothing is sent twice."""

from __future__ import annotations

import base64
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.fleet import PASSWORD, USER, TestFleet, jobs_of

Make = Callable[..., TestFleet]

STOP = """
- hosts: all
  gather_facts: false
  tasks:
    - name: stop
      id: stop
      win_service: {name: Spooler, state: stopped, start_mode: disabled}
    - name: after
      id: after
      debug: {msg: fine}
"""

SLOW = """
- hosts: all
  gather_facts: false
  tasks:
    - name: slow
      id: slow
      win_shell: ping -n 6 127.0.0.1
      args: {executable: cmd}
    - name: change
      id: change
      win_regedit: {path: 'HKLM:\\SOFTWARE\\Test', name: a, data: b}
"""


def until_pinging(fleet: TestFleet) -> None:
    """Wait until the slow command of SLOW runs on the host."""
    end = time.monotonic() + 40
    while not any("ping" in line for line in fleet.lab.state("web01")["volatile"]["commands"]):
        assert time.monotonic() < end, "the slow command never began"
        time.sleep(0.1)


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    fleets: list[TestFleet] = []

    def build(hosts: dict[str, Any] | None = None, **common: Any) -> TestFleet:
        fleet = TestFleet(tmp_path, hosts or {"web01": {"lab_os": "2012r2"}}, **common)
        fleet.__enter__()
        fleets.append(fleet)
        return fleet

    yield build
    for fleet in fleets:
        fleet.__exit__()


def test_a_wrong_password_is_refused_once_and_not_tried_again(make: Make) -> None:
    fleet = make()
    done = fleet.play(STOP, "-e", "ansible_password=wrong-password", "--json", "-")
    assert done.code == 4
    job = jobs_of(done.report())["stop", "web01"]
    assert job["status"] == "unreachable"
    assert job["category"] == "authentication"
    assert "wrong-password" not in done.out + done.err
    assert fleet.lab.counters("web01")["failed_logons"] == 1


def test_a_certificate_that_does_not_validate_is_a_tls_failure(make: Make) -> None:
    fleet = make(ansible_winrm_scheme="https")
    done = fleet.play(STOP, "--json", "-")
    assert done.code == 4
    job = jobs_of(done.report())["stop", "web01"]
    assert job["category"] == "tls"
    assert "ansible_winrm_ca_trust_path" in job["advice"]


@pytest.mark.parametrize("auth", ["ntlm", "basic"])
def test_https_works_when_the_ca_is_trusted(make: Make, auth: str) -> None:
    fleet = make(ansible_winrm_scheme="https", ansible_winrm_transport=auth)
    done = fleet.play(STOP, "-e", f"ansible_winrm_ca_trust_path={fleet.lab.ca}", "--json", "-")
    assert done.code == 0, done.err
    assert fleet.state("web01")["services"]["Spooler"]["state"] == "stopped"


def test_basic_over_plain_http_is_refused_before_anything_is_contacted(make: Make) -> None:
    fleet = make()
    done = fleet.play(STOP, "-e", "ansible_winrm_transport=basic")
    assert done.code == 5
    assert "basic" in done.err
    assert fleet.lab.counters("web01")["clear_bodies"] == 0


def test_a_host_that_dies_in_mid_command_is_in_doubt_and_blocks_only_itself(make: Make) -> None:
    fleet = make({"web01": {"lab_os": "2012r2"}, "web02": {"lab_os": "2012r2"}})
    fleet.lab.fault("web01", "reset_on_command", 99)
    report = fleet.report(
        """
- hosts: all
  gather_facts: false
  tasks:
    - {name: write, id: write, win_shell: 'echo once>>C:\\once.txt', args: {executable: cmd}}
    - {name: after, id: after, debug: {msg: fine}}
"""
    )
    jobs = jobs_of(report)
    # Where the host honours a name that we chose for the command, its end can still be heard.
    after = {"in doubt": "blocked", "changed": "ok"}
    assert jobs["after", "web01"]["status"] == after[jobs["write", "web01"]["status"]]
    assert jobs["after", "web02"]["status"] == "ok"
    code, out, _ = fleet.lab.exec("web01", "type C:\\once.txt")
    assert (code, out.split()) == (0, [b"once"])


def test_a_crash_under_a_running_command_does_not_hang(make: Make) -> None:
    fleet = make()
    process = fleet.start("run", str(fleet.write(SLOW)), "-i", str(fleet.inventory))
    until_pinging(fleet)
    begun = time.monotonic()
    fleet.lab.power("web01", "crash")
    out, err = process.communicate(timeout=60)
    assert time.monotonic() - begun < 40
    assert process.returncode == 2, out + err
    assert "in doubt" in out


def test_somebody_elses_change_is_a_conflict_and_exit_code_3(make: Make) -> None:
    fleet = make()
    assert fleet.play(STOP).code == 0
    fleet.lab.exec("web01", "sc config Spooler start= demand")
    done = fleet.run("rollback", "last", "--json", "-")
    assert done.code == 3
    job = jobs_of(done.report())["stop", "web01"]
    assert job["status"] == "conflict"
    assert "left by the run 'disabled', now 'manual'" in job["message"]
    assert fleet.state("web01")["services"]["Spooler"]["start"] == 3


def test_ctrl_c_finishes_what_is_in_flight_and_cancels_the_rest(make: Make) -> None:
    fleet = make()
    process = fleet.start("run", str(fleet.write(SLOW)), "-i", str(fleet.inventory), "-v")
    until_pinging(fleet)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, out + err
    shown = fleet.run("show", "last", "--all").out
    assert "interrupted" in fleet.run("runs").out
    assert "cancelled" in shown
    assert "in doubt" not in shown


def test_ctrl_c_twice_stops_now_and_leaves_it_in_doubt(make: Make) -> None:
    fleet = make()
    slower = SLOW.replace("-n 6", "-n 60")
    process = fleet.start("run", str(fleet.write(slower)), "-i", str(fleet.inventory))
    until_pinging(fleet)
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)  # half the time that the command would take
    assert process.returncode == 130, out + err
    assert "in doubt" in fleet.run("show", "last", "--all").out


def test_a_killed_controller_loses_nothing_and_its_run_can_be_taken_back(make: Make) -> None:
    fleet = make()
    before = fleet.states()
    playbook = fleet.write(
        """
- hosts: all
  gather_facts: false
  tasks:
    - {name: one, win_service: {name: Spooler, state: stopped, start_mode: disabled}}
    - {name: two, win_shell: 'ping -n 20 127.0.0.1', args: {executable: cmd}}
"""
    )
    process = fleet.start("run", str(playbook), "-i", str(fleet.inventory))
    until_pinging(fleet)
    process.kill()
    process.communicate()
    assert "crashed" in fleet.run("runs").out
    done = fleet.run("rollback", "last")
    assert done.code in (0, 2), done.out + done.err
    assert fleet.states() == before


def test_a_run_that_changed_nothing_needs_no_rollback(make: Make) -> None:
    fleet = make()
    playbook = "- hosts: all\n  tasks: [{win_service: {name: Spooler, state: started}}]\n"
    assert fleet.play(playbook).code == 0
    done = fleet.run("rollback", "last")
    assert done.code == 0
    assert "Nothing to do" in done.out
    assert fleet.run("runs").out.count("rollback") == 0


def test_two_runs_never_work_on_one_host(make: Make) -> None:
    fleet = make()
    first = fleet.start("run", str(fleet.write(SLOW)), "-i", str(fleet.inventory))
    until_pinging(fleet)
    second = fleet.play(STOP)
    assert second.code == 1
    assert "web01" in second.err
    first.send_signal(signal.SIGINT)
    first.communicate(timeout=60)


def test_no_secret_shows_in_a_preview_or_a_report_in_any_shell(make: Make, tmp_path: Path) -> None:
    fleet = make()
    playbook = fleet.write(
        """
- hosts: all
  gather_facts: false
  tasks:
    - {name: one, win_shell: "Do-It '{{ ansible_password }}'"}
    - name: two
      win_powershell: {script: 'x', parameters: {p: '{{ ansible_password }}'}}
    - {name: three, win_shell: 'echo {{ ansible_password }}', args: {executable: cmd}}
    - name: four
      win_regedit: {path: 'HKLM:\\SOFTWARE\\T', name: a, data: '{{ ansible_password }}'}
    - {name: five, debug: {var: ansible_password}}
"""
    )
    checked = fleet.play(playbook, "--check", "--diff", "-vv", "--json", "-")
    ran = fleet.play(playbook, "-l", "web01", "-vv", "--json", "-", "--start-at-task", "three")
    shown = fleet.run("show", "last", "--all", "-vv")
    for text in (checked.out, checked.err, ran.out, ran.err, shown.out):
        assert PASSWORD not in text
        assert base64.b64encode(PASSWORD.encode("utf-16-le")).decode().rstrip("=") not in text
    assert ran.code == 0, ran.err
    assert "********" in ran.out
    assert fleet.run("rollback", "last", "--json", "-").report()["counts"] == {"irreversible": 2}


def test_the_user_name_may_carry_a_domain(make: Make) -> None:
    fleet = make(ansible_user=f"CORP\\{USER}")
    assert fleet.play(STOP).code == 0
