"""However a run ends, no shell stays on a host, and nothing of it goes on there."""

from __future__ import annotations

import signal
import time

import pytest

from tests.e2e.troubled import SLOW, Make, shells, until_no_shell, until_pinging


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
    assert shells(fleet) == 0


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
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, out + err
    assert time.monotonic() - begun < 15
    assert until_no_shell(fleet)


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
    done = fleet.run("rollback", "last")
    assert done.code in (0, 2), done.out + done.err
    assert fleet.states() == before
    assert shells(fleet) == 0, "who comes next gives it back"
    assert fleet.lab.counters("web01")["running_commands"] == 0


def test_ctrl_c_ends_a_ping_and_leaves_nothing(make: Make) -> None:
    fleet = make({f"web{n:02}": {"lab_os": "2012r2"} for n in range(1, 9)})
    for name in fleet.names:
        fleet.lab.fault(name, "hang_receive", 9)
    process = fleet.start("ping", "all", "-i", str(fleet.inventory))
    end = time.monotonic() + 30
    while not all(fleet.lab.counters(name)["commands"] for name in fleet.names):
        assert time.monotonic() < end, "they never began"
        time.sleep(0.05)
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, out + err
    assert "interrupted" in out
    assert time.monotonic() - begun < 15
    assert until_no_shell(fleet)
