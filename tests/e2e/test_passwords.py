"""Passwords that are refused, and the pace at which hosts are logged on to."""

from __future__ import annotations

import time

from tests.e2e.fleet import jobs_of
from tests.e2e.troubled import STOP, Make

MANY = 230


def test_a_wrong_password_is_refused_once_and_not_tried_again(make: Make) -> None:
    fleet = make()
    done = fleet.play(STOP, "-e", "ansible_password=wrong-password", "--json", "-")
    assert done.code == 4
    job = jobs_of(done.report())["stop", "web01"]
    assert job["status"] == "unreachable"
    assert job["category"] == "authentication"
    assert "wrong-password" not in done.out + done.err
    assert fleet.lab.counters("web01")["failed_logons"] == 1


def test_a_wrong_password_for_230_hosts_is_tried_exactly_once(make: Make) -> None:
    fleet = make({f"w{n:03}": {"lab_os": "2012r2"} for n in range(MANY)})
    done = fleet.play(STOP, "-e", "ansible_password=wrong-password", "--json", "-")
    assert done.code == 4
    failed = [fleet.lab.counters(name)["failed_logons"] for name in fleet.names]
    assert sum(failed) == 1
    first = fleet.names[failed.index(1)]
    jobs = {job["host"]: job for job in done.report()["jobs"] if job["step"] == "stop"}
    assert {job["status"] for job in jobs.values()} == {"unreachable"}
    assert {job["category"] for job in jobs.values()} == {"authentication"}
    assert "HTTP 401" in jobs.pop(first)["message"]
    for job in jobs.values():
        assert "not tried: this password of administrator was refused by" in job["message"]
        assert job["message"].endswith(first)
        assert "--keep-trying-credentials" in job["advice"]
    assert "wrong-password" not in done.out + done.err


def test_accounts_of_their_own_are_each_tried_once_when_that_is_said(make: Make) -> None:
    fleet = make({f"w{n}": {"lab_os": "2012r2"} for n in range(4)})
    play = fleet.write(STOP)
    words = ("run", str(play), "-i", str(fleet.inventory), "-e", "ansible_password=wrong-password")
    assert fleet.run(*words, "--keep-trying-credentials").code == 4
    assert [fleet.lab.counters(name)["failed_logons"] for name in fleet.names] == [1] * 4
    assert fleet.run(*words, "-e", "runner_keep_trying_credentials=yes").code == 4
    assert [fleet.lab.counters(name)["failed_logons"] for name in fleet.names] == [2] * 4


def test_one_host_with_another_password_fails_alone_once_the_others_got_in(make: Make) -> None:
    fleet = make({f"w{n}": {"lab_os": "2012r2"} for n in range(3)})
    text = fleet.inventory.read_text().replace("w2:", "w2:\n          ansible_winrm_password: x")
    other = fleet.home / "other.yml"
    other.write_text(text)
    done = fleet.run("run", str(fleet.write(STOP)), "-i", str(other), "--json", "-", "-f", "1")
    jobs = jobs_of(done.report())
    statuses = [jobs["stop", name]["status"] for name in fleet.names]
    assert statuses == ["changed", "changed", "unreachable"]


def test_connections_come_at_the_rate_that_was_asked_for(make: Make) -> None:
    fleet = make({f"w{n:02}": {"lab_os": "2012r2"} for n in range(20)})
    begun = time.monotonic()
    assert fleet.run("ping", "all", "-i", str(fleet.inventory), "--connect-rate", "5").code == 0
    assert time.monotonic() - begun > (20 - 10) / 5
    bad = fleet.play(STOP, "-e", "runner_connect_rate=quick")
    assert bad.code == 5
    assert "runner_connect_rate 'quick'" in bad.err
