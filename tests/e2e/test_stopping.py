"""However a run ends, no shell stays on a host, and nothing of it goes on there."""

from __future__ import annotations

import signal
import time

import pytest

from runner.app.doctor import doctor
from runner.app.ping import ping
from runner.app.wiring.reaching import ReachOptions
from tests.e2e.fleet import jobs_of
from tests.e2e.troubled import SLOW, STOP, Make, shells, until_no_shell, until_pinging


@pytest.mark.parametrize("os", ["2012r2", "2008r2-sp1"])
def test_no_shell_is_left_by_a_run_that_fails_or_runs_out_of_time(make: Make, os: str) -> None:
    fleet = make({"web01": {"lab_os": os}})
    done = fleet.play(
        """
- hosts: all
  gather_facts: false
  tasks:
    - {name: bad, win_shell: exit 7, args: {executable: cmd}, ignore_errors: true}
    - {name: slow, win_shell: ping -n 30 127.0.0.1, args: {executable: cmd}, timeout: 1}
"""
    )
    assert done.code == 2, done.out + done.err
    assert shells(fleet) == 0
    assert fleet.lab.counters("web01")["running_commands"] == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_finishes_what_is_in_flight_and_cancels_the_rest(
    make: Make, number: signal.Signals
) -> None:
    fleet = make()
    process = fleet.start("run", str(fleet.write(SLOW)), "-i", str(fleet.inventory), "-v")
    until_pinging(fleet)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, out + err
    shown = fleet.run("show", "last", "--all").out
    assert "interrupted" in fleet.run("runs").out
    assert "cancelled" in shown
    assert "in doubt" not in shown
    assert shells(fleet) == 0


def test_ctrl_c_twice_stops_now_and_leaves_it_in_doubt(make: Make) -> None:
    fleet = make()
    slower = SLOW.replace("-n 6", "-n 60")
    process = fleet.start("run", str(fleet.write(slower)), "-i", str(fleet.inventory))
    until_pinging(fleet)
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=50)  # less than the time that the command would take
    assert process.returncode == 130, out + err
    assert "in doubt" in fleet.run("show", "last", "--all").out
    assert until_no_shell(fleet)
    assert fleet.lab.counters("web01")["running_commands"] == 0


def test_ctrl_c_twice_ends_what_runs_on_many_hosts(make: Make) -> None:
    fleet = make({f"web{n:02}": {"lab_os": "2012r2"} for n in range(1, 13)})
    slower = SLOW.replace("-n 6", "-n 60")
    process = fleet.start("run", str(fleet.write(slower)), "-i", str(fleet.inventory))
    until_pinging(fleet)
    process.send_signal(signal.SIGINT)
    time.sleep(0.2)
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=50)
    assert process.returncode == 130, out + err
    assert time.monotonic() - begun < 15
    assert until_no_shell(fleet)


def test_a_deadline_ends_what_is_in_flight_and_begins_nothing_new(make: Make) -> None:
    fleet = make()
    playbook = fleet.write(SLOW.replace("-n 6", "-n 600"))
    for seconds in ("4", "30"):  # the second one for a machine that is busy
        done = fleet.play(playbook, "--deadline", f"{seconds}s", "--json", "-")
        assert done.code == 130, done.out + done.err
        jobs = jobs_of(done.report())
        if any("ping" in line for line in fleet.lab.state("web01")["volatile"]["commands"]):
            break
    assert done.report()["interrupted"] is True
    assert jobs["slow", "web01"]["status"] == "in doubt"
    assert jobs["change", "web01"]["status"] == "cancelled"
    assert f"the deadline of {seconds} s has passed" in done.err
    assert "interrupted" in fleet.run("runs").out
    assert until_no_shell(fleet)
    assert fleet.lab.counters("web01")["running_commands"] == 0
    assert fleet.play(STOP, "--deadline", "1h30m").code == 0, "its host is free, and time is left"


def test_words_that_are_no_length_of_time(make: Make) -> None:
    fleet = make()
    for word in ("soon", "0", "-3", "5 days"):
        done = fleet.play(STOP, "--deadline", word)
        assert (done.code, "such as 90s, 30m or 1h30m" in done.err) == (5, True), done.err


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
    assert shells(fleet) == 1, "the shell of the dead run, and the command in it, are still there"
    everybody = ReachOptions("all", (fleet.inventory,))
    (told,) = ping(everybody).pongs
    assert (told.is_well, told.left) == (True, 1)
    seen = doctor(everybody)
    assert (seen.exit_code, seen.findings[0].step) == (0, "left behind"), seen.verdict
    assert "a remote shell is on record" in seen.findings[0].said
    assert shells(fleet) == 1, "they tell; they do not delete what another run may look into"
    done = fleet.run("rollback", "last")
    assert done.code in (0, 2), done.out + done.err
    assert fleet.states() == before
    assert shells(fleet) == 0, "who comes next gives it back"
    assert fleet.lab.counters("web01")["running_commands"] == 0
    assert ping(everybody).pongs[0].left == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_a_ping_and_leaves_nothing(make: Make, number: signal.Signals) -> None:
    fleet = make({f"web{n:02}": {"lab_os": "2012r2"} for n in range(1, 9)})
    for name in fleet.names:
        fleet.lab.fault(name, "hang_receive", 9)
    process = fleet.start("ping", "all", "-i", str(fleet.inventory))
    end = time.monotonic() + 120
    while not all(fleet.lab.counters(name)["commands"] for name in fleet.names):
        assert time.monotonic() < end, "they never began"
        time.sleep(0.05)
    begun = time.monotonic()
    process.send_signal(number)
    out, err = process.communicate(timeout=50)
    assert process.returncode == 130, out + err
    assert "interrupted" in out
    assert time.monotonic() - begun < 15
    assert until_no_shell(fleet)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_doctor_who_is_called_away_leaves_nothing(make: Make, number: signal.Signals) -> None:
    fleet = make()
    fleet.lab.fault("web01", "hang_receive", 9)
    process = fleet.start("doctor", "web01", "-i", str(fleet.inventory))
    end = time.monotonic() + 120
    while not fleet.lab.counters("web01")["commands"]:
        assert time.monotonic() < end, "it never began"
        time.sleep(0.05)
    process.send_signal(number)
    out, err = process.communicate(timeout=50)
    assert process.returncode == 130, out + err
    assert until_no_shell(fleet)
