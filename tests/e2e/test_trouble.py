"""When things go wrong: each has a clear outcome, none hangs, nothing is sent twice."""

from __future__ import annotations

import base64
import getpass
import time
from pathlib import Path

import pytest

from tests.e2e.fleet import PASSWORD, USER, jobs_of
from tests.e2e.troubled import SLOW, STOP, Make, shells, until_pinging

ONCE = """
- hosts: all
  gather_facts: false
  tasks:
    - {name: write, id: write, win_shell: 'echo once>>C:\\once.txt', args: {executable: cmd}}
    - {name: after, id: after, debug: {msg: fine}}
"""


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
    fleet = make({"web01": {"lab_os": "2008r2-sp1"}, "web02": {"lab_os": "2012r2"}})
    fleet.lab.fault("web01", "reset_on_command", 99)
    # With a lease it would die under that: then nothing of the task has been sent.
    jobs = jobs_of(fleet.report(ONCE, "--no-lease"))
    assert jobs["write", "web01"]["status"] == "in doubt"
    assert jobs["after", "web01"]["status"] == "blocked"
    assert jobs["after", "web02"]["status"] == "ok"
    code, out, _ = fleet.lab.exec("web01", "type C:\\once.txt")
    assert (code, out.split()) == (0, [b"once"])


def test_a_command_whose_answer_is_lost_is_found_again_where_the_host_knows_it_by_name(
    make: Make,
) -> None:
    fleet = make()
    fleet.lab.fault("web01", "reset_on_command", 2)
    jobs = jobs_of(fleet.report(ONCE))
    assert [jobs[step, "web01"]["status"] for step in ("write", "after")] == ["changed", "ok"]
    code, out, _ = fleet.lab.exec("web01", "type C:\\once.txt")
    assert (code, out.split()) == (0, [b"once"])
    assert shells(fleet) == 0


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
    # The first run goes on until it is stopped: how soon the second one begins is the machine's
    # business.
    endless = fleet.write(SLOW.replace("-n 6", "-n 600"), "endless.yml")
    first = fleet.start("run", str(endless), "-i", str(fleet.inventory))
    until_pinging(fleet)
    second = fleet.play(STOP)
    assert first.poll() is None
    assert second.code == 1
    assert "web01: run " in second.err
    assert f"of {getpass.getuser()}, process {first.pid} on " in second.err
    assert ", since " in second.err
    assert fleet.state("web01")["services"]["Spooler"]["state"] == "running"
    first.kill()
    first.communicate(timeout=60)
    assert fleet.play(STOP).code == 0


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
